package daemon

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

const pingMarker = "7f3c-marker-of-the-ping"

// outside is somebody who is called, and the caller, on a clock of the test.
type outside struct {
	*deadman

	meter    meter
	said     bytes.Buffer // the log; of one goroutine
	problem  []string
	settings config.Deadman
	wall     time.Time
	steady   time.Duration
}

func callsTo(url string) *outside {
	o := &outside{settings: config.Deadman{URL: probes.Secret(url), Every: time.Minute}, wall: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	o.deadman = newDeadman(&deadman{
		settings: func() config.Deadman { return o.settings }, duty: func() []string { return o.problem },
		clock: func() (time.Time, time.Duration) { return o.wall, o.steady },
		count: o.meter.Pinged, agent: "hookvigil/test", log: slog.New(slog.NewTextHandler(&o.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	o.client.Timeout = time.Minute // a busy machine does not hang
	return o
}

// lane leads to a server without a socket: nobody else is on it, and a bubble
// knows when all who are wait.
type lane struct {
	calls  chan net.Conn
	closed chan struct{}
}

// Accept implements [net.Listener].
func (l *lane) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener]; it is for one call.
func (l *lane) Close() error { close(l.closed); return nil }

// Addr implements [net.Listener].
func (l *lane) Addr() net.Addr { return &net.TCPAddr{} }

func (l *lane) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	l.calls <- theirs
	return ours, nil
}

// answeredBy leads all calls of o to a handler, until stop is called.
func (o *outside) answeredBy(h http.Handler) (stop func()) {
	l, s := &lane{make(chan net.Conn), make(chan struct{})}, &http.Server{Handler: h}
	way, _ := o.client.Transport.(*http.Transport)
	way.DialContext = l.dial
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) }) // until it is closed
	return func() {
		_ = s.Close() // nobody calls any more
		wg.Wait()
	}
}

// pass lets time go by on both clocks, and ticks.
func (o *outside) pass(t *testing.T, d time.Duration) {
	t.Helper()
	o.wall, o.steady = o.wall.Add(d), o.steady+d
	o.tick(t.Context())
}

func TestAPingIsGoodWhenTheOtherSideSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   dashboards.PingResult
	}{
		"200":                  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) }, dashboards.PingOK},
		"204":                  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, dashboards.PingOK},
		"a long answer":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, dashboards.PingOK},
		"404: it is not known": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, dashboards.PingRefused},
		"503":                  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, dashboards.PingRefused},
		"it leads elsewhere": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/other")
			w.WriteHeader(http.StatusFound)
		}, dashboards.PingRefused},
		"it hangs":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, dashboards.PingTimeout},
		"it hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, dashboards.PingFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var asked []string
				o := callsTo("http://127.0.0.1/ping/" + pingMarker)
				defer o.answeredBy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					asked = append(asked, r.Method+" "+r.URL.Path+" "+r.UserAgent())
					mu.Unlock()
					c.answer(w, r)
				}))()
				o.tick(t.Context())
				if !slices.Equal(o.meter.pinged, []dashboards.PingResult{c.want}) {
					t.Errorf("counted %v, want %s", o.meter.pinged, c.want)
				}
				mu.Lock()
				defer mu.Unlock()
				if want := []string{"GET /ping/" + pingMarker + " hookvigil/test"}; !slices.Equal(asked, want) {
					t.Errorf("asked %q, want %q", asked, want)
				}
				if logged := o.said.String(); strings.Contains(logged, "marker") || strings.Contains(logged, "127.0.0.1") || (c.want == dashboards.PingOK) != (logged == "") {
					t.Errorf("log: %s", logged)
				}
			})
		})
	}
}

// TestAPingThatCannotBeMadeNamesNothing of the address.
func TestAPingThatCannotBeMadeNamesNothing(t *testing.T) {
	t.Parallel()
	unheard, release, err := hooktest.HoldPort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	for name, url := range map[string]string{
		"nobody listens": "http://" + unheard + "/" + pingMarker, "no such host": "http://" + pingMarker + ".invalid/", "no URL": "http://[" + pingMarker,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := callsTo(url)
			o.tick(t.Context())
			if len(o.meter.pinged) != 1 || o.meter.pinged[0] == dashboards.PingOK {
				t.Errorf("counted %v, want one that failed", o.meter.pinged)
			}
			if logged := o.said.String(); strings.Contains(logged, "marker") || !strings.Contains(logged, "dead-man ping failed") {
				t.Errorf("log: %s", logged)
			}
		})
	}
}

func TestAPingIsWithheldOffDuty(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(s.Close)
	o := callsTo(s.URL)
	o.tick(t.Context())
	o.pass(t, 59*time.Second)
	if n := asked.Load(); n != 1 {
		t.Errorf("called %d times in the first minute, want once", n)
	}
	o.pass(t, time.Second)
	o.problem = []string{"store: not writable"}
	o.pass(t, time.Minute)
	o.pass(t, time.Minute)
	if n := asked.Load(); n != 2 {
		t.Errorf("called %d times, want twice and then never", n)
	}
	if n := strings.Count(o.said.String(), "withheld"); n != 1 {
		t.Errorf("said %d times within a minute that it is withheld, want once", n)
	}
	o.problem = nil
	o.pass(t, time.Minute)
	o.settings.URL = ""
	o.pass(t, time.Minute)
	want := []dashboards.PingResult{dashboards.PingOK, dashboards.PingOK, dashboards.PingWithheld, dashboards.PingWithheld, dashboards.PingOK}
	if asked.Load() != 3 || !slices.Equal(o.meter.pinged, want) {
		t.Errorf("called %d times, counted %v, want 3 and %v", asked.Load(), o.meter.pinged, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.settings.URL = probes.Secret(s.URL)
	o.steady += time.Hour
	o.wall = o.wall.Add(time.Hour)
	o.tick(ctx)
	if len(o.meter.pinged) != len(want) {
		t.Errorf("counted %v while stopping, want nothing more", o.meter.pinged)
	}
}

func TestAClockThatJumpsIsSaidForOneRound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		jump time.Duration
		want string
	}{
		"it keeps time":    {0, ""},
		"30 s may be":      {30 * time.Second, ""},
		"more may not":     {31 * time.Second, "clock: it went forward by 31s more than this process did: it was set, or this machine slept or was stopped for that long; look at its time service"},
		"30 s back may be": {-30 * time.Second, ""},
		"a day back":       {-24 * time.Hour, "clock: it was set back by 24h0m0s: look at the time service of this machine"},
		"25 hours":         {25 * time.Hour, "clock: it went forward by 25h0m0s more than this process did: it was set, or this machine slept or was stopped for that long; look at its time service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := callsTo("")
			said := func() string { return strings.Join(o.problems(), "\n") }
			o.tick(t.Context())
			if said() != "" {
				t.Errorf("the first round says %q", said())
			}
			o.wall = o.wall.Add(c.jump)
			o.pass(t, time.Minute)
			if said() != c.want {
				t.Errorf("got %q, want %q", said(), c.want)
			}
			o.pass(t, 30*time.Second)
			if said() != c.want {
				t.Errorf("before the next round: got %q, want %q", said(), c.want)
			}
			o.pass(t, 30*time.Second)
			if said() != "" {
				t.Errorf("the round after says %q", said())
			}
		})
	}
}

package daemon

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// oursideStart is when the outages of the tests begin to be watched.
var oursideStart = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// watching is a daemon that is open and runs nothing by itself.
type watching struct {
	*Daemon
	*ourside

	said  *bytes.Buffer // the log; of one goroutine at a time
	shown []string
}

// watches opens a daemon with so many endpoints, each on a host of its own.
func watches(t *testing.T, n int, outside ...config.Canary) *watching {
	t.Helper()
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("version: 1\nguard: {allow: [127.0.0.0/8]}\nmerchants:\n  - id: shop\n    endpoints:\n      - {id: away, url: \"https://away.example/\", suspended: true}\n")
	for i := range n {
		fmt.Fprintf(&text, "      - {id: e%d, url: \"https://h%d.example/\"}\n", i, i)
	}
	path := filepath.Join(dir, "hookvigil.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := config.Load(path)
	if config.Failed(faults) {
		t.Fatal(faults)
	}
	w := &watching{said: &bytes.Buffer{}}
	w.Daemon = New(Options{Config: cfg, Version: "test", Log: slog.New(slog.NewTextHandler(w.said, nil))})
	w.base = context.WithoutCancel(t.Context())
	if err := w.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	w.ourside = newOurside(w.Daemon, func() []config.Canary { return outside }, func(inDoubt bool, up map[string]bool) {
		w.shown = append(w.shown, fmt.Sprint(inDoubt, up))
	})
	return w
}

// probed notes a result of an endpoint.
func (w *watching) probed(t *testing.T, i int, v probes.Verdict, f probes.Fault, at time.Time) {
	t.Helper()
	ep, ok := w.registry.Snapshot().Endpoint(fmt.Sprint("e", i))
	if !ok {
		t.Fatalf("there is no e%d", i)
	}
	w.board.probed(ep, probes.Result{EndpointID: ep.ID, At: at, Level: probes.LevelReach, Verdict: v, Fault: f})
}

// lookedAt makes a round of looks, which is judged as of a time.
func (w *watching) lookedAt(t *testing.T, at time.Time) {
	t.Helper()
	w.canaries.round(t.Context(), w.canaryLooks(w.configured()))
	w.step(at)
}

func canaryAt(t *testing.T, id, raw string) config.Canary {
	t.Helper()
	u, err := probes.ParseURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return config.Canary{ID: id, URL: u}
}

// TestACutIsFoundWithinNinetySeconds cuts a canary off that listens.
func TestACutIsFoundWithinNinetySeconds(t *testing.T) {
	t.Parallel()
	far := hooktest.Start(t, hooktest.Options{})
	w := watches(t, 0, canaryAt(t, "outside-1", far.URL()))
	w.lookedAt(t, oursideStart)
	if _, _, ok := w.oursideDoubt(); ok {
		t.Fatal("in doubt while the canary is well")
	}
	if n := len(far.Requests()); n > 0 {
		t.Errorf("%d requests at a canary, want none: it is looked at, not asked", n)
	}
	far.Stop()
	opened := time.Time{}
	for at := oursideStart.Add(canaryEvery); opened.IsZero() && at.Before(oursideStart.Add(5*time.Minute)); at = at.Add(canaryEvery) {
		w.lookedAt(t, at)
		if _, _, ok := w.oursideDoubt(); ok {
			opened = at
		}
	}
	if took := opened.Add(canaryTimeout).Sub(oursideStart); opened.IsZero() || took > 90*time.Second {
		t.Errorf("found after %s, want within 90 s", took)
	}
	if _, why, _ := w.oursideDoubt(); why != "canary outside-1 fails: refused" {
		t.Errorf("why is %q", why)
	}
	if err := far.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		w.lookedAt(t, opened.Add(time.Duration(i+1)*canaryEvery))
	}
	if _, why, ok := w.oursideDoubt(); ok {
		t.Errorf("still in doubt (%s) a minute after the canary was well", why)
	}
	if want := []string{"false map[outside-1:true]", "false map[outside-1:false]", "true map[outside-1:false]", "true map[outside-1:true]", "true map[outside-1:true]", "false map[outside-1:true]", "false map[outside-1:true]"}; !slices.Equal(w.shown, want) {
		t.Errorf("shown %q, want %q", w.shown, want)
	}
}

// TestACanaryThatWasNeverWellHasNoOpinion and says so once.
func TestACanaryThatWasNeverWellHasNoOpinion(t *testing.T) {
	t.Parallel()
	far := hooktest.Start(t, hooktest.Options{})
	addr := far.URL()
	far.Stop()
	w := watches(t, 0, canaryAt(t, "outside-1", addr), canaryAt(t, "forbidden", "http://192.168.7.7/"))
	for i := range 5 {
		w.lookedAt(t, oursideStart.Add(time.Duration(i)*canaryEvery))
	}
	if _, why, ok := w.oursideDoubt(); ok {
		t.Errorf("in doubt: %s", why)
	}
	for _, id := range []string{"outside-1", "forbidden"} {
		if n := strings.Count(w.said.String(), "canary="+id+" "); n != 1 {
			t.Errorf("%s is spoken of %d times, want once:\n%s", id, n, w.said)
		}
	}
	if want := "false map[outside-1:false]"; w.shown[4] != want {
		t.Errorf("shown %q, want %q: what the guard forbids is not looked at", w.shown[4], want)
	}
}

// TestManyThatTurnBad: what a probe says counts as a turn only after it was
// well, and only by faults that may be our own.
func TestManyThatTurnBad(t *testing.T) {
	t.Parallel()
	const down, lost = probes.Down, probes.FaultUnreachable
	w := watches(t, 60)
	for name, tt := range map[string]struct {
		first func(i int) probes.Verdict // "": none
		bad   int
		fault probes.Fault
		why   string
	}{
		"half of those that were well": {func(int) probes.Verdict { return probes.Healthy }, 31, lost, "31 of 60 endpoints on 31 hosts turned unreachable within a minute"},
		"first results":                {func(int) probes.Verdict { return "" }, 60, lost, ""},
		"a degraded one was well":      {func(int) probes.Verdict { return probes.Degraded }, 60, lost, "60 of 60 endpoints on 60 hosts turned unreachable within a minute"},
		"one that was blocked was not": {func(int) probes.Verdict { return probes.Blocked }, 60, lost, ""},
		"10 %":                         {func(int) probes.Verdict { return probes.Healthy }, 6, lost, ""},
		"by their own fault":           {func(int) probes.Verdict { return probes.Healthy }, 60, probes.FaultHTTP5xx, ""},
		"half are new":                 {func(i int) probes.Verdict { return map[bool]probes.Verdict{true: probes.Healthy}[i%2 == 0] }, 60, lost, "30 of 60 endpoints on 30 hosts turned unreachable within a minute"},
	} {
		w.board = newBoard(w.registry.Snapshot, w.deliveries)
		for i := range 60 {
			if v := tt.first(i); v != "" {
				w.probed(t, i, v, probes.FaultNone, oursideStart.Add(-time.Minute))
			}
		}
		state, early := w.rule.Step(rules.OurSideState{}, w.oursideFact(nil), oursideStart)
		for i := range tt.bad {
			w.probed(t, i, down, tt.fault, oursideStart.Add(time.Duration(i)*time.Second))
		}
		_, c := w.rule.Step(state, w.oursideFact(nil), oursideStart.Add(time.Minute))
		if early != nil || (c != nil) != (tt.why != "") || c != nil && c.Evidence.Text != tt.why {
			t.Errorf("%s: got %+v and %+v, want %q", name, early, c, tt.why)
		}
	}
}

// TestTheDutiesOfOurSide: each of them judges and shows what it found.
func TestTheDutiesOfOurSide(t *testing.T) {
	t.Parallel()
	far := hooktest.Start(t, hooktest.Options{})
	outside := canaryAt(t, "outside-1", far.URL())
	w := watches(t, 1)
	var shown []string
	for _, j := range w.oursideJobs(func() []config.Canary { return []config.Canary{outside} }, func(inDoubt bool, up map[string]bool) {
		shown = append(shown, fmt.Sprint(inDoubt, up))
	}) {
		j.do(t.Context())
		shown = append(shown, fmt.Sprint(j.name, " ", j.every))
	}
	if want := []string{"false map[outside-1:true]", "canaries 30s", "false map[outside-1:true]", "our side 10s"}; !slices.Equal(shown, want) {
		t.Errorf("got %q, want %q", shown, want)
	}
}

// TestTheSelfAuditIsACondition once a problem of ours lasts for a minute.
func TestTheSelfAuditIsACondition(t *testing.T) {
	t.Parallel()
	w := watches(t, 0)
	at := oursideStart
	audits := func(n int, problems ...string) bool {
		w.problems.Store(&problems)
		for range n {
			w.audited(at)
			at = at.Add(oursideEvery)
		}
		_, open := w.column.conditions.Open(rules.RuleMonitorSelf, rules.SelfDuty)
		return open
	}
	w.audited(at) // nobody has audited yet
	for _, step := range []struct {
		what     string
		n        int
		problems []string
		open     bool
	}{
		{"all is well", 3, nil, false},
		{"a source is not complete", 30, []string{"source core: sends less than it is declared to"}, false},
		{"50 s", 6, []string{"store: not writable: no space left on device"}, false},
		{"a minute", 1, []string{"store: not writable: no space left on device"}, true},
		{"only the source is left", 5, []string{"source core: sends less than it is declared to"}, true},
		{"for a minute", 1, nil, false},
	} {
		if got := audits(step.n, step.problems...); got != step.open {
			t.Errorf("%s: open is %v, want %v", step.what, got, step.open)
		}
	}
	audits(7, "desk: the incidents could not be stored for 12s")
	w.stopping.Store(true)
	if !audits(30, []string{}...) {
		t.Error("a shutdown ended it")
	}
}

// TestCanaryLooks lists who is looked at.
func TestCanaryLooks(t *testing.T) {
	t.Parallel()
	w := watches(t, 0)
	named, address := canaryAt(t, "a", "https://www.example.com/"), canaryAt(t, "b", "https://192.0.2.7/")
	for name, tt := range map[string]struct {
		outside []config.Canary
		want    []string
	}{
		"nobody outside by default":            {nil, nil},
		"the resolver is asked for a name":     {[]config.Canary{address, named}, []string{"b https://192.0.2.7/ false", "a https://www.example.com/ false", "resolver www.example.com false"}},
		"and not when there is none to be had": {[]config.Canary{address}, []string{"b https://192.0.2.7/ false"}},
	} {
		var got []string
		for _, l := range w.canaryLooks(tt.outside) {
			got = append(got, fmt.Sprint(l.id, " ", l.where, " ", l.alone))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestOurOwnListenerIsACanary: whatever it listens on, it is reached.
func TestOurOwnListenerIsACanary(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "[::]"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			held, release, err := hooktest.HoldPort() // nobody else listens there later on
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(release)
			listen := host + strings.TrimPrefix(held, "127.0.0.1")
			w := watches(t, 0)
			slim := *w.settings.Load()
			slim.Server.Listen, slim.Guard = listen, probes.GuardConfig{}
			w.settings.Store(&slim)
			l, err := w.listen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := l.serve(ctx); err != nil {
					t.Error(err)
				}
			})
			w.lookedAt(t, oursideStart)
			if want := []string{"false map[loopback:true]"}; !slices.Equal(w.shown, want) {
				t.Errorf("shown %q, want %q:\n%s", w.shown, want, w.said)
			}
			cancel()
			wg.Wait()
			w.lookedAt(t, oursideStart.Add(canaryEvery))
			w.lookedAt(t, oursideStart.Add(2*canaryEvery))
			if _, why, _ := w.oursideDoubt(); !strings.HasPrefix(why, "canary loopback fails: ") {
				t.Errorf("why is %q", why)
			}
		})
	}
}

// TestTheResolverIsACanary asks one that answers, that breaks, and that is away.
func TestTheResolverIsACanary(t *testing.T) {
	t.Parallel()
	const name = "www.example.com"
	dns := hooktest.StartDNS(t, map[string][]hooktest.Answer{name: {{Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}}})
	guard := probes.NewGuard(probes.GuardConfig{Resolver: dns.Addr()})
	if r := askResolver(t.Context(), guard, name); r.Verdict != probes.Healthy {
		t.Errorf("got %+v, want well though the guard forbids the address", r)
	}
	if r := askResolver(t.Context(), guard, "gone.example.com"); r.Verdict != probes.Down || r.Fault != probes.FaultDNSNotFound {
		t.Errorf("got %+v", r)
	}
	dns.Close()
	if r := askResolver(t.Context(), guard, name); r.Verdict != probes.Down || !rules.CanaryFault(string(r.Fault)) {
		t.Errorf("got %+v of a resolver that is away", r)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if r := askResolver(ended, guard, name); r.Verdict.Opinion() {
		t.Errorf("got %+v at shutdown, want no opinion", r)
	}
}

// looks are canaries without a wire, whose looks take a while.
func looks(took time.Duration, of map[string]probes.Result) []canaryLook {
	var list []canaryLook
	for _, id := range slices.Sorted(maps.Keys(of)) {
		list = append(list, canaryLook{id: id, where: id, look: func(ctx context.Context) probes.Result {
			timer := time.NewTimer(took)
			defer timer.Stop()
			select {
			case <-timer.C:
				return of[id]
			case <-ctx.Done():
				return probes.Result{Verdict: probes.Unknown, Fault: probes.FaultCanceled}
			}
		}})
	}
	return list
}

// TestARoundTakesAsLongAsItsSlowest: canaries do not wait for each other.
func TestARoundTakesAsLongAsItsSlowest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCanaries(slog.New(slog.DiscardHandler))
		well := probes.Result{Verdict: probes.Healthy}
		begun := time.Now()
		c.round(t.Context(), looks(canaryTimeout, map[string]probes.Result{"a": well, "b": well, "c": well}))
		if took := time.Since(begun); took != canaryTimeout {
			t.Errorf("took %s, want %s", took, canaryTimeout)
		}
	})
}

// TestWhatALookAtACanarySays plays results of one canary.
func TestWhatALookAtACanarySays(t *testing.T) {
	t.Parallel()
	down := func(f probes.Fault) probes.Result { return probes.Result{Verdict: probes.Down, Fault: f} }
	well, slow := probes.Result{Verdict: probes.Healthy}, probes.Result{Verdict: probes.Degraded}
	stopped, ours := probes.Result{Verdict: probes.Unknown, Fault: probes.FaultCanceled}, probes.Result{Verdict: probes.Unknown, Fault: probes.FaultInternal}
	for name, tt := range map[string]struct {
		results  []probes.Result
		known    bool
		failures int
	}{
		"never well":                        {[]probes.Result{down("refused"), down("refused")}, false, 0},
		"well":                              {[]probes.Result{down("refused"), well}, true, 0},
		"slow is well":                      {[]probes.Result{slow}, true, 0},
		"not reached three times":           {[]probes.Result{well, down("timeout_connect"), down("refused"), down("timeout_dns")}, true, 3},
		"and once again":                    {[]probes.Result{well, down("timeout_connect"), well, down("timeout_connect")}, true, 1},
		"what it answers itself is no fail": {[]probes.Result{well, down("http_5xx"), down("tls_expired"), down("tls_untrusted")}, true, 0},
		"our own trouble says nothing":      {[]probes.Result{well, down("unreachable"), ours, ours, ours}, true, 1},
		"nor does a shutdown":               {[]probes.Result{well, down("unreachable"), stopped}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCanaries(slog.New(slog.DiscardHandler))
			for _, r := range tt.results {
				c.round(t.Context(), []canaryLook{{id: "a", where: "x", look: func(context.Context) probes.Result { return r }}})
			}
			if f := c.facts()[0]; f.Known != tt.known || f.Failures != tt.failures {
				t.Errorf("got %+v, want known %v, %d failures", f, tt.known, tt.failures)
			}
		})
	}
}

// TestACanaryThatMovesBeginsAnew, and one that is gone is forgotten.
func TestACanaryThatMovesBeginsAnew(t *testing.T) {
	t.Parallel()
	c := newCanaries(slog.New(slog.DiscardHandler))
	at := func(where string, r probes.Result) canaryLook {
		return canaryLook{id: "a", where: where, look: func(context.Context) probes.Result { return r }}
	}
	c.round(t.Context(), []canaryLook{at("x", probes.Result{Verdict: probes.Healthy})})
	c.round(t.Context(), []canaryLook{at("y", probes.Result{Verdict: probes.Down, Fault: probes.FaultRefused})})
	if f := c.facts()[0]; f.Known || f.Failures > 0 {
		t.Errorf("got %+v, want nothing of the old address", f)
	}
	c.round(t.Context(), nil)
	if f := c.facts(); len(f) > 0 {
		t.Errorf("got %+v after it was taken out", f)
	}
}

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes"
)

// How the dead-man ping is made: our own choice, but for the clock (reference
// alerting.md section 4.9).
const (
	pingTimeout   = 10 * time.Second
	pingAnswer    = 64 << 10         // bytes of an answer that are read, so that its connection ends well
	clockMayDrift = 30 * time.Second // between two rounds
	pingComplain  = time.Minute      // between two log lines about the same trouble
)

// deadman calls somebody outside, again and again, while this daemon does its
// duty. Off duty it keeps silent: then the other side alarms. Its URL stands
// in no log, no error and no problem, because who knows it can call in our
// place. It is safe for concurrent use; use [newDeadman].
type deadman struct {
	settings func() config.Deadman
	duty     func() []string                               // why not to call; may block for some seconds
	clock    func() (wall time.Time, steady time.Duration) // the second never jumps
	count    func(result dashboards.PingResult, at time.Time)
	agent    string
	log      *slog.Logger
	client   *http.Client

	mu         sync.Mutex
	begun      bool          // guarded by mu, as what follows
	wall       time.Time     // of the last round
	steady     time.Duration // of the last round
	jumped     time.Duration // what the clock was found to have jumped in it; 0: it did not
	complained time.Time
}

// newDeadman gives d a client of its own: it follows no redirect, and opens a
// connection for each call, so that a dead one is noticed.
func newDeadman(d *deadman) *deadman {
	d.client = &http.Client{
		Timeout:       pingTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: pingTimeout, DisableKeepAlives: true,
		},
	}
	return d
}

// clockSince returns the clock on the wall, and how long ago start was by one
// that nobody sets.
func clockSince(start time.Time) func() (time.Time, time.Duration) {
	return func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(start)
	}
}

// tick makes a round when one is due: the clock is looked at, and, when there
// is a URL and nothing is wrong, it is called. It blocks for at most the duty
// question and 10 s.
func (d *deadman) tick(ctx context.Context) {
	cfg := d.settings()
	if !d.round(cfg.Every) || cfg.URL == "" {
		return
	}
	if problems := d.duty(); len(problems) > 0 {
		d.count(dashboards.PingWithheld, time.Now())
		if d.mayComplain() {
			d.log.Warn("dead-man ping withheld", "problems", problems)
		}
		return
	}
	result, status := d.call(ctx, cfg.URL)
	if ctx.Err() != nil {
		return // we are to stop: nobody is to blame
	}
	d.count(result, time.Now())
	if result != dashboards.PingOK && d.mayComplain() {
		d.log.Warn("dead-man ping failed", "result", string(result), "status", status)
	}
}

// round reports whether a round is due, and begins it.
func (d *deadman) round(every time.Duration) bool {
	wall, steady := d.clock()
	d.mu.Lock()
	defer d.mu.Unlock()
	passed := steady - d.steady
	if d.begun && passed < every {
		return false
	}
	d.jumped = 0
	if jump := wall.Sub(d.wall) - passed; d.begun && jump.Abs() > clockMayDrift {
		d.jumped = jump
	}
	d.begun, d.wall, d.steady = true, wall, steady
	return true
}

// problems says that the clock has jumped, until the next round. Which of its
// causes it was is not known: the clock that nobody sets stands while a machine
// sleeps or is stopped, though not while a process is.
func (d *deadman) problems() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.jumped == 0 {
		return nil
	}
	by := d.jumped.Abs().Round(time.Second)
	if d.jumped < 0 {
		return []string{fmt.Sprintf("clock: it was set back by %s: look at the time service of this machine", by)}
	}
	return []string{fmt.Sprintf("clock: it went forward by %s more than this process did: it was set, or this machine slept or was stopped for that long; look at its time service", by)}
}

// call makes one request. What it returns names nothing of the URL.
func (d *deadman) call(ctx context.Context, url probes.Secret) (result dashboards.PingResult, status int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url.Reveal(), http.NoBody)
	if err != nil {
		return dashboards.PingFailed, 0
	}
	req.Header.Set("User-Agent", d.agent)
	resp, err := d.client.Do(req)
	if err != nil {
		// Its text is not used: it holds the URL, or the name of the host.
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return dashboards.PingTimeout, 0
		}
		return dashboards.PingFailed, 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, pingAnswer)) // the status is the answer
	if resp.StatusCode/100 != 2 {
		return dashboards.PingRefused, resp.StatusCode
	}
	return dashboards.PingOK, resp.StatusCode
}

// mayComplain reports whether a minute has passed since it said so last.
func (d *deadman) mayComplain() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.complained.IsZero() && time.Since(d.complained) < pingComplain {
		return false
	}
	d.complained = time.Now()
	return true
}

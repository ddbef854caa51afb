package hooktest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// PagerDuty is a server on one address that behaves like PagerDuty's Events
// API v2 (POST /v2/enqueue), and misbehaves by a script. It begins with Start
// and ends with Close; what it remembers outlives both. All methods are safe
// for concurrent use.
type PagerDuty struct {
	opts PagerDutyOptions

	life sync.Mutex // held by Start and Close, in full
	wg   sync.WaitGroup

	mu      sync.Mutex     // guards all below
	addr    netip.AddrPort // port 0 before the first Start
	srv     *http.Server   // nil when not running
	done    chan struct{}  // closed by Close
	scripts scripts[PagerDutyAction, PagerDutyStep]
	pauses  map[string]time.Time // until when a Retry-After holds, by routing key
	book    pagerBook
}

// PagerDutyStats are figures of a fake PagerDuty. All but Pending only grow.
type PagerDutyStats struct {
	Calls   int // that were read; those that hang are among them
	Pending int // requests that have no answer yet
	Events  int // that were processed, also those whose sender was not told
	Pages   int // alerts that were opened: each time somebody was woken
	Early   int // calls before the Retry-After of an earlier answer was over
}

// NewPagerDuty returns a fake PagerDuty that does not listen yet. It returns
// an error that names the option that is wrong.
func NewPagerDuty(o PagerDutyOptions) (*PagerDuty, error) {
	if err := o.prepare(); err != nil {
		return nil, fmt.Errorf("fake PagerDuty: %w", err)
	}
	return &PagerDuty{
		opts: o, addr: netip.MustParseAddrPort(o.Addr), // prepare has parsed it
		scripts: scripts[PagerDutyAction, PagerDutyStep]{}, pauses: map[string]time.Time{},
		book: pagerBook{alerts: map[string]*PagerDutyAlert{}},
	}, nil
}

// StartPagerDuty returns a running fake PagerDuty that is closed when the test
// ends.
func StartPagerDuty(tb TB, o PagerDutyOptions) *PagerDuty {
	tb.Helper()
	p, err := NewPagerDuty(o)
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		tb.Fatalf("start fake PagerDuty: %v", err)
		return nil
	}
	tb.Cleanup(p.Close)
	return p
}

// Start listens: the first time where PagerDutyOptions.Addr says, later on the
// same port as before. It returns an error when somebody else has that port,
// or the server runs already.
func (p *PagerDuty) Start() error {
	p.life.Lock()
	defer p.life.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.srv != nil {
		return errors.New("start fake PagerDuty: it is running already")
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(p.addr))
	if err != nil {
		return fmt.Errorf("start fake PagerDuty: %w", err)
	}
	p.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	done := make(chan struct{})
	srv := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, done) }),
		ConnState:         func(c net.Conn, state http.ConnState) { p.track(c, state, done) },
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	p.srv, p.done = srv, done
	p.wg.Go(func() { _ = srv.Serve(netutil.LimitListener(ln, maxOpen)) }) // says that Close has closed it
	return nil
}

// track makes Close wait for the goroutine that net/http gives a connection.
// A connection is new while Serve still runs, so the count is not zero then.
func (p *PagerDuty) track(c net.Conn, state http.ConnState, done <-chan struct{}) {
	switch state {
	case http.StateNew:
		p.wg.Add(1)
		select {
		case <-done:
			_ = c.Close() // accepted too late for http.Server.Close to know it
		default:
		}
	case http.StateClosed, http.StateHijacked:
		p.wg.Done()
	default:
	}
}

// Close stops listening, so that new connections are refused, cuts the open
// connections, and waits for its goroutines. Start undoes it. Closing twice
// does nothing.
func (p *PagerDuty) Close() {
	p.life.Lock()
	defer p.life.Unlock()
	p.mu.Lock()
	srv := p.srv
	if srv != nil {
		close(p.done)
		p.srv = nil
	}
	p.mu.Unlock()
	if srv != nil {
		_ = srv.Close() // the listener was open
	}
	p.wg.Wait()
}

// URL returns "http://127.0.0.1:1234", without a slash at the end and without
// /v2/enqueue; its port is 0 before the first Start.
func (p *PagerDuty) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return "http://" + p.addr.String()
}

// Play gives each call with that action the next of the steps, from now on;
// see SlackStep for how long each lasts. Without steps, or when they have run
// out, calls follow the script of PagerDutyAny, and without one go well. Calls
// that are under way keep what they were given. It returns an error, and
// changes nothing, when the action or a step is unknown.
func (p *PagerDuty) Play(a PagerDutyAction, steps ...PagerDutyStep) error {
	if err := checkPagerDutyScript(a, steps); err != nil {
		return fmt.Errorf("fake PagerDuty: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scripts.play(a, steps, time.Now())
	return nil
}

// Alerts returns all alerts, in the order in which their keys came first.
func (p *PagerDuty) Alerts() []PagerDutyAlert {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []PagerDutyAlert
	for _, key := range p.book.order {
		list = append(list, *p.book.alerts[key])
	}
	return list
}

// Alert returns the alert with a dedup_key, and whether there is one.
func (p *PagerDuty) Alert(key string) (PagerDutyAlert, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.book.alerts[key]
	if a == nil {
		return PagerDutyAlert{}, false
	}
	return *a, true
}

// Calls returns the latest calls, at most MaxPagerDutyCalls, oldest first.
func (p *PagerDuty) Calls() []PagerDutyCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.book.calls)
}

// Stats returns the figures of this moment.
func (p *PagerDuty) Stats() PagerDutyStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book.stats
}

// Wait blocks until the figures are as wanted, or ctx ends; then it returns an
// error with the figures. until is called with each change.
func (p *PagerDuty) Wait(ctx context.Context, until func(PagerDutyStats) bool) error {
	return await(ctx, "fake PagerDuty", func() (PagerDutyStats, <-chan struct{}) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.book.stats, p.book.bell.next()
	}, until)
}

func (p *PagerDuty) pending(change int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.stats.Pending += change
	p.book.bell.ring()
}

package hooktest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// PagerDuty is a server on one address that behaves like PagerDuty's Events
// API v2 (POST /v2/enqueue), and misbehaves by a script. It begins with Start
// and ends with Close; what it remembers outlives both. All methods are safe
// for concurrent use.
type PagerDuty struct {
	station
	opts PagerDutyOptions

	mu      sync.Mutex // guards all below
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
	p := &PagerDuty{
		opts: o, scripts: scripts[PagerDutyAction, PagerDutyStep]{}, pauses: map[string]time.Time{},
		book: pagerBook{alerts: map[string]*PagerDutyAlert{}},
	}
	p.name, p.handle = "fake PagerDuty", p.serve
	p.addr = netip.MustParseAddrPort(o.Addr) // prepare has parsed it
	return p, nil
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

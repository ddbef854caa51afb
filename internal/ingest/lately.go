package ingest

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// Quarter is the step in which endpoints are counted, unless another is given.
const Quarter = 15 * time.Minute

// Lately knows of each endpoint what it got in the present and the previous
// quarter of an hour, by the start of the attempts. It is what pages and rules
// ask on every look, and costs no disk. An endpoint without an attempt in
// either goes, so that it holds as many as had traffic in half an hour. The
// zero value is empty and fit for use; its methods are safe for concurrent use.
type Lately struct {
	step time.Duration // whole seconds, in the place of a quarter of an hour; 0: [Quarter]

	mu        sync.Mutex // guards the fields below
	newest    int64      // number of the newest quarter
	loaded    Position   // what lies before is in the counts already
	endpoints map[string]*latelyEndpoint
}

// latelyEndpoint counts three quarters, each in the place of its number modulo
// three: the next one may have begun by a sender's clock.
type latelyEndpoint struct {
	quarters  [3]latelyQuarter
	newest    int64 // of its quarters
	delivered time.Time
}

type latelyQuarter struct {
	number        int64
	first, failed int
}

// QuarterReader tells what was counted before this start; a ledger does.
type QuarterReader interface {
	Progress(ctx context.Context) (Progress, error)
	// Quarters returns what endpoints got in the quarters from that of from on.
	Quarters(ctx context.Context, from time.Time) ([]EndpointTally, error)
	// DeliveredSince returns the start of the last ordinary attempt of each
	// endpoint that was delivered, of those that started since then.
	DeliveredSince(ctx context.Context, from time.Time) (map[string]time.Time, error)
}

// LoadLately returns what is known lately, with what was counted before this
// start. Call it before the applier runs. now says which quarters are the last
// two; step, in whole seconds, is how long one is: 0 is a quarter of an hour.
func LoadLately(ctx context.Context, from QuarterReader, now time.Time, step time.Duration) (*Lately, error) {
	l := &Lately{step: step}
	p, err := from.Progress(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the last quarters: %w", err)
	}
	tallies, err := from.Quarters(ctx, now.Add(-l.quarter()))
	if err != nil {
		return nil, fmt.Errorf("load the last quarters: %w", err)
	}
	delivered, err := from.DeliveredSince(ctx, now.Add(-2*l.quarter()))
	if err != nil {
		return nil, fmt.Errorf("load the last deliveries: %w", err)
	}
	l.loaded = p.Applied
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advanceLocked(l.quarterOf(now))
	for _, t := range tallies {
		if q := l.quarterLocked(t.Endpoint, l.quarterOf(t.Start)); q != nil {
			q.first += t.First
			q.failed += t.FailedFirst
		}
	}
	for id, at := range delivered {
		if l.quarterLocked(id, l.quarterOf(at)) != nil {
			l.endpoints[id].delivered = later(l.endpoints[id].delivered, at)
		}
	}
	return l, nil
}

// Took counts a group. It may be told of replays as well: what LoadLately has
// brought is not counted twice. A correction of history (Replaced) is left out.
func (l *Lately) Took(g Group, v []Verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range g.Entries {
		e := &g.Entries[i]
		if i >= len(v) || v[i] != Counted || !e.Attempt.Ordinary() || e.Attempt.Endpoint == "" {
			continue
		}
		number, present := l.quarterOf(e.Attempt.StartedAt), l.quarterOf(e.Received)
		switch replay := e.Position.Before(l.loaded); {
		case replay:
			present = min(present, l.newest) // an old entry says nothing of the clock
		case present < l.newest-1:
			l.setBackLocked(present)
		}
		if number > present+1 {
			continue
		}
		l.advanceLocked(min(number, present))
		q := l.quarterLocked(e.Attempt.Endpoint, number)
		if q == nil {
			continue
		}
		if e.Fault == probes.FaultNone {
			ep := l.endpoints[e.Attempt.Endpoint]
			ep.delivered = later(ep.delivered, e.Attempt.StartedAt)
		}
		if e.Counts && e.Kind == deliveries.KindFirst && !e.Position.Before(l.loaded) {
			q.first++
			if e.Fault != probes.FaultNone {
				q.failed++
			}
		}
	}
}

// Endpoint returns how many first attempts that count the endpoint got, how
// many of them failed, and the window that this is: from the start of the
// previous quarter to now, 15 to 30 minutes.
func (l *Lately) Endpoint(id string, now time.Time) (first, failed int, window time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	present := l.quarterOf(now)
	if ep := l.endpoints[id]; ep != nil {
		for _, q := range ep.quarters {
			if q.number >= present-1 {
				first += q.first
				failed += q.failed
			}
		}
	}
	return first, failed, now.Sub(time.Unix((present-1)*int64(l.quarter()/time.Second), 0))
}

// Delivered returns the start of the endpoint's last attempt that counts and
// was delivered; zero when that is not known: none was told of since the
// start, or the endpoint had no attempt for two quarters.
func (l *Lately) Delivered(id string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ep := l.endpoints[id]; ep != nil {
		return ep.delivered
	}
	return time.Time{}
}

// quarter is how long one step is.
func (l *Lately) quarter() time.Duration { return cmp.Or(l.step, Quarter) }

func (l *Lately) quarterOf(t time.Time) int64 {
	n := t.Unix()
	step := int64(l.quarter() / time.Second)
	if n < 0 {
		n -= step - 1
	}
	return n / step
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// advanceLocked drops the endpoints that had nothing in the last two quarters,
// when a new one begins.
func (l *Lately) advanceLocked(number int64) {
	if number <= l.newest && l.endpoints != nil {
		return
	}
	l.newest = number
	if l.endpoints == nil {
		l.endpoints = map[string]*latelyEndpoint{}
	}
	for id, ep := range l.endpoints {
		if ep.newest < number-1 {
			delete(l.endpoints, id)
		}
	}
}

// setBackLocked forgets what lies ahead, because the clock was set back: it
// would keep all that comes from being counted until it is that late again.
func (l *Lately) setBackLocked(present int64) {
	l.newest = present
	for id, ep := range l.endpoints {
		ep.newest = 0
		for i := range ep.quarters {
			if q := &ep.quarters[i]; q.number > present+1 {
				*q = latelyQuarter{}
			}
			ep.newest = max(ep.newest, ep.quarters[i].number)
		}
		if ahead := time.Unix((present+2)*int64(l.quarter()/time.Second), 0); !ep.delivered.Before(ahead) {
			ep.delivered = time.Time{}
		}
		if ep.newest == 0 {
			delete(l.endpoints, id)
		}
	}
}

// quarterLocked returns where a quarter of an endpoint is counted; nil for one
// that is too old.
func (l *Lately) quarterLocked(id string, number int64) *latelyQuarter {
	if number < l.newest-1 {
		return nil
	}
	ep := l.endpoints[id]
	if ep == nil {
		ep = &latelyEndpoint{}
		l.endpoints[id] = ep
	}
	ep.newest = max(ep.newest, number)
	q := &ep.quarters[(number%3+3)%3]
	switch {
	case q.number > number:
		return nil
	case q.number < number:
		*q = latelyQuarter{number: number}
	}
	return q
}

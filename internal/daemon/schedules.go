package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/store"
)

// mostLearners bounds the sources whose schedules are learnt: their names come
// from senders.
const mostLearners = 32

// learners learn the schedules of sources whose endpoints are declared to have
// an unknown one. The zero value knows nothing; they are safe for concurrent
// use.
type learners struct {
	mu sync.Mutex
	of map[string]*learner // guarded by mu
}

// learner is what was learnt of one source.
type learner struct {
	deliveries.Learner

	unsaved bool                // or told by another schedule
	taken   bool                // news returned all of what is unsaved
	told    deliveries.Schedule // by which its events were told; zero: nobody knows
}

// fresh notes that there is something to save, and to tell, that news has not
// returned.
func (l *learner) fresh() { l.unsaved, l.taken = true, false }

// loadLearnt takes up what was saved. What cannot be read is learnt anew.
func (d *Daemon) loadLearnt(ctx context.Context) error {
	saved, err := d.store.Ledger().Learnt(ctx, store.LearntSchedule)
	if err != nil {
		return err
	}
	l := &d.column.learners
	l.mu.Lock()
	defer l.mu.Unlock()
	for source, state := range saved {
		one := l.findLocked(source)
		if one == nil {
			continue
		}
		if err := json.Unmarshal(state, &one.Learner); err != nil {
			d.log.Warn("what was learnt of a schedule cannot be read: it is learnt anew", "source", source, "err", err)
		}
		one.fresh() // a shutdown may have come between learning and telling
	}
	return nil
}

// findLocked returns the learner of a source; nil when there is no room for
// another.
func (l *learners) findLocked(source string) *learner {
	one := l.of[source]
	if one == nil && len(l.of) < mostLearners {
		one = &learner{}
		if l.of == nil {
			l.of = map[string]*learner{}
		}
		l.of[source] = one
	}
	return one
}

// took learns from retries that are heard of.
func (l *learners) took(e store.Told) {
	if len(e.Retries) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.findLocked(e.Source); one != nil {
		for _, r := range e.Retries {
			one.Learn(r.Number, r.Offset)
		}
		one.fresh()
	}
}

// gaveUp learns from an event that its sender gave up between two moments.
func (l *learners) gaveUp(e deliveries.Event, after, now time.Time) {
	if e.Schedule != deliveries.Unknown && e.Schedule != deliveries.Learnt {
		return
	}
	by := e.EndedBy()
	if by.IsZero() || !by.After(after) || by.After(now) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.findLocked(e.Source); one != nil {
		one.Ended(e.Attempts)
		one.fresh()
	}
}

// news returns the JSON of all that was learnt when some of it is new, and the
// sources whose schedule differs from the one by which their events were told.
func (l *learners) news() (all map[string][]byte, changed []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all = map[string][]byte{}
	some := false
	for _, source := range slices.Sorted(maps.Keys(l.of)) {
		one := l.of[source]
		some = some || one.unsaved
		if all[source], err = json.Marshal(one.Learner); err != nil {
			return nil, nil, fmt.Errorf("encode learnt schedule of %s: %w", source, err)
		}
		if now, _ := one.Schedule(); one.unsaved && differ(one.told, now) {
			changed = append(changed, source)
		}
		one.taken = true
	}
	if !some {
		return nil, nil, nil
	}
	return all, changed, nil
}

// saved notes that what news returned is kept. What was learnt since is not.
func (l *learners) saved() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.of {
		one.unsaved = one.unsaved && !one.taken
	}
}

// retold notes by which schedule the events of a source are told now.
func (l *learners) retold(source string, s deliveries.Schedule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[source].told = s
}

// again has a source told once more the next time.
func (l *learners) again(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[source].fresh()
}

// differ reports whether events look otherwise by one schedule than by the
// other: medians that move a little with each retry are no reason to tell them
// all anew.
func differ(a, b deliveries.Schedule) bool {
	return a.Open != b.Open || len(a.Offsets) != len(b.Offsets) || slices.ContainsFunc(pairs(a.Offsets, b.Offsets), func(p [2]time.Duration) bool {
		return (p[0] - p[1]).Abs() > p[0]/20
	})
}

func pairs(a, b []time.Duration) [][2]time.Duration {
	both := make([][2]time.Duration, len(a))
	for i := range a {
		both[i] = [2]time.Duration{a[i], b[i]}
	}
	return both
}

// learn keeps what was learnt, and tells the events anew whose schedule is
// known now, or is another one. What fails is done again a minute later.
func (d *Daemon) learn(ctx context.Context) {
	l, ledger := &d.column.learners, d.store.Ledger()
	all, changed, err := l.news()
	if err == nil && len(all) > 0 {
		if err = ledger.ReplaceLearnt(ctx, store.LearntSchedule, all); err == nil {
			l.saved()
		}
	}
	for _, source := range changed {
		s, _ := l.schedule(source)
		n, failed := ledger.Retell(ctx, source)
		if failed != nil {
			err = errors.Join(err, failed)
			l.again(source)
			continue
		}
		l.retold(source, s)
		d.log.Info("retry schedule of a source learnt", "source", source, "offsets", fmt.Sprint(s.Offsets), "open", s.Open, "events_told_anew", n)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Error("what was learnt of schedules is not kept", "err", err)
		d.metrics.StoreFailed("learn")
	}
}

// schedule returns what was learnt of a source; false when that is nothing yet.
func (l *learners) schedule(source string) (deliveries.Schedule, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.of[source]; one != nil {
		return one.Schedule()
	}
	return deliveries.Schedule{}, false
}

// scheduleOf returns by which schedule failed events of an endpoint are sent
// again: its own, the usual one for endpoints that nobody registered, and what
// was learnt of the source where it is declared unknown.
func (d *Daemon) scheduleOf(endpoint, source string) deliveries.Schedule {
	var s deliveries.Schedule
	if w, ok := d.registry.Snapshot().Endpoint(endpoint); ok {
		s = w.Schedule
	} else {
		s, _ = deliveries.ParseSchedule(d.registry.Defaults().Schedule) // it was checked when it was read
	}
	if s.Name != deliveries.Unknown {
		return s
	}
	if learnt, ok := d.column.learners.schedule(source); ok {
		return learnt
	}
	return s
}

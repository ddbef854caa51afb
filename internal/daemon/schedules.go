package daemon

import (
	"sync"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// scheduleUnknown is the preset that says that the schedule has to be learnt.
const scheduleUnknown = "unknown"

// mostLearners bounds the sources whose schedules are learnt: their names come
// from senders.
const mostLearners = 32

// learners learn the schedules of sources whose endpoints are declared to have
// an unknown one. The zero value knows nothing; they are safe for concurrent
// use.
type learners struct {
	mu sync.Mutex
	of map[string]*deliveries.Learner // guarded by mu
}

// told learns from an event whose tries tell when they were due: without
// manual ones, its newest try has its own number.
func (l *learners) told(e deliveries.Event) {
	if e.Schedule != scheduleUnknown && e.Schedule != deliveries.Learnt || e.ManualAttempts > 0 || e.Attempts < 2 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of[e.Source]
	if one == nil && len(l.of) < mostLearners {
		one = &deliveries.Learner{}
		if l.of == nil {
			l.of = map[string]*deliveries.Learner{}
		}
		l.of[e.Source] = one
	}
	if one != nil {
		one.Learn(e.Attempts, e.LastAttemptAt.Sub(e.FirstAttemptAt))
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
	if s.Name != scheduleUnknown {
		return s
	}
	if learnt, ok := d.column.learners.schedule(source); ok {
		return learnt
	}
	return s
}

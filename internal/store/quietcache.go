package store

import (
	"maps"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// unusedFor is how many readings a settled plan is kept without being asked for:
// the desk reads what is live at each turn, digests read the last days.
const unusedFor = 100

// settledPlans keeps the plans of maintenance of the last readings in the form
// that is quick to ask: to find the end of one with COUNT takes up to a
// millisecond, and the desk asks at each turn. It holds no more than
// mostMaintenance. The zero value is ready; a nil one keeps nothing. It is safe
// for concurrent use.
type settledPlans struct {
	mu      sync.Mutex
	of      map[string]settledPlan // by ID; guarded by mu, as what follows
	reading int
}

// settledPlan is one plan as it was settled, and the reading that wanted it
// last.
type settledPlan struct {
	alerting.Maintenance
	used int
}

// settle settles a list in place: what has the version that was settled before
// is taken from there. Maintenance that no longer makes sense, as in a zone
// that is not known any more, keeps nothing quiet, and is tried again at the
// next reading.
func (p *settledPlans) settle(list []alerting.Maintenance, now time.Time) {
	if p == nil {
		for i, m := range list {
			list[i], _ = m.Settled(now)
		}
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]settledPlan{}
	}
	p.reading++
	maps.DeleteFunc(p.of, func(_ string, was settledPlan) bool { return p.reading-was.used > unusedFor })
	for i, m := range list {
		list[i] = p.one(m, now)
	}
}

// one settles m. Call it with mu held.
func (p *settledPlans) one(m alerting.Maintenance, now time.Time) alerting.Maintenance {
	was, ok := p.of[m.ID]
	if ok && was.Version == m.Version && was.Updated.Equal(m.Updated) { // an ID may come back with an old version, long after it was dropped
		was.used = p.reading
		p.of[m.ID] = was
		return was.Maintenance
	}
	settled, faults := m.Settled(now)
	switch {
	case len(faults) > 0 && !isOver(settled, faults, now):
		delete(p.of, m.ID)
	case ok || len(p.of) < mostMaintenance:
		p.of[m.ID] = settledPlan{settled, p.reading}
	}
	return settled
}

// isOver reports whether all that is wrong with a plan is that it is over: that
// it stays.
func isOver(m alerting.Maintenance, faults []registry.Fault, now time.Time) bool {
	return len(faults) == 1 && faults[0].Path == "start" && !m.EndsAt.IsZero() && !m.EndsAt.Add(m.Length).After(now)
}

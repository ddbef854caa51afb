package store

import (
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// settledPlans keeps the plans of maintenance of the last reading in the form
// that is quick to ask: to find the end of one with COUNT takes up to a
// millisecond, and the desk asks at each turn. It holds no more than
// mostMaintenance. The zero value is ready; a nil one keeps nothing. It is safe
// for concurrent use.
type settledPlans struct {
	mu sync.Mutex
	of map[string]alerting.Maintenance // by ID; guarded by mu
}

// settle settles a list in place: what has the version that was settled before
// is taken from there. Maintenance that no longer makes sense, as in a zone
// that is not known any more, keeps nothing quiet.
func (p *settledPlans) settle(list []alerting.Maintenance, now time.Time) {
	if p == nil {
		for i, m := range list {
			list[i], _ = m.Settled(now)
		}
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	next := make(map[string]alerting.Maintenance, min(len(list), mostMaintenance))
	for i, m := range list {
		was, ok := p.of[m.ID]
		if !ok || was.Version != m.Version || !was.Updated.Equal(m.Updated) { // an ID may come back with an old version, long after it was dropped
			was, _ = m.Settled(now)
		}
		list[i] = was
		if len(next) < mostMaintenance {
			next[m.ID] = was
		}
	}
	p.of = next
}

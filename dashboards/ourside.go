package dashboards

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// mostCanaries bounds the canaries that have a series of their own: those of
// the configuration, our own listener and the resolver.
const mostCanaries = 24

// ourSideMetrics tell whether it is us or them.
type ourSideMetrics struct {
	active   prometheus.Gauge
	canaries *table // canary
}

func (o *ourSideMetrics) register(r *registrar) {
	o.active = r.gauge("hookvigil_ourside_active", "1 while our own way to the endpoints is in doubt, and merchants' mails wait; else 0.")
	o.canaries = r.table("hookvigil_canary_up", "1 when the canary was reached at its last look, else 0; absent while it has no opinion.", "canary")
}

// OurSide says whether our own side is in doubt, and of each canary with an
// opinion whether it was reached at its last look; it replaces what was said
// before.
func (m *Metrics) OurSide(inDoubt bool, up map[string]bool) { m.ourSide.stand(inDoubt, up) }

// stand replaces what was said before. Names that become the same label, and
// those beyond the bound together, are up when all of them are.
func (o *ourSideMetrics) stand(inDoubt bool, up map[string]bool) {
	o.active.Set(oneIf(inDoubt))
	away := map[string]bool{}
	for id, reached := range up {
		away[labelled(id)] = away[labelled(id)] || !reached
	}
	rows := map[string]cell{}
	for id, is := range bounded(away, slices.Sorted(maps.Keys(away)), mostCanaries, func(a, b bool) bool { return a || b }) {
		rows[id] = cell{value: oneIf(!is)}
	}
	o.canaries.set(rows)
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

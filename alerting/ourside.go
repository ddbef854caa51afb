package alerting

import (
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// ourSideGrace is how long after our own way out is well again an endpoint that
// failed with it is still explained by it: it has to be probed twice until it is
// known to be well.
const ourSideGrace = 5 * time.Minute

// egress is the condition that our own way to the endpoints is broken.
var egress = met{rules.RuleMonitorSelf, rules.SelfEgress}

// ours reports whether an endpoint fails in a way that we may be the cause of.
func ours(k rules.Key, fault string) bool {
	return k.Rule == rules.RuleEndpointDown && rules.OurSideFault(fault)
}

// ourSide returns the incident that our own side is the cause of what began to
// fail at a moment; nil: it is not. It lives, or is over since a moment ago.
func (t *turn) ourSide(since time.Time) *Incident {
	if s, up := t.seats[egress]; up {
		if t.now.Sub(s.in.OpenedAt) > t.desk.Merchants.Hold {
			return nil // that long at most is anything held back for it (DESIGN section 5.4)
		}
		return s.in
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		well := in.RecoveringAt
		if in.had(egress) && !well.IsZero() && since.Before(well) && t.now.Sub(well) < ourSideGrace {
			return in
		}
	}
	return nil
}

// foldOurs takes what was opened for endpoints that failed with our own side
// into the incident that says so, unless merchants were told of it, who are to
// hear its end. Their conditions wait: what still fails when
// that is over opens then.
func (t *turn) foldOurs(into *Incident) {
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		if in == into || !in.Live() || len(in.Story.Merchants) > 0 || apart(in.StartedAt, into.StartedAt) > t.desk.Fold.Within {
			continue
		}
		seats := t.seatsIn(in)
		if len(seats) == 0 || slices.ContainsFunc(seats, func(s seat) bool { return !ours(in.Members[s.i].Key, in.Members[s.i].Fault) }) {
			continue
		}
		for _, s := range seats {
			t.leave(s)
		}
		t.folded(in, into)
	}
}

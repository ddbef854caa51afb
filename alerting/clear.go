package alerting

import (
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// cleared takes a condition that cleared: its incident is resolved when it
// was the last one.
func (t *turn) cleared(c rules.Change) {
	s, ok := t.seats[metOf(c.Key)]
	if !ok {
		return // a person resolved its incident before
	}
	in := s.in
	t.leave(s)
	in.Members[s.i].Text = c.Evidence.Text
	t.leaveLines(in)
	if left := t.open[in.ID]; left > 0 {
		t.lead(in)
		t.happened(in, EntryLeft, fmt.Sprintf("%s; %d left", scoped(c.Key.Scope, c.Evidence.Text), left), tellRoot)
		return
	}
	t.ended[in.ID] = c.Evidence.Ended
	if in.RecoveringAt.IsZero() {
		in.RecoveringAt = t.now // whether that is the end says its state, when all changes are known
	}
	t.turned(in)
}

// leaveLines lets go of the ratios of endpoints when nothing else is left: they
// are lines of an incident, and come down long after the endpoint is up.
func (t *turn) leaveLines(in *Incident) {
	for i, m := range in.Members { // there may be thousands: the first will do
		if s, ok := t.seats[metOf(m.Key)]; ok && s.in == in && s.i == i && m.Key.Rule != rules.RuleEndpointFailing {
			return
		}
	}
	for _, s := range t.seatsIn(in) {
		t.leave(s)
	}
}

// lead gives an incident whose leading condition is over to the oldest of those
// that are left, when all of these are about deliveries: an endpoint that is up
// again, and whose events get their last try soon, is not down.
func (t *turn) lead(in *Incident) {
	if in.Rule == RuleCommonCause {
		return // it is named after what they have in common, and may have thousands
	}
	seats, led := t.unled(in)
	other := func(s seat) bool { return !ofDeliveries(in.Members[s.i].Key.Rule) }
	if led || slices.ContainsFunc(seats, other) {
		return
	}
	seats = slices.DeleteFunc(seats, func(s seat) bool { return in.Members[s.i].Key.Rule == rules.RuleEndpointFailing })
	t.leadBy(in, seats)
}

// leadsOn is how long after its leading condition an incident is still named
// after it: both signals of an endpoint seldom clear in the same moment.
const leadsOn = 5 * time.Minute

// leadLate gives an incident to the other signal of its endpoint, once that has
// gone on alone for long: an endpoint that answers again is not down, whatever
// its certificate is.
func (t *turn) leadLate(in *Incident) {
	seats, led := t.unled(in)
	if led || !slices.ContainsFunc(in.Members, func(m Membership) bool {
		return metOf(m.Key) == met{in.Rule, in.Scope} && !m.Left.IsZero() && t.now.Sub(m.Left) >= leadsOn
	}) {
		return
	}
	seats = slices.DeleteFunc(seats, func(s seat) bool { k := in.Members[s.i].Key; return !shared(k.Rule) || k.Scope != in.Scope })
	was := in.Title
	if len(seats) > 0 {
		t.leadBy(in, seats)
		t.happened(in, EntryUpdated, fmt.Sprintf("no longer %q: %s", was, in.Evidence.Text), tellRoot)
	}
}

// unled returns the seats of an incident, and whether it has what it is named
// after, or has no seat to be named after.
func (t *turn) unled(in *Incident) (seats []seat, led bool) {
	_, led = t.seats[met{in.Rule, in.Scope}]
	seats = t.seatsIn(in)
	return seats, led || in.Rule == RuleCommonCause || len(seats) == 0
}

// leadBy names an incident after the oldest of some of its seats.
func (t *turn) leadBy(in *Incident, seats []seat) {
	first := slices.MinFunc(seats, func(a, b seat) int { return in.Members[a.i].Since.Compare(in.Members[b.i].Since) })
	m := in.Members[first.i]
	in.Rule, in.Scope = m.Key.Rule, m.Key.Scope
	in.Title = nameOf(rules.Change{Key: m.Key, Fault: m.Fault})
	in.Evidence = rules.Evidence{Text: m.Text, From: m.Since}
}

// lasted is how long an incident has lasted, for people.
func lasted(in *Incident, now time.Time) time.Duration {
	if !in.RecoveringAt.IsZero() {
		now = in.RecoveringAt
	}
	return Between(in.StartedAt, now)
}

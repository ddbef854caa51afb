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
		t.happened(in, EntryLeft, fmt.Sprintf("%s: %s; %d left", c.Key.Scope, c.Evidence.Text, left), tellRoot)
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
	seats := t.seatsIn(in)
	if slices.ContainsFunc(seats, func(s seat) bool { return in.Members[s.i].Key.Rule != rules.RuleEndpointFailing }) {
		return
	}
	for _, s := range seats {
		t.leave(s)
	}
}

// lead gives an incident whose leading condition is over to the oldest of those
// that are left: an endpoint that is up again, and whose certificate is bad or whose
// events get their last try soon, is not down. What is of another scope leads only
// when all that is left is about deliveries.
func (t *turn) lead(in *Incident) {
	if _, leads := t.seats[met{in.Rule, in.Scope}]; leads || in.Rule == RuleCommonCause {
		return
	}
	seats := t.seatsIn(in)
	sees := func(s seat) bool { k := in.Members[s.i].Key; return shared(k.Rule) && k.Scope == in.Scope }
	if slices.ContainsFunc(seats, sees) {
		seats = slices.DeleteFunc(seats, func(s seat) bool { return !sees(s) })
	}
	other := func(s seat) bool { return !sees(s) && !ofDeliveries(in.Members[s.i].Key.Rule) }
	if len(seats) == 0 || slices.ContainsFunc(seats, other) {
		return
	}
	seats = slices.DeleteFunc(seats, func(s seat) bool { return in.Members[s.i].Key.Rule == rules.RuleEndpointFailing })
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
	return max(now.Sub(in.StartedAt), 0).Round(time.Second)
}

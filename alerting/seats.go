package alerting

import "github.com/hookvigil/hookvigil/rules"

// met is a rule in a scope, whatever the episode.
type met struct {
	rule  rules.Rule
	scope rules.Scope
}

func metOf(k rules.Key) met { return met{k.Rule, k.Scope} }

// seat is the place of a condition in an incident.
type seat struct {
	in *Incident
	i  int
}

// place is an episode in an incident.
type place struct {
	incident string
	key      rules.Key
}

// sit gives a condition a seat. An episode that comes back to its incident
// gets its old one.
func (t *turn) sit(in *Incident, m Membership) {
	i, back := t.past[place{in.ID, m.Key}]
	if back {
		in.Members[i] = m
		delete(t.past, place{in.ID, m.Key})
	} else {
		i = len(in.Members)
		in.Members = append(in.Members, m)
	}
	t.seats[metOf(m.Key)] = seat{in, i}
	t.open[in.ID]++
	// What joins many with one cause, and began long before, is not when that did.
	if m.Since.Before(in.StartedAt) && (in.Rule != RuleCommonCause || apart(m.Since, in.StartedAt) <= t.desk.Fold.Within) {
		in.StartedAt = m.Since
	}
}

// leave takes a condition off its seat.
func (t *turn) leave(s seat) {
	m := &s.in.Members[s.i]
	m.Left = t.now
	t.past[place{s.in.ID, m.Key}] = s.i
	delete(t.seats, metOf(m.Key))
	t.open[s.in.ID]--
}

// seatsIn returns the seats of the open members of an incident, in their order.
func (t *turn) seatsIn(in *Incident) (seats []seat) {
	for i, m := range in.Members {
		if s, ok := t.seats[metOf(m.Key)]; ok && s.in == in && s.i == i {
			seats = append(seats, s)
		}
	}
	return seats
}

package alerting

import (
	"maps"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// turn is one decision under way.
type turn struct {
	desk         Desk
	installation int64
	now          time.Time
	actor        string // the person whose command it is; empty: hookvigil
	crowd        crowd
	generations  map[string]int
	told         map[string][]Destination
	incidents    map[string]*Incident
	groups       map[string][]*Incident // by group key, folded ones left out
	seats        map[met]seat           // of the conditions in live incidents
	past         map[place]int          // of those that have left the incident
	open         map[string]int         // members that are open, by incident
	lines        map[string][]line      // what happened in this turn, by incident
	entries      []Entry

	levels    map[rules.Scope]Level
	quiet     Quieter // nil: nobody asked
	doubt     string
	absent    bool
	before    map[string]Incident      // as they were read
	further   map[string][]Destination // whom the ladder tells beyond the routes, by incident
	refreshed map[string]bool          // incidents whose records elsewhere are told anew
	ended     map[string]bool          // incidents whose last condition was ended, not found to be good
	hearing   map[string][]string      // merchants that hear of an incident for the first time
}

func newTurn(d Desk, w World, now time.Time) *turn {
	t := &turn{
		desk: d, installation: w.Installation, now: now, crowd: crowdOf(w.Failing), generations: maps.Clone(w.Generations), told: w.Told,
		incidents: map[string]*Incident{}, groups: map[string][]*Incident{}, seats: map[met]seat{}, past: map[place]int{},
		open: map[string]int{}, lines: map[string][]line{},
		levels: w.Levels, quiet: w.Quiet, doubt: w.Doubt, absent: w.Absent,
		before: map[string]Incident{}, further: map[string][]Destination{}, refreshed: map[string]bool{}, hearing: map[string][]string{}, ended: map[string]bool{},
	}
	if t.generations == nil {
		t.generations = map[string]int{}
	}
	for _, in := range w.Incidents {
		c := in.clone()
		t.before[in.ID] = in.clone()
		t.add(&c)
	}
	return t
}

// add takes an incident into the books of the turn.
func (t *turn) add(in *Incident) {
	t.incidents[in.ID] = in
	if in.Parent == "" {
		t.groups[in.GroupKey] = append(t.groups[in.GroupKey], in)
	}
	t.generations[in.GroupKey] = max(t.generations[in.GroupKey], in.Generation)
	for i, m := range in.Members {
		switch {
		case !m.Left.IsZero():
			t.past[place{in.ID, m.Key}] = i
		case in.Live():
			t.seats[metOf(m.Key)] = seat{in, i}
			t.open[in.ID]++
		}
	}
}

// opened takes a condition that opened, became louder, or has more to tell.
// One that is low is for pages and digests: it opens nothing. Nor does one that
// is explained by what runs: if it stays when that is over, it is an orphan.
func (t *turn) opened(c rules.Change) {
	s, seated := t.seats[metOf(c.Key)]
	switch {
	case !seated && (c.Severity == rules.Low || t.explained(c)):
	case !seated:
		t.join(t.group(c), c, "")
	case c.Severity.Worse(s.in.Severity):
		s.in.Members[s.i].Text = c.Evidence.Text
		t.louder(s.in, c, c.Evidence.Text)
	case c.Key.Rule == rules.RuleLossComing && c.Evidence.Text != s.in.Members[s.i].Text: // urgent now
		s.in.Members[s.i].Text = c.Evidence.Text
		t.happened(s.in, EntryUpdated, scoped(c.Key.Scope, c.Evidence.Text), tellAll)
	default:
		t.otherwise(s, c)
	}
}

// phrase puts a head before a text.
func phrase(head, text string) string {
	if head == "" || text == "" {
		return head + text
	}
	return head + ": " + text
}

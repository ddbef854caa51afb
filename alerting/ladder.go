package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Ladder says how often what is critical is told to people who do not answer
// (reference alerting.md section 3: a second page after 5 min, then every 30
// min, then every 2 h, at most 10 in all, never after an acknowledgement,
// which lasts 4 h).
type Ladder struct {
	Again  time.Duration // the second time; 0: never
	First  time.Duration // and again after this, twice; 0: never
	Later  time.Duration // and then each time after this; 0: never
	Most   int           // times in all, beyond the first
	AckFor time.Duration // an acknowledgement lasts so long; 0: for ever
}

// Rung is one step of an escalation: who else is told when nobody has answered
// for so long.
type Rung struct {
	After time.Duration
	To    []Destination // empty: those who were told before, again
}

// DefaultLadder returns the defaults.
func DefaultLadder() Ladder {
	return Ladder{Again: 5 * time.Minute, First: 30 * time.Minute, Later: 2 * time.Hour, Most: 10, AckFor: 4 * time.Hour}
}

// firsts is how often the shorter wait is taken before the longer one.
const firsts = 2

// rungs returns all steps for an incident, in order of time.
func (d Desk) rungs(in Incident) []Rung {
	var list []Rung
	again := func(after time.Duration) {
		if len(list) < d.Ladder.Most {
			list = append(list, Rung{After: after})
		}
	}
	at := time.Duration(0)
	if d.Ladder.Again > 0 {
		again(d.Ladder.Again)
	}
	for range firsts {
		if d.Ladder.First <= 0 {
			break
		}
		at += d.Ladder.First
		again(at)
	}
	for d.Ladder.Later > 0 && len(list) < d.Ladder.Most {
		at += d.Ladder.Later
		again(at)
	}
	if d.Escalate != nil {
		list = append(list, d.Escalate(in.clone())...)
	}
	slices.SortStableFunc(list, func(a, b Rung) int { return cmp.Compare(a.After, b.After) })
	return list
}

// ladder begins anew: from now on somebody has to answer.
func (t *turn) ladder(in *Incident) {
	in.Story.Ladder, in.Story.Step, in.Story.Taken, in.Story.Asked = t.now, 0, 0, nil
}

// resume notes that an incident which was recovering fails again. The ladder
// stood still meanwhile, and goes on where it was: nobody is woken for time in
// which nothing failed.
func (t *turn) resume(in *Incident) {
	if in.RecoveringAt.IsZero() {
		return
	}
	in.Story.Ladder = in.Story.Ladder.Add(t.now.Sub(in.RecoveringAt))
	if in.Story.Ladder.After(t.now) { // it began anew meanwhile
		in.Story.Ladder = t.now
	}
	in.RecoveringAt = time.Time{}
}

// wakes reports whether somebody must answer an incident: it is critical, it
// fails, and nobody has taken it on or asked for quiet.
func (in Incident) wakes(now time.Time) bool {
	return in.Severity == rules.Critical && (in.State == StateOpen || in.State == StateMitigated) &&
		!in.answered(now) && in.Story.Hush.ID == "" && in.Story.FlappingSince.IsZero()
}

// climb takes the rungs that are due: at once, when several have become so.
func (t *turn) climb(in *Incident) {
	if t.absent || !in.wakes(t.now) {
		return
	}
	rungs, again := t.desk.rungs(*in), false
	var further []Destination
	var last time.Duration
	for _, r := range rungs {
		if r.After > t.now.Sub(in.Story.Ladder) {
			break
		}
		if r.After <= in.Story.Taken && !in.Story.strange(r) {
			continue
		}
		last, again = r.After, again || len(r.To) == 0
		further = append(further, r.To...)
	}
	if last == 0 {
		return
	}
	in.Story.Step, in.Story.Taken = in.Story.Step+1, max(in.Story.Taken, last)
	t.further[in.ID] = append(t.further[in.ID], further...)
	for _, d := range further {
		in.Story.Asked = append(in.Story.Asked, d.Lane)
	}
	slices.Sort(in.Story.Asked)
	in.Story.Asked = slices.Compact(in.Story.Asked)
	text := fmt.Sprintf("nobody has acknowledged it for %s", short(last))
	if len(further) > 0 {
		text += ": told to " + receiversOf(further)
	}
	to := tellAll
	if !again {
		to = tellThread // those that are new hear it because they are
	}
	t.happened(in, EntryEscalated, text, to)
}

// nextRung is when the next rung is due; zero: none is.
func (t *turn) nextRung(in *Incident) time.Time {
	rungs := t.desk.rungs(*in)
	if i := in.Story.next(rungs); i < len(rungs) && in.wakes(t.now) {
		return in.Story.Ladder.Add(rungs[i].After)
	}
	return time.Time{}
}

// next is the first of some rungs that was not taken; their number: all were.
func (s Story) next(rungs []Rung) int {
	i := slices.IndexFunc(rungs, func(r Rung) bool { return r.After > s.Taken })
	if i < 0 {
		return len(rungs)
	}
	return i
}

// strange reports whether a rung tells somebody whom the ladder has not come to:
// the incident has come to another route since.
func (s Story) strange(r Rung) bool {
	return slices.ContainsFunc(r.To, func(d Destination) bool { return !slices.Contains(s.Asked, d.Lane) })
}

// Unattended reports whether nobody looks after an incident, and nobody will be
// asked to: every open critical one has an answer, a silence, or a further step
// (reference alerting.md section 4.9). late is how long a step may be overdue.
func (d Desk) Unattended(in Incident, now time.Time, late time.Duration) bool {
	if !in.wakes(now) || in.Parent != "" {
		return false
	}
	rungs := d.rungs(in)
	i := in.Story.next(rungs)
	if i >= len(rungs) {
		return true
	}
	return now.Sub(in.Story.Ladder.Add(rungs[i].After)) > late
}

func receiversOf(list []Destination) string {
	var names []string
	for _, d := range list {
		if name := ReceiverOf(d.Lane); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

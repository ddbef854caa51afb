package alerting

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of what a person may say, in characters.
const (
	LongestRemark = 2000
	longestName   = 200
)

// Command decides what follows when a person says something about an
// incident. told are the lanes that were told of it: they hear it too. It is
// pure. A *CommandError says why not.
//
//   - ack: an open one becomes acknowledged, and stays so until it becomes
//     critical or is over; a further person is recorded; who has said so
//     already, and has no remark, changes nothing.
//   - resolve: a live one is resolved by hand. Conditions that are still open
//     leave it, and are told again when they stay so beyond the reopen window.
//   - note: the remark stands in the timeline, in any state.
func (d Desk) Command(in Incident, c Command, told []Destination, now time.Time) (Decision, error) {
	c.By, c.Text = tidy(c.By), tidy(c.Text)
	if why := c.wrong(); why != "" {
		return Decision{}, &CommandError{Do: c.Do, State: in.State, Why: why, Asked: true}
	}
	if why := c.untimely(in); why != "" {
		return Decision{}, &CommandError{Do: c.Do, State: in.State, Why: why}
	}
	t := newTurn(d, World{Incidents: []Incident{in}, Told: map[string][]Destination{in.ID: told}}, now)
	t.actor = c.By
	switch at := t.incidents[in.ID]; c.Do {
	case CommandAcknowledge:
		t.acknowledge(at, c)
	case CommandResolve:
		t.resolve(at, c)
	case CommandNote:
		t.note(at, c)
	}
	t.incidents[in.ID].NextAt = t.nextLook(t.incidents[in.ID])
	return t.decision(), nil
}

// Reconciled decides that what had failed in an incident that is over is
// delivered or written off. It is pure; an incident that lives, or is
// reconciled already, is left alone.
func (d Desk) Reconciled(in Incident, text string, told []Destination, now time.Time) Decision {
	t := newTurn(d, World{Incidents: []Incident{in}, Told: map[string][]Destination{in.ID: told}}, now)
	if at := t.incidents[in.ID]; at.State == StateResolved && at.Parent == "" && at.ReconciledAt.IsZero() {
		at.State, at.ReconciledAt = StateReconciled, now
		t.happened(at, EntryReconciled, text, tellThread)
	}
	return t.decision()
}

// note takes a person's remark, which may be that the first fix has worked.
func (t *turn) note(in *Incident, c Command) {
	if !c.FirstFix {
		t.happened(in, EntryNote, c.Text, tellThread)
		return
	}
	if in.MitigatedAt.IsZero() {
		in.MitigatedAt = t.now
	}
	in.MitigatedBy, in.Story.Mitigated = c.By, true
	if in.State != StateRecovering {
		in.State = StateMitigated
	}
	t.happened(in, EntryMitigated, phrase("first fix", c.Text), tellThread)
}

// wrong says why a command makes no sense for any incident, "" when it does.
func (c Command) wrong() string {
	switch {
	case c.Do != CommandAcknowledge && c.Do != CommandResolve && c.Do != CommandNote:
		return fmt.Sprintf("there is no such command; want %s, %s or %s", CommandAcknowledge, CommandResolve, CommandNote)
	case c.By == "":
		return "who says so is missing"
	case utf8.RuneCountInString(c.By) > longestName:
		return fmt.Sprintf("the name has %d characters, at most %d are kept", utf8.RuneCountInString(c.By), longestName)
	case utf8.RuneCountInString(c.Text) > LongestRemark:
		return fmt.Sprintf("the text has %d characters, at most %d are kept", utf8.RuneCountInString(c.Text), LongestRemark)
	case c.Do == CommandNote && c.Text == "":
		return "the text is missing; a note needs one"
	default:
		return ""
	}
}

// untimely says why a command makes no sense in the state of an incident, ""
// when it does.
func (c Command) untimely(in Incident) string {
	switch {
	case c.FirstFix && !in.Live():
		return "it is over; a first fix comes before the end"
	case c.Do != CommandNote && in.Parent != "":
		return "it was " + in.ResolvedBy + ", where it goes on"
	case c.Do != CommandNote && !in.Live():
		return "it is over; write a note instead"
	default:
		return ""
	}
}

func (t *turn) acknowledge(in *Incident, c Command) {
	switch {
	case !in.answered(t.now):
		in.AcknowledgedAt, in.AcknowledgedBy, in.AckUntil = t.now, c.By, time.Time{}
		if last := t.desk.Ladder.AckFor; last > 0 {
			in.AckUntil = t.now.Add(last)
		}
		if in.State == StateOpen {
			in.State = StateAcknowledged
		}
		t.happened(in, EntryAcknowledged, phrase("acknowledged", c.Text), tellThread)
	case in.AcknowledgedBy != c.By:
		t.happened(in, EntryAcknowledged, phrase("acknowledged too, after "+in.AcknowledgedBy, c.Text), tellThread)
	case c.Text != "":
		t.happened(in, EntryAcknowledged, phrase("acknowledged again", c.Text), tellThread)
	}
}

func (t *turn) resolve(in *Incident, c Command) {
	text := fmt.Sprintf("resolved by hand after %s", short(lasted(in, t.now)))
	if n := t.open[in.ID]; n > 0 {
		still := "1 condition was still open: it is told again when it stays so for"
		if n > 1 {
			still = fmt.Sprintf("%d conditions were still open: they are told again when they stay so for", n)
		}
		text += fmt.Sprintf("; %s %s", still, short(t.desk.Reopen))
	}
	for i := range in.Members {
		if in.Members[i].Left.IsZero() {
			in.Members[i].Text = fmt.Sprintf("still open when %s resolved it", c.By)
			t.leave(seat{in, i})
		}
	}
	in.State, in.ResolvedAt, in.ResolvedBy = StateResolved, t.now, c.By
	if in.RecoveringAt.IsZero() {
		in.RecoveringAt = t.now
	}
	t.happened(in, EntryResolved, phrase(text, c.Text), tellAll)
}

// short writes a span without its empty parts: 30m, not 30m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// tidy makes one line of what a person wrote.
func tidy(s string) string { return Line(s, 0) }

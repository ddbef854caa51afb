package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// happened tells the story, and then the milestones with the delays by which
// an incident is judged.
func (w *writer) happened() {
	w.line("\n## What happened\n")
	for _, paragraph := range [][]string{w.beginning(), w.mending(), w.cause()} {
		if len(paragraph) > 0 {
			w.line("%s\n", strings.Join(paragraph, " "))
		}
	}
	w.line("| | Time | Delay |")
	w.line("|---|---|---|")
	for _, m := range inOrder(w.moments()) {
		delay := ""
		if m.delay != "" && !m.at.Before(m.since) {
			delay = m.delay + " " + span(alerting.Between(m.since, m.at))
		}
		w.line("| %s | %s | %s |", m.what, w.when(m.at), delay)
	}
}

// beginning says how it was found, and who heard of it.
func (w *writer) beginning() (said []string) {
	in := w.Incident
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	switch d := alerting.Between(in.StartedAt, in.DetectedAt); {
	case in.DetectedAt.IsZero():
		say("It began at %s.", w.when(in.StartedAt))
	case d > 0:
		say("At %s it was detected, %s after it began.", w.when(in.DetectedAt), span(d))
	default:
		say("At %s it was detected.", w.when(in.DetectedAt))
	}
	if text := Plain(in.Evidence.Text); text != "" {
		say("%s.", capital(strings.TrimSuffix(text, ".")))
	}
	if in.SharePeak > 0 {
		say("At worst %s of %s failed.", rules.Ratio(in.SharePeak).Short(), shareOf(in))
	}
	if first := w.toldFirst(); !in.AlertedAt.IsZero() {
		say("%s at %s%s.", capital(first), w.when(in.AlertedAt), after(in.AlertedAt, "after it was detected", in.DetectedAt))
	}
	if in.AlertedAt.IsZero() && w.Notices != nil && !slices.ContainsFunc(w.listeners(), func(l *listener) bool { return l.sent > 0 }) {
		say("%s", map[bool]string{true: "Nobody has been reached yet.", false: "Nobody was reached."}[in.Live()])
	}
	switch ack, who := w.acknowledged(); {
	case !ack.IsZero() && who != "":
		say("%s acknowledged it at %s.", Plain(who), w.when(ack))
	case ack.IsZero():
		say("%s", map[bool]string{true: "Nobody has acknowledged it yet.", false: "Nobody acknowledged it."}[in.Live()])
	}
	return said
}

// toldFirst says who was, when the timeline knows.
func (w *writer) toldFirst() string {
	for _, e := range w.Entries {
		if names, ok := strings.CutPrefix(e.Text, "first told: "); ok && e.Kind == alerting.EntryAlerted {
			names, _, _ = strings.Cut(names, " (") // why the line stands where it does
			return "the first to be told was " + Plain(names)
		}
	}
	return "somebody was first told"
}

// mending says what helped, and when it was over.
func (w *writer) mending() (said []string) {
	in := w.Incident
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	for i, f := range w.fixes() {
		text := ""
		if f.text != "" {
			text = ": " + Plain(f.text)
		}
		say("The %s%s worked at %s%s.", nth(i), by(f.by), w.when(f.at), text)
	}
	switch recovered := in.RecoveringAt; {
	case in.Live():
		say("It was not over when this was written, %s after it began.", span(alerting.Between(in.StartedAt, w.Now)))
	case in.Parent != "":
		say("It goes on in incident %s.", Plain(alerting.Incident{ID: in.Parent}.Number()))
	case recovered.IsZero() || recovered.After(in.ResolvedAt):
		say("It was over at %s%s, %s after it began.", w.when(in.ResolvedAt), by(in.ResolvedBy), span(alerting.Between(in.StartedAt, in.ResolvedAt)))
	default:
		say("It was fully recovered at %s, %s after it began.", w.when(recovered), span(alerting.Between(in.StartedAt, recovered)))
	}
	if in.Reopens > 0 {
		say("It was open again %s after it seemed over.", plural(in.Reopens, "time"))
	}
	return said
}

// cause is why, as far as it is known.
func (w *writer) cause() []string {
	if why := w.Incident.Because(w.when); why != "" {
		return []string{"Cause: " + Plain(why) + "."}
	}
	return nil
}

// moment is a row of the table of what happened when.
type moment struct {
	what  string
	at    time.Time // zero: it has not happened
	delay string    // what the time until then is called
	since time.Time // from which it counts
}

// inOrder returns the milestones that were reached in the order in which they
// were: who answers before a message has arrived stands before it. Those of one
// moment stay as they are.
func inOrder(list []moment) []moment {
	list = slices.DeleteFunc(list, func(m moment) bool { return m.at.IsZero() })
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	return list
}

// moments are the milestones in the order in which they mostly come.
func (w *writer) moments() []moment {
	in := w.Incident
	ack, who := w.acknowledged()
	list := []moment{
		{"First failure", in.StartedAt, "", time.Time{}},
		{"Detected", in.DetectedAt, "detection delay", in.StartedAt},
		{"Alerted", in.AlertedAt, "after detection", in.DetectedAt},
		{"Acknowledged" + by(who), ack, "time to acknowledge", in.DetectedAt},
	}
	for i, f := range w.fixes() {
		list = append(list, moment{capital(nth(i)) + by(f.by), f.at, "time to " + nth(i), in.StartedAt})
	}
	recovered := in.RecoveringAt
	switch {
	case in.Live():
		list = append(list, moment{"Recovering", recovered, "after it began", in.StartedAt})
	case recovered.IsZero():
		list = append(list, moment{"Fully recovered" + by(in.ResolvedBy), in.ResolvedAt, "time to recover", in.StartedAt})
	default:
		list = append(list, moment{"Fully recovered", recovered, "time to recover", in.StartedAt},
			moment{"Resolved" + by(in.ResolvedBy), in.ResolvedAt, "after recovery", recovered})
	}
	return append(list, moment{"Reconciled", in.ReconciledAt, "after it began", in.StartedAt})
}

// acknowledged is when somebody first answered, and who: an acknowledgement
// that has run out stands in the timeline alone.
func (w *writer) acknowledged() (time.Time, string) {
	i := slices.IndexFunc(w.Entries, func(e alerting.Entry) bool { return e.Kind == alerting.EntryAcknowledged })
	if i < 0 {
		return w.Incident.AcknowledgedAt, w.Incident.AcknowledgedBy
	}
	return w.Entries[i].At, w.Entries[i].Actor
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + Plain(who)
}

// after says how long after something that was, when both are known.
func after(at time.Time, what string, since time.Time) string {
	if since.IsZero() || at.Before(since) {
		return ""
	}
	return ", " + span(alerting.Between(since, at)) + " " + what
}

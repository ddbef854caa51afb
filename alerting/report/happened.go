package report

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// moment is a row of the table of what happened when.
type moment struct {
	what  string
	at    time.Time // zero: it has not happened
	delay string    // what the time until then is called
	since time.Time // from which it counts
}

// happened says why, and when it began, was told, fixed and over, with the
// delays by which an incident is judged.
func (w *writer) happened() {
	in := w.Incident
	w.line("\n## What happened\n")
	if in.Evidence.Text != "" {
		w.line("%s\n", Plain(in.Evidence.Text))
	}
	w.line("| | Time | Delay |")
	w.line("|---|---|---|")
	for _, m := range w.moments() {
		if m.at.IsZero() {
			continue
		}
		delay := ""
		if d := m.at.Sub(m.since); m.delay != "" && d >= 0 {
			delay = m.delay + " " + span(d)
		}
		w.line("| %s | %s | %s |", m.what, w.when(m.at), delay)
	}
	if in.Live() {
		w.line("\nIt was not over when this was written, %s after it began.", span(w.Now.Sub(in.StartedAt)))
	}
	if in.Reopens > 0 {
		w.line("\nIt was open again %s after it seemed over.", plural(in.Reopens, "time"))
	}
}

// moments are the milestones in the order in which they are told.
func (w *writer) moments() []moment {
	in := w.Incident
	ack, who := w.acknowledged()
	list := []moment{
		{"First failure", in.StartedAt, "", time.Time{}},
		{"Detected", in.DetectedAt, "detection delay", in.StartedAt},
		{"Alerted", in.AlertedAt, "after detection", in.DetectedAt},
		{"Acknowledged" + by(who), ack, "time to acknowledge", in.DetectedAt},
		{"First fix" + by(in.MitigatedBy) + w.share(), in.MitigatedAt, "time to first fix", in.StartedAt},
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

// share is what the first fix brought, as the timeline has it.
func (w *writer) share() string {
	for _, e := range w.Entries {
		if e.Kind == alerting.EntryMitigated && e.Text != "" {
			return ": " + Plain(e.Text)
		}
	}
	return ""
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + Plain(who)
}

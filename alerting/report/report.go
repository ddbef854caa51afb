package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Report is an incident on its way to paper.
type Report struct {
	Incident alerting.Incident
	Entries  []alerting.Entry          // the timeline, oldest first
	Channels []alerting.Reconciliation // what had failed, by payment channel; empty: nothing was counted
	Products []alerting.FailedCount    // the same events by product; nil: not counted
	Notices  []alerting.OutboxRow      // who was told, in any order; nil: the reader is not to know
	Zone     *time.Location            // of all moments; nil: UTC
	Now      time.Time                 // when it is written
}

// Markdown returns the report. Texts that others chose are plain in it: they
// make no heading, link, table or HTML.
func (r Report) Markdown() string {
	if r.Zone == nil {
		r.Zone = time.UTC
	}
	w := &writer{Report: r}
	in := r.Incident
	w.line("# %s\n", Plain(in.Title))
	w.line("Report of incident %s, %s, %s. Written on %s.\n", Plain(in.Number()), in.Severity, in.State, w.when(r.Now))
	w.affected()
	w.happened()
	w.reconciliation()
	w.told()
	w.timeline()
	return w.String()
}

// writer collects the text of a report.
type writer struct {
	strings.Builder
	Report
}

// line writes one line.
func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// when writes a moment with its distance from UTC.
func (w *writer) when(t time.Time) string { return t.In(w.Zone).Format("2006-01-02 15:04:05 -07:00") }

// mostEntries bounds the timeline: the first lines and the last are shown.
const mostEntries = 1000

// timeline writes what happened, in order.
func (w *writer) timeline() {
	if len(w.Entries) == 0 {
		return
	}
	w.line("\n## Timeline\n")
	entries, hidden := w.Entries, len(w.Entries)-mostEntries
	if hidden > 0 {
		entries = w.Entries[:mostEntries/2]
	}
	w.entries(entries)
	if hidden > 0 {
		w.line("- … %d more entries …", hidden)
		w.entries(w.Entries[len(w.Entries)-mostEntries/2:])
	}
}

func (w *writer) entries(list []alerting.Entry) {
	for _, e := range list {
		w.line("- %s **%s** %s", w.when(e.At), Plain(word(e)), Plain(said(e)))
	}
}

// word is what an entry is about: "severity raised".
func word(e alerting.Entry) string { return strings.ReplaceAll(string(e.Kind), "_", " ") }

// said is what happened, with who did it in front; the word that stands before
// it is not said again.
func said(e alerting.Entry) string {
	text := strings.TrimSuffix(strings.TrimPrefix(e.Text+": ", word(e)+": "), ": ")
	text = strings.TrimPrefix(text, word(e)+" ")
	switch {
	case e.Actor == "":
		return text
	case text == "":
		return "by " + e.Actor
	default:
		return e.Actor + ": " + text
	}
}

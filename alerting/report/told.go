package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// mostNotices bounds the table of who was told.
const mostNotices = 500

// told says who heard of it, by which lane and when, and what was not
// delivered.
func (w *writer) told() {
	if w.Notices == nil {
		return
	}
	w.line("\n## Who was told\n")
	if len(w.Notices) == 0 {
		w.line("Nobody: there is no notice about it.")
		return
	}
	rows := slices.SortedStableFunc(slices.Values(w.Notices), func(a, b alerting.OutboxRow) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	w.line("| Decided | Lane | What | Outcome |")
	w.line("|---|---|---|---|")
	for _, n := range rows[:min(len(rows), mostNotices)] {
		w.line("| %s | %s | %s | %s |", w.when(n.Created), Plain(n.Lane), Plain(strings.ReplaceAll(string(n.Kind), "_", " ")), w.outcome(n))
	}
	if more := len(rows) - mostNotices; more > 0 {
		w.line("\nAnd %d more notices.", more)
	}
}

// outcome is what became of a notice.
func (w *writer) outcome(n alerting.OutboxRow) string {
	said := Plain(n.State)
	if !n.Finished.IsZero() {
		said += " " + w.when(n.Finished)
	}
	if n.Attempts > 1 {
		said += ", " + plural(n.Attempts, "try")
	}
	why := n.Reason
	if n.State != string(alerting.ResultSent) && n.Class != "" {
		why = string(n.Class)
	}
	if why != "" {
		said += ": " + Plain(why)
	}
	return said
}

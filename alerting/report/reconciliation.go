package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// reconciliation says for each payment channel whether what had failed was
// made good: what is done first, as in the reports of payment platforms.
func (w *writer) reconciliation() {
	if len(w.Channels) == 0 {
		return
	}
	w.line("\n## Reconciliation\n")
	w.asOf()
	rows := slices.SortedStableFunc(slices.Values(w.Channels), func(a, b alerting.Reconciliation) int {
		return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Channel, b.Channel))
	})
	w.standing(rows, alerting.ReconcileDone, "Done, all that had failed is delivered or written off")
	w.standing(rows, alerting.ReconcileInProgress, "In progress")
	w.standing(rows, alerting.ReconcileTPlus1, "T+1, the next tries are on a later day")
	w.line("\n| Channel | State | Failed | Redelivered | Waiting | Out of retries | Written off | Left | Done or expected | Note |")
	w.line("|---|---|---:|---:|---:|---:|---:|---:|---|---|")
	for _, r := range rows {
		w.line("| %s | %s | %d | %d | %d | %d | %d | %d | %s | %s |", channel(r), r.State.Word(),
			r.Failed, r.Redelivered, r.Waiting(), r.Exhausted, r.WrittenOff, r.Left(), w.expected(r), note(r))
	}
}

// asOf says how old the counts are: a row is written when it changes.
func (w *writer) asOf() {
	var last time.Time
	for _, r := range w.Channels {
		if r.UpdatedAt.After(last) {
			last = r.UpdatedAt
		}
	}
	if !last.IsZero() {
		w.line("The counts are those of %s, when they last changed.\n", w.when(last))
	}
}

// until says by when something is expected. What is late is not expected.
func (w *writer) until(at time.Time, expected string) string {
	if at.Before(w.Now) {
		return "overdue since " + w.when(at)
	}
	return expected + w.when(at)
}

// standing lists the channels in a state, and by when they were done or more is
// expected of them.
func (w *writer) standing(rows []alerting.Reconciliation, state alerting.ReconcileState, words string) {
	var names []string
	var done, expected time.Time
	for _, r := range rows {
		if r.State != state {
			continue
		}
		if names = append(names, channel(r)); r.DoneAt.After(done) {
			done = r.DoneAt
		}
		if r.ExpectedAt.After(expected) {
			expected = r.ExpectedAt
		}
	}
	if len(names) == 0 {
		return
	}
	switch {
	case state == alerting.ReconcileDone && !done.IsZero():
		words += ", by " + w.when(done)
	case !expected.IsZero():
		words += ", " + w.until(expected, "expected by ")
	}
	if more := len(names) - mostNamed; more > 0 {
		names = append(names[:mostNamed], fmt.Sprintf("and %d more", more))
	}
	w.line("- %s: %s", words, strings.Join(names, ", "))
}

// expected says when a channel was done, or what it waits for.
func (w *writer) expected(r alerting.Reconciliation) string {
	persons := r.Left() - r.Waiting()
	switch {
	case r.State == alerting.ReconcileDone:
		return "done " + w.when(r.DoneAt)
	case !r.ExpectedAt.IsZero() && persons > 0:
		return fmt.Sprintf("%s, and somebody for %d", w.until(r.ExpectedAt, ""), persons)
	case !r.ExpectedAt.IsZero():
		return w.until(r.ExpectedAt, "")
	case persons > 0:
		return "somebody has to resend or write off " + strconv.Itoa(persons)
	default:
		return "not known"
	}
}

// note is what somebody said about a channel.
func note(r alerting.Reconciliation) string {
	if r.Note == "" || r.UpdatedBy == "" {
		return Plain(r.Note)
	}
	return Plain(r.UpdatedBy + ": " + r.Note)
}

func channel(r alerting.Reconciliation) string { return Plain(alerting.ChannelName(r.Channel)) }

func rank(s alerting.ReconcileState) int {
	return slices.Index([]alerting.ReconcileState{alerting.ReconcileDone, alerting.ReconcileInProgress, alerting.ReconcileTPlus1}, s)
}

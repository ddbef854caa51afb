package main

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// digestRow is the API's row of the ledger. A moment that has not come is
// zero.
type digestRow struct {
	Merchant   text // empty: the platform
	Kind       text
	Start      time.Time `json:"window_start"`
	End        time.Time `json:"window_end"`
	State      digest.State
	Verdict    text
	Covered    float64   `json:"covered_seconds"`
	ClosedAt   time.Time `json:"closed_at"`
	DueAt      time.Time `json:"due_at"`
	FinishedAt time.Time `json:"finished_at"`
	MergedInto time.Time `json:"merged_into"`
}

func digestLedger(cmd *cobra.Command, f digestFilter, asJSON bool) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	q := f.query()
	if asJSON {
		q.Set("limit", strconv.Itoa(f.limit))
		a, err := d.get(cmd.Context(), digestsPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := listOf[digestRow](cmd.Context(), d, digestsPath, q, f.limit)
	if err != nil {
		return err
	}
	return printDigests(cmd.OutOrStdout(), found, len(q) == 0)
}

func (f digestFilter) check(cmd *cobra.Command) error {
	switch {
	case f.kind != "" && !slices.Contains(digestKinds(), f.kind):
		return misused(cmd, "--kind %s is not a kind; one of %s", shownArg(f.kind), strings.Join(digestKinds(), ", "))
	case f.state != "" && !slices.Contains(digestStates(), f.state):
		return misused(cmd, "--state %s is not a state; one of %s", shownArg(f.state), strings.Join(digestStates(), ", "))
	default:
		return goodLimit(cmd, f.limit)
	}
}

// query is the filter as the API takes it.
func (f digestFilter) query() url.Values {
	q := url.Values{}
	for key, value := range map[string]string{"merchant": f.merchant, "kind": f.kind, "state": f.state} {
		if value != "" {
			q.Set(key, value)
		}
	}
	return q
}

// printDigests writes how many are in which state, and a line for each. all
// says that none was filtered out.
func printDigests(out io.Writer, found list[digestRow], all bool) error {
	fmt.Fprintln(out, tallyDigests(found.items, all))
	if len(found.items) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "\nWINDOW (UTC)\tMERCHANT\tKIND\tSTATE\tVERDICT\tDATA FOR\tWHAT\n")
	for _, r := range found.items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.window(), dash(string(r.Merchant)), r.Kind, r.State, dash(string(r.Verdict)), r.coverage(), r.fate(found.at))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
	return nil
}

// tallyDigests sums up before the table.
func tallyDigests(rows []digestRow, all bool) string {
	if len(rows) == 0 && all {
		return "no window has closed yet"
	}
	if len(rows) == 0 {
		return "no such digest"
	}
	var parts []string
	for _, state := range digestStates() {
		n := 0
		for _, r := range rows {
			if string(r.State) == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+state)
		}
	}
	return plural(len(rows), "window") + ": " + strings.Join(parts, ", ")
}

// window is the span of time, with its second day where that is another.
func (r digestRow) window() string {
	layout := "15:04"
	if r.Start.Second()+r.End.Second() != 0 {
		layout = time.TimeOnly // a short one
	}
	end := r.End.UTC().Format(layout)
	if !sameDay(r.Start, r.End) {
		end = r.End.UTC().Format(time.DateOnly + " " + layout)
	}
	return r.Start.UTC().Format(time.DateOnly+" "+layout) + " to " + end
}

// coverage is for how much of the window there was data. What the column is too
// narrow to tell is no gap.
func (r digestRow) coverage() string {
	covered, whole, told := time.Duration(r.Covered*float64(time.Second)), r.End.Sub(r.Start), time.Second
	if whole >= time.Hour {
		told = time.Minute
	}
	if whole-covered < told/2 {
		covered = whole
	}
	return short(covered) + " of " + short(whole)
}

// short writes a length of time in a column, in minutes from an hour on.
func short(d time.Duration) string {
	if d = d.Truncate(time.Second); d < time.Hour && d%time.Minute != 0 || d == 0 {
		return d.String()
	}
	s := strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// fate is what became of the digest, or will.
func (r digestRow) fate(now time.Time) string {
	switch r.State {
	case digest.StateWaiting:
		if wait := r.DueAt.Sub(now); wait > 0 {
			return "goes in " + lasting(wait)
		}
		return "due since " + lasting(now.Sub(r.DueAt))
	case digest.StateSent:
		return "told " + lasting(r.FinishedAt.Sub(r.End)) + " after the window"
	case digest.StateMerged:
		return "told with the window of " + minute(r.MergedInto)
	case digest.StateSkipped:
		return "nothing was wrong"
	case digest.StateSuppressed:
		if r.FinishedAt.After(r.ClosedAt) { // its notices waited already
			return "dropped: all it was for unsubscribed"
		}
		return "nobody to tell, or no endpoint"
	case digest.StateStale:
		return "too long ago to be told"
	case digest.StateDead:
		return "not delivered: hookvigil outbox ls --state dead"
	default:
		return "-"
	}
}

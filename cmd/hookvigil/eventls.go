package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func eventLs(cmd *cobra.Command, f eventFilter) error {
	q, err := f.query(cmd, time.Now())
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if f.asJSON {
		q.Set("limit", strconv.Itoa(f.limit))
		a, err := d.get(cmd.Context(), eventsPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	all := len(q) == 0
	found, err := readEvents(cmd.Context(), d, q, f.limit)
	if err != nil {
		return err
	}
	var b strings.Builder
	printEvents(&b, found, eventsShown{all: all, limit: f.limit, verbose: f.verbose})
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// maxEventPages bounds how long events are searched for that few are: a page
// may hold none, and still have a next.
const maxEventPages = 50

// readEvents reads at most so many events of a filter, page by page.
func readEvents(ctx context.Context, d daemonAt, q url.Values, most int) (list[event], error) {
	var l list[event]
	for range maxEventPages {
		q.Set("limit", strconv.Itoa(most-len(l.items)))
		var p page[event]
		a, err := d.get(ctx, eventsPath+"?"+q.Encode(), &p)
		if err != nil {
			return l, err
		}
		l.items, l.more, l.at = append(l.items, p.Items...), p.Next != "", a.at
		if p.Next == "" || len(l.items) >= most {
			break
		}
		q.Set("cursor", p.Next)
	}
	return l, nil
}

// eventsShown says what a list of events shows.
type eventsShown struct {
	all     bool // none was filtered out
	limit   int
	verbose bool
}

// printEvents writes how many are in which state, a line for each, and how to
// see more.
func printEvents(out io.Writer, found list[event], s eventsShown) {
	fmt.Fprintln(out, tallyEvents(found, s))
	if len(found.items) > 0 {
		fmt.Fprintln(out)
		t := columnsOfEvents(found.items, found.at)
		var notes func(int) []string
		if s.verbose {
			notes = func(i int) []string { return found.items[i].notes() }
		}
		t.print(out, terminalWidth, notes)
		fmt.Fprint(out, "\n'hookvigil event show ID' tells every try of one.")
	}
	switch {
	case found.more && len(found.items) < s.limit:
		fmt.Fprint(out, "\nThe search gave up before its end: --since or another filter narrows it.")
	case found.more:
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.", maxPage)
	}
	if len(found.items) > 0 || found.more {
		fmt.Fprintln(out)
	}
}

// tallyEvents sums up before the table, and says what the marks mean.
func tallyEvents(found list[event], s eventsShown) string {
	if len(found.items) == 0 {
		if s.all && !found.more {
			return "no event has failed yet"
		}
		return "no such event"
	}
	byState := map[string]int{}
	for _, e := range found.items {
		byState[string(e.State)]++
	}
	var parts []string
	for _, state := range eventStates() {
		if n := byState[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", n, state, markOf(deliveries.EventState(state))))
		}
	}
	return plural(len(found.items), "event") + ": " + strings.Join(parts, ", ")
}

// maxIDShown is room for a UUID.
const maxIDShown = 40

func columnsOfEvents(events []event, now time.Time) columns {
	t := columns{
		heads: []column{{}, {head: "EVENT", least: 16}, {head: "ENDPOINT", least: 14}, {head: "TYPE", least: 12, drop: true}, {head: "TRIES"}, {head: "LAST", least: 10}, {head: "AGE"}, {head: "NEXT TRY"}},
		give:  []int{3, 2, 5, 1}, // the ID is what is copied
	}
	for _, e := range events {
		t.rows = append(t.rows, []string{
			markOf(deliveries.EventState(e.State)), cut(string(e.ID), maxIDShown), string(e.Endpoint), dash(string(e.Type)), e.triesMade(), resultOf(e.LastStatus, e.LastFault),
			brief(now.Sub(e.FirstAttemptAt)), e.next(now),
		})
	}
	return t
}

// notes are what --verbose adds: what the event is, and the times of day.
func (e event) notes() []string {
	about := e.from()
	if what := e.what(); what != "" {
		about = what + "; " + about
	}
	times, beside := []string{}, time.Time{}
	for _, m := range []struct {
		name string
		at   time.Time
	}{{"first try", e.FirstAttemptAt}, {"newest", e.LastAttemptAt}, {"next", e.NextRetryAt}, {"last", e.ExhaustsAt}, {"delivered", e.DeliveredAt}} {
		if !m.at.IsZero() {
			times = append(times, m.name+" "+strings.TrimSuffix(clock(m.at, beside), " UTC"))
			beside = m.at
		}
	}
	return []string{about, strings.Join(times, ", ") + " UTC"}
}

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/rules"
)

// condition is the API's condition, as far as it is shown.
type condition struct {
	Rule, Scope, Merchant  text
	State, Severity, Fault text
	Since                  time.Time
	OpenedAt               time.Time `json:"opened_at"` // zero: it is pending
	Evidence               evidence
	Incident               *text // empty: it is in none; nil: not known
}

const conditionsPath = "/api/v1/conditions"

func conditionLs(cmd *cobra.Command, f conditionFilter) error {
	q, err := f.query(cmd)
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if f.asJSON {
		q.Set("limit", strconv.Itoa(f.limit))
		a, err := d.get(cmd.Context(), conditionsPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := listOf[condition](cmd.Context(), d, conditionsPath, q, f.limit)
	if err != nil {
		return err
	}
	var b strings.Builder
	printConditions(&b, found, len(q) == 0, f.verbose)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// printConditions writes how many there are, two lines or more for each, and
// how to see more. all says that none was filtered out.
func printConditions(out io.Writer, found list[condition], all, verbose bool) {
	switch {
	case len(found.items) > 0:
		fmt.Fprintln(out, tallyConditions(found.items))
	case all:
		fmt.Fprintln(out, "no condition is open or pending")
	default:
		fmt.Fprintln(out, "no such condition")
	}
	if len(found.items) == 0 {
		return
	}
	fmt.Fprintln(out)
	columnsOfConditions(found.items, found.at).print(out, terminalWidth, func(i int) []string {
		return found.items[i].notes(verbose)
	})
	if found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
}

// tallyConditions sums up before the table, the loudest first.
func tallyConditions(list []condition) string {
	loud := map[string]int{}
	for _, c := range list {
		loud[c.loudness()]++
	}
	var parts []string
	for _, word := range []string{string(rules.Critical), string(rules.High), string(rules.Low), string(rules.PhasePending)} {
		if n := loud[word]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+word)
		}
	}
	said := plural(len(list), "condition")
	if len(parts) > 0 {
		said += ": " + strings.Join(parts, ", ")
	}
	return said
}

func columnsOfConditions(list []condition, now time.Time) columns {
	t := columns{
		heads: []column{{head: "SEVERITY"}, {head: "FOR"}, {head: "RULE", least: 12}, {head: "SCOPE", least: 20}, {head: "INCIDENT"}},
		give:  []int{3, 2}, // the rule says what it is about
	}
	for _, c := range list {
		t.rows = append(t.rows, []string{
			cut(c.loudness(), maxWordShown), brief(now.Sub(c.Since)), string(c.Rule), string(c.Scope), c.number(),
		})
	}
	return t
}

// maxWordShown is room for each word of ours that is no name.
const maxWordShown = 12

// loudness is the severity; what is pending has none yet, and says so.
func (c condition) loudness() string {
	if c.State == text(rules.PhasePending) {
		return string(rules.PhasePending)
	}
	return dash(string(c.Severity))
}

// number is the short form of the incident that the condition is in.
func (c condition) number() string {
	switch {
	case c.Incident == nil:
		return "?"
	case *c.Incident == "":
		return "-"
	default:
		return cut(numberOf(*c.Incident), maxWordShown)
	}
}

// why is the text of the evidence without the scope that stands above it.
func (c condition) why() string {
	kind, id := rules.Scope(c.Scope).Split()
	said := strings.TrimPrefix(string(c.Evidence.Text), strings.TrimSpace(kind+" "+id)+": ")
	if said == "" {
		return "not confirmed yet"
	}
	return said
}

// maxNoteLines bounds how much of a text --verbose shows: strangers' names may
// be in it.
const maxNoteLines = 8

// notes are what stands under a condition: why in one line or, in full, with
// what would clear it and when it began.
func (c condition) notes(verbose bool) []string {
	if !verbose {
		return []string{c.why()}
	}
	lines := bounded(wrapped(c.why()))
	if c.Evidence.Clears != "" {
		lines = append(lines, bounded(wrapped("clears with: "+string(c.Evidence.Clears)))...)
	}
	about := "since " + utc(c.Since)
	if !c.OpenedAt.IsZero() {
		about += ", open since " + clock(c.OpenedAt, c.Since)
	}
	if c.Fault != "" {
		about += "; fault " + string(c.Fault)
	}
	if c.Merchant != "" {
		about += "; merchant " + string(c.Merchant)
	}
	return append(lines, about)
}

// bounded cuts a list of lines, and says so by a mark.
func bounded(lines []string) []string {
	if len(lines) > maxNoteLines {
		return append(lines[:maxNoteLines-1:maxNoteLines-1], cutMark)
	}
	return lines
}

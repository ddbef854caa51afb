package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// silence is the API's silence, as far as it is shown.
type silence struct {
	ID          text
	State       alerting.SilenceState
	Matcher     alerting.Matcher
	From, Until time.Time
	By, Reason  text
	RemovedAt   time.Time `json:"removed_at"` // zero: it was not
	RemovedBy   text      `json:"removed_by"`
	Covers      []struct {
		Number, Severity, Title text
	}
}

// what is what a matcher means, on one line.
func what(m alerting.Matcher) string { return plain(m.String()) }

const silencesPath = "/api/v1/silences"

func silenceLs(cmd *cobra.Command, all bool, limit int, asJSON bool) error {
	if err := goodLimit(cmd, limit); err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if asJSON {
		a, err := d.get(cmd.Context(), silencesPath+"?limit="+strconv.Itoa(limit), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	var found list[silence]
	states := []alerting.SilenceState{alerting.SilenceActive, alerting.SilencePending, alerting.SilenceEnded}
	if !all {
		states = states[:2]
	}
	for _, state := range states {
		part, err := listOf[silence](cmd.Context(), d, silencesPath, url.Values{"state": {string(state)}}, limit)
		if err != nil {
			return err
		}
		found.items, found.more, found.at = append(found.items, part.items...), found.more || part.more, part.at
	}
	var b strings.Builder
	printSilences(&b, found, limit, all)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// printSilences writes how many there are, and two lines for each.
func printSilences(out io.Writer, found list[silence], limit int, all bool) {
	fmt.Fprintln(out, tallySilences(found.items, all))
	shown := found.items[:min(len(found.items), limit)]
	if len(shown) == 0 {
		return
	}
	t := columns{
		heads: []column{{head: "ID"}, {head: "STATE"}, {head: "UNTIL (UTC)"}, {head: "LEFT"}, {head: "BY", least: 8}},
		give:  []int{4},
	}
	for _, s := range shown {
		left := "-"
		if s.State != alerting.SilenceEnded {
			left = brief(s.Until.Sub(found.at))
		}
		t.rows = append(t.rows, []string{string(s.ID), string(s.State), minute(s.end()), left, dash(string(s.By))})
	}
	fmt.Fprintln(out)
	t.print(out, terminalWidth, func(i int) []string { return underRow(what(shown[i].Matcher), shown[i].note()) })
	if len(shown) < len(found.items) || found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
}

// underRow is what stands under a row, in full: strangers' words are bounded.
func underRow(texts ...string) []string {
	var lines []string
	for _, s := range texts {
		lines = append(lines, bounded(wrapped(s))...)
	}
	return lines
}

// end is when a silence ends, or ended.
func (s silence) end() time.Time {
	if !s.RemovedAt.IsZero() {
		return s.RemovedAt
	}
	return s.Until
}

// note is what stands under a silence.
func (s silence) note() string {
	said := string(s.Reason)
	switch {
	case s.RemovedBy != "":
		said += "; ended by " + string(s.RemovedBy)
	case s.State == alerting.SilencePending:
		said += "; begins " + minute(s.From) + " UTC"
	}
	return said
}

// tallySilences sums up before the table.
func tallySilences(list []silence, all bool) string {
	count := map[alerting.SilenceState]int{}
	for _, s := range list {
		count[s.State]++
	}
	active, pending := count[alerting.SilenceActive], count[alerting.SilencePending]
	said := "nothing is silenced"
	if active > 0 {
		said = plural(active, "silence") + " in force"
	}
	if pending > 0 {
		said += fmt.Sprintf(", %d to come", pending)
	}
	switch {
	case len(list) == 0 && !all:
		said += "; --all lists what was"
	case count[alerting.SilenceEnded] > 0:
		said += fmt.Sprintf(", %d ended", count[alerting.SilenceEnded])
	}
	return said
}

// liveSilences lets the shell complete silences that have not ended.
func liveSilences(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, state := range []alerting.SilenceState{alerting.SilenceActive, alerting.SilencePending} {
		for _, s := range typing[silence](cmd, silencesPath, url.Values{"state": {string(state)}}) {
			ids = append(ids, cobra.CompletionWithDesc(string(s.ID), fmt.Sprintf("%s: %s", what(s.Matcher), s.Reason)))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completedAlone makes the completion of a flag of that of an argument: other
// arguments do not matter.
func completedAlone(of cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return of(cmd, nil, begun)
	}
}

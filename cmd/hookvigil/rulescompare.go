package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
)

// printDifference writes what the second rules change.
func printDifference(out io.Writer, got backtest.Result) {
	end := got.Counts.To
	d := backtest.Compare(got.Played[0], got.Played[1], end)
	fmt.Fprintln(out, "\nA: as above. B: the rules of --compare.")
	if len(d.Rules) == 0 {
		fmt.Fprintln(out, "neither opens a condition")
		return
	}
	t := columns{heads: []column{{head: "RULE"}, {head: "EPISODES A"}, {head: "B"}, {head: "OPEN A"}, {head: "B"}}}
	for _, r := range d.Rules {
		t.rows = append(t.rows, []string{string(r.Rule), fmt.Sprint(r.CountA), fmt.Sprint(r.CountB), minutes(r.OpenA), minutes(r.OpenB)})
	}
	t.print(out, terminalWidth, nil)
	printOnly(out, "only in A", d.OnlyA, end)
	printOnly(out, "only in B", d.OnlyB, end)
	printBoth(out, d.Both)
	same := !slices.ContainsFunc(d.Rules, func(r backtest.RuleSum) bool { return r.CountA != r.CountB })
	if same && len(d.OnlyA)+len(d.OnlyB) == 0 && !moved(d.Both) {
		fmt.Fprintln(out, "\nno episode differs")
	}
}

// printOnly lists the episodes that one of the settings has alone.
func printOnly(out io.Writer, title string, list []backtest.Episode, end time.Time) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s:\n", title)
	t := columns{heads: []column{{head: "OPENED"}, {head: "FOR"}, {head: "SEVERITY"}, {head: "RULE"}, {head: "SCOPE", least: 12}}, give: []int{4}}
	for _, e := range list {
		t.rows = append(t.rows, []string{utc(e.Opened), toSecond(e.Lasted(end)), string(e.Severity), string(e.Key.Rule), plain(string(e.Key.Scope))})
	}
	t.print(out, terminalWidth, nil)
}

// printBoth lists the episodes that both have, and that differ.
func printBoth(out io.Writer, pairs []backtest.Pair) {
	if !moved(pairs) {
		return
	}
	fmt.Fprint(out, "\nin both, but different:\n")
	t := columns{heads: []column{{head: "OPENED IN A"}, {head: "OPENS IN B"}, {head: "CLEARS IN B"}, {head: "SEVERITY"}, {head: "RULE"}, {head: "SCOPE", least: 12}}, give: []int{5}}
	for _, p := range pairs {
		if !differs(p) {
			continue
		}
		severity := string(p.A.Severity)
		if p.Raised {
			severity += " > " + string(p.B.Severity)
		}
		t.rows = append(t.rows, []string{utc(p.A.Opened), shift(p.Opened), shift(p.Closed), severity, string(p.A.Key.Rule), plain(string(p.A.Key.Scope))})
	}
	t.print(out, terminalWidth, nil)
}

func differs(p backtest.Pair) bool { return p.Opened != 0 || p.Closed != 0 || p.Raised }

func moved(pairs []backtest.Pair) bool { return slices.ContainsFunc(pairs, differs) }

// shift says how much later or earlier something is.
func shift(d time.Duration) string {
	switch {
	case d == 0:
		return "alike"
	case d < 0:
		return toSecond(-d) + " earlier"
	default:
		return toSecond(d) + " later"
	}
}

func minutes(d time.Duration) string { return fmt.Sprintf("%.1f min", d.Minutes()) }

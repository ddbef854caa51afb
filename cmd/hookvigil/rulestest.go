package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// testFlags are those of rules test.
type testFlags struct {
	replayFlags
	compare  string
	schedule string
	all      bool
}

func newRulesTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Say which conditions a log would have opened",
		Long: `Replay logs of attempts, and print which conditions would have opened, got worse
and cleared, with their evidence. Time is that of the log: a record counts as
received at its received_at, or where it has none when the attempt ended. Lines
with "kind":"probe" are results of probes, those with "kind":"certificate" rounds
of looks at a certificate.

When what fails is sent again is said by the configuration, or by --schedule for
all endpoints: a preset, or offsets from the first attempt such as 15m,1h,3h. By
a schedule that is unknown no retry is missed and no event lost.

Conditions of severity low, which are told to nobody, are left out but for their
number; --all and --json show them.

With --compare the same log is also decided by the rules of a second file, and
what differs is printed: A is what --rules or the configuration says, B the
second file.

Exit status: 0 good, whatever was found, 1 the work could not be done, 2 a wrong
call or configuration, or nothing to read. Bad lines are told and stop nothing.`,
		Example: `  hookvigil rules test attempts.ndjson.gz
  zstdcat attempts/*.zst | hookvigil rules test - --json
  hookvigil rules test log/ --compare proposed.yaml`,
		Args: logs,
		RunE: func(cmd *cobra.Command, args []string) error { return rulesTest(cmd, args, &f) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.compare, "compare", "", "file with other rules: print what they change")
	cmd.Flags().StringVar(&f.schedule, "schedule", "", "retry schedule of all endpoints, instead of those of the configuration (without one: "+deliveries.Unknown+")")
	completes(cmd, "schedule", deliveries.Presets()...)
	cmd.Flags().BoolVar(&f.all, "all", false, "print conditions of severity low too")
	return cmd
}

func rulesTest(cmd *cobra.Command, args []string, f *testFlags) error {
	s, err := f.settings(cmd)
	if err != nil {
		return err
	}
	if f.schedule != "" {
		all, err := deliveries.ParseSchedule(f.schedule)
		if err != nil {
			return usage("--schedule: %v; presets are %s", err, strings.Join(deliveries.Presets(), ", "))
		}
		s.World.Schedule = func(string) deliveries.Schedule { return all }
	}
	if f.compare != "" {
		other, err := rulesOf(cmd, f.compare)
		if err != nil {
			return err
		}
		s.Rules = append(s.Rules, other.Conditions())
	}
	began := time.Now()
	got, err := backtest.Run(cmd.Context(), inputOf(cmd, args), s)
	if err != nil {
		return unreplayed(cmd, err)
	}
	switch c := got.Counts; {
	case f.asJSON:
		err = printJSON(cmd, testOutputOf(got))
	case c.Records+c.Probes+c.Certificates == 0: // what rules say of nothing is no answer
	default:
		_, err = io.WriteString(cmd.OutOrStdout(), testText(got, f.all, time.Since(began)))
	}
	if bad := tellBad(cmd, got.Counts, got.Rejected); bad != nil {
		return bad
	}
	return err
}

// testText is what rules test prints.
func testText(got backtest.Result, all bool, took time.Duration) string {
	low := len(got.Played[0].Episodes)
	for i, p := range got.Played {
		if !all {
			got.Played[i] = loudOf(p)
		}
	}
	low -= len(got.Played[0].Episodes)
	var b strings.Builder
	printChanges(&b, got.Played[0])
	if low > 0 {
		fmt.Fprintf(&b, "%s of severity low left out; --all shows them\n", plural(low, "episode"))
	}
	if len(got.Played) > 1 {
		printDifference(&b, got)
	}
	fmt.Fprintf(&b, "\n%s\n", sumLine(got.Counts))
	if late := got.Played[0].Late; late > 0 {
		fmt.Fprintf(&b, "%s first attempts came too late for their tick, and are in no ratio\n", grouped(late))
	}
	if n := got.Counts.Unfollowed; n > 0 {
		fmt.Fprintf(&b, "%s failed tries of events that there was no room for: more wait or are lost than is told\n", grouped(n))
	}
	if n := got.Counts.Untimed; n > 0 {
		fmt.Fprintf(&b, "%s answers of endpoints that there was no room for: more endpoints may be slow than is told\n", grouped(n))
	}
	if n := got.Counts.Records; n > 0 {
		fmt.Fprintf(&b, "replayed in %s, %s records a second\n", took.Round(time.Millisecond), grouped(int(float64(n)/took.Seconds())))
	}
	return b.String()
}

// loudOf leaves out the episodes that nobody would have been told of.
func loudOf(p backtest.Played) backtest.Played {
	loud, out := map[rules.Key]bool{}, backtest.Played{Late: p.Late}
	for _, e := range p.Episodes {
		if e.Severity != rules.Low {
			loud[e.Key] = true
			out.Episodes = append(out.Episodes, e)
		}
	}
	for _, c := range p.Changes {
		if loud[c.Key] {
			out.Changes = append(out.Changes, c)
		}
	}
	return out
}

// printChanges writes every opening and clearing in the order of the log.
func printChanges(out io.Writer, p backtest.Played) {
	if len(p.Changes) == 0 {
		fmt.Fprintln(out, "no condition would have opened")
		return
	}
	opened := map[rules.Key]time.Time{}
	t := columns{heads: []column{{head: "AT"}, {head: "WHAT"}, {head: "SEVERITY"}, {head: "RULE"}, {head: "SCOPE", least: 12}}, give: []int{4}}
	for _, c := range p.Changes {
		t.rows = append(t.rows, []string{utc(c.At), whatOf(c, opened), string(c.Severity), string(c.Key.Rule), plain(string(c.Key.Scope))})
	}
	t.print(out, terminalWidth, func(i int) []string { return wrapped(plain(p.Changes[i].Evidence.Text)) })
	open := 0
	for _, e := range p.Episodes {
		if e.Cleared.IsZero() {
			open++
		}
	}
	fmt.Fprintf(out, "\n%s, %d open at the end\n", plural(len(p.Episodes), "episode"), open)
}

// whatOf says what a change is, and how long what cleared was open.
func whatOf(c rules.Change, opened map[rules.Key]time.Time) string {
	since, there := opened[c.Key]
	switch {
	case !c.Open:
		return "cleared after " + toSecond(c.At.Sub(since))
	case there:
		return "raised"
	default:
		opened[c.Key] = c.At
		return "opened"
	}
}

// toSecond writes a span to the second, without empty ends: "18m50s", "2h".
func toSecond(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// wrapped breaks a sentence into lines that fit a terminal, indented by three.
func wrapped(s string) []string {
	const width = terminalWidth - 3
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && cells(line)+1+cells(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

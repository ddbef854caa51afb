package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// calibrateFlags are those of rules calibrate.
type calibrateFlags struct {
	replayFlags
	per    string
	except []string
	of     []string
	out    string
}

func newRulesCalibrate() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate FILE...",
		Short: "Propose alarm heights that a log bears",
		Long: `Replay logs of attempts, and find for each class of traffic the least alarm
height (rules.error_ratio.heights) with which each series would have opened
falsely at most once in 30 days. Every opening counts as false: cut known
incidents out with --except.

Where there is little data the proposal is drawn to the default: 30 days of
series (10 days of 3 series) weigh as much as it. None is less than half the
default. With -o a file with rules is written to review, to try with 'rules
test --compare', and to move into the configuration. No setting is changed.

Exit status: 0 good, 1 the work could not be done, 2 a wrong call or
configuration, or nothing to read.`,
		Example: `  hookvigil rules calibrate log/
  hookvigil rules calibrate log/ --except 2026-05-04T14:40:00Z/2026-05-04T16:20:00Z -o proposed.yaml
  hookvigil rules test log/ --compare proposed.yaml`,
		Args: logs,
		RunE: func(cmd *cobra.Command, args []string) error { return rulesCalibrate(cmd, args, &f) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.per, "per", "30d", "one false opening a series in this time, at least 1d")
	cmd.Flags().StringArrayVar(&f.except, "except", nil, "FROM/TO of a known incident, as RFC 3339; may be given again")
	cmd.Flags().StringSliceVar(&f.of, "of", nil, "kinds of series: "+strings.Join(backtest.Kinds(), ", ")+" (default: all but merchant)")
	cmd.Flags().StringVarP(&f.out, "output", "o", "", "write the proposal to this file, which must not be there yet")
	completes(cmd, "of", backtest.Kinds()...)
	return cmd
}

func rulesCalibrate(cmd *cobra.Command, args []string, f *calibrateFlags) error {
	s, err := f.calibration(cmd)
	if err != nil {
		return err
	}
	got, err := backtest.Calibrate(cmd.Context(), inputOf(cmd, args), s)
	if err != nil {
		return unreplayed(cmd, err)
	}
	if err := tellBad(cmd, got.Counts, got.Rejected); err != nil {
		return err
	}
	if f.out != "" {
		if err := writeProposal(f.out, got.YAML()); err != nil {
			return err
		}
	}
	if f.asJSON {
		return printJSON(cmd, calibrationOf(got))
	}
	_, err = io.WriteString(cmd.OutOrStdout(), calibrationText(got, f.out))
	return err
}

// calibration loads what a calibration goes by.
func (f *calibrateFlags) calibration(cmd *cobra.Command) (backtest.CalibrateSettings, error) {
	c := backtest.CalibrateSettings{Kinds: f.of}
	per, err := registry.ParseDuration(f.per)
	if err != nil {
		return c, misused(cmd, "--per: %s", err)
	}
	c.Per = per.Std()
	for _, text := range f.except {
		span, ok := spanOf(text)
		if !ok {
			return c, misused(cmd, "--except %s is no span; wanted FROM/TO, such as 2026-05-04T14:40:00Z/2026-05-04T16:20:00Z", shownArg(text))
		}
		c.Except = append(c.Except, span)
	}
	c.Settings, err = f.settings(cmd)
	return c, err
}

// spanOf reads FROM/TO.
func spanOf(text string) (backtest.Span, bool) {
	a, b, found := strings.Cut(text, "/")
	from, errFrom := time.Parse(time.RFC3339, a)
	to, errTo := time.Parse(time.RFC3339, b)
	return backtest.Span{From: from.UTC(), To: to.UTC()}, found && errFrom == nil && errTo == nil && from.Before(to)
}

// mostOpenings is how many openings are listed.
const mostOpenings = 20

// calibrationText is what rules calibrate prints.
func calibrationText(c backtest.Calibration, out string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", sumLine(c.Counts))
	fmt.Fprintf(&b, "Alarm heights for at most one false opening per series in %s:\n\n", registry.Duration(c.Per))
	printClasses(&b, c)
	printOpenings(&b, c)
	for _, n := range []struct {
		n    int
		text string
	}{
		{c.Loud, "openings by the loud ratio, which no height changes"}, {c.Cut, "first attempts cut out by --except"},
		{c.Late, "first attempts too late for their tick"}, {c.Beyond, "attempts of further series, left out"},
	} {
		if n.n > 0 {
			fmt.Fprintf(&b, "%s %s\n", grouped(n.n), n.text)
		}
	}
	if out != "" {
		fmt.Fprintf(&b, "\nWritten to %s: review it, and try it with 'hookvigil rules test FILE --compare %s'. No setting was changed.\n", out, out)
	}
	return b.String()
}

func printClasses(out io.Writer, c backtest.Calibration) {
	t := columns{heads: []column{
		{head: "PER TICK"}, {head: "SERIES"}, {head: "DAYS"}, {head: "FAILING"}, {head: "NOW"}, {head: "FOUND"}, {head: "PROPOSED"},
		{head: "OPENED NOW"}, {head: "THEN"}, {head: "4% FOUND NOW"}, {head: "THEN"},
	}}
	for _, k := range c.Classes {
		row := []string{fmt.Sprint(k.PerTick), "-", "-", "-", fmt.Sprint(k.Now), "-", fmt.Sprint(k.Proposed), "-", "-", "-", "-"}
		if k.Series > 0 {
			row = []string{
				fmt.Sprint(k.PerTick), fmt.Sprint(k.Series), fmt.Sprintf("%.1f", k.Lasted.Hours()/24), k.Own.Short(), fmt.Sprint(k.Now),
				fmt.Sprintf("%.1f", k.Found), fmt.Sprint(k.Proposed), fmt.Sprint(k.AlarmsNow), fmt.Sprint(k.AlarmsProposed),
				delay(k.DelayNow), delay(k.DelayProposed),
			}
		}
		t.rows = append(t.rows, row)
	}
	t.print(out, 120, nil)
	fmt.Fprintln(out, "\nDAYS are those of all its series together; 4% FOUND is the median of simulated rises to 4%.")
}

func delay(d time.Duration) string {
	if d >= 24*time.Hour {
		return "over 24h"
	}
	return toSecond(d)
}

// printOpenings lists what a person may know to have been real.
func printOpenings(out io.Writer, c backtest.Calibration) {
	if len(c.Openings) == 0 {
		return
	}
	fmt.Fprintln(out, "\nOpened at what is set now; cut out what was real with --except:")
	for _, o := range c.Openings[:min(len(c.Openings), mostOpenings)] {
		fmt.Fprintf(out, "  %s  %s  %s\n", utc(o.At), plain(string(o.Scope)), plain(o.Text))
	}
	if more := len(c.Openings) - mostOpenings; more > 0 {
		fmt.Fprintf(out, "  and %d more (--json lists all)\n", more)
	}
	fmt.Fprintln(out)
}

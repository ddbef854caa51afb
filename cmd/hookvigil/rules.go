package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
)

func newRules() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "rules",
		Short: "Try rules on logs of attempts, and calibrate them",
		Long: `Replay logs of attempts through the rules, as a daemon would have decided when
they came in. No daemon is needed, nothing is sent, and no setting is changed.

FILE is a log of attempt records as POST /api/v1/attempts takes them: plain,
gzip or zstd; a folder of *.ndjson, *.ndjson.gz and *.ndjson.zst; or - for
standard input. Several are merged by time.`,
		Example: `  hookvigil rules test attempts.ndjson.gz
  hookvigil rules test log/ --compare proposed.yaml
  hookvigil rules calibrate log/ -o proposed.yaml`,
	}, newRulesTest(), newRulesCalibrate())
}

// replayFlags are those of every verb that replays a log.
type replayFlags struct {
	rules  string
	source string
	asJSON bool
}

func (f *replayFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.rules, "rules", "", "file whose rules decide, instead of those of the configuration; it begins with version: 1")
	cmd.Flags().StringVar(&f.source, "source", "", "source of records that name none (default: the only one that is configured, or "+backtest.DefaultSource+")")
	addJSON(cmd, &f.asJSON)
}

// logs is for verbs that take files of attempts.
func logs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || slices.Contains(args, "") {
		return misused(cmd, "%s wants a FILE of attempt records, a folder of them, or - for standard input", cmd.Name())
	}
	return nil
}

func inputOf(cmd *cobra.Command, args []string) backtest.Input {
	return backtest.Input{Paths: args, Stdin: cmd.InOrStdin()}
}

// settings loads what a replay goes by.
func (f *replayFlags) settings(cmd *cobra.Command) (backtest.Settings, error) {
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return backtest.Settings{}, err
	}
	set := cfg.Rules
	if f.rules != "" {
		if set, err = rulesOf(cmd, f.rules); err != nil {
			return backtest.Settings{}, err
		}
	}
	known, _ := registry.Build(cfg.Records, cfg.Defaults) // the configuration is good: its records are
	usual := cfg.Defaults.Schedule
	if !configured(cmd) {
		usual = deliveries.Unknown // nobody has said how what fails is sent again
	}
	s := backtest.Settings{
		Rules: []conditions.Config{set.Conditions()},
		World: backtest.World{Known: known, Policy: cfg.Defaults.Probe, Source: f.source, Failing: set.Failing.Window, Schedule: schedulesOf(known, usual)},
	}
	if len(cfg.Sources) == 0 {
		return s, nil
	}
	if f.source == "" && len(cfg.Sources) == 1 {
		s.World.Source = cfg.Sources[0].ID
	}
	grades := map[string]deliveries.Grade{}
	for _, one := range cfg.Sources {
		grades[one.ID] = one.Grade
	}
	s.World.Takes = func(source string) bool { return grades[source] != "" }
	s.World.Declared = func(source string) deliveries.Grade { return grades[source] }
	return s, nil
}

// schedulesOf says by which schedule what fails is sent again: the endpoint's
// own, and the usual one for endpoints that nobody registered, as in a daemon.
func schedulesOf(known *registry.Snapshot, usual string) func(endpoint string) deliveries.Schedule {
	others, _ := deliveries.ParseSchedule(usual) // it was checked when it was read
	return func(endpoint string) deliveries.Schedule {
		if w, ok := known.Endpoint(endpoint); ok {
			return w.Schedule
		}
		return others
	}
}

// configured reports whether there is a configuration.
func configured(cmd *cobra.Command) bool {
	if cmd.Flags().Changed("config") {
		return true
	}
	_, err := os.Stat(configPath(cmd))
	return err == nil
}

// rulesOf reads the rules of a file that is a configuration in form, of which
// only the rules are taken.
func rulesOf(cmd *cobra.Command, path string) (config.Rules, error) {
	cfg, faults := config.Load(path)
	if config.Failed(faults) {
		return config.Rules{}, printed(cmd, faults)
	}
	return cfg.Rules, nil
}

// mostWarned is how many bad lines are told one by one.
const mostWarned = 5

// tellBad warns of bad lines, and is an error when nothing was good.
func tellBad(cmd *cobra.Command, c backtest.Counts, bad []backtest.Rejected) error {
	for _, r := range bad[:min(len(bad), mostWarned)] {
		where := r.File
		if r.Line > 0 {
			where = fmt.Sprintf("%s:%d", r.File, r.Line)
		}
		warn(cmd, "%s: %s", where, plain(r.Reason))
	}
	if more := c.Bad - min(len(bad), mostWarned); more > 0 {
		warn(cmd, "%s more could not be taken (--json lists up to 1,000)", plural(more, "line"))
	}
	if c.Records+c.Probes+c.Certificates == 0 {
		return usage("no line of the input is an attempt record; wanted NDJSON as POST /api/v1/attempts takes it")
	}
	return nil
}

// unreplayed says why a log was not replayed.
func unreplayed(cmd *cobra.Command, err error) error {
	if cmd.Context().Err() != nil {
		return failed(err)
	}
	return misused(cmd, "%s", err)
}

// sumLine says what was replayed.
func sumLine(c backtest.Counts) string {
	if c.Records+c.Probes+c.Certificates == 0 {
		return "no records"
	}
	beside := []string{}
	if c.Duplicates > 0 {
		least := ""
		if c.AtLeast {
			least = "at least "
		}
		beside = append(beside, least+plural(c.Duplicates, "repeat"))
	}
	for _, n := range []struct {
		n    int
		text string
	}{{c.Bad, "bad"}, {c.Disordered, "far out of order"}, {c.Ungraded, "of sources that make no ratio"}} {
		if n.n > 0 {
			beside = append(beside, grouped(n.n)+" "+n.text)
		}
	}
	text := fmt.Sprintf("%s records of %s", grouped(c.Records), plural(c.Files, "file"))
	if c.Probes > 0 {
		text += ", " + plural(c.Probes, "probe")
	}
	if c.Certificates > 0 {
		text += ", " + plural(c.Certificates, "look") + " at certificates"
	}
	if len(beside) > 0 {
		text += " (" + strings.Join(beside, ", ") + ")"
	}
	return fmt.Sprintf("%s; %s first attempts count, %s failed; received %s to %s", text, grouped(c.First), grouped(c.Failed),
		strings.TrimSuffix(utc(c.From), " UTC"), clock(c.To, c.From))
}

// grouped writes a count for people: "1,204".
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// writeProposal writes a file that is not there yet: what somebody runs by is
// never overwritten. Half of one is not left behind.
func writeProposal(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, configMode)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already and was not touched; name another with -o", path)
	}
	if err != nil {
		return usage("%v; wanted a file that can be written, with -o", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return failed(errors.Join(err, os.Remove(path)))
	}
	return nil
}

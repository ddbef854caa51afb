package prometheus_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml" //nolint:depguard // a test reads here what promtool reads; nothing of the program does
)

// promtool runs Prometheus' own checker and returns what it says. It is
// installed by .ci/run, on Debian by: apt-get install prometheus.
func promtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("promtool is needed and not installed (Debian: apt-get install prometheus): %v", err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

func TestPromtoolTakesTheRules(t *testing.T) {
	t.Parallel()
	if out, err := promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "recording.yaml", "alerts.yaml"); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

func TestPromtoolRefusesABadRule(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	text := strings.Replace(textOf(t, "alerts.yaml"), "hookvigil_duty_problems > 0", "hookvigil_duty_problems >", 1)
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "check", "rules", bad); err == nil {
		t.Errorf("promtool check rules: got success, want a parse error\n%s", out)
	}
}

func unitTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("tests/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("unit tests: got %v (%v), want at least 4 files", files, err)
	}
	return files
}

func TestRulesFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	for _, file := range unitTests(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			if out, err := promtool(t, "test", "rules", file); err != nil {
				t.Errorf("promtool test rules %s: %v\n%s", file, err, out)
			}
		})
	}
}

// A unit test that cannot fail proves nothing: each of these changes to
// alerts.yaml has to be noticed by one.
func TestUnitTestsNoticeAMovedThreshold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, file string }{
		"4 % is not more than 4 %":         {`{scope="platform"} >= 0.04`, `{scope="platform"} > 0.04`, "seed000"},
		"3.99 % is not 4 %":                {`{scope="platform"} >= 0.04`, `{scope="platform"} >= 0.0399`, "seed000"},
		"two minutes are not five":         {"for: 2m\n        keep_firing_for: 10m", "for: 5m\n        keep_firing_for: 10m", "seed000"},
		"a stopped lane is told once":      {"instance, lane)\n          hookvigil_lane_stopped == 1", "instance, lane)\n          hookvigil_lane_stopped == 2", "daemon"},
		"3 h are not more than 3 h":        {"proved_timestamp_seconds > 3 * 3600", "proved_timestamp_seconds >= 3 * 3600", "daemon"},
		"withheld is not unreached":        {`{result=~"refused|timeout|failed"}`, `{result=~"refused|timeout|failed|withheld"}`, "daemon"},
		"60 s are not more than 60 s":      {"hookvigil_apply_lag_seconds > 60", "hookvigil_apply_lag_seconds >= 60", "daemon"},
		"15 min are not more than 15 min":  {"last_closed_timestamp_seconds > 900", "last_closed_timestamp_seconds >= 900", "daemon"},
		"an hour is not more than an hour": {"hookvigil_digest_oldest_due_seconds > 3600", "hookvigil_digest_oldest_due_seconds >= 3600", "daemon"},
		"never is said as never":           {"$value 1e9", "$value 3e9", "wording"},
		"14 days are not less than 14":     {"< 14 * 86400", "<= 14 * 86400", "endpoints"},
		"a blocked endpoint is no failure": {"unknown|blocked", "unknown", "endpoints"},
		"one at risk is one too many":      {`{within="6h"} > 0`, `{within="6h"} > 1`, "lossclock"},
		"none at risk is none":             {`{within="6h"} > 0`, `{within="6h"} >= 0`, "lossclock"},
		"a day is not six hours":           {`{within="6h"} > 0`, `{within="24h"} > 0`, "lossclock"},
		"one lost is one too many":         {"hookvigil_events_lost > 0", "hookvigil_events_lost > 1", "lossclock"},
		"none lost is none":                {"hookvigil_events_lost > 0", "hookvigil_events_lost >= 0", "lossclock"},
		"100 tries are not more than 100":  {"retries_missing > 100", "retries_missing >= 100", "lossclock"},
		"101 tries are more than 100":      {"retries_missing > 100", "retries_missing > 101", "lossclock"},
		"1 % is not more than 1 %":         {"retries_missing > 0.01", "retries_missing >= 0.01", "lossclock"},
		"1.1 % is more than 1 %":           {"retries_missing > 0.01", "retries_missing > 0.011", "lossclock"},
		"A as B or C is downgraded":        {`declared="A",treated!="A"`, `declared="A",treated="D"`, "lossclock"},
		"B as C is downgraded":             {`declared="B",treated!="B"`, `declared="B",treated="B"`, "lossclock"},
		"C as D is downgraded":             {`declared="C",treated!="C"`, `declared="C",treated="A"`, "lossclock"},
		"no grade is as good as another":   {`declared="D",treated!="D"`, `declared="D",treated="D"`, "lossclock"},
		"a change of grades is one story":  {"sum by (job, instance) (\n            hookvigil_sources", "sum by (job, instance, treated) (\n            hookvigil_sources", "lossclock"},
		"each word counts":                 {"is off duty: ", "is off: ", "wording"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := textOf(t, "alerts.yaml")
			if strings.Count(text, c.from) != 1 {
				t.Fatalf("%q stands %d times in alerts.yaml, want once", c.from, strings.Count(text, c.from))
			}
			put(t, filepath.Join(dir, "alerts.yaml"), strings.Replace(text, c.from, c.to, 1))
			put(t, filepath.Join(dir, "recording.yaml"), textOf(t, "recording.yaml"))
			put(t, filepath.Join(dir, "tests", c.file+".yaml"), textOf(t, filepath.Join("tests", c.file+".yaml")))
			out, err := promtool(t, "test", "rules", filepath.Join(dir, "tests", c.file+".yaml"))
			if err == nil || !strings.Contains(out, "FAILED") {
				t.Errorf("promtool test rules: got %v, want a failure\n%s", err, out)
			}
		})
	}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// promtoolTests is the part of a unit test's file that says what is expected.
type promtoolTests struct {
	Tests []struct {
		Alerts []struct {
			Name string `yaml:"alertname"`
		} `yaml:"alert_rule_test"`
		Queries []struct {
			Expr    string `yaml:"expr"`
			Samples []any  `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	} `yaml:"tests"`
}

func TestEveryAlertIsTestedOnBothSides(t *testing.T) {
	t.Parallel()
	var fires, quiet, worded []string
	alertOf := regexp.MustCompile(`ALERTS\{[^}]*alertname="(\w+)"`)
	for _, file := range unitTests(t) {
		var f promtoolTests
		if err := yaml.Unmarshal([]byte(textOf(t, file)), &f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range f.Tests {
			for _, a := range test.Alerts {
				worded = append(worded, a.Name)
			}
			for _, q := range test.Queries {
				if m := alertOf.FindStringSubmatch(q.Expr); m != nil && len(q.Samples) == 0 {
					quiet = append(quiet, m[1])
				}
				for _, s := range q.Samples {
					for _, m := range alertOf.FindAllStringSubmatch(fmt.Sprint(s), -1) {
						fires = append(fires, m[1])
					}
				}
			}
		}
	}
	for _, r := range alertRules(t) {
		for what, list := range map[string][]string{"firing": fires, "quiet": quiet, "in its words": worded} {
			if !slices.Contains(list, r.Alert) {
				t.Errorf("%s is not tested %s", r.Alert, what)
			}
		}
	}
}

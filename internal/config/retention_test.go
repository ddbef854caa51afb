package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

func TestLoadRetention(t *testing.T) {
	kept := func(successes, failures, rollups int) ingest.Retention {
		const d = 24 * time.Hour
		return ingest.Retention{Successes: time.Duration(successes) * d, Failures: time.Duration(failures) * d, Rollups: time.Duration(rollups) * d}
	}
	for name, tc := range map[string]struct {
		text string
		want ingest.Retention
	}{
		"nothing":                     {"", kept(7, 90, 400)},
		"nothing below it":            {"retention:", kept(7, 90, 400)},
		"all of it":                   {"retention: {successes: 3d, failures: 30d, rollups: 100d}", kept(3, 30, 100)},
		"one of them":                 {"retention: {failures: 30d}", kept(7, 30, 400)},
		"in hours":                    {"retention: {successes: 48h}", kept(2, 90, 400)},
		"the least":                   {"retention: {successes: 1d, failures: 1d, rollups: 1d}", kept(1, 1, 1)},
		"the most":                    {"retention: {rollups: 3650d}", kept(7, 90, 3650)},
		"defaults give way to more":   {"retention: {successes: 500d}", kept(500, 500, 500)},
		"and so do those of failures": {"retention: {failures: 600d}", kept(7, 600, 600)},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := mustLoad(t, "version: 1\n"+tc.text+"\n")
			if cfg.Retention != tc.want {
				t.Errorf("got %+v, want %+v", cfg.Retention, tc.want)
			}
			if err := cfg.Retention.Validate(); err != nil {
				t.Errorf("what was loaded is not valid: %v", err)
			}
		})
	}
}

func TestFaultsOfRetention(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want []string // of each fault, how it begins behind the place; then its hint
	}{
		"too short": {
			"retention: {successes: 23h}",
			[]string{"3:24: retention.successes: 23h is outside [1d, 3650d]", "wanted a span of days such as 7d"},
		},
		"too long": {
			"retention: {successes: 3651d}",
			[]string{`3:24: retention.successes: "3651d" is longer than 3650d`, ""},
		},
		"failures before successes": {
			"retention: {successes: 7d, failures: 6d}",
			[]string{"3:38: retention.failures: 6d is less than successes, 7d", "wanted successes or more, such as 90d"},
		},
		"rollups before failures, which nobody set": {
			"retention: {rollups: 30d}",
			[]string{"3:22: retention.rollups: 30d is less than failures, 90d", "wanted failures or more, such as 400d"},
		},
		"both at once": {
			"retention: {successes: 10d, failures: 5d, rollups: 1d}",
			[]string{"3:39: retention.failures: 5d is less than", "wanted successes or more, such as 90d"},
		},
		"no unit": {
			"retention: {rollups: 400}",
			[]string{"3:22: retention.rollups: ", ""},
		},
		"another key": {
			"retention: {attempts: 7d}",
			[]string{"3:13: retention.attempts: ", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := load(t, "version: 1\n# a line between\n"+tc.text+"\n")
			if len(faults) != 1 {
				t.Fatalf("want one fault:\n%s", printed(t, faults))
			}
			_, got, _ := strings.Cut(faults[0].String(), ".yaml:")
			if !strings.HasPrefix(got, tc.want[0]) || tc.want[1] != "" && faults[0].Hint != tc.want[1] {
				t.Errorf("got %q, hint %q; want %q", got, faults[0].Hint, tc.want)
			}
			if !config.Failed(faults) {
				t.Error("it was loaded")
			}
		})
	}
}

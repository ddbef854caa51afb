package prometheus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml" //nolint:depguard // a test reads here what Prometheus reads; nothing of the program does

	"github.com/hookvigil/hookvigil/dashboards"
)

// rule is one entry of a rules file.
type rule struct {
	Record        string            `yaml:"record"`
	Alert         string            `yaml:"alert"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for"`
	KeepFiringFor string            `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

// rulesOf reads a rules file strictly.
func rulesOf(t *testing.T, file string) []rule {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var f ruleFile
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.DisallowUnknownField()); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var all []rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// alertRules returns all alerts: those that ship are at least 16.
func alertRules(t *testing.T) []rule {
	t.Helper()
	all := rulesOf(t, "alerts.yaml")
	if len(all) < 16 {
		t.Fatalf("alerts.yaml has %d alerts, want at least 16: it is not read as it should be", len(all))
	}
	return all
}

func TestEveryAlertHelpsAtThreeInTheNight(t *testing.T) {
	t.Parallel()
	for _, r := range alertRules(t) {
		t.Run(r.Alert, func(t *testing.T) {
			t.Parallel()
			if r.Alert == "" || r.Record != "" {
				t.Fatalf("%+v: got no alert", r)
			}
			lasts(t, "for", r.For, 0)
			lasts(t, "keep_firing_for", r.KeepFiringFor, time.Second)
			if s := r.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("severity: got %q, want page or ticket", s)
			}
			for name, value := range r.Labels {
				if strings.Contains(value, "{{") {
					t.Errorf("label %s: got %q, want no template: a label that moves makes a new alert each time", name, value)
				}
			}
			for _, name := range []string{"summary", "description"} {
				if len(r.Annotations[name]) < 20 {
					t.Errorf("%s: got %q, want a sentence", name, r.Annotations[name])
				}
			}
			if !strings.Contains(r.Annotations["description"], "First: ") {
				t.Errorf("description: got %q, want what to do first", r.Annotations["description"])
			}
			if got, want := r.Annotations["runbook_url"], runbookBase+r.Alert+".md"; got != want {
				t.Errorf("runbook_url: got %q, want %q", got, want)
			}
			if _, err := os.Stat(filepath.Join(runbookFolder, r.Alert+".md")); err != nil {
				t.Errorf("runbook: %v", err)
			}
		})
	}
}

func lasts(t *testing.T, key, value string, least time.Duration) {
	t.Helper()
	if d, err := time.ParseDuration(value); err != nil || d < least {
		t.Errorf("%s: got %q (%v), want a time of at least %s", key, value, err, least)
	}
}

func TestARatioOfDeliveriesPagesNobodyTwice(t *testing.T) {
	t.Parallel()
	for _, r := range alertRules(t) {
		if strings.Contains(r.Expr, "probe_") || strings.Contains(r.Expr, "delivery_error_ratio") {
			if s := r.Labels["severity"]; s != "ticket" {
				t.Errorf("%s mirrors what hookvigil tells by itself: got severity %s, want ticket", r.Alert, s)
			}
		}
	}
}

// metricName finds the names of metrics in PromQL: ours, those of
// blackbox_exporter, and recorded ones.
var metricName = regexp.MustCompile(`\b(?:[a-z_]+:)?(?:hookvigil|probe)_[a-z0-9_]+(?::[a-z0-9_]+)?\b`)

// known returns every name that a query may use: exposed, or recorded.
func known(t *testing.T) []string {
	t.Helper()
	names := dashboards.Names()
	for _, r := range rulesOf(t, "recording.yaml") {
		names = append(names, r.Record)
	}
	return names
}

func TestEveryMetricOfTheRulesExists(t *testing.T) {
	t.Parallel()
	names := known(t)
	for _, r := range append(rulesOf(t, "recording.yaml"), alertRules(t)...) {
		used := metricName.FindAllString(r.Expr+" "+r.Annotations["summary"], -1)
		if len(used) == 0 && r.Alert != "HookvigilAbsent" {
			t.Errorf("%s%s: got no metric in %q", r.Alert, r.Record, r.Expr)
		}
		for _, name := range used {
			if !slices.Contains(names, name) {
				t.Errorf("%s%s uses %s, which nobody exposes", r.Alert, r.Record, name)
			}
		}
	}
}

func TestRecordedNamesAreUsedAndSayTheirLevel(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^instance(_[a-z]+)*:hookvigil_[a-z0-9_]+:[a-z0-9]+(_[a-z0-9]+)*$`)
	readers := textOf(t, "alerts.yaml") + textOfRunbooks(t)
	for _, r := range rulesOf(t, "recording.yaml") {
		if !form.MatchString(r.Record) {
			t.Errorf("%s is not level:metric:operation", r.Record)
		}
		if !strings.Contains(readers, r.Record) {
			t.Errorf("%s is read by no alert and no runbook", r.Record)
		}
	}
}

func textOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

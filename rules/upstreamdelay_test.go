package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestUpstreamDelay(t *testing.T) {
	t.Parallel()
	of := func(n, late int) rules.UpstreamFact { return rules.UpstreamFact{Channel: "ID_BCA", N: n, Late: late} }
	for name, tt := range map[string]struct {
		facts []rules.UpstreamFact
		want  []string
		text  string
	}{
		"exactly 10 % are not over it":     {[]rules.UpstreamFact{of(100, 10)}, nil, ""},
		"one more opens":                   {[]rules.UpstreamFact{of(100, 11)}, []string{"0 open high 1.1"}, "channel ID_BCA: 11 of 100 events of the last 15m or so were confirmed late by the channel (11%); deliveries and endpoints are not to blame"},
		"19 events are too few to open":    {[]rules.UpstreamFact{of(19, 19)}, nil, ""},
		"20 are enough":                    {[]rules.UpstreamFact{of(20, 3)}, []string{"0 open high 1.1"}, ""},
		"it is told once":                  {[]rules.UpstreamFact{of(100, 11), of(100, 90)}, []string{"0 open high 1.1"}, ""},
		"exactly half clears":              {[]rules.UpstreamFact{of(100, 11), of(100, 5)}, []string{"0 open high 1.1", "1 clear high 1.2"}, "channel ID_BCA: 5 of 100 events of the last 15m or so were confirmed late by the channel (5%): in time again"},
		"one over half does not":           {[]rules.UpstreamFact{of(100, 11), of(100, 6)}, []string{"0 open high 1.1"}, ""},
		"too few do not":                   {[]rules.UpstreamFact{of(100, 11), of(19, 0), {}}, []string{"0 open high 1.1"}, ""},
		"late deliveries are no late ones": {[]rules.UpstreamFact{of(5000, 0)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, last := packTold(rules.DefaultUpstreamDelay().Step, time.Minute, tt.facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
		})
	}
}

func TestUpstreamDelaySaysWhy(t *testing.T) {
	t.Parallel()
	_, c := rules.DefaultUpstreamDelay().Step(rules.Episode{}, rules.UpstreamFact{Channel: "ID_BCA", N: 80, Late: 12}, detectorStart)
	if c == nil || c.Key.Rule != rules.RuleUpstreamDelay || c.Key.Scope != "channel:ID_BCA" {
		t.Fatalf("got %+v, want the channel's", c)
	}
	c.Evidence.Text = ""
	want := rules.Evidence{
		From: detectorStart.Add(-15 * time.Minute), To: detectorStart, Numerator: 12, Denominator: 80, Threshold: 0.1, Clears: "at most 5% of at least 20 within 15m",
	}
	if c.Evidence != want {
		t.Errorf("got  %+v\nwant %+v", c.Evidence, want)
	}
	packRefused(t, rules.UpstreamDelay{}.Validate(), "share", "least", "window")
	if err := rules.DefaultUpstreamDelay().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

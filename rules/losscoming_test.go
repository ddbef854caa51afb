package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// packTold plays facts, each apart from the one before, and returns in a word
// what was told at which of them, and the last change.
func packTold[F any](step func(rules.Episode, F, time.Time) (rules.Episode, *rules.Change), apart time.Duration, facts []F) ([]string, rules.Change) {
	var e rules.Episode
	var told []string
	var last rules.Change
	for i, f := range facts {
		var c *rules.Change
		if e, c = step(e, f, detectorStart.Add(time.Duration(i)*apart)); c == nil {
			continue
		}
		word := "clear"
		if c.Open {
			word = "open"
		}
		last = *c
		told = append(told, fmt.Sprintf("%d %s %s %d.%d", i, word, c.Severity, c.Key.Episode, c.Number))
	}
	return told, last
}

// packRefused fails unless err names each key.
func packRefused(t *testing.T, err error, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if err == nil || !strings.Contains(err.Error(), k+": ") {
			t.Errorf("got %v, want a fault of %s", err, k)
		}
	}
}

func TestLossComing(t *testing.T) {
	t.Parallel()
	at := detectorStart.Add(3*time.Hour + 10*time.Minute)
	some := rules.LossFact{AtRisk: 18, NextAt: at, NextEvents: 12, Undelivered: 40}
	urgent := rules.LossFact{AtRisk: 18, AtRiskUrgent: 3, NextAt: at, NextEvents: 3, Undelivered: 40}
	waits := rules.LossFact{NextAt: detectorStart.Add(7 * time.Hour), NextEvents: 5, Undelivered: 40}
	for name, tt := range map[string]struct {
		facts []rules.LossFact
		want  []string
		text  string // of the last
	}{
		"events that only wait are no loss": {[]rules.LossFact{waits, {}, waits}, nil, ""},
		"one event at risk opens": {[]rules.LossFact{waits, {AtRisk: 1, NextAt: at, NextEvents: 1, Undelivered: 1}}, []string{"1 open high 1.1"},
			"1 event gets its last automatic try within 6h, the first 1 by 03:10 UTC; 1 waits in all"},
		"it is told once while it lasts": {[]rules.LossFact{some, some, {AtRisk: 90, Undelivered: 900}}, []string{"0 open high 1.1"},
			"18 events get their last automatic try within 6h, the first 12 by 03:10 UTC; 40 wait in all"},
		"it is told again when it is urgent": {[]rules.LossFact{some, urgent}, []string{"0 open high 1.1", "1 open high 1.2"},
			"18 events get their last automatic try within 6h, 3 within 1h, the first 3 by 03:10 UTC; 40 wait in all"},
		"and that only once":                     {[]rules.LossFact{some, urgent, some, urgent}, []string{"0 open high 1.1", "1 open high 1.2"}, ""},
		"what opens urgent is told once in all":  {[]rules.LossFact{urgent, urgent, some, urgent}, []string{"0 open high 1.1"}, ""},
		"urgent at first, it clears as the next": {[]rules.LossFact{urgent, waits}, []string{"0 open high 1.1", "1 clear high 1.3"}, "no event gets its last automatic try within 6h; 40 wait in all"},
		"none at risk clears":                    {[]rules.LossFact{some, waits}, []string{"0 open high 1.1", "1 clear high 1.2"}, "no event gets its last automatic try within 6h; 40 wait in all"},
		"the next episode is told anew":          {[]rules.LossFact{some, urgent, waits, some, urgent}, []string{"0 open high 1.1", "1 open high 1.2", "2 clear high 1.3", "3 open high 2.1", "4 open high 2.2"}, ""},
		"a time that is not known is not told":   {[]rules.LossFact{{AtRisk: 2000, Undelivered: 3000}}, []string{"0 open high 1.1"}, "2,000 events get their last automatic try within 6h; 3,000 wait in all"},
		"a short schedule says its own figure": {[]rules.LossFact{{AtRisk: 18, AtRiskUrgent: 18, Within: 250 * time.Second, NextAt: at, NextEvents: 3, Undelivered: 40}}, []string{"0 open high 1.1"},
			"18 events get their last automatic try within 4m10s, the first 3 by 03:10 UTC; 40 wait in all"},
		"a short schedule says it at the end": {[]rules.LossFact{{AtRisk: 18, Within: time.Minute, Undelivered: 40}, {Within: time.Minute, Undelivered: 40}}, []string{"0 open high 1.1", "1 clear high 1.2"},
			"no event gets its last automatic try within 1m; 40 wait in all"},
		"counts that cannot be open nothing": {[]rules.LossFact{{AtRisk: -1, AtRiskUrgent: 3}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, last := packTold(rules.DefaultLossComing().Step, time.Minute, tt.facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
		})
	}
}

func TestLossComingSaysWhyAndWhose(t *testing.T) {
	t.Parallel()
	f := rules.LossFact{Endpoint: "a", Merchant: "m", Host: "a.example", AtRisk: 18, Undelivered: 40}
	_, c := rules.DefaultLossComing().Step(rules.Episode{Since: detectorStart.Add(-time.Hour)}, f, detectorStart)
	if c == nil || c.Key.Rule != rules.RuleLossComing || c.Key.Scope != "endpoint:a" || c.Merchant != "m" || c.Host != "a.example" || !c.Since.Equal(detectorStart) {
		t.Fatalf("got %+v, want the endpoint's, since now", c)
	}
	if e := c.Evidence; e.Numerator != 18 || e.Denominator != 40 || !e.From.Equal(detectorStart) || !strings.Contains(e.Clears, "6h") {
		t.Errorf("got %+v, want 18 of 40, since now, and what clears it", e)
	}
}

func TestLossComingValidates(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultLossComing().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	packRefused(t, rules.LossComing{}.Validate(), "within", "urgent")
	packRefused(t, rules.LossComing{Within: time.Hour, Urgent: time.Hour + 1}.Validate(), "urgent")
	packRefused(t, rules.LossComing{Within: 367 * 24 * time.Hour, Urgent: time.Hour}.Validate(), "within")
}

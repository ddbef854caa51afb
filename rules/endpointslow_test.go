package rules_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestEndpointSlow(t *testing.T) {
	t.Parallel()
	const deadline = 30 * time.Second
	of := func(answered, slow int, p99 time.Duration) rules.SlowFact {
		return rules.SlowFact{Answered: answered, Slow: slow, P99: p99, Deadline: deadline}
	}
	bad, half := of(100, 21, time.Second), of(100, 10, 7500*time.Millisecond)
	for name, tt := range map[string]struct {
		facts []rules.SlowFact
		want  []string
	}{
		"exactly the share is not over it":              {[]rules.SlowFact{of(100, 20, time.Second)}, nil},
		"one more opens low":                            {[]rules.SlowFact{bad}, []string{"0 open low 1.1"}},
		"too few answers open nothing":                  {[]rules.SlowFact{of(19, 19, deadline)}, nil},
		"the least that counts":                         {[]rules.SlowFact{of(20, 5, time.Second)}, []string{"0 open low 1.1"}},
		"none at all":                                   {[]rules.SlowFact{{}, {Deadline: deadline}}, nil},
		"a p99 of half the deadline is not over it":     {[]rules.SlowFact{of(100, 0, 15*time.Second)}, nil},
		"a nanosecond more opens low":                   {[]rules.SlowFact{of(100, 0, 15*time.Second+1)}, []string{"0 open low 1.1"}},
		"at 80 % of the deadline it is still low":       {[]rules.SlowFact{of(100, 0, 24*time.Second)}, []string{"0 open low 1.1"}},
		"a nanosecond more is high":                     {[]rules.SlowFact{of(100, 0, 24*time.Second+1)}, []string{"0 open high 1.1"}},
		"it gets louder, and never less":                {[]rules.SlowFact{bad, of(100, 90, 25*time.Second), bad, bad}, []string{"0 open low 1.1", "1 open high 1.2"}},
		"half of both clears":                           {[]rules.SlowFact{bad, half}, []string{"0 open low 1.1", "1 clear low 1.2"}},
		"one slow answer over half does not":            {[]rules.SlowFact{bad, of(100, 11, time.Second)}, []string{"0 open low 1.1"}},
		"nor a p99 a nanosecond over half":              {[]rules.SlowFact{bad, of(100, 0, 7500*time.Millisecond+1)}, []string{"0 open low 1.1"}},
		"too few answers clear nothing":                 {[]rules.SlowFact{bad, of(19, 0, time.Millisecond)}, []string{"0 open low 1.1"}},
		"without a deadline the share decides":          {[]rules.SlowFact{{Answered: 100, Slow: 20, P99: time.Hour}, {Answered: 100, Slow: 21}, {Answered: 100, Slow: 10, P99: time.Hour}}, []string{"1 open low 1.1", "2 clear low 1.2"}},
		"slow for a moment and quick over all is quiet": {[]rules.SlowFact{of(1000, 15, 4*time.Second), of(1000, 190, 14*time.Second)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if told, _ := packTold(rules.DefaultEndpointSlow().Step, time.Minute, tt.facts); !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
		})
	}
}

func TestEndpointSlowSaysWhyAndWhose(t *testing.T) {
	t.Parallel()
	f := rules.SlowFact{
		Endpoint: "a", Merchant: "m", Host: "a.example", From: detectorStart, To: detectorStart.Add(time.Hour),
		Answered: 1200, Slow: 340, P99: 17 * time.Second, Deadline: 30 * time.Second,
	}
	rule := rules.DefaultEndpointSlow()
	e, c := rule.Step(rules.Episode{}, f, f.To)
	if c == nil || c.Key.Rule != rules.RuleEndpointSlow || c.Key.Scope != "endpoint:a" || c.Merchant != "m" || c.Host != "a.example" {
		t.Fatalf("got %+v, want the endpoint's", c)
	}
	want := rules.Evidence{
		Text: "340 of 1,200 answers took longer than 5s (28.3%) since 2023-11-11 00:00:00 UTC, p99 17s of a deadline of 30s", From: f.From, To: f.To,
		Numerator: 340, Denominator: 1200, Threshold: 0.2, Clears: "at most 10% slower than 5s and a p99 of at most 7.5s, in at least 20 answers within 1h",
	}
	if c.Evidence != want {
		t.Errorf("got  %+v\nwant %+v", c.Evidence, want)
	}
	f.Slow, f.P99 = 0, time.Second
	if _, c = rule.Step(e, f, f.To); c == nil || !strings.HasPrefix(c.Evidence.Text, "answers quickly again: 0 of 1,200") {
		t.Errorf("got %+v, want that it is quick again", c)
	}
}

func TestEndpointSlowValidates(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultEndpointSlow().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	packRefused(t, rules.EndpointSlow{}.Validate(), "window", "least", "share", "budget", "of_deadline")
	s := rules.DefaultEndpointSlow()
	s.Share, s.Urgent = rules.Ratio(math.NaN()), 0.49
	packRefused(t, s.Validate(), "share", "urgent")
}

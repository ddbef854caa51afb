package rules_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// turns plays an endpoint that stops answering, turn by turn as its schedule
// has them, and returns how long after its first failure it was called down and
// how many probes that took.
func turns(t *testing.T, interval, took, early time.Duration) (after time.Duration, failed int) {
	t.Helper()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	policy := probes.Policy{Interval: interval, Confirm: 2, ConfirmAfter: 10 * time.Second}
	rule, episode := rules.DefaultEndpointDown(), rules.Episode{}
	memory := probes.Memory{Proven: []probes.Level{probes.LevelReach}}
	for at := begin; at.Before(begin.Add(time.Hour)); {
		var next time.Duration
		memory, next = memory.Step(probes.Result{At: at, Took: took, Level: probes.LevelReach, Verdict: probes.Down, Fault: probes.FaultRefused}, policy)
		now, f := at.Add(took), rules.DownFact{Endpoint: "ep", Memory: memory, Policy: policy}
		var c *rules.Change
		if episode, c = rule.Step(episode, f, now); c != nil {
			return at.Sub(begin), memory.Failures
		}
		if next == 0 {
			next = rule.Again(f, now)
		}
		if at = now.Add(next); next == 0 { // a regular turn comes a moment early or late
			at = begin.Add(now.Sub(begin.Add(-early)).Truncate(interval) + interval - early)
		}
	}
	t.Fatal("never called down")
	return 0, 0
}

func TestAnOutageIsToldOnceItSpansLongEnough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		interval, took, early time.Duration
		most                  time.Duration // from the first failure to the probe that decides
		failed                int
	}{
		"turns to the moment":               {interval: time.Minute, most: 120 * time.Second, failed: 5},
		"turns a moment early":              {interval: time.Minute, early: 5 * time.Millisecond, most: 120 * time.Second, failed: 6},
		"turns a moment late":               {interval: time.Minute, early: -5 * time.Millisecond, most: 121 * time.Second, failed: 5},
		"turns rarer than the span":         {interval: 10 * time.Minute, most: 120 * time.Second, failed: 4},
		"turns that do not divide the span": {interval: 45 * time.Second, most: 120 * time.Second, failed: 6},
		"probes that hang for 30 s":         {interval: time.Minute, took: 30 * time.Second, most: 121 * time.Second, failed: 4},
		"many turns within the span":        {interval: 5 * time.Second, most: 120 * time.Second, failed: 25},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, failed := turns(t, tt.interval, tt.took, tt.early)
			if after < 2*time.Minute || after > tt.most || failed != tt.failed {
				t.Errorf("called down after %s and %d probes, want within %s and %d", after, failed, tt.most, tt.failed)
			}
		})
	}
}

func TestNoProbeIsWantedBeforeItsTurn(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	policy := probes.Policy{Interval: time.Minute, Confirm: 2}
	tests := map[string]rules.DownFact{
		"it is well":               {Policy: policy, Memory: probes.Memory{Last: probes.Result{Verdict: probes.Healthy, At: begin}}},
		"it is not confirmed":      {Policy: policy, Memory: probes.Memory{Last: probes.Result{Verdict: probes.Down, At: begin}, FirstFailure: begin, Failures: 2}},
		"it spans long enough":     {Policy: policy, Memory: probes.Memory{Last: probes.Result{Verdict: probes.Down, At: begin}, FirstFailure: begin.Add(-2 * time.Minute), Failures: 9}},
		"a turn is before the end": {Policy: policy, Memory: probes.Memory{Last: probes.Result{Verdict: probes.Down, At: begin}, FirstFailure: begin.Add(-20 * time.Second), Failures: 3}},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if again := rules.DefaultEndpointDown().Again(f, begin); again != 0 {
				t.Errorf("wanted after %s, want the regular turn", again)
			}
		})
	}
}

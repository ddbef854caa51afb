package rules_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// A delivery that succeeded lets the span begin anew, and no more than that.
func TestDeliveriesVetoForASpan(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	never := 1_000_000
	tests := map[string]struct {
		delivered []int // seconds after the first failure at which a delivery succeeded
		opens     int   // seconds after the first failure; a million: never
	}{
		"without deliveries it opens after the span":   {nil, 120},
		"one from before the failures vetoes nothing":  {[]int{-1}, 120},
		"one a minute in lets the span begin anew":     {[]int{60}, 180},
		"one in the last second of the span does, too": {[]int{119}, 240},
		"those that go on veto for as long":            {[]int{0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600}, never},
		"a sender's clock that runs ahead counts now":  {[]int{3600}, never},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rule, opened := rules.Episode{}, rules.DefaultEndpointDown(), never
			for s := 0; s <= 600 && opened == never; s += 30 {
				f := rules.DownFact{Endpoint: "ep", Policy: probes.Policy{Confirm: 2}}
				f.Memory.FirstFailure, f.Memory.Failures = begin, 3+s/30
				f.Memory.Last = probes.Result{At: begin.Add(time.Duration(s) * time.Second), Verdict: probes.Down, Fault: probes.FaultRefused}
				for _, d := range tt.delivered {
					if d <= s || d == 3600 {
						f.Delivered = begin.Add(time.Duration(d) * time.Second)
					}
				}
				var c *rules.Change
				if e, c = rule.Step(e, f, f.Memory.Last.At); c != nil {
					opened = s
				}
			}
			if opened != tt.opens {
				t.Errorf("opened after %d s, want %d", opened, tt.opens)
			}
		})
	}
}

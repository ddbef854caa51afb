package web

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/rules"
)

func TestDeliveriesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		view rules.DeliveryView
		mark rules.Word
		want string // the word and the facts
	}{
		"nothing":                  {rules.DeliveryView{}, rules.StateNoData, "no data yet"},
		"a backlog alone":          {rules.DeliveryView{Backlog: 1_040}, rules.StateRecovering, "waiting 1,040 events waiting for a retry"},
		"most of few fail":         {rules.DeliveryView{FirstAttempts: 18, FailedFirst: 10}, rules.StateNoData, "too few to judge 10 of 18 first attempts failed (55.6%)"},
		"none of few fails":        {rules.DeliveryView{FirstAttempts: 19}, rules.StateNoData, "too few to judge 0 of 19 first attempts failed (0%)"},
		"few, some of them wait":   {rules.DeliveryView{FirstAttempts: 10, Backlog: 4}, rules.StateRecovering, "recovering 0 of 10 first attempts failed (0%) 4 events waiting for a retry"},
		"just enough":              {rules.DeliveryView{FirstAttempts: 20}, rules.StateHealthy, "delivered 0 of 20 first attempts failed (0%)"},
		"just enough, one fails":   {rules.DeliveryView{FirstAttempts: 20, FailedFirst: 1}, rules.StateDegraded, "some fail 1 of 20 first attempts failed (5%)"},
		"4 % exactly":              {rules.DeliveryView{FirstAttempts: 1_050, FailedFirst: 42}, rules.StateHealthy, "delivered 42 of 1,050 first attempts failed (4%)"},
		"just over 4 %":            {rules.DeliveryView{FirstAttempts: 1_050, FailedFirst: 43}, rules.StateDegraded, "some fail 43 of 1,050 first attempts failed (4.1%)"},
		"failing":                  {rules.DeliveryView{FirstAttempts: 20, FailedFirst: 4, Failing: true}, rules.StateFailing, "failing 4 of 20 first attempts failed (20%)"},
		"some fail, some wait":     {rules.DeliveryView{FirstAttempts: 100, FailedFirst: 9, Backlog: 1}, rules.StateRecovering, "recovering 9 of 100 first attempts failed (9%) 1 event waiting for a retry"},
		"the rule decides, not us": {rules.DeliveryView{FirstAttempts: 2, FailedFirst: 2, Failing: true}, rules.StateFailing, "failing 2 of 2 first attempts failed (100%)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deliverySignal(tt.view)
			if got := strings.Join(append([]string{s.Word}, s.Facts...), " "); got != tt.want || s.Mark != tt.mark {
				t.Errorf("%s: %q, want %s: %q", s.Mark, got, tt.mark, tt.want)
			}
		})
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1_000: "1,000", -999: "-999", -1_000: "-1,000", 1_234_567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// countedPlans are n plans that recur a thousand times, as they are read.
func countedPlans(n int) []alerting.Maintenance {
	list := make([]alerting.Maintenance, n)
	for i := range list {
		list[i] = alerting.Maintenance{
			ID: fmt.Sprint("plan-", i), Matcher: alerting.Matcher{Merchant: []string{fmt.Sprint("m", i)}}, Zone: "Asia/Jakarta",
			Start: time.Date(2026, 6, 7, 2, 0, 0, 0, time.FixedZone("", 7*3600)), Length: 2 * time.Hour, Recurrence: "FREQ=WEEKLY;BYDAY=SU;COUNT=1000",
			By: "ana", Reason: "backup", Version: 1, Created: time.Unix(1_790_000_000, 0), Updated: time.Unix(1_790_000_000, 0),
		}
	}
	return list
}

func TestPlansAreSettledOnceForEachVersion(t *testing.T) {
	t.Parallel()
	var kept settledPlans
	now := time.Date(2026, 6, 7, 3, 0, 0, 0, time.FixedZone("", 7*3600))
	work := func(m alerting.Maintenance) (from, until time.Time) {
		t.Helper()
		list := []alerting.Maintenance{m}
		kept.settle(list, now)
		from, until, _ = list[0].At(now)
		return from, until
	}
	m := countedPlans(1)[0]
	if from, until := work(m); !from.Equal(m.Start) || until.Sub(from) != 2*time.Hour {
		t.Fatalf("it lasts from %s until %s", from, until)
	}
	same := m
	same.Length = time.Minute // no version says so
	if from, until := work(same); until.Sub(from) != 2*time.Hour {
		t.Errorf("settled anew at the same version: from %s until %s", from, until)
	}
	longer := m
	longer.Version, longer.Length, longer.Updated = 2, 3*time.Hour, m.Updated.Add(time.Minute)
	if from, until := work(longer); until.Sub(from) != 3*time.Hour {
		t.Errorf("at the next version: from %s until %s, want three hours", from, until)
	}
	again := m
	again.Length, again.Version, again.Updated = 4*time.Hour, 2, m.Updated.AddDate(2, 0, 0)
	if from, until := work(again); until.Sub(from) != 4*time.Hour {
		t.Errorf("an ID that came back: from %s until %s, want four hours", from, until)
	}
	kept = settledPlans{}
	many := countedPlans(mostMaintenance + 5)
	for i := range many {
		many[i].Recurrence = ""
	}
	kept.settle(many, now)
	if len(kept.of) != mostMaintenance {
		t.Errorf("%d plans are kept, want at most %d", len(kept.of), mostMaintenance)
	}
}

// Two readers that want different plans do not throw away each other's; what
// nobody wants goes in time.
func TestSettledPlansOfAllReadersAreKept(t *testing.T) {
	t.Parallel()
	var kept settledPlans
	now := time.Date(2026, 6, 7, 3, 0, 0, 0, time.UTC)
	kept.settle(countedPlans(3), now)
	kept.settle(countedPlans(1), now)
	if len(kept.of) != 3 {
		t.Errorf("%d plans are kept after another reading, want 3", len(kept.of))
	}
	for range unusedFor {
		kept.settle(countedPlans(1), now)
	}
	if len(kept.of) != 1 {
		t.Errorf("%d plans are kept after %d readings of one, want 1", len(kept.of), unusedFor)
	}
}

// A plan that could not be settled is tried again, while one that is over stays
// as it is.
func TestAPlanWithFaultsIsNotKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 7, 3, 0, 0, 0, time.UTC)
	faulty, over := countedPlans(2)[0], countedPlans(2)[1]
	faulty.Zone = "Atlantis/Capital"
	over.Recurrence, over.Start = "", over.Start.AddDate(0, 0, -7)
	var kept settledPlans
	kept.settle([]alerting.Maintenance{faulty, over}, now)
	if _, ok := kept.of[faulty.ID]; ok || len(kept.of) != 1 {
		t.Errorf("kept %v, want only the plan that is over", kept.of)
	}
	faulty.Zone = "Asia/Jakarta" // the zone is known now, and no version says so
	list := []alerting.Maintenance{faulty}
	kept.settle(list, now)
	if from, _, _ := list[0].At(faulty.Start.Add(time.Minute)); from.IsZero() {
		t.Error("a plan that failed to settle once stays so")
	}
}

// BenchmarkSettlePlans is what a turn of the desk pays for 100 plans with
// COUNT: "kept" is each turn but the first, "anew" what each paid before plans
// were kept.
func BenchmarkSettlePlans(b *testing.B) {
	now := time.Date(2026, 6, 8, 0, 0, 0, 0, time.UTC)
	for name, kept := range map[string]*settledPlans{"kept": {}, "anew": nil} {
		b.Run(name, func(b *testing.B) {
			plans := countedPlans(100)
			kept.settle(plans, now)
			for b.Loop() {
				kept.settle(slices.Clone(plans), now)
			}
		})
	}
}

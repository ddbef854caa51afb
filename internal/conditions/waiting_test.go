package conditions_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// overdue returns events whose first retry did not come, and whose last one is
// due within the hour.
func overdue(n int, now time.Time) (events []deliveries.Event, s deliveries.Schedule) {
	s, _ = deliveries.ParseSchedule("15m, 5h")
	for i := range n {
		base := deliveries.Event{Source: "core", ID: fmt.Sprint("evt-", i), Endpoint: "shop-a", Merchant: "shop"}
		events = append(events, deliveries.EventOf(base, []deliveries.Try{{Number: 1, StartedAt: now.Add(-270 * time.Minute), Status: 503, Fault: "http_5xx"}}, s))
	}
	return events, s
}

// What is watched tells of its endpoint and its source; what was only seen, of its
// source.
func TestWhatWaitsIsJudgedWhereItIsWatched(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		watched bool
		want    string
	}{
		"registered": {true, "[loss_coming endpoint:shop-a retries_missing source:core]"},
		"only seen":  {false, "[retries_missing source:core]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			pack, now := rules.DefaultPack(), day
			judge := func(n int) string {
				w := conditions.NewWaits()
				events, s := overdue(n, now)
				for _, e := range events {
					if tt.watched {
						w.Add(e, s, pack, now)
					} else {
						w.AddOfSource(e, s, now)
					}
				}
				c.Waiting(w, now)
				var list []string
				for _, s := range c.Standing() {
					if s.Episode.Phase == rules.PhaseOpen {
						list = append(list, string(s.Rule)+" "+string(s.Scope))
					}
				}
				return fmt.Sprint(list)
			}
			judge(150)
			now = now.Add(pack.RetriesMissing.For)
			if got := judge(150); got != tt.want {
				t.Errorf("stands %s, want %s", got, tt.want)
			}
			now = now.Add(time.Minute)
			if got := judge(0); got != "[]" {
				t.Errorf("with nothing that waits stands %s", got)
			}
		})
	}
}

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

// What became of a try that fell into a time in which nobody listened is not
// known: nothing opens for it, and nothing clears.
func TestWhatWasNotHeardIsNotJudged(t *testing.T) {
	t.Parallel()
	now := day
	for name, tt := range map[string]struct {
		from, to time.Duration // of the time in which nobody listened, before now
		open     bool          // from before
		want     string
	}{
		"we listened":                             {0, 0, false, "[events_lost endpoint:shop-a]"},
		"its last try fell into our absence":      {time.Hour, time.Minute, false, "[]"},
		"its last try was overdue before":         {5 * time.Minute, time.Minute, false, "[events_lost endpoint:shop-a]"},
		"its last try may have come a bit later":  {29 * time.Minute, time.Minute, false, "[]"},
		"what is open stays open, for all that":   {time.Hour, time.Minute, true, "[events_lost endpoint:shop-a]"},
		"we were away before, when none was due":  {3 * time.Hour, 2 * time.Hour, false, "[events_lost endpoint:shop-a]"},
		"a long absence that ends with this look": {30 * time.Hour, 0, false, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			pack := rules.DefaultPack()
			s, _ := deliveries.ParseSchedule("20m")
			judge := func(unheard bool, events ...deliveries.Event) string {
				w := conditions.NewWaits()
				if unheard && tt.from > 0 {
					w.Unheard(now.Add(-tt.from), now.Add(-tt.to))
				}
				for _, e := range events {
					w.Add(e, s, pack, now)
				}
				c.Waiting(w, now)
				var list []string
				for _, s := range c.Standing() {
					list = append(list, string(s.Rule)+" "+string(s.Scope))
				}
				return fmt.Sprint(list)
			}
			lost := deliveries.EventOf(deliveries.Event{Source: "core", ID: "evt", Endpoint: "shop-a"},
				[]deliveries.Try{{Number: 1, StartedAt: now.Add(-50 * time.Minute), Status: 503, Fault: "http_5xx"}}, s)
			if tt.open {
				judge(false, lost)
			}
			if got := judge(true, lost); got != tt.want {
				t.Errorf("stands %s, want %s", got, tt.want)
			}
		})
	}
}

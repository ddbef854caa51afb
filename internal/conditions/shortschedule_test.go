package conditions_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// failing is a stream of events to one endpoint that all fail at first, so far
// apart, and answer from the try with that number on; 0: never.
type failing struct {
	endpoint string
	apart    time.Duration
	answers  int
}

// waits returns what is known at a moment of those that began after from.
func (f failing) waits(s deliveries.Schedule, from, now time.Time) []deliveries.Event {
	var list []deliveries.Event
	for at := from; at.Before(now); at = at.Add(f.apart) {
		tries := []deliveries.Try{{Number: 1, StartedAt: at, Status: 503, Fault: "http_5xx"}}
		for i, offset := range s.Offsets {
			if start := at.Add(offset + 2*time.Second); !start.After(now) {
				try := deliveries.Try{Number: i + 2, StartedAt: start, Status: 503, Fault: "http_5xx"}
				if f.answers > 0 && try.Number >= f.answers {
					try.Status, try.Fault = 200, probes.FaultNone
				}
				tries = append(tries, try)
			}
		}
		base := deliveries.Event{Source: "core", ID: fmt.Sprint(f.endpoint, at.Unix()), Endpoint: f.endpoint, Merchant: "shop"}
		list = append(list, deliveries.EventOf(base, tries, s))
	}
	return list
}

// Where the whole schedule is shorter than 6 h, what fails once and is delivered
// with its first retry was never about to be lost; what fails all the time is told
// before the first loss, and the loss is told too.
func TestAShortScheduleIsNoLossThatComes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		schedule string
		stream   failing
		coming   bool
	}{
		"convoy, and the first retry delivers":                        {"convoy", failing{"shop-a", 20 * time.Second, 2}, false},
		"three retries in 3.5 minutes, and the first delivers":        {"30s, 90s, 210s", failing{"shop-a", 20 * time.Second, 2}, false},
		"three retries in 2 minutes, and the first delivers":          {"30s, 1m, 2m", failing{"shop-a", 20 * time.Second, 2}, false},
		"convoy, and nothing is ever delivered":                       {"convoy", failing{"shop-a", 20 * time.Second, 0}, true},
		"three retries in 3.5 minutes, and nothing is ever delivered": {"30s, 90s, 210s", failing{"shop-a", 20 * time.Second, 0}, true},
		"three retries in 2 minutes, and nothing is ever delivered":   {"30s, 1m, 2m", failing{"shop-a", 20 * time.Second, 0}, true},
		"one event alone, of three retries in 3.5 minutes":            {"30s, 90s, 210s", failing{"shop-a", time.Hour, 0}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := deliveries.ParseSchedule(tt.schedule)
			if err != nil && s.Name == "" {
				t.Fatal(err)
			}
			for shift := range 6 { // the looks fall anywhere between two tries
				coming, lost := openings(s, tt.stream, time.Duration(shift)*10*time.Second)
				if !tt.coming && (!coming.IsZero() || !lost.IsZero()) {
					t.Fatalf("looks after %d s: loss_coming at %v, events_lost at %v; want neither", shift*10, coming, lost)
				}
				if tt.coming && (coming.IsZero() || !coming.Before(day.Add(s.Offsets[len(s.Offsets)-1])) || lost.Before(coming)) {
					t.Fatalf("looks after %d s: loss_coming at %v, events_lost at %v; want the first before the last try of the first event, and then the other", shift*10, coming, lost)
				}
			}
		})
	}
}

// openings judges half an hour of a stream each minute, and returns when the
// two rules opened first.
func openings(s deliveries.Schedule, f failing, shift time.Duration) (coming, lost time.Time) {
	c, pack := conditions.New(conditions.Config{}, newMemory(), quiet()), rules.DefaultPack()
	for now := day.Add(shift); now.Before(day.Add(30 * time.Minute)); now = now.Add(time.Minute) {
		w := conditions.NewWaits()
		for _, e := range f.waits(s, day, now) {
			w.Add(e, s, pack, now)
		}
		c.Waiting(w, now)
		for _, is := range c.Standing() {
			switch {
			case is.Rule == rules.RuleLossComing && coming.IsZero():
				coming = now
			case is.Rule == rules.RuleEventsLost && lost.IsZero():
				lost = now
			}
		}
	}
	return coming, lost
}

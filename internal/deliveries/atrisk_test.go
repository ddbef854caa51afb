package deliveries_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestWhatIsAtRisk(t *testing.T) {
	t.Parallel()
	const quarter = 250 * time.Second // of convoy's schedule
	for name, tt := range map[string]struct {
		schedule string
		failed   int           // tries, from the original on
		before   time.Duration // the last try
		want     bool
	}{
		"a day's schedule, 6 h before the end":               {"xendit", 5, 6 * time.Hour, true},
		"a day's schedule, earlier":                          {"xendit", 5, 6*time.Hour + time.Second, false},
		"convoy's, a quarter of it before the end":           {"convoy", 8, quarter, true},
		"convoy's, earlier":                                  {"convoy", 8, quarter + time.Second, false},
		"a quarter is less than a minute":                    {"30s, 1m, 2m", 3, time.Minute, true},
		"a quarter is less than a minute, earlier":           {"30s, 1m, 2m", 2, time.Minute + time.Second, false},
		"its first retry is still to come":                   {"50m, 1h", 1, 12 * time.Minute, false},
		"its first retry failed":                             {"50m, 1h", 2, 10 * time.Minute, true},
		"its first retry is missing":                         {"50m, 1h", 1, 4 * time.Minute, true},
		"its only retry is to come":                          {"20m", 1, time.Minute, false},
		"a schedule of a week: 6 h all the same":             {"hook0", 23, 6*time.Hour + time.Second, false},
		"its last try failed":                                {"convoy", 11, 0, false},
		"a schedule that is not known":                       {"unknown", 3, time.Minute, false},
		"a sender that never retries":                        {"none", 1, 0, false},
		"a last try that is overdue, and may have been told": {"convoy", 10, -time.Minute, true},
		"a last try that nobody heard of":                    {"convoy", 10, -3 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := deliveries.ParseSchedule(tt.schedule)
			var tries []deliveries.Try
			last := time.Duration(0)
			for i := range tt.failed {
				if i > 0 && i <= len(s.Offsets) {
					last = s.Offsets[i-1]
				}
				tries = append(tries, deliveries.Try{Number: i + 1, StartedAt: noon.Add(last), Status: 503, Fault: "http_5xx"})
			}
			end := last
			if n := len(s.Offsets); n > 0 {
				end = s.Offsets[n-1]
			}
			e := deliveries.EventOf(deliveries.Event{Source: "core", ID: "evt"}, tries, s)
			if got := e.AtRisk(s, 6*time.Hour, noon.Add(end-tt.before)); got != tt.want {
				t.Errorf("at risk: %t, want %t", got, tt.want)
			}
		})
	}
}

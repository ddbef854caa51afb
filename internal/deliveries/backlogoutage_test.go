package deliveries_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// perMinute is the constant traffic of the outages below.
const perMinute = 10

// outage plays an endpoint that answers 500 from noon on for that long, both
// ends included: every event of that time with the tries it got until the end,
// retried without jitter as the schedule says.
func outage(t *testing.T, name string, long time.Duration) []deliveries.Event {
	t.Helper()
	s := preset(t, name)
	var events []deliveries.Event
	for at := time.Duration(0); at <= long; at += minute / perMinute {
		tries := []deliveries.Try{failed(1, at)}
		for i, offset := range s.Offsets {
			if at+offset <= long {
				tries = append(tries, failed(i+2, at+offset))
			}
		}
		events = append(events, deliveries.EventOf(deliveries.Event{}, tries, s))
	}
	return events
}

// TestAnOutageUnderTheSchedule holds a full recovery under the seed's schedule
// (15m, 1h, 3h, 6h, 12h, 24h) against what was reckoned for constant traffic:
// retries of offset i come in the first offset[i]-offset[i-1] after the end, at
// the normal rate. The wait of 12 h is that of the event whose try after 12 h
// is the last thing to fail.
func TestAnOutageUnderTheSchedule(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		long        time.Duration
		median, max float64 // hours until the next try
		peak        float64
		over2x      int
		lost        float64 // share of its events
	}{
		"2 h":  {2 * hour, 1, 2, 3, 105, 0},
		"12 h": {12 * hour, 1.7, 12, 6, 360, 0},
		"24 h": {24 * hour, 3, 12, 7, 720, 0},
		"30 h": {30 * hour, 3, 12, 7, 720, 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := outage(t, "xendit", tt.long)
			b := deliveries.BacklogOf(slices.Values(events), deliveries.BacklogOptions{Now: noon.Add(tt.long), NormalPerMinute: perMinute})
			if near := math.Abs(b.RecoveryP50.Hours()-tt.median) < 0.05 && math.Abs(b.RecoveryMax.Hours()-tt.max) < 0.05; !near {
				t.Errorf("waits %v in the median, %v at most; want %v h, %v h", b.RecoveryP50, b.RecoveryMax, tt.median, tt.max)
			}
			if b.Wave.Factor != tt.peak || b.Wave.MinutesOver2x != tt.over2x {
				t.Errorf("peak %vx, %d min at 2x or more; want %vx, %d", b.Wave.Factor, b.Wave.MinutesOver2x, tt.peak, tt.over2x)
			}
			if share := float64(b.Lost) / float64(len(events)); math.Abs(share-tt.lost) > 0.001 {
				t.Errorf("%d of %d lost (%.4f), want %v", b.Lost, len(events), share, tt.lost)
			}
			if b.Lost+b.Undelivered != len(events) || b.MissingRetries != 0 {
				t.Errorf("%d lost, %d undelivered, %d missing; want %d in all and none missing", b.Lost, b.Undelivered, b.MissingRetries, len(events))
			}
		})
	}
}

// TestTheForecastComesTrue lets the endpoint recover, plays each event's next
// try at the time that was forecast, and finds nothing left and nothing lost
// beyond what was.
func TestTheForecastComesTrue(t *testing.T) {
	t.Parallel()
	s := preset(t, "xendit")
	before := outage(t, "xendit", 30*hour)
	now := deliveries.BacklogOptions{Now: noon.Add(30 * hour), NormalPerMinute: perMinute}
	forecast := deliveries.BacklogOf(slices.Values(before), now)
	arrived := make([]int, len(forecast.Wave.PerMinute))
	var after []deliveries.Event
	for _, e := range before {
		if !e.NextRetryAt.IsZero() {
			arrived[e.NextRetryAt.Sub(now.Now)/minute]++
			e = deliveries.EventOf(deliveries.Event{}, []deliveries.Try{
				failed(1, e.FirstAttemptAt.Sub(noon)), good(e.Attempts+1, e.NextRetryAt.Sub(noon)),
			}, s)
		}
		after = append(after, e)
	}
	if !slices.Equal(arrived, forecast.Wave.PerMinute) {
		t.Error("the wave came otherwise than forecast")
	}
	now.Now = now.Now.Add(forecast.RecoveryMax)
	if b := deliveries.BacklogOf(slices.Values(after), now); b.Undelivered != 0 || b.Lost != forecast.Lost {
		t.Errorf("%d undelivered and %d lost, want 0 and %d", b.Undelivered, b.Lost, forecast.Lost)
	}
}

// TestAnOutageThatGoesOnLosesWhatWasAtRisk: the counts of a moment are what is
// lost within their horizons, should nothing change.
func TestAnOutageThatGoesOnLosesWhatWasAtRisk(t *testing.T) {
	t.Parallel()
	at := func(long time.Duration) deliveries.Backlog {
		return deliveries.BacklogOf(slices.Values(outage(t, "xendit", long)), deliveries.BacklogOptions{Now: noon.Add(long)})
	}
	b := at(30 * hour)
	for horizon, risk := range map[time.Duration]int{hour: b.AtRisk1h, 6 * hour: b.AtRisk6h, 24 * hour: b.AtRisk24h} {
		if lost := at(30*hour+horizon).Lost - b.Lost; risk != lost || risk == 0 {
			t.Errorf("%d at risk within %v, of which %d were lost", risk, horizon, lost)
		}
	}
	// Of the originals from 6 h and 6 s after noon on: 10 min, both ends included.
	if want := (deliveries.Loss{At: noon.Add(30*hour + 6*time.Second), Events: 10*perMinute + 1}); b.NextLoss != want {
		t.Errorf("next loss %+v, want %+v", b.NextLoss, want)
	}
}

func BenchmarkBacklogOfAMillion(b *testing.B) {
	s, _ := deliveries.Preset("xendit")
	events := make([]deliveries.Event, 1_000_000)
	for i := range events {
		at := time.Duration(i*7919%1_000_000) * 24 * hour / 1_000_000
		events[i] = deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, at)}, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		deliveries.BacklogOf(slices.Values(events), deliveries.BacklogOptions{Now: noon.Add(5 * hour), NormalPerMinute: 100})
	}
}

func BenchmarkEventOf(b *testing.B) {
	s, _ := deliveries.Preset("xendit")
	tries := []deliveries.Try{failed(3, hour), failed(1, 0), failed(2, 15*minute), failedResend(2 * hour)}
	b.ReportAllocs()
	for b.Loop() {
		deliveries.EventOf(deliveries.Event{}, tries, s)
	}
}

package backtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// TestAnswersAreThoseOfTheWindow looks at an hour by quarters: as far back as
// the window touches.
func TestAnswersAreThoseOfTheWindow(t *testing.T) {
	t.Parallel()
	begin := time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)
	rule := rules.DefaultEndpointSlow()
	w := newAnswers(rules.BucketLength, rule.Window)
	minutes := []int{}
	for i := range 180 {
		minutes = append(minutes, i)
	}
	minutes[100], minutes[101] = minutes[101], minutes[100] // one comes late
	for _, i := range append(minutes, 10) {                 // and one far too late
		a := deliveries.Attempt{Endpoint: "ep", Number: 1, StartedAt: begin.Add(time.Duration(i) * time.Minute), Status: 200, Duration: time.Second}
		if i >= 120 {
			a.Duration = 8 * time.Second
		}
		w.took(entryOf(a))
		a.Status, a.Error = 0, "timeout" // no answer
		w.took(entryOf(a))
		a.Number, a.Status = 2, 200 // no first attempt
		w.took(entryOf(a))
	}
	var got []rules.SlowFact
	now := begin.Add(3 * time.Hour)
	w.facts(rule, now, func(f rules.SlowFact) { got = append(got, f) })
	if len(got) != 1 || got[0].Answered != 60 || got[0].Slow != 60 || got[0].P99 < 7990*time.Millisecond || got[0].P99 > 8*time.Second || !got[0].From.Equal(now.Add(-time.Hour)) {
		t.Errorf("got %+v, want 60 slow answers", got)
	}
	if w.held > 5 {
		t.Errorf("%d quarters are held, want at most 5", w.held)
	}
	got = nil
	w.facts(rule, now.Add(50*time.Minute), func(f rules.SlowFact) { got = append(got, f) })
	if len(got) != 0 {
		t.Errorf("got %+v of 15 answers, want no opinion", got)
	}
	w.took(entryOf(deliveries.Attempt{Endpoint: "other", Number: 1, StartedAt: begin.Add(9 * time.Hour), Status: 200, Duration: time.Second}))
	if w.held != 1 || len(w.of) != 1 {
		t.Errorf("%d quarters of %d endpoints are held, want 1 of 1", w.held, len(w.of))
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	w := newAnswers(rules.BucketLength, time.Hour)
	w.held = mostQuarters - 1
	for i := range 3 {
		w.took(entryOf(deliveries.Attempt{
			Endpoint: fmt.Sprint(i), Number: 1, StartedAt: time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC), Status: 200, Duration: time.Second,
		}))
	}
	if w.held != mostQuarters || w.beyond != 2 || len(w.of) != 1 {
		t.Errorf("%d quarters of %d endpoints are held, %d answers beyond; want one more and 2", w.held, len(w.of), w.beyond)
	}
}

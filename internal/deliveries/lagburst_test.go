package deliveries_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func burstEvent(created time.Time, lag time.Duration) deliveries.Times {
	return deliveries.Times{OccurredAt: created.Add(-lag), CreatedAt: created}
}

func TestBurstIsTwentyOldEventsWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	const old = 6*time.Hour + 1
	evenly := func(n int, over time.Duration) []time.Duration {
		var at []time.Duration
		for i := range n {
			at = append(at, over*time.Duration(i)/time.Duration(n-1))
		}
		return at
	}
	for name, tt := range map[string]struct {
		at   []time.Duration // of the old ones
		lag  time.Duration   // theirs
		last deliveries.Times
		want bool
	}{
		"nineteen and one more":              {evenly(19, time.Minute), old, burstEvent(lagNoon.Add(time.Minute), old), true},
		"eighteen and one more":              {evenly(18, time.Minute), old, burstEvent(lagNoon.Add(time.Minute), old), false},
		"a younger one among them":           {evenly(20, time.Minute), old, burstEvent(lagNoon, time.Hour), true},
		"one of exactly 5 min":               {evenly(20, time.Minute), old, burstEvent(lagNoon, 5*time.Minute), false},
		"one of just over 5 min":             {evenly(20, time.Minute), old, burstEvent(lagNoon, 5*time.Minute+1), true},
		"within exactly 5 min":               {evenly(20, time.Minute), old, burstEvent(lagNoon.Add(5*time.Minute), time.Hour), true},
		"just outside 5 min":                 {evenly(20, time.Minute), old, burstEvent(lagNoon.Add(5*time.Minute+1), time.Hour), false},
		"just outside 5 min before":          {evenly(20, time.Minute), old, burstEvent(lagNoon.Add(-4*time.Minute-1), time.Hour), false},
		"twenty in exactly 5 min":            {evenly(19, 0), old, burstEvent(lagNoon.Add(5*time.Minute), old), true},
		"twenty in just over 5 min":          {evenly(19, 0), old, burstEvent(lagNoon.Add(5*time.Minute+1), old), false},
		"twenty of exactly 6 h":              {evenly(20, time.Minute), 6 * time.Hour, burstEvent(lagNoon, 6*time.Hour), false},
		"when it happened is missing":        {evenly(20, time.Minute), old, deliveries.Times{CreatedAt: lagNoon}, false},
		"an old one outside does not belong": {evenly(20, time.Minute), old, burstEvent(lagNoon.Add(time.Hour), 20*time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b deliveries.Burst
			for _, at := range tt.at {
				b.Took("ID_BCA", burstEvent(lagNoon.Add(at), tt.lag))
			}
			if got := b.Took("ID_BCA", tt.last); got != tt.want {
				t.Errorf("part of a burst: %t, want %t", got, tt.want)
			}
			if b.Took("ID_BNI", burstEvent(lagNoon, time.Hour)) {
				t.Error("another channel has one too")
			}
		})
	}
}

func TestBurstHasRoomForTwoHundredChannels(t *testing.T) {
	t.Parallel()
	var b deliveries.Burst
	run := func(channel string, created time.Time) {
		for range 20 {
			b.Took(channel, burstEvent(created, 7*time.Hour))
		}
	}
	for i := range 200 {
		run(fmt.Sprint("c", i), lagNoon.Add(time.Duration(i)*time.Second))
	}
	if !b.Took("c0", burstEvent(lagNoon, time.Hour)) {
		t.Error("the first of 200 channels is forgotten")
	}
	run("new", lagNoon.Add(time.Hour))
	if b.Took("c0", burstEvent(lagNoon, time.Hour)) {
		t.Error("the oldest channel made no room")
	}
	for _, i := range []int{1, 199} {
		if !b.Took(fmt.Sprint("c", i), burstEvent(lagNoon.Add(time.Duration(i)*time.Second), time.Hour)) {
			t.Errorf("channel %d is forgotten", i)
		}
	}
}

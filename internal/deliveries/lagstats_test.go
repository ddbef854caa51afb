package deliveries_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func lagEvent(channel string, created time.Time, lag time.Duration) deliveries.LagEvent {
	t := deliveries.Times{OccurredAt: created.Add(-lag), CreatedAt: created}
	return deliveries.LagEvent{Channel: channel, Times: t, Classes: deliveries.DefaultLagLimits().Classify(t, 0)}
}

func TestLagStatsCountByChannelAndWindow(t *testing.T) {
	t.Parallel()
	s := deliveries.NewLagStats(0)
	now := lagNoon.Add(10 * time.Minute)
	for at, lag := range map[time.Duration]time.Duration{
		0: time.Hour, -time.Minute: time.Second, -15 * time.Minute: time.Hour, -16 * time.Minute: time.Hour, -5 * time.Hour: 7 * time.Hour,
	} {
		if !s.Add(now, lagEvent("ID_BCA", lagNoon.Add(at), lag)) {
			t.Fatalf("an event of %s is not counted", at)
		}
	}
	s.Add(now, deliveries.LagEvent{Channel: "ID_BNI", Times: deliveries.Times{FirstAttemptAt: lagNoon}, Classes: []deliveries.LagClass{deliveries.LagUnknown}})

	got := s.Count("ID_BCA", now, 15*time.Minute)
	if got.Events != 3 || got.Source != 3 || got.Queue != 0 || got.Classes[deliveries.LagChannel] != 2 {
		t.Errorf("in 15 min %+v, want 3 events, 2 of them channel_late", got)
	}
	if share, ok := got.Share(deliveries.LagChannel); !ok || share != 2.0/3 {
		t.Errorf("share %g %t, want 2/3", share, ok)
	}
	if share, ok := got.Share(deliveries.LagDispatcher); ok {
		t.Errorf("with no queue lag known there is a share of it: %g", share)
	}
	if got := s.Count("ID_BCA", now, 0); got.Events != 1 {
		t.Errorf("in the running quarter %d events, want 1", got.Events)
	}
	if got := s.CountAll(now, 7*24*time.Hour); got.Events != 6 || got.Classes[deliveries.LagReconciled] != 1 {
		t.Errorf("in all %+v, want 6 events, one found in reconciliation", got)
	}
	if got := s.Count("nobody", now, time.Hour); got.Events != 0 {
		t.Errorf("an unknown channel has %d events", got.Events)
	}
	if got, want := s.Channels(), []string{"ID_BCA", "ID_BNI"}; !slices.Equal(got, want) {
		t.Errorf("channels %q, want %q", got, want)
	}
}

func TestLagStatsShareHasItsOwnDenominator(t *testing.T) {
	t.Parallel()
	c := deliveries.LagCounts{Events: 100, Source: 50, Queue: 20, Delivery: 10, Classes: map[deliveries.LagClass]int{
		deliveries.LagChannel: 5, deliveries.LagReconciled: 5, deliveries.LagNearExpiry: 5, deliveries.LagDispatcher: 5,
		deliveries.LagEndpoint: 5, deliveries.LagUnknown: 5, deliveries.LagNone: 5,
	}}
	for class, want := range map[deliveries.LagClass]float64{
		deliveries.LagChannel: 0.1, deliveries.LagReconciled: 0.1, deliveries.LagNearExpiry: 0.1, deliveries.LagDispatcher: 0.25,
		deliveries.LagEndpoint: 0.5, deliveries.LagUnknown: 0.05, deliveries.LagNone: 0.05,
	} {
		if got, ok := c.Share(class); !ok || got != want {
			t.Errorf("share of %s is %g %t, want %g", class, got, ok, want)
		}
	}
}

func TestLagStatsTakeOnlyWhatLiesInTheirWeek(t *testing.T) {
	t.Parallel()
	const quarter = 15 * time.Minute
	now := lagNoon.Add(7 * time.Minute)
	for name, tt := range map[string]struct {
		created time.Time
		want    bool
	}{
		"15 min ahead":              {now.Add(quarter), true},
		"just over 15 min ahead":    {now.Add(quarter + 1), false},
		"the first of 672 quarters": {lagNoon.Add(-671 * quarter), true},
		"just before it":            {lagNoon.Add(-671*quarter - 1), false},
		"no time at all":            {time.Time{}, false},
		"the year 2199":             {time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deliveries.NewLagStats(0)
			e := lagEvent("c", tt.created, 0)
			if tt.created.IsZero() {
				e.Times = deliveries.Times{OccurredAt: now, DeliveredAt: now}
			}
			if got := s.Add(now, e); got != tt.want {
				t.Errorf("counted %t, want %t", got, tt.want)
			}
			if got := s.CountAll(now, 7*24*time.Hour).Events; (got == 1) != tt.want {
				t.Errorf("%d events", got)
			}
		})
	}
}

func TestLagStatsForgetAWeekLater(t *testing.T) {
	t.Parallel()
	s := deliveries.NewLagStats(0)
	week := 7 * 24 * time.Hour
	for range 200 {
		s.Add(lagNoon, lagEvent("c", lagNoon, time.Hour))
	}
	for name, tt := range map[string]struct {
		now  time.Time
		want int
		p99  bool
	}{
		"at once":            {lagNoon, 200, true},
		"in its last moment": {lagNoon.Add(week - 1), 200, true},
		"a week later":       {lagNoon.Add(week), 0, false},
	} {
		if got := s.Count("c", tt.now, week).Events; got != tt.want {
			t.Errorf("%s: %d events, want %d", name, got, tt.want)
		}
		if _, ok := s.P99("c", tt.now); ok != tt.p99 {
			t.Errorf("%s: p99 known %t, want %t", name, ok, tt.p99)
		}
	}
	between, later := lagNoon.Add(week/2), lagNoon.Add(week)
	s.Add(between, lagEvent("c", between, 0)) // keeps the channel in use
	s.Add(later, lagEvent("c", later, 0))     // the same place of both rings as the first
	if got := s.Count("c", later, 0).Events; got != 1 {
		t.Errorf("in a used place %d events, want 1", got)
	}
	if lag, ok := s.P99("c", later); ok {
		t.Errorf("p99 is %s of two lags", lag)
	}
}

func TestLagStatsLearnTheUsualLag(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lags        map[time.Duration]int
		least, most time.Duration // 0: not known
	}{
		"99 lags are too few":             {map[time.Duration]int{time.Minute: 99}, 0, 0},
		"100 lags":                        {map[time.Duration]int{time.Minute: 100}, time.Minute, 72 * time.Second},
		"one of 100 is late":              {map[time.Duration]int{time.Minute: 99, time.Hour: 1}, time.Minute, 72 * time.Second},
		"two of 100 are late":             {map[time.Duration]int{time.Minute: 98, time.Hour: 2}, time.Hour, 72 * time.Minute},
		"one of 150 is late":              {map[time.Duration]int{time.Minute: 149, time.Hour: 1}, time.Minute, 72 * time.Second},
		"two of 150 are late":             {map[time.Duration]int{time.Minute: 148, time.Hour: 2}, time.Hour, 72 * time.Minute},
		"none is worth mention":           {map[time.Duration]int{0: 500}, 10 * time.Second, 10 * time.Second},
		"exactly 10 s":                    {map[time.Duration]int{10 * time.Second: 500}, 10 * time.Second, 10 * time.Second},
		"a year":                          {map[time.Duration]int{365 * 24 * time.Hour: 100}, 7 * 24 * time.Hour, 8 * 24 * time.Hour},
		"clocks that disagree are no lag": {map[time.Duration]int{-time.Hour: 100}, 10 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deliveries.NewLagStats(0)
			for lag, n := range tt.lags {
				for i := range n {
					created := lagNoon.Add(-time.Duration(i) * time.Hour) // over four days: parts merge
					s.Add(lagNoon, lagEvent("c", created, lag))
				}
			}
			got, ok := s.P99("c", lagNoon)
			if ok != (tt.most > 0) || got < tt.least || got > tt.most {
				t.Errorf("p99 is %s %t, want %s to %s", got, ok, tt.least, tt.most)
			}
		})
	}
}

func TestLagStatsCountSkewedClocks(t *testing.T) {
	t.Parallel()
	s := deliveries.NewLagStats(0)
	s.Add(lagNoon, lagEvent("c", lagNoon, -time.Second))
	s.Add(lagNoon, lagEvent("c", lagNoon, time.Second))
	if got := s.Count("c", lagNoon, 0); got.Skewed != 1 || got.Source != 2 {
		t.Errorf("got %+v, want 1 of 2 skewed", got)
	}
}

func TestLagStatsHaveRoomForSoManyChannels(t *testing.T) {
	t.Parallel()
	s := deliveries.NewLagStats(2)
	for _, name := range []string{"a", "b", "c", "d", "a"} {
		s.Add(lagNoon, lagEvent(name, lagNoon, time.Hour))
	}
	if got, want := s.Channels(), []string{"a", "b", deliveries.OtherChannel}; !slices.Equal(got, want) {
		t.Fatalf("channels %q, want %q", got, want)
	}
	for name, want := range map[string]int{"a": 2, "b": 1, deliveries.OtherChannel: 2, "c": 0} {
		if got := s.Count(name, lagNoon, 0).Events; got != want {
			t.Errorf("%q has %d events, want %d", name, got, want)
		}
	}
	later := lagNoon.Add(6 * 24 * time.Hour)
	s.Add(later, lagEvent("b", later, 0))
	week := lagNoon.Add(7 * 24 * time.Hour)
	s.Add(week, lagEvent("c", week, 0))
	if got, want := s.Channels(), []string{"b", "c"}; !slices.Equal(got, want) {
		t.Errorf("a week later %q, want %q: a and other are out of use", got, want)
	}
}

func TestLagStatsTakeBackWhatTheyCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s, want := deliveries.NewLagStats(3), deliveries.NewLagStats(3)
		for _, name := range []string{"a", "b", "c", "d"} { // a place for each, whatever comes
			for _, stats := range []*deliveries.LagStats{s, want} {
				stats.Add(lagNoon, lagEvent(name, lagNoon, 0))
			}
		}
		events := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) deliveries.LagEvent {
			created := lagNoon.Add(-time.Duration(rapid.IntRange(-20, 8*24*60).Draw(rt, "minutes")) * time.Minute)
			return lagEvent(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(rt, "channel"), created,
				time.Duration(rapid.IntRange(-10, 1000).Draw(rt, "lag"))*time.Minute)
		}), 1, 200).Draw(rt, "events")
		for i, e := range events {
			s.Add(lagNoon, e)
			if i%2 == 0 {
				s.Remove(lagNoon, e)
				continue
			}
			want.Add(lagNoon, e)
		}
		for _, name := range want.Channels() {
			got, wanted := s.Count(name, lagNoon, 7*24*time.Hour), want.Count(name, lagNoon, 7*24*time.Hour)
			if got.Events != wanted.Events || got.Source != wanted.Source || got.Skewed != wanted.Skewed || !maps.Equal(got.Classes, wanted.Classes) {
				rt.Fatalf("%s: got %+v, want %+v", name, got, wanted)
			}
			p, ok := s.P99(name, lagNoon)
			if q, wanted := want.P99(name, lagNoon); p != q || ok != wanted {
				rt.Fatalf("%s: p99 %s, want %s", name, p, q)
			}
		}
		s.Remove(lagNoon, deliveries.LagEvent{Channel: "a", Times: deliveries.Times{CreatedAt: lagNoon.Add(-time.Hour)}})
		if got := s.Count("a", lagNoon, 7*24*time.Hour).Events; got < 0 {
			rt.Fatalf("%d events", got)
		}
	})
}

// BenchmarkLagStats gives the memory that 201 channels take, and the time of
// one event.
func BenchmarkLagStats(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := deliveries.NewLagStats(0)
	for i := range 300 {
		s.Add(lagNoon, lagEvent(fmt.Sprint(i), lagNoon, time.Hour))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	e := lagEvent("7", lagNoon, time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		s.Add(lagNoon, e)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
}

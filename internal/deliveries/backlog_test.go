package deliveries_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// waiting is a retrying event under the schedule "xendit" whose original
// attempt was that long before noon, its last known try k being on time.
func waiting(t *testing.T, age time.Duration, k int) deliveries.Event {
	t.Helper()
	s := preset(t, "xendit")
	tries := []deliveries.Try{failed(1, -age)}
	if k > 1 {
		tries = append(tries, failed(k, s.Offsets[k-2]-age))
	}
	return deliveries.EventOf(deliveries.Event{}, tries, s)
}

func backlog(o deliveries.BacklogOptions, events ...deliveries.Event) deliveries.Backlog {
	o.Now = noon
	return deliveries.BacklogOf(slices.Values(events), o)
}

// TestADigestsSentence: "18 events get their last automatic try at 03:10",
// with everything else that is told of them.
func TestADigestsSentence(t *testing.T) {
	t.Parallel()
	var events []deliveries.Event
	for i := range 18 { // last tries from 03:10:00 to 03:20:00, 15 h 10 min from noon on
		events = append(events, waiting(t, 8*hour+50*minute-10*minute*time.Duration(i)/17, 5))
	}
	events = append(events,
		waiting(t, 8*hour+40*minute-1, 5), // 03:20 and a nanosecond
		waiting(t, 0, 1),                  // next day
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, -30*hour), failed(7, -6*hour)}, preset(t, "xendit")), // lost
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(6, -16*hour)}, preset(t, "xendit")),                     // silent since: lost
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(7, -6*hour), resent("ana", -hour)}, preset(t, "xendit")),
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{withFault(failed(1, -hour), "canceled")}, preset(t, "xendit")),
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(3, -24*hour)}, preset(t, "unknown")),
		deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failedResend(-minute)}, preset(t, "xendit")), // pending
	)
	slices.Reverse(events)
	got := backlog(deliveries.BacklogOptions{NormalPerMinute: 2}, events...)
	got.Wave = deliveries.Wave{} // has tests of its own
	want := deliveries.Backlog{
		Undelivered: 22, Oldest: noon.Add(-24 * hour), NextRetryAt: noon.Add(15 * minute), MissingRetries: 1,
		AtRisk24h: 20, NextLoss: deliveries.Loss{At: noon.Add(15*hour + 10*minute), Events: 18}, Lost: 2, DigestsLeft: 2,
		// Of 20 waits the tenth: after that of 15 min the ninth of 18.
		RecoveryP50: 3*hour + 10*minute + 10*minute*8/17, RecoveryMax: 3*hour + 20*minute + 1, OverAnHour: 19,
		WorkerSeconds: (19*2 + 6) * 30,
	}
	if d := got.RecoveryP50 - want.RecoveryP50; d.Abs() < time.Microsecond {
		got.RecoveryP50 = want.RecoveryP50 // 10 min by 17 is cut
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAnEmptyBacklog(t *testing.T) {
	t.Parallel()
	got := backlog(deliveries.BacklogOptions{NormalPerMinute: 3})
	want := deliveries.Backlog{Wave: deliveries.Wave{Start: noon, Factor: 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestHorizons: exactly at a horizon is within it.
func TestHorizons(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		left         time.Duration // until the last try
		h1, h6, h24  int
		digests      int
		lost, missed int
	}{
		"within the tolerance":      {-144 * minute, 1, 1, 1, 0, 0, 0},
		"beyond the tolerance":      {-144*minute - 1, 0, 0, 0, 0, 1, 1},
		"an hour":                   {hour, 1, 1, 1, 0, 0, 0},
		"just over an hour":         {hour + 1, 0, 1, 1, 0, 0, 0},
		"six hours":                 {6 * hour, 0, 1, 1, 1, 0, 0},
		"just under six hours":      {6*hour - 1, 0, 1, 1, 0, 0, 0},
		"just over six hours":       {6*hour + 1, 0, 0, 1, 1, 0, 0},
		"the last but one was just": {12 * hour, 0, 0, 1, 2, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := backlog(deliveries.BacklogOptions{}, waiting(t, 24*hour-tt.left, 6))
			got := []int{b.AtRisk1h, b.AtRisk6h, b.AtRisk24h, b.DigestsLeft, b.Lost, b.MissingRetries}
			if want := []int{tt.h1, tt.h6, tt.h24, tt.digests, tt.lost, tt.missed}; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestAnHourIsNotOverAnHour(t *testing.T) {
	t.Parallel()
	for until, want := range map[time.Duration]int{hour: 0, hour + 1: 1} {
		if got := backlog(deliveries.BacklogOptions{}, waiting(t, 3*hour-until, 3)).OverAnHour; got != want {
			t.Errorf("%v: got %d, want %d", until, got, want)
		}
	}
}

// TestNoDigestIsLeftOnceALossIsOverdue, however often digests come.
func TestNoDigestIsLeftOnceALossIsOverdue(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{-2 * hour: 0, 0: 0, hour: 1, 2*hour - 1: 1} {
		b := backlog(deliveries.BacklogOptions{DigestEvery: hour}, waiting(t, 24*hour-left, 6))
		if b.DigestsLeft != want || b.NextLoss.Events != 1 {
			t.Errorf("%v left: %d digests, next loss %+v; want %d and one event", left, b.DigestsLeft, b.NextLoss, want)
		}
	}
}

func TestWorkerSecondsOfALateChain(t *testing.T) {
	t.Parallel()
	s := preset(t, "xendit")
	late := deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, -6*hour), failed(3, 0)}, s) // due at -5 h
	open := deliveries.Schedule{Name: "learned", Offsets: offsets(t, "15m", "1h", "3h"), Open: true}
	learnt := deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, 0)}, open)
	o := deliveries.BacklogOptions{Deadline: 10 * time.Second, Schedule: func(e deliveries.Event) deliveries.Schedule {
		if e.Schedule == "learned" {
			return open
		}
		return s
	}}
	if got := backlog(o, late).WorkerSeconds; got != 40 {
		t.Errorf("late: got %v s, want 40: retries 3 to 6", got)
	}
	if got := backlog(o, learnt).WorkerSeconds; got != 30 {
		t.Errorf("open: got %v s, want 30: all three", got)
	}
	if got := backlog(deliveries.BacklogOptions{}, learnt).WorkerSeconds; got != 30 {
		t.Errorf("schedule not at hand: got %v s, want 30: the next one", got)
	}
}

// TestMergedCountersCountAlike: events split among counters at will, and
// merged, make the backlog of all, whatever the order.
func TestMergedCountersCountAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := deliveries.BacklogOptions{Now: noon.Add(30 * hour), NormalPerMinute: 0.5}
		var events []deliveries.Event
		parts := []*deliveries.BacklogCounter{deliveries.NewBacklogCounter(o), deliveries.NewBacklogCounter(o), deliveries.NewBacklogCounter(o)}
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			s := anySchedule().Draw(t, "s")
			e := deliveries.EventOf(deliveries.Event{}, anyTries().Draw(t, "tries"), s)
			events = append(events, e)
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(e)
		}
		total := deliveries.NewBacklogCounter(o)
		for _, p := range parts {
			p.Backlog() // looking changes nothing
			total.Merge(p)
		}
		want := deliveries.BacklogOf(slices.Values(rapid.Permutation(events).Draw(t, "order")), o)
		if got := total.Backlog(); !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		if want.AtRisk1h > want.AtRisk6h || want.AtRisk6h > want.AtRisk24h || want.AtRisk24h > want.Undelivered ||
			want.NextLoss.Events > want.Undelivered || want.RecoveryP50 > want.RecoveryMax {
			t.Fatalf("contradicts itself: %+v", want)
		}
	})
}

func TestAWave(t *testing.T) {
	t.Parallel()
	in := func(waits ...time.Duration) []deliveries.Event { // retries due that long from noon
		var events []deliveries.Event
		for _, w := range waits {
			events = append(events, deliveries.Event{State: deliveries.EventRetrying, FirstAttemptAt: noon.Add(-hour), NextRetryAt: noon.Add(w)})
		}
		return events
	}
	longest := make([]int, 1500)
	longest[1499] = 1
	for name, tt := range map[string]struct {
		events []deliveries.Event
		normal float64
		want   deliveries.Wave
	}{
		"overdue ones come first": {in(-hour, 0, minute-1), 3, deliveries.Wave{PerMinute: []int{3}, Peak: 3, PeakAt: noon, Factor: 2, MinutesOver2x: 1}},
		"just under twice":        {in(0, 0, 0), 4, deliveries.Wave{PerMinute: []int{3}, Peak: 3, PeakAt: noon, Factor: 1.75}},
		"the first of two peaks": {in(minute, 3*minute, 3*minute, 2*minute, 2*minute), 1,
			deliveries.Wave{PerMinute: []int{0, 1, 2, 2}, Peak: 2, PeakAt: noon.Add(2 * minute), Factor: 3, MinutesOver2x: 3}},
		"the normal load is not known": {in(0), 0, deliveries.Wave{PerMinute: []int{1}, Peak: 1, PeakAt: noon}},
		"the normal load is no number": {in(0), math.NaN(), deliveries.Wave{PerMinute: []int{1}, Peak: 1, PeakAt: noon}},
		"the normal load is endless":   {in(0), math.Inf(1), deliveries.Wave{PerMinute: []int{1}, Peak: 1, PeakAt: noon}},
		"25 h, and what is later": {in(25*hour-1, 25*hour, 700*hour), 1,
			deliveries.Wave{PerMinute: longest, Later: 2, Peak: 1, PeakAt: noon.Add(1499 * minute), Factor: 2, MinutesOver2x: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.want.Start = noon
			got := backlog(deliveries.BacklogOptions{NormalPerMinute: tt.normal}, tt.events...).Wave
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

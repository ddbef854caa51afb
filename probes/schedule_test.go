package probes_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// turns runs a schedule in a bubble for a while and records every tick.
type turns struct {
	mu    sync.Mutex
	ticks map[string][]probes.Tick
	begun map[string][]time.Time
}

func (r *turns) note(t probes.Tick) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ticks == nil {
		r.ticks, r.begun = map[string][]probes.Tick{}, map[string][]time.Time{}
	}
	r.ticks[t.ID] = append(r.ticks[t.ID], t)
	r.begun[t.ID] = append(r.begun[t.ID], time.Now())
}

// play runs s for span with look and waits until it has stopped.
func play(t *testing.T, s *probes.Schedule, span time.Duration, look func(context.Context, probes.Tick) time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	if err := s.Run(ctx, look); err == nil {
		t.Fatal("Run returned nil; want the context's error")
	}
}

func slots(n int, interval time.Duration) []probes.Slot {
	list := make([]probes.Slot, n)
	for i := range list {
		list[i] = probes.Slot{ID: fmt.Sprintf("endpoint-%04d", i), Interval: interval}
	}
	return list
}

func TestScheduleLooksAtEachSlotOnceAnIntervalEvenlySpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := probes.NewSchedule(1000), &turns{}
		s.Set(slots(600, time.Minute))
		begin := time.Now()
		play(t, s, 10*time.Minute-time.Nanosecond, func(_ context.Context, tick probes.Tick) time.Duration {
			seen.note(tick)
			return 0
		})
		perSecond := make([]int, 60)
		for id, at := range seen.begun {
			if len(at) != 10 {
				t.Fatalf("%s had %d turns in 10 minutes, want 10", id, len(at))
			}
			for i := 1; i < len(at); i++ {
				if gap := at[i].Sub(at[i-1]); gap != time.Minute {
					t.Fatalf("%s: turns %s apart, want 1m", id, gap)
				}
			}
			perSecond[int(at[0].Sub(begin)/time.Second)]++
		}
		for second, n := range perSecond {
			if n == 0 || n > 30 {
				t.Errorf("second %d has %d first turns of 600; want them spread evenly (about 10)", second, n)
			}
		}
	})
}

func TestScheduleKeepsItsPhaseOverARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &turns{}, &turns{}
		for _, seen := range []*turns{first, second} {
			s := probes.NewSchedule(1000)
			s.Set(slots(20, time.Minute))
			play(t, s, 3*time.Minute+7*time.Second, func(_ context.Context, tick probes.Tick) time.Duration {
				seen.note(tick)
				return 0
			})
		}
		for id := range first.begun {
			a, b := first.begun[id][0], second.begun[id][0]
			if gap := b.Sub(a) % time.Minute; gap != 0 {
				t.Errorf("%s: the phase moved by %s over a restart", id, gap)
			}
		}
	})
}

func TestScheduleChangeTouchesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := probes.NewSchedule(1000), &turns{}
		s.Set([]probes.Slot{{ID: "stays", Interval: time.Minute}, {ID: "goes", Interval: time.Minute}, {ID: "faster", Interval: time.Hour}})
		var wg sync.WaitGroup
		wg.Go(func() {
			play(t, s, 20*time.Minute, func(_ context.Context, tick probes.Tick) time.Duration {
				seen.note(tick)
				return 0
			})
		})
		time.Sleep(10*time.Minute + time.Second)
		s.Set([]probes.Slot{{ID: "stays", Interval: time.Minute}, {ID: "faster", Interval: 30 * time.Second}, {ID: "new", Interval: time.Minute, First: time.Second}})
		changed := time.Now()
		wg.Wait()
		if n := len(seen.begun["stays"]); n != 20 {
			t.Errorf("stays had %d turns in 20 minutes, want 20", n)
		}
		if n := len(seen.begun["goes"]); n < 9 || n > 11 {
			t.Errorf("goes had %d turns, want about 10 and none after its removal", n)
		}
		if n := len(seen.begun["faster"]); n < 19 {
			t.Errorf("faster had %d turns, want about 20 after its interval changed", n)
		}
		if at := seen.begun["new"]; len(at) < 9 || at[0].Sub(changed) > time.Second {
			t.Errorf("new began at %v, want its first turn within 1s of %v", at, changed)
		}
	})
}

func TestScheduleASlowLookDelaysOnlyItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := probes.NewSchedule(1000), &turns{}
		s.Set([]probes.Slot{{ID: "hangs", Interval: 10 * time.Second}, {ID: "well", Interval: 10 * time.Second}})
		play(t, s, 10*time.Minute, func(_ context.Context, tick probes.Tick) time.Duration {
			seen.note(tick)
			if tick.ID == "hangs" {
				time.Sleep(35 * time.Second)
			}
			return 0
		})
		if n := len(seen.begun["well"]); n != 60 {
			t.Errorf("the healthy slot had %d turns, want 60", n)
		}
		hangs := seen.ticks["hangs"]
		if n := len(hangs); n != 15 {
			t.Errorf("the hanging slot had %d turns, want 15: never two at a time", n)
		}
		if hangs[1].Skipped != 3 {
			t.Errorf("skipped %d turns while it hung for 35s, want 3", hangs[1].Skipped)
		}
	})
}

func TestScheduleObeysWhatALookAsksFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := probes.NewSchedule(1000), &turns{}
		s.Set([]probes.Slot{{ID: "x", Interval: time.Minute}})
		play(t, s, 5*time.Minute, func(_ context.Context, tick probes.Tick) time.Duration {
			seen.note(tick)
			if len(seen.ticks["x"]) <= 2 {
				return 10 * time.Second
			}
			return 0
		})
		at := seen.begun["x"]
		if a, b := at[1].Sub(at[0]), at[2].Sub(at[1]); a != 10*time.Second || b != 10*time.Second {
			t.Errorf("confirming looks came after %s and %s, want 10s and 10s", a, b)
		}
		if gap := at[4].Sub(at[3]); gap != time.Minute {
			t.Errorf("afterwards %s apart, want the regular 1m", gap)
		}
		if got := at[3].Sub(at[0]) % time.Minute; got != 0 {
			t.Errorf("the regular turn is %s off its phase", got)
		}
	})
}

func TestScheduleNowAndRemovalWhileALookRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := probes.NewSchedule(1000), &turns{}
		s.Set([]probes.Slot{{ID: "x", Interval: time.Hour, First: time.Second}, {ID: "y", Interval: time.Hour, First: time.Second}})
		var wg sync.WaitGroup
		wg.Go(func() {
			play(t, s, 10*time.Minute, func(_ context.Context, tick probes.Tick) time.Duration {
				seen.note(tick)
				time.Sleep(30 * time.Second)
				return 0
			})
		})
		time.Sleep(10 * time.Second)
		if got := s.Running(); got != 2 {
			t.Errorf("%d running, want 2", got)
		}
		if !s.Now("x") || s.Now("nobody") {
			t.Error("Now: want true for x and false for a stranger")
		}
		s.Set([]probes.Slot{{ID: "x", Interval: time.Hour}})
		wg.Wait()
		if n := len(seen.begun["x"]); n != 2 {
			t.Errorf("x had %d turns, want 2: its own and the one asked for", n)
		}
		if n := len(seen.begun["y"]); n != 1 {
			t.Errorf("y had %d turns, want 1: it was removed while it ran", n)
		}
	})
}

func TestScheduleSurvivesAPanicInALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := probes.NewSchedule(1000), 0
		s.Set([]probes.Slot{{ID: "x", Interval: time.Minute}})
		play(t, s, 5*time.Minute, func(context.Context, probes.Tick) time.Duration {
			defer func() { _ = recover() }()
			n++
			panic("a bug")
		})
		if n != 5 {
			t.Errorf("%d turns, want 5", n)
		}
	})
}

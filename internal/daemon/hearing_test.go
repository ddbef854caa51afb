package daemon

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
)

func TestABreakIsNoticed(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		clock, ran time.Duration // between two looks
		want       bool
		absent     bool
	}{
		"a second":                       {time.Second, time.Second, false, false},
		"a busy machine":                 {4 * time.Second, 4 * time.Second, false, false},
		"stood still for 20 s":           {20 * time.Second, 20 * time.Second, true, false},
		"stood still for ten minutes":    {10 * time.Minute, 10 * time.Minute, true, true},
		"a machine that slept an hour":   {time.Hour, time.Second, true, true},
		"the clock was set back an hour": {-time.Hour, time.Second, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h hearing
			h.began(time.Time{}, begin)
			if _, broken := h.tick(begin.Add(time.Second), time.Second); broken {
				t.Error("the first look is after a break")
			}
			now := begin.Add(time.Second + tt.clock)
			if before, got := h.tick(now, time.Second+tt.ran); got != tt.want || !before.Equal(begin.Add(time.Second)) {
				t.Errorf("a break: %t, want %t", got, tt.want)
			}
			want := begin
			if tt.absent {
				want = now
			} else if tt.clock < 0 {
				want = begin.Add(tt.clock - tt.ran) // by the clock of now
			}
			if !h.listening().Equal(want) {
				t.Errorf("listening since %s, want %s", h.listening(), want)
			}
			if _, _, got := h.absent(now); got != tt.absent || h.settling(now) != tt.absent {
				t.Errorf("absent: %t, settling: %t; want both %t", got, h.settling(now), tt.absent)
			}
			if _, _, got := h.absent(now.Add(catchUp)); got || h.settling(now.Add(settleIn)) {
				t.Error("it never ends")
			}
		})
	}
}

// Breaks that are no absence neither renew the excuse of one nor make one.
func TestAnAbsenceEnds(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, every := range map[string]time.Duration{"a stall each nine minutes": 9 * time.Minute, "a stall each 100 s": 100 * time.Second} {
		var h hearing
		h.began(begin.Add(-absentLeast), begin)
		for ran := time.Second; ran < 5*time.Hour; ran += time.Second {
			if ran%every < 6*time.Second && ran > every {
				continue // nobody looks
			}
			now := begin.Add(ran)
			h.tick(now, ran)
			if _, _, absent := h.absent(now); absent != (ran < catchUp) || h.settling(now) != (ran < settleIn) {
				t.Fatalf("%s: %s after it, absent: %t, settling: %t", name, ran, absent, h.settling(now))
			}
		}
	}
}

func TestAbsencesThatFollowEachOther(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	const minute = time.Minute
	for name, tt := range map[string]struct {
		breaks []time.Duration // from, to, from, to, ...
		want   []time.Duration // from, to and until of the last; none: it is not excused
	}{
		"one":                              {[]time.Duration{-60 * minute, 0}, []time.Duration{-60 * minute, 0, 10 * minute}},
		"a short one after it":             {[]time.Duration{-60 * minute, 0, minute, 2 * minute}, []time.Duration{-60 * minute, 0, 10 * minute}},
		"a second joins it":                {[]time.Duration{-60 * minute, 0, minute, 4 * minute}, []time.Duration{-60 * minute, 4 * minute, 14 * minute}},
		"a second after it":                {[]time.Duration{-60 * minute, 0, 10 * minute, 13 * minute}, []time.Duration{10 * minute, 13 * minute, 23 * minute}},
		"they end an hour after the first": {[]time.Duration{-2 * minute, 0, 9 * minute, 20 * minute, 29 * minute, 40 * minute, 49 * minute, 55 * minute}, []time.Duration{-2 * minute, 55 * minute, 60 * minute}},
		"one beyond that is not excused":   {[]time.Duration{-2 * minute, 0, 9 * minute, 20 * minute, 29 * minute, 40 * minute, 49 * minute, 55 * minute, 61 * minute, 64 * minute}, nil},
		"a long one that runs over it":     {[]time.Duration{-2 * minute, 0, 5 * minute, 180 * minute}, []time.Duration{-2 * minute, 180 * minute, 190 * minute}},
		"and none after that":              {[]time.Duration{-2 * minute, 0, 5 * minute, 180 * minute, 185 * minute, 200 * minute}, nil},
		"until there was a time without":   {[]time.Duration{-2 * minute, 0, 5 * minute, 180 * minute, 185 * minute, 200 * minute, 210 * minute, 215 * minute}, []time.Duration{210 * minute, 215 * minute, 225 * minute}},
	} {
		var a store.Absence
		now := begin
		for i := 0; i < len(tt.breaks); i += 2 {
			now = begin.Add(tt.breaks[i+1])
			a = joined(a, begin.Add(tt.breaks[i]), now)
		}
		switch {
		case tt.want == nil && now.Before(a.Until):
			t.Errorf("%s: excused until %s", name, a.Until.Sub(begin))
		case tt.want != nil && (!a.From.Equal(begin.Add(tt.want[0])) || !a.To.Equal(begin.Add(tt.want[1])) || !a.Until.Equal(begin.Add(tt.want[2]))):
			t.Errorf("%s: from %s to %s, excused until %s; want %s", name, a.From.Sub(begin), a.To.Sub(begin), a.Until.Sub(begin), tt.want)
		}
	}
}

// Whatever breaks there are, restarts and clocks that are set among them, of the
// time in which we listen no more is excused in a row than is documented: an
// hour and ten minutes, until ten minutes went by without an absence.
func TestAnExcuseIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h hearing
		now, ran := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), time.Duration(0)
		h.began(time.Time{}, now)
		h.tick(now, ran)
		excused, without := time.Duration(0), time.Duration(0)
		most := rapid.SampledFrom([]int{599, 700}).Draw(t, "listened at most") // in a row
		for range rapid.IntRange(1, 60).Draw(t, "breaks") {
			for range rapid.IntRange(1, most).Draw(t, "listened") {
				now, ran = now.Add(time.Second), ran+time.Second
				h.tick(now, ran)
				without += time.Second
				if _, _, absent := h.absent(now); absent {
					excused += time.Second
				} else if without >= catchUp {
					excused = 0
				}
			}
			away := time.Duration(rapid.IntRange(6, 20000).Draw(t, "away")) * time.Second
			if rapid.Bool().Draw(t, "short") {
				away %= 3 * absentLeast
			}
			fresh := without >= catchUp
			switch rapid.IntRange(0, 3).Draw(t, "break") {
			case 0: // stood still
				now, ran = now.Add(away), ran+away
				h.tick(now, ran)
			case 1: // slept
				now, ran = now.Add(away), ran+time.Second
				h.tick(now, ran)
			case 2: // the clock was set back
				now, ran, away = now.Add(-away), ran+time.Second, 0
				h.tick(now, ran)
			default: // was started again
				alive, a := now, h.lastAbsence()
				h = hearing{}
				h.recall(a)
				now, ran = now.Add(away), 0
				h.began(alive, now)
				h.tick(now, ran)
			}
			if away >= absentLeast {
				without = 0
				if _, _, absent := h.absent(now); fresh && !absent {
					t.Fatalf("an absence of %s after %s without one is not excused", away, catchUp)
				}
			}
			if excused > absentMost+catchUp {
				t.Fatalf("excused for %s in a row", excused)
			}
		}
	})
}

// A second start soon after an absence knows of it still.
func TestASecondStartRemembersTheAbsence(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	now := begin.Add(time.Minute)
	for name, tt := range map[string]struct {
		alive time.Time
		ahead time.Duration // so far the clock of the first was
	}{
		"a minute later":         {now.Add(-2 * time.Second), 0},
		"the clock was put back": {now.Add(time.Hour), time.Hour},
	} {
		var first, second hearing
		first.began(begin.Add(tt.ahead-time.Hour), begin.Add(tt.ahead))
		second.recall(first.lastAbsence())
		second.began(tt.alive, now)
		from, to, ok := second.absent(now)
		if !ok || to.Sub(from) != time.Hour {
			t.Errorf("%s: absent from %s to %s (%t), want the hour of the first start", name, from, to, ok)
		}
		if _, _, ok = second.absent(now.Add(catchUp)); ok {
			t.Errorf("%s: it does not end when that of the first would", name)
		}
	}
}

func TestAliveUntilIsTheNewestOfAll(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	look := func(at time.Duration) store.Look {
		return store.Look{Probe: &probes.Memory{Last: probes.Result{At: begin.Add(at)}}}
	}
	for name, tt := range map[string]struct {
		looks  []store.Look
		logged time.Time
		want   time.Time
	}{
		"nothing":         {nil, time.Time{}, time.Time{}},
		"a log alone":     {[]store.Look{{}}, begin, begin},
		"the last look":   {[]store.Look{look(time.Hour), look(time.Minute)}, begin, begin.Add(time.Hour)},
		"the log goes on": {[]store.Look{look(-time.Hour)}, begin, begin},
	} {
		if got := aliveUntil(tt.looks, tt.logged); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

package rules_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// arrive lets a learner see arrivals each apart from the one before, in [from, to).
func arrive(g *rules.GapLearner, from, to, apart time.Duration) {
	for at := from; at < to; at += apart {
		g.Took(detectorStart.Add(at), 1)
	}
}

func TestGapIsKnownAfterADayAndEnoughArrivals(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		to, apart time.Duration
		n         int
		known     bool
	}{
		"nothing arrived":                    {0, time.Minute, 1, false},
		"many within less than a day":        {day, time.Minute, 1, false},
		"many within a day":                  {day + time.Minute, time.Minute, 1, true},
		"199 within a week":                  {199 * 30 * time.Minute, 30 * time.Minute, 1, false},
		"200 within a week":                  {200 * 30 * time.Minute, 30 * time.Minute, 1, true},
		"few at a time, and many of a batch": {26 * time.Hour, time.Hour, 10, true},
		"no arrivals are none":               {2 * day, time.Minute, 0, false},
	} {
		var g rules.GapLearner
		for at := time.Duration(0); at < tt.to; at += tt.apart {
			g.Took(detectorStart.Add(at), tt.n)
		}
		if _, known := g.Expected(detectorStart.Add(tt.to)); known != tt.known {
			t.Errorf("%s: known %t, want %t", name, known, tt.known)
		}
	}
}

// The gap learned is no less than the p99 and at most twice as long.
func TestGapIsTheP99(t *testing.T) {
	t.Parallel()
	const days = 7 * 24 * time.Hour
	for name, tt := range map[string]struct {
		apart time.Duration
		want  time.Duration
	}{
		"arrivals all the time":      {5 * time.Second, 10 * time.Second},
		"just the unit":              {10 * time.Second, 20 * time.Second},
		"at the end of a bin":        {40 * time.Second, 40 * time.Second},
		"just over it":               {40*time.Second + 1, 80 * time.Second},
		"each quarter of an hour":    {15 * time.Minute, 1280 * time.Second},
		"of few gaps the next bin":   {2 * time.Hour, 2 * 10240 * time.Second},
		"a gap is in all its hours":  {8 * time.Hour, 2 * 40960 * time.Second},
		"longer than all bins holds": {100 * time.Hour, 10 * time.Second << 15},
	} {
		var g rules.GapLearner
		g.Took(detectorStart, 200)
		arrive(&g, tt.apart, days, tt.apart)
		for hour := range 24 {
			now := detectorStart.Add(days - time.Duration(hour)*time.Hour)
			if gap, known := g.Expected(now); gap != tt.want || !known {
				t.Errorf("%s, at %v: got %v %t, want %v", name, now, gap, known, tt.want)
			}
		}
	}
}

func TestGapOfAnHourIncludesItsNeighbours(t *testing.T) {
	t.Parallel()
	var g rules.GapLearner
	for day := range 5 { // open from 08:00 to 18:00
		from := time.Duration(day) * 24 * time.Hour
		arrive(&g, from+8*time.Hour, from+18*time.Hour, time.Minute)
	}
	for hour, want := range map[int]time.Duration{
		2: 2 * 81920 * time.Second, 7: 2 * 81920 * time.Second, 9: 81920 * time.Second, 10: 80 * time.Second, 12: 80 * time.Second,
		15: 80 * time.Second, 17: 2 * 81920 * time.Second, 18: 2 * 81920 * time.Second, 23: 2 * 81920 * time.Second,
	} {
		now := detectorStart.Add(4*24*time.Hour + time.Duration(hour)*time.Hour)
		if gap, known := g.Expected(now); gap != want || !known {
			t.Errorf("at %02d: got %v %t, want %v", hour, gap, known, want)
		}
	}
}

func TestGapForgetsAfterAWeek(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	var g rules.GapLearner
	arrive(&g, 0, day, 10*time.Minute)
	arrive(&g, day, 7*day, time.Minute)
	noon := func(d int) time.Time { return detectorStart.Add(time.Duration(d)*day + 12*time.Hour) }
	if gap, _ := g.Expected(noon(6)); gap != 640*time.Second {
		t.Errorf("with the first day: got %v, want 10m40s", gap)
	}
	arrive(&g, 7*day, 8*day, time.Minute)
	if gap, _ := g.Expected(noon(7)); gap != 80*time.Second {
		t.Errorf("without it: got %v, want 1m20s", gap)
	}
	if _, known := g.Expected(noon(13)); !known {
		t.Error("six days without arrivals: not known, want the last day")
	}
	if gap, known := g.Expected(noon(15)); known {
		t.Errorf("a week without arrivals: got %v, want nothing known", gap)
	}
}

// What is no habit is not learned as one.
func TestGapThatIsNoHabit(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	outage := func(skip bool) time.Duration {
		var g rules.GapLearner
		arrive(&g, 0, 36*time.Hour, 5*time.Second)
		if skip {
			g.Skip()
		}
		arrive(&g, 38*time.Hour, 2*day, 5*time.Second)
		gap, _ := g.Expected(detectorStart.Add(2*day + 12*time.Hour + 30*time.Minute))
		return gap
	}
	if gap := outage(false); gap != 10*time.Second {
		t.Errorf("after one outage of two hours: got %v, want 10s", gap)
	}
	if gap := outage(true); gap != 10*time.Second {
		t.Errorf("after two hours in which nobody listened: got %v, want 10s", gap)
	}
	var g rules.GapLearner
	for at := time.Duration(0); at < 2*day; at += 20 * time.Minute {
		arrive(&g, at, at+100*time.Second, time.Second) // a hundred at a time
	}
	if gap, _ := g.Expected(detectorStart.Add(2 * day)); gap < 18*time.Minute {
		t.Errorf("bursts each 20 minutes: got %v, want the quiet between them", gap)
	}
}

func TestGapLearnerBearsBadInput(t *testing.T) {
	t.Parallel()
	var g rules.GapLearner
	arrive(&g, 0, 26*time.Hour, time.Minute)
	before := g
	for _, at := range []time.Time{{}, time.Unix(-5, 0), time.Unix(1<<62, 0), detectorStart.AddDate(-1, 0, 0)} {
		g.Took(at, 1)
		g.Expected(at)
	}
	g.Took(detectorStart.Add(time.Hour), 5) // out of order
	if g != before {
		t.Error("times that cannot be changed what was learned")
	}
	if last := g.Last(); !last.Equal(detectorStart.Add(26*time.Hour - time.Minute)) {
		t.Errorf("last: got %v, want the latest", last)
	}
	if last := new(rules.GapLearner).Last(); !last.IsZero() {
		t.Errorf("last of none: got %v, want zero", last)
	}
}

func TestGapLearnerIsStoredAndSmall(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for name, apart := range map[string]func() time.Duration{
		"dense":  func() time.Duration { return 8 * time.Second },
		"mixed":  func() time.Duration { return time.Duration(r.ExpFloat64() * float64(5*time.Minute)) },
		"sparse": func() time.Duration { return time.Duration(r.Int64N(int64(30 * time.Hour))) },
		"wild": func() time.Duration {
			return 10 * time.Second << r.IntN(9) * time.Duration(1+r.IntN(3))
		},
	} {
		var g rules.GapLearner
		for at := time.Duration(0); at < 9*24*time.Hour; at += 1 + apart() {
			g.Took(detectorStart.Add(at), 1)
		}
		b, err := json.Marshal(g)
		if err != nil || len(b) > 4096 {
			t.Errorf("%s: %d bytes, %v; want at most 4096", name, len(b), err)
		}
		var back rules.GapLearner
		if err := json.Unmarshal(b, &back); err != nil || back != g {
			t.Errorf("%s: %v; it is not the same one back", name, err)
		}
		g.Skip()
		b, _ = json.Marshal(g)
		if err := json.Unmarshal(b, &back); err != nil || back != g {
			t.Errorf("%s, skipped: %v; it is not the same one back", name, err)
		}
	}
	if b, err := json.Marshal(rules.GapLearner{}); string(b) != "{}" || err != nil {
		t.Errorf("zero: got %s %v, want {}", b, err)
	}
}

func TestGapLearnerRefusesWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, key string }{
		"no object":            {`7`, "gap learner"},
		"a beginning at last":  {`{"began":5}`, "began"},
		"a time beyond all":    {`{"last":9223372036854775807}`, "last"},
		"a negative time":      {`{"began":-2,"last":-1}`, "last"},
		"counted after last":   {`{"last":4,"counted":5}`, "counted"},
		"too many arrivals":    {`{"arrivals":201}`, "arrivals"},
		"another day":          {`{"last":4,"day":3}`, "day"},
		"a day that is none":   {`{"day":-1}`, "day"},
		"more cells than fit":  {`{"cells":"` + string(make64(5000)) + `"}`, "cells"},
		"cells that are words": {`{"cells":"?"}`, "gap learner"},
	} {
		var g rules.GapLearner
		arrive(&g, 0, time.Hour, time.Minute)
		before := g
		err := json.Unmarshal([]byte(tt.text), &g)
		if err == nil || g != before {
			t.Errorf("%s: got %v, want it refused and nothing changed", name, err)
			continue
		}
		packRefused(t, err, tt.key)
	}
}

// make64 is base64 of more zeros than there are cells.
func make64(n int) []byte {
	b := make([]byte, n/4*4)
	for i := range b {
		b[i] = 'A'
	}
	return b
}

func BenchmarkGapLearner(b *testing.B) {
	var g rules.GapLearner
	at := detectorStart
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(100 * time.Microsecond)
		g.Took(at, 1)
		if at.UnixNano()%int64(time.Second) == 0 {
			g.Expected(at)
		}
	}
}

// An arrival of a clock that was ahead keeps nothing from being missed.
func TestGapAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	var g rules.GapLearner
	arrive(&g, 0, 48*time.Hour, time.Minute)
	ahead := detectorStart.Add(48 * time.Hour)
	g.Took(ahead, 1)
	g.NotAfter(ahead.Add(time.Second))
	if !g.Last().Equal(ahead) {
		t.Fatalf("last %s, want it untouched: it is not ahead", g.Last())
	}
	now := ahead.Add(-time.Hour)
	g.NotAfter(now)
	if !g.Last().Equal(now) {
		t.Errorf("last %s, want %s", g.Last(), now)
	}
	if gap, known := g.Expected(now); !known || gap > 2*time.Minute {
		t.Errorf("expects %s (%t), want what was learned", gap, known)
	}
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var same rules.GapLearner
	if err := json.Unmarshal(text, &same); err != nil || same != g {
		t.Errorf("stored and read it is another one: %v", err)
	}
	g.Took(now.Add(time.Minute), 1)
	if want := now.Add(time.Minute); !g.Last().Equal(want) {
		t.Errorf("last %s, want %s", g.Last(), want)
	}
}

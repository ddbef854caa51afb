package rules_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/rules"
)

// drawTicks draws a series with gaps, in healthy and in broken stretches.
func drawTicks(t *rapid.T, from time.Time) []rules.Tick {
	var ticks []rules.Tick
	at := from
	for range rapid.IntRange(1, 20).Draw(t, "stretches") {
		rate, per100 := rapid.SampledFrom([]int{1, 10, 300}).Draw(t, "rate"), rapid.SampledFrom([]int{0, 0, 2, 5, 50, 100}).Draw(t, "failing")
		for range rapid.IntRange(1, 100).Draw(t, "ticks") {
			n := rapid.IntRange(0, 2*rate).Draw(t, "n")
			k := 0
			if rapid.IntRange(0, 99).Draw(t, "chance") < per100 {
				k = rapid.IntRange(0, n).Draw(t, "k")
			}
			ticks = append(ticks, rules.Tick{At: at, N: n, K: k})
			at = at.Add(10 * time.Second)
		}
		at = at.Add(10 * time.Second * time.Duration(rapid.SampledFrom([]int{0, 0, 1, 29, 30, 31, 360, 8640, 9001}).Draw(t, "gap")))
	}
	return ticks
}

func TestDetectorStateGoesOnAfterJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ticks := drawTicks(t, detectorStart)
		cut := rapid.IntRange(0, len(ticks)-1).Draw(t, "cut")
		d := rules.DefaultDetector()
		var kept, stored rules.DetectorState
		for i, tick := range ticks {
			if i == cut {
				b, err := json.Marshal(kept)
				if err != nil || len(b) > 1024 {
					t.Fatalf("%d bytes, %v; want at most 1 KB", len(b), err)
				}
				if err := json.Unmarshal(b, &stored); err != nil || stored != kept {
					t.Fatalf("read back %+v, %v; want %+v from %s", stored, err, kept, b)
				}
			}
			var a, b *rules.Alarm
			kept, a = d.Step(kept, tick)
			if i < cut {
				continue
			}
			stored, b = d.Step(stored, tick)
			if stored != kept || (a == nil) != (b == nil) || a != nil && *a != *b {
				t.Fatalf("tick %d: %+v after JSON, want %+v", i, b, a)
			}
		}
	})
}

func TestDetectorNeedsNoEmptyTicks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rules.DefaultDetector()
		var all, lazy rules.DetectorState
		for i, tick := range drawTicks(t, detectorStart) {
			var a, b *rules.Alarm
			all, a = d.Step(all, tick)
			if tick.N > 0 {
				lazy, b = d.Step(lazy, tick)
			}
			if all != lazy || (a == nil) != (b == nil) {
				t.Fatalf("tick %d: %+v with empty ticks, %+v without", i, a, b)
			}
		}
	})
}

func TestDetectorForgetsAnIdleSeries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rules.DefaultDetector()
		ticks := drawTicks(t, detectorStart)
		var s rules.DetectorState
		for _, tick := range ticks {
			s, _ = d.Step(s, tick)
		}
		later := ticks[len(ticks)-1].At.Add(10 * time.Second * time.Duration(rapid.IntRange(8000, 10000).Draw(t, "later")))
		if !d.Idle(s, later) {
			return
		}
		dropped := rules.DetectorState{}
		for _, tick := range drawTicks(t, later) {
			var a, b *rules.Alarm
			s, a = d.Step(s, tick)
			dropped, b = d.Step(dropped, tick)
			if (a == nil) != (b == nil) || tick.N > 0 && s != dropped {
				t.Fatalf("%s: %+v, want %+v as from nothing", tick.At, a, b)
			}
			if tick.N > 0 {
				return // alike from here on
			}
		}
	})
}

func TestDetectorStateIsSmall(t *testing.T) {
	t.Parallel()
	if b, err := json.Marshal(rules.DetectorState{}); err != nil || string(b) != "{}" {
		t.Errorf("zero state is %s, %v; want {}", b, err)
	}
	d := rules.DefaultDetector()
	var s rules.DetectorState
	for i := range 2 * 8640 { // 1,000 a second for two days
		k := 30
		if i%5000 > 4500 {
			k = 600
		}
		s, _ = d.Step(s, rules.Tick{At: detectorStart.Add(time.Duration(i) * d.Tick), N: 10_000, K: k})
	}
	b, err := json.Marshal(s)
	if err != nil || len(b) > 1024 {
		t.Errorf("%d bytes, %v; want at most 1 KB: %s", len(b), err, b)
	}
	t.Logf("1,000 a second: %d bytes", len(b))
}

func TestDetectorStateRefusesWhatItNeverWrote(t *testing.T) {
	t.Parallel()
	const good = `"at":1699700000000000000,"began":1699690000000000000,"tick":10000000000,"recent":3600000000000`
	for name, tt := range map[string]struct{ in, want string }{
		"no JSON":                   {`{`, "unexpected end"},
		"a negative count":          {`{` + good + `,"window":[-1]}`, "window"},
		"more failed than all":      {`{` + good + `,"window":[3,1,4,5]}`, "window[3]"},
		"the same in the day":       {`{` + good + `,"day":[3,4]}`, "day[1]"},
		"the same since the change": {`{` + good + `,"change":[1,2,3]}`, "change"},
		"too wide a window":         {`{` + good + `,"window":[` + strings.Repeat("0,", 60) + `1]}`, "window: 61"},
		"too long a day":            {`{` + good + `,"day":[` + strings.Repeat("0,", 50) + `1]}`, "day: 51"},
		"too much apart":            {`{` + good + `,"apart":[` + strings.Repeat("0,", 25) + `1]}`, "apart: 26"},
		"a negative sum":            {`{` + good + `,"sum":-1}`, "sum"},
		"no grid":                   {`{"at":1699700000000000000}`, "at, tick, recent"},
		"a time to come":            {`{` + good + `,"cleared":1699700000000000000000}`, "cleared"},
		"a clearing ahead":          {`{` + good + `,"cleared":1699800000000000000}`, "cleared"},
		"a severity of nothing":     {`{` + good + `,"severity":"high"}`, "severity"},
		"an unknown severity":       {`{` + good + `,"opened":1,"severity":"loud","change":[1,1,1]}`, "severity"},
		"an episode of nothing":     {`{` + good + `,"opened":1,"severity":"high"}`, "change"},
		"a run too long":            {`{` + good + `,"delivered":10000001}`, "delivered"},
		"a negative run":            {`{` + good + `,"louds":-1}`, "louds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s rules.DetectorState
			err := json.Unmarshal([]byte(tt.in), &s)
			if err == nil || !strings.Contains(err.Error(), tt.want) || s != (rules.DetectorState{}) {
				t.Errorf("%v, want an error about %q and no state", err, tt.want)
			}
		})
	}
	var s rules.DetectorState
	if err := json.Unmarshal([]byte(`{`+good+`}`), &s); err != nil {
		t.Errorf("the good part: %v", err)
	}
}

func FuzzDetectorState(f *testing.F) {
	d := rules.DefaultDetector()
	var s rules.DetectorState
	for i := range 100 {
		s, _ = d.Step(s, rules.Tick{At: detectorStart.Add(time.Duration(i) * d.Tick), N: 50, K: i / 3})
		if b, err := json.Marshal(s); err == nil && i%33 == 0 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s rules.DetectorState
		if json.Unmarshal(b, &s) != nil {
			return
		}
		again, err := json.Marshal(s)
		var back rules.DetectorState
		if err != nil || json.Unmarshal(again, &back) != nil || back != s {
			t.Fatalf("%s became %s", b, again)
		}
		for i := range 20 { // whatever it decides, it decides
			s, _ = d.Step(s, rules.Tick{At: detectorStart.Add(time.Duration(i*i) * time.Hour), N: 50, K: i})
		}
	})
}

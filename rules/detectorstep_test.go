package rules_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// watched is a series fed by hand.
type watched struct {
	d  rules.Detector
	s  rules.DetectorState
	at time.Time
}

func newWatched() *watched { return &watched{d: rules.DefaultDetector(), at: detectorStart} }

// one feeds one tick.
func (w *watched) one(n, k int) *rules.Alarm {
	var a *rules.Alarm
	w.s, a = w.d.Step(w.s, rules.Tick{At: w.at, N: n, K: k})
	w.at = w.at.Add(w.d.Tick)
	return a
}

// until feeds equal ticks, the same time apart, until an alarm, and returns it
// with the number of the tick, or nil after most.
func (w *watched) until(most int, apart time.Duration, n, k int) (*rules.Alarm, int) {
	for i := 1; i <= most; i++ {
		if a := w.one(n, k); a != nil {
			return a, i
		}
		w.skip(apart - w.d.Tick)
	}
	return nil, most
}

func (w *watched) skip(d time.Duration) { w.at = w.at.Add(d) }

// breakIt opens an episode of a busy series: 24 ticks at 3 %, which is in
// doubt (1.5 times 21.5, and log 4 a tick).
func (w *watched) breakIt(t *testing.T) *rules.Alarm {
	t.Helper()
	a, i := w.until(100, w.d.Tick, 1000, 30)
	if a == nil || a.Kind != rules.AlarmOpened || i != 24 {
		t.Fatalf("tick %d: %+v, want opened with the 24th", i, a)
	}
	return a
}

func TestDetectorOpensLoudly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failed, gapAfter int
		want             int // the tick that opens
		by               rules.AlarmBy
	}{
		"at exactly 20 % in each of six ticks": {200, 0, 6, rules.ByLoud},
		"not just under it":                    {199, 0, 16, rules.BySum}, // 21.5 / log 4 = 15.5
		"not when the six are interrupted":     {200, 5, 11, rules.ByLoud},
		"when all fail":                        {1000, 0, 6, rules.ByLoud},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched()
			for i := 1; i <= 30; i++ {
				if i == tt.gapAfter+1 && tt.gapAfter > 0 {
					w.skip(w.d.Tick)
				}
				if a := w.one(1000, tt.failed); a != nil {
					if i != tt.want || a.By != tt.by || a.Kind != rules.AlarmOpened || !a.Evidence.From.Equal(detectorStart) {
						t.Errorf("tick %d: %s by %s since %s, want opened by %s with tick %d since %s", i, a.Kind, a.By, a.Evidence.From, tt.by, tt.want, detectorStart)
					}
					return
				}
			}
			t.Errorf("no alarm, want one with tick %d", tt.want)
		})
	}
}

// Each tick is worth log 4 at most, so the height shows in the ticks it takes.
func TestDetectorWantsMoreOfABusySeries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		n     int
		apart time.Duration
		want  int
	}{
		"0.01 a second and less":         {1, 1000 * time.Second, 3}, // 3.0
		"0.1 a second":                   {1, 10 * time.Second, 4},   // 5.0
		"1 a second":                     {10, 10 * time.Second, 6},  // 7.7
		"between two classes, 3.2/s":     {32, 10 * time.Second, 8},  // 10.8
		"10 a second":                    {100, 10 * time.Second, 10},
		"100 a second":                   {1000, 10 * time.Second, 16},
		"beyond the table as at its end": {100_000, 10 * time.Second, 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched()
			w.d.LoudTicks = 1000
			if a, i := w.until(50, tt.apart, tt.n, tt.n); a == nil || i != tt.want {
				t.Errorf("tick %d: %+v, want an alarm with tick %d", i, a, tt.want)
			}
		})
	}
}

func TestDetectorWaitsWithWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failed, want int
		severity     rules.Severity
	}{
		"a bound far under the threshold": {30, 24, rules.High},     // 2.8 to 3.2 %: 32.25 / log 4 = 23.3
		"a bound near it":                 {35, 16, rules.High},     // of 16,000 up to 3.8 %
		"a bound over it":                 {40, 16, rules.Critical}, // 21.5 / log 4 = 15.5
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched()
			a, i := w.until(50, w.d.Tick, 1000, tt.failed)
			if a == nil || i != tt.want || a.Severity != tt.severity {
				t.Errorf("tick %d: %+v, want %s with tick %d", i, a, tt.severity, tt.want)
			}
			w = newWatched()
			w.d.Doubt = 1
			if a, i := w.until(50, w.d.Tick, 1000, tt.failed); a == nil || i != 16 {
				t.Errorf("tick %d without a doubt: %+v, want tick 16", i, a)
			}
		})
	}
}

func TestDetectorSaysCriticalByTheUpperBound(t *testing.T) {
	t.Parallel()
	w := newWatched()
	opened := w.breakIt(t) // 720 of 24,000
	if opened.Severity != rules.High || opened.Evidence.High >= 0.04 || w.s.Severity() != rules.High {
		t.Fatalf("opened %s with %s up to %s, want high under 4%%", opened.Severity, w.s.Severity(), opened.Evidence.High)
	}
	k, n := opened.Evidence.Numerator, opened.Evidence.Denominator
	for {
		a := w.one(1000, 50)
		n, k = n+1000, k+50
		_, upper := rules.ExactInterval(k, n, 0.95)
		if (a != nil) != (upper >= 0.04) {
			t.Fatalf("%d of %d, upper bound %s: told %+v, want raised exactly when it reaches 4%%", k, n, upper, a)
		}
		if a == nil {
			continue
		}
		if a.Kind != rules.AlarmRaised || a.By != rules.ByBound || a.Severity != rules.Critical || a.Evidence.Numerator != k || a.Evidence.Denominator != n || a.Evidence.High != upper {
			t.Errorf("%+v, want raised to critical with %d of %d", a, k, n)
		}
		break
	}
	for range 100 { // back to 3 %: the severity stays
		if a := w.one(1000, 30); a != nil || w.s.Severity() != rules.Critical {
			t.Fatalf("%+v and %s, want silence and critical", a, w.s.Severity())
		}
	}
}

func TestDetectorClearsByTheRatio(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	// With the 20th good tick 10 bad ones are left of 30: 1 % exactly, not
	// below. With the 21st it is 0.9 %, and 60 ticks are 10 minutes.
	a, i := w.until(200, w.d.Tick, 1000, 0)
	if a == nil || a.Kind != rules.AlarmCleared || a.By != rules.ByRatio || i != 80 || w.s.Open() || w.s.Severity() != "" {
		t.Fatalf("tick %d: %+v, want cleared by ratio with the 80th", i, a)
	}
	if a.Severity != rules.High || a.Evidence.Denominator != 104_000 || !a.At.Equal(w.at) {
		t.Errorf("%+v, want high, of 104000, at %s", a, w.at)
	}
}

func TestDetectorHoldsWhatIsNotBelowAllTheTime(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	if a, _ := w.until(79, w.d.Tick, 1000, 0); a != nil {
		t.Fatalf("%+v before ten minutes", a)
	}
	if a := w.one(1000, 300); a != nil { // 300 of 30,000: 1 %
		t.Fatalf("%+v at 1 %%, want nothing", a)
	}
	// The bad tick leaves the window with the 30th, and then ten minutes more.
	if a, i := w.until(200, w.d.Tick, 1000, 0); a == nil || i != 89 {
		t.Errorf("tick %d: %+v, want cleared with the 89th", i, a)
	}
}

func TestDetectorClearsALittleSeriesByARun(t *testing.T) {
	t.Parallel()
	w := newWatched()
	if a, i := w.until(10, time.Minute, 1, 1); a == nil || i != 3 || a.Severity != rules.Critical {
		t.Fatalf("tick %d: %+v, want opened with the third failure", i, a)
	}
	if a, _ := w.until(9, time.Minute, 1, 0); a != nil {
		t.Fatalf("%+v after nine delivered, want ten", a)
	}
	if a := w.one(1, 1); a != nil {
		t.Fatalf("%+v for a failure, want the run to begin again", a)
	}
	if a, i := w.until(20, time.Minute, 1, 0); a == nil || i != 10 || a.Kind != rules.AlarmCleared || a.By != rules.ByRun {
		t.Errorf("tick %d: %+v, want cleared by run with the tenth", i, a)
	}
}

func TestDetectorDoesNotTakeARunOnABusySeries(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	for i := range 300 { // 99 delivered in a row again and again, at 1 %
		n, k := 9, 0
		if i%11 == 0 {
			n, k = 10, 1
		}
		if a := w.one(n, k); a != nil && a.Kind != rules.AlarmRaised {
			t.Fatalf("%+v, want it to stay open", a)
		}
	}
}

func TestDetectorStaysOpenWithoutData(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	before := w.s
	for range 1000 {
		if a := w.one(0, 0); a != nil || w.s != before {
			t.Fatalf("%+v for an empty tick, want nothing at all", a)
		}
	}
	w.skip(30 * 24 * time.Hour)
	if a := w.one(9, 0); a != nil || !w.s.Open() || w.d.Idle(w.s, w.at.Add(1000*time.Hour)) {
		t.Errorf("%+v, open %t: nine attempts say too little", a, w.s.Open())
	}
}

func TestDetectorIsIdleAfterADayAndItsNewestPart(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.one(1000, 0)
	if edge := detectorStart.Add(25 * time.Hour); w.d.Idle(w.s, edge) || !w.d.Idle(w.s, edge.Add(1)) {
		t.Errorf("idle %t after 25 h, %t later; want false, true", w.d.Idle(w.s, edge), w.d.Idle(w.s, edge.Add(1)))
	}
	w.d.Reopen = 30 * time.Hour
	if w.d.Idle(w.s, detectorStart.Add(26*time.Hour)) {
		t.Error("idle while an episode could open again")
	}
}

func TestDetectorClearsWhatComesInBursts(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	a, i := w.until(10, 20*time.Minute, 1000, 0)
	if a == nil || a.Kind != rules.AlarmCleared || i > 3 {
		t.Errorf("burst %d: %+v, want cleared with the third at the latest", i, a)
	}
}

func TestDetectorOpensTheSameEpisodeAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		skip time.Duration // the six loud ticks take a minute
		want bool
	}{
		"at exactly 30 minutes":    {29 * time.Minute, true},
		"not one tick later":       {29*time.Minute + 10*time.Second, false},
		"not on the following day": {24 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched()
			if first := w.breakIt(t); first.Again {
				t.Error("the first episode is opened again")
			}
			w.until(200, w.d.Tick, 1000, 0)
			w.skip(tt.skip)
			if a, i := w.until(20, w.d.Tick, 1000, 1000); a == nil || i != 6 || a.Again != tt.want {
				t.Errorf("tick %d: %+v, want again %t with the sixth", i, a, tt.want)
			}
		})
	}
}

func TestDetectorLeavesAside(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	for name, tt := range map[string]struct {
		tick   rules.Tick
		passed bool
	}{
		"the last tick once more": {rules.Tick{At: w.at.Add(-w.d.Tick), N: 1000, K: 1000}, true},
		"an older tick":           {rules.Tick{At: w.at.Add(-time.Hour), N: 1000, K: 1000}, true},
		"a time within a tick":    {rules.Tick{At: w.at.Add(time.Second), N: 1000, K: 1000}, false},
		"no time":                 {rules.Tick{N: 1000, K: 1000}, false},
		"a time before 1972":      {rules.Tick{At: time.Unix(10, 0), N: 1000, K: 1000}, false},
		"a time after 2260":       {rules.Tick{At: time.Unix(1e10, 0), N: 1000, K: 1000}, false},
		"more failed than all":    {rules.Tick{At: w.at, N: 1000, K: 1001}, false},
		"negative attempts":       {rules.Tick{At: w.at, N: -1, K: -1}, false},
		"negative failures":       {rules.Tick{At: w.at, N: 1, K: -1}, false},
		"beyond ten million":      {rules.Tick{At: w.at, N: rules.TickAttempts + 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := w.d.Accepts(w.s, tt.tick)
			if err == nil || errors.Is(err, rules.ErrTickPassed) != tt.passed {
				t.Errorf("accepts: %v, want an error that is ErrTickPassed: %t", err, tt.passed)
			}
			if s, a := w.d.Step(w.s, tt.tick); s != w.s || a != nil {
				t.Errorf("told %+v or changed its state", a)
			}
		})
	}
	if err := w.d.Accepts(w.s, rules.Tick{At: w.at, N: rules.TickAttempts, K: rules.TickAttempts}); err != nil {
		t.Errorf("accepts: %v for the next tick at its greatest", err)
	}
}

func TestDetectorWithoutSettingsSaysSo(t *testing.T) {
	t.Parallel()
	tick := rules.Tick{At: detectorStart, N: 10, K: 10}
	for name, d := range map[string]rules.Detector{
		"none":                  {},
		"a window too wide":     {Tick: time.Second, Window: time.Minute, Recent: time.Hour, Day: 24 * time.Hour},
		"a day of too many":     {Tick: time.Second, Window: time.Second, Recent: time.Minute, Day: 24 * time.Hour},
		"a day of nothing else": {Tick: time.Second, Window: time.Second, Recent: time.Minute, Day: time.Minute},
	} {
		if err := d.Accepts(rules.DetectorState{}, tick); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if s, a := d.Step(rules.DetectorState{}, tick); s != (rules.DetectorState{}) || a != nil {
			t.Errorf("%s: stepped to %+v, %+v", name, s, a)
		}
	}
}

func TestDetectorCountsAfreshOnAnotherGrid(t *testing.T) {
	t.Parallel()
	w := newWatched()
	w.breakIt(t)
	w.d.Tick, w.d.Window = 5*time.Second, 2*time.Minute
	if a := w.one(500, 15); a != nil || !w.s.Open() || w.s.Severity() != rules.High {
		t.Fatalf("%+v, open %t: want the episode to go on", a, w.s.Open())
	}
	if a, i := w.until(1000, w.d.Tick, 500, 0); a == nil || a.Kind != rules.AlarmCleared || i < 120 || i > 145 {
		t.Errorf("tick %d: %+v, want cleared after ten minutes and a window", i, a)
	}
}

func TestDetectorShowsItsEvidence(t *testing.T) {
	t.Parallel()
	w := newWatched()
	for i := range 4 * 360 {
		w.one(100, i%3/2)
	}
	began := w.at
	a, _ := w.until(20, w.d.Tick, 100, 50)
	if a == nil {
		t.Fatal("no alarm")
	}
	low, high := rules.ExactInterval(300, 600, 0.95)
	want := rules.Evidence{
		Text: "300 of 600 first attempts failed (50%) since 2023-11-11 04:00:00 UTC, 45.9% to 54.1% with 95% confidence; " +
			"308 of 3,000 in the last 5m; ordinarily 0.3%",
		From: began, To: w.at, Numerator: 300, Denominator: 600, Low: low, High: high, Threshold: 0.04,
		Baseline: (360 + 0.9) / (3*36000 + 300), // the hours before the last one
		Clears:   "a 5m ratio below 1% for 10m, or 10 delivered in a row when fewer come in 5m",
	}
	got := a.Evidence
	if math.Abs(float64(got.Baseline-want.Baseline)) > 1e-12 {
		t.Errorf("baseline %v, want %v", float64(got.Baseline), float64(want.Baseline))
	}
	got.Baseline = want.Baseline
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/rules"
)

// The incident of seed 000: 4 % for 43 minutes, the first fix, 39 minutes
// more, full recovery.
var (
	seedRatio  = phases(0.003, 180, 0.04, 43, 0.015, 39, 0.003)
	seedBegin  = detectorStart.Add(180 * time.Minute)
	seedHealed = seedBegin.Add(82 * time.Minute)
)

// tickGrace is how long after its end a tick closes in the daemon (DESIGN.md
// section 6); the times of the seed's incident have it in them.
const tickGrace = time.Minute

// incident is what one replay of the seed's incident gave.
type incident struct {
	found, over   time.Duration // from begin and from recovery, with the grace; a day when never
	before, again int
	critical      bool
}

func seedIncident(seed uint64, rate float64) incident {
	got := incident{found: 24 * time.Hour, over: 24 * time.Hour}
	for _, a := range (detectorSeries{seed, 6 * time.Hour, steady(rate), seedRatio}).play(rules.DefaultDetector()) {
		switch {
		case !a.At.After(seedBegin):
			got.before++
		case a.Kind == rules.AlarmOpened && got.found == 24*time.Hour:
			got.found, got.critical = a.At.Add(tickGrace).Sub(seedBegin), a.Severity == rules.Critical
		case a.Kind == rules.AlarmOpened:
			got.again++
		case a.Kind == rules.AlarmRaised:
			got.critical = true
		case a.Kind == rules.AlarmCleared:
			got.over = a.At.Add(tickGrace).Sub(seedHealed)
		}
	}
	return got
}

func TestDetectorFindsTheIncidentOfTheSeed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rate                      float64
		seeds                     uint64
		median, p90, worst, clear time.Duration
	}{
		"at 20 a second, every one within five minutes": {20, 20, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute, 20 * time.Minute},
		"at 2 a second":   {2, 100, 6 * time.Minute, 12 * time.Minute, 43 * time.Minute, 30 * time.Minute},
		"at 1 a second":   {1, 100, 7 * time.Minute, 15 * time.Minute, 43 * time.Minute, 30 * time.Minute},
		"at 100 a second": {100, 20, 4 * time.Minute, 4 * time.Minute, 5 * time.Minute, 20 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found, over []time.Duration
			for seed := range tt.seeds {
				got := seedIncident(seed, tt.rate)
				if got.before != 0 || got.again != 0 || !got.critical {
					t.Errorf("seed %d: %+v; want one episode, critical, after the begin", seed, got)
				}
				found, over = append(found, got.found), append(over, got.over)
			}
			median, p90, worst := quantile(found, 0.5), quantile(found, 0.9), slices.Max(found)
			t.Logf("%v/s: found after %s, p90 %s, worst %s; cleared %s after recovery, worst %s",
				tt.rate, median, p90, worst, quantile(over, 0.5), slices.Max(over))
			if median > tt.median || p90 > tt.p90 || worst > tt.worst {
				t.Errorf("found after %s, p90 %s, worst %s; want at most %s, %s, %s", median, p90, worst, tt.median, tt.p90, tt.worst)
			}
			if last := slices.Max(over); last > tt.clear {
				t.Errorf("cleared %s after recovery; want at most %s", last, tt.clear)
			}
			if first := slices.Min(over); tt.rate >= 20 && first < 0 {
				t.Errorf("cleared %s before full recovery", -first)
			}
		})
	}
}

// roughDetector is the detector on a rough series of 0.3 % (docs/detection.md).
type roughDetector struct {
	state  rules.DetectorState
	counts *traffic.Counts
}

func newRoughDetector(seed uint64, rate float64) *roughDetector {
	return &roughDetector{counts: traffic.NewCounts(traffic.Series{Seed: seed, Rate: rate, Healthy: 0.003, Rough: traffic.RoughBaseline()})}
}

func (r *roughDetector) tick(at time.Duration, broken float64) *rules.Alarm {
	d := rules.DefaultDetector()
	n, k := r.counts.Next(at, broken)
	var a *rules.Alarm
	r.state, a = d.Step(r.state, rules.Tick{At: detectorStart.Add(at), N: n, K: k})
	return a
}

// The figures of docs/detection.md, with fewer trials.
func TestDetectorFindsIncidentsInRoughTraffic(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rate, ratio float64
		median, p90 time.Duration
	}{
		"4% at 1 a second":    {1, 0.04, 8 * time.Minute, 35 * time.Minute},
		"10% at 1 a second":   {1, 0.1, 3 * time.Minute, 10 * time.Minute},
		"50% at 1 a second":   {1, 0.5, time.Minute, 2 * time.Minute},
		"4% at 100 a second":  {100, 0.04, 3 * time.Minute, 4 * time.Minute},
		"50% at 100 a second": {100, 0.5, time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const trials, warm = 100, 6 * time.Hour
			var found []time.Duration
			for i := range trials {
				r, from := newRoughDetector(uint64(i), tt.rate), time.Duration(i*8640/trials)*rules.TickLength
				for at := time.Duration(0); at < warm; at += rules.TickLength {
					r.tick(from+at, 0)
				}
				after := time.Duration(0)
				for ; !r.state.Open() && after < 24*time.Hour; after += rules.TickLength {
					r.tick(from+warm+after, tt.ratio)
				}
				found = append(found, after)
			}
			if median, p90 := quantile(found, 0.5), quantile(found, 0.9); median > tt.median || p90 > tt.p90 {
				t.Errorf("found after %s, p90 %s; want at most %s, %s", median, p90, tt.median, tt.p90)
			}
		})
	}
}

func TestDetectorIsSeldomWrongInRoughTraffic(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]float64{"at 1 a second": 1, "at 10 a second": 10, "at 100 a second": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const days, most = 40, 5 // one in 30 days is wanted; more than five then have a chance of 0.2 %
			r, told := newRoughDetector(11, rate), 0
			for at := time.Duration(0); at < days*24*time.Hour; at += rules.TickLength {
				if a := r.tick(at, 0); a != nil && a.Kind == rules.AlarmOpened {
					told++
				}
			}
			if told > most {
				t.Errorf("%d alarms in %d healthy days, want at most %d", told, days, most)
			}
		})
	}
}

func TestDetectorKeepsQuiet(t *testing.T) {
	t.Parallel()
	restart := func(at time.Duration) float64 {
		if at%(24*time.Hour) >= 13*time.Hour && at%(24*time.Hour) < 13*time.Hour+20*time.Second {
			return 1
		}
		return 0.003
	}
	for name, tt := range map[string]struct {
		rate, ratio func(time.Duration) float64
		days        int
		seeds       uint64
		warm        time.Duration // alarms before are those of a series without a past
	}{
		"at 0.3% and 20 a second":             {steady(20), steady(0.003), 1, 10, 0},
		"at 0.3% and 1 a second":              {steady(1), steady(0.003), 3, 10, 0},
		"at 0.3% and 0.1 a second":            {steady(0.1), steady(0.003), 3, 10, 0},
		"with a 20 s total outage a day":      {steady(1), restart, 10, 5, 0},
		"with the same on a busy series":      {steady(20), restart, 2, 10, 0},
		"with the swing of the day":           {swing(1), steady(0.003), 5, 10, 6 * time.Hour}, // its first night looks like little traffic
		"with the swing of the day when busy": {swing(20), steady(0.003), 2, 10, 0},
		"at a base of 2%, once it is known":   {steady(1), steady(0.02), 3, 10, 6 * time.Hour},
		"at a base of 2% on a busy series":    {steady(20), steady(0.02), 2, 10, 6 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range tt.seeds {
				told := opened(detectorSeries{seed, time.Duration(tt.days) * 24 * time.Hour, tt.rate, tt.ratio}.play(rules.DefaultDetector()))
				for _, a := range told {
					if at := a.At.Sub(detectorStart); at > tt.warm {
						t.Errorf("seed %d: opened after %s: %s", seed, at, a.Evidence.Text)
					}
				}
			}
		})
	}
}

func TestDetectorStillSeesAfterALongOutage(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		// 3 h healthy, 1 h dead, 3 h healthy, then the seed's 4 %
		told := opened(detectorSeries{seed, 8 * time.Hour, steady(10), phases(0.003, 180, 1, 60, 0.003, 180, 0.04)}.play(rules.DefaultDetector()))
		if len(told) != 2 {
			t.Fatalf("seed %d: opened %d times, want 2: the outage and the incident", seed, len(told))
		}
		if late := told[1].At.Sub(detectorStart.Add(7 * time.Hour)); late > 10*time.Minute {
			t.Errorf("seed %d: found after %s, want at most 10m: the outage may not count as ordinary", seed, late)
		}
		if own := told[1].Evidence.Baseline; own > 0.005 {
			t.Errorf("seed %d: baseline %s after the outage, want about 0.3%%", seed, own)
		}
	}
}

func TestDetectorNeverCallsADeadSeriesHealthy(t *testing.T) {
	t.Parallel()
	for name, ratio := range map[string]float64{"dead": 1, "half dead": 0.5} {
		told := detectorSeries{1, 6 * 24 * time.Hour, steady(1), phases(0.003, 180, ratio)}.play(rules.DefaultDetector())
		if len(told) != 1 || told[0].Kind != rules.AlarmOpened || told[0].Severity != rules.Critical {
			t.Errorf("%s: told %+v, want only that it opened, critical", name, told)
		}
	}
}

func TestDetectorTakesANewNormalAfterADay(t *testing.T) {
	t.Parallel()
	told := detectorSeries{1, 8 * 24 * time.Hour, steady(1), phases(0.003, 24*60, 0.06)}.play(rules.DefaultDetector())
	if len(told) != 2 || told[1].Kind != rules.AlarmCleared {
		t.Fatalf("told %+v, want opened and cleared", told)
	}
	if long := told[1].At.Sub(told[0].At); long < 25*time.Hour || long > 49*time.Hour {
		t.Errorf("open for %s, want 25 to 49 h: the first day over the threshold is not ordinary", long)
	}
}

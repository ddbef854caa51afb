package backtest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// history is a seeded log of one channel, with one attempt in each tick on
// average: of it the ratio fails, and now and then a whole stretch does.
type history struct {
	seed    uint64
	days    int
	perTick int     // attempts in a tick
	ratio   float64 // of them failed
	stretch int     // ticks in a row that fail as a whole
	dips    int     // in a day
}

func (f history) log() string {
	r := rand.New(rand.NewPCG(f.seed, 3))
	ticks := f.days * 8640
	bad := map[int]bool{}
	for range f.dips * f.days {
		begin := r.IntN(ticks)
		for i := range f.stretch {
			bad[begin+i] = true
		}
	}
	return text(steady(day, ticks, f.perTick, func(i int) int {
		if bad[i] {
			return f.perTick
		}
		k := 0
		for range f.perTick {
			if r.Float64() < f.ratio {
				k++
			}
		}
		return k
	}))
}

func calibrate(t *testing.T, log string, s backtest.CalibrateSettings) backtest.Calibration {
	t.Helper()
	got, err := backtest.Calibrate(t.Context(), backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader(log)}, s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCalibrationFollowsTheTraffic(t *testing.T) {
	t.Parallel()
	usual := rules.DefaultDetector().Heights
	const class = 1 // one attempt in a tick
	for name, tt := range map[string]struct {
		history history
		check   func(backtest.Class) bool
		want    string
	}{
		"a quiet series": {
			history{seed: 1, days: 3, perTick: 1, ratio: 0.001},
			func(k backtest.Class) bool {
				return k.Found < k.Now && k.Proposed < k.Now && k.Proposed >= k.Now/2 && k.Proposed >= 2*1.386 && k.AlarmsProposed == 0 && k.DelayProposed <= k.DelayNow
			}, "a lower sum, not under half the default, no alarm, and found no later",
		},
		"a noisy series": {
			history{seed: 2, days: 3, perTick: 1, ratio: 0.001, stretch: 4, dips: 6},
			func(k backtest.Class) bool {
				return k.Found > k.Now && k.Proposed > k.Now && k.Proposed < k.Found && k.AlarmsNow > k.AlarmsProposed && k.DelayProposed > k.DelayNow
			}, "a higher sum, drawn to the default, fewer alarms, and found later",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := calibrate(t, tt.history.log(), backtest.CalibrateSettings{})
			k := got.Classes[class]
			if !tt.check(k) {
				t.Errorf("got %+v, want %s", k, tt.want)
			}
			if k.Series != 2 || k.Lasted != 6*24*time.Hour || k.AlarmsNow != len(got.Openings) {
				t.Errorf("got %+v with %d openings, want two series of 3 days each, every opening listed", k, len(got.Openings))
			}
			for i, other := range got.Classes {
				if i != class && (other.Series != 0 || other.Proposed != usual[i].Sum || other.Found != 0) {
					t.Errorf("class %d: %+v, want no data and the sum of now", i, other)
				}
			}
		})
	}
}

func TestMoreDataCountsMore(t *testing.T) {
	t.Parallel()
	var before float64
	for i, days := range []int{1, 2} {
		k := calibrate(t, history{seed: 3, days: days, perTick: 1, ratio: 0.001}.log(), backtest.CalibrateSettings{Kinds: []string{"platform"}}).Classes[1]
		if i > 0 && k.Proposed >= before {
			t.Errorf("%d days propose %v, a day %v; want less with more of the same", days, k.Proposed, before)
		}
		before = k.Proposed
	}
}

func TestKnownIncidentsAreCutOut(t *testing.T) {
	t.Parallel()
	log := text(outage())
	span := backtest.Span{From: day.Add(30 * time.Minute), To: day.Add(35 * time.Minute)}
	with := calibrate(t, log, backtest.CalibrateSettings{})
	without := calibrate(t, log, backtest.CalibrateSettings{Except: []backtest.Span{span}})
	if with.Loud+len(with.Openings) == 0 || without.Loud+len(without.Openings) != 0 {
		t.Errorf("got %d and %d openings, want some, and none once it is cut out", with.Loud+len(with.Openings), without.Loud+len(without.Openings))
	}
	if without.Cut != 600 || with.Cut != 0 {
		t.Errorf("cut %d and %d attempts out, want 0 and 600", with.Cut, without.Cut)
	}
	lasted := func(c backtest.Calibration) (sum time.Duration) {
		for _, k := range c.Classes {
			sum += k.Lasted
		}
		return sum
	}
	if got := lasted(with) - lasted(without); got != 2*5*time.Minute {
		t.Errorf("two series are %s shorter, want 10m", got)
	}
}

func TestProposalSaysWhatBacksIt(t *testing.T) {
	t.Parallel()
	cfg := conditions.DefaultConfig()
	cfg.Grace = 2 * time.Minute
	cfg.Channel.Threshold = 0.06
	for _, d := range []*rules.Detector{&cfg.Platform, &cfg.Product, &cfg.Channel, &cfg.Type, &cfg.Merchant} {
		d.ClearFor, d.Confidence = 15*time.Minute, 0.9
	}
	got := calibrate(t, text(outage()), backtest.CalibrateSettings{Settings: backtest.Settings{Rules: []conditions.Config{cfg}}})
	yaml, least := got.YAML(), rules.DefaultDetector().Heights[0]
	for _, want := range []string{
		"version: 1\nrules:\n  error_ratio:\n", "    grace: 2m # as it is now\n", "    clear_for: 15m # ", "    confidence: 90% # ",
		fmt.Sprintf("    heights:\n      - {per_tick: %v, sum: %v} # no data: as it is now\n", least.PerTick, least.Sum), "      - {per_tick: 10, sum: ", "backed by 0.1 days of 2 series; found ",
		"  channel_error_ratio: {threshold: 6%} # as it is now\n", "From 7200 first attempts between 2023-11-11T00:00:00Z and ", "one false page per series in 30d",
	} {
		if !strings.Contains(yaml, want) {
			t.Errorf("no %q in\n%s", want, yaml)
		}
	}
	if strings.Contains(yaml, "platform_error_ratio") || strings.Contains(yaml, "window:") {
		t.Errorf("defaults stand in\n%s", yaml)
	}
}

func TestWrongCallsOfACalibration(t *testing.T) {
	t.Parallel()
	_, err := backtest.Calibrate(t.Context(), backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader("")}, backtest.CalibrateSettings{
		Per: time.Hour, Most: -1, Kinds: []string{"moon"}, Except: []backtest.Span{{From: day, To: day}},
	})
	for _, want := range []string{"per: 1h0m0s is less than a day", "most: -1", `kinds: "moon"`, "except: 2023-11-11T00:00:00Z is not before"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	all := steady(day, 60, 10, func(int) int { return 0 })
	for i := range all {
		all[i].channel = fmt.Sprint("C", i%10)
	}
	got := calibrate(t, text(all), backtest.CalibrateSettings{Most: 4, Kinds: []string{"platform", "channel"}})
	series := 0
	for _, k := range got.Classes {
		series += k.Series
	}
	if series != 4 || got.Beyond != 7*60 {
		t.Errorf("got %d series, %d attempts beyond; want 4, and those of seven channels", series, got.Beyond)
	}
}

package rules

import (
	"errors"
	"fmt"
	"time"
)

// detectorLongest bounds every duration, so that no sum of them overflows.
const detectorLongest = 366 * 24 * time.Hour

// Validate reports every fault of the settings at once, each with its key;
// nil when there is none.
func (d Detector) Validate() error {
	faults := append(d.spanFaults(), d.ratioFaults()...)
	return errors.Join(append(faults, d.heightFaults()...)...)
}

// faultList gathers faults.
type faultList []error

func (f *faultList) when(bad bool, format string, args ...any) {
	if bad {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

func (d Detector) spanFaults() []error {
	var f faultList
	for _, s := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"tick", d.Tick, time.Millisecond}, {"window", d.Window, time.Millisecond}, {"recent", d.Recent, time.Millisecond},
		{"day", d.Day, time.Millisecond}, {"clear_for", d.ClearFor, 0}, {"reopen", d.Reopen, 0}, {"settle", d.Settle, 0},
	} {
		f.when(s.value < s.least || s.value > detectorLongest, "%s: %s is outside [%s, %s]", s.key, s.value, s.least, detectorLongest)
	}
	if len(f) > 0 {
		return f // what they are to each other makes no sense yet
	}
	f.when(d.Window%d.Tick != 0 || d.Window/d.Tick > detectorWindow,
		"window: %s is not a whole number of ticks of %s up to %d; wanted at most %s", d.Window, d.Tick, detectorWindow, detectorWindow*d.Tick)
	f.when(d.Recent%d.Tick != 0, "recent: %s is not a whole number of ticks of %s", d.Recent, d.Tick)
	f.when(d.Day%d.Recent != 0 || d.Day/d.Recent < 2 || d.Day/d.Recent > detectorDay,
		"day: %s is not 2 to %d times recent (%s)", d.Day, detectorDay, d.Recent)
	return f
}

func (d Detector) ratioFaults() []error {
	var f faultList
	// each comparison is true for what is good, so that NaN is not
	need := func(good bool, format string, args ...any) { f.when(!good, format, args...) }
	need(d.Tolerated > 0 && d.Tolerated < d.Loud, "tolerated: %s is outside (0%%, %s); wanted less than loud", d.Tolerated, d.Loud)
	need(d.Threshold > d.Tolerated && d.Threshold < 1, "threshold: %s is outside (%s, 100%%); wanted more than tolerated", d.Threshold, d.Tolerated)
	need(d.Loud > 0 && d.Loud <= 0.5, "loud: %s is outside (0%%, 50%%]", d.Loud)
	need(d.Usual >= 0 && d.Usual < 1, "usual: %s is outside [0%%, 100%%)", d.Usual)
	need(d.UsualAs >= 1 && d.UsualAs <= TickAttempts, "usual_as: %d is outside [1, %d] attempts", d.UsualAs, TickAttempts)
	need(d.OwnFactor >= 1 && d.OwnFactor <= 100, "own_factor: %v is outside [1, 100]", d.OwnFactor)
	need(d.RiseFactor > 1 && d.RiseFactor <= 100, "rise_factor: %v is outside (1, 100]", d.RiseFactor)
	need(d.Clip > 0 && d.Clip <= TickAttempts, "clip: %v is outside (0, %d] failed attempts", d.Clip, TickAttempts)
	need(d.Near > 0 && d.Near <= 1, "near: %v is outside (0, 1]", d.Near)
	need(d.Doubt >= 1 && d.Doubt <= 100, "doubt: %v is outside [1, 100]", d.Doubt)
	need(d.LoudTicks >= 1 && d.LoudTicks <= 1000, "loud_ticks: %d is outside [1, 1000]", d.LoudTicks)
	need(d.ClearRun >= 1 && d.ClearRun <= TickAttempts, "clear_run: %d is outside [1, %d]", d.ClearRun, TickAttempts)
	need(d.Confidence >= 0.5 && d.Confidence <= 0.9999, "confidence: %v is outside [0.5, 0.9999]", d.Confidence)
	return f
}

func (d Detector) heightFaults() []error {
	var f faultList
	last := 0.0
	for i, h := range d.Heights {
		f.when(!(h.PerTick > last && h.PerTick <= TickAttempts),
			"heights[%d].per_tick: %v is outside (%v, %d]; wanted by rising traffic", i, h.PerTick, last, TickAttempts)
		f.when(!(h.Sum > 0 && h.Sum <= 1e6), "heights[%d].sum: %v is outside (0, 1e6]", i, h.Sum)
		if h.PerTick > last { // NaN is not
			last = h.PerTick
		}
	}
	return f
}

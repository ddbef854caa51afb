package rules_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/hookvigil/hookvigil/rules"
)

func TestDetectorValidates(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tt := range map[string]struct {
		change func(*rules.Detector)
		want   []string // the keys, in order; none: it is good
	}{
		"the default": {func(*rules.Detector) {}, nil},
		"a demo's tick": {func(d *rules.Detector) {
			d.Tick, d.Window, d.Recent, d.Day = 50*time.Millisecond, 1500*time.Millisecond, 20*time.Second, 480*time.Second
		}, nil},
		"no tick":                   {func(d *rules.Detector) { d.Tick = 0 }, []string{"tick"}},
		"a tick that window is not": {func(d *rules.Detector) { d.Window = 55 * time.Second }, []string{"window"}},
		"31 ticks of window":        {func(d *rules.Detector) { d.Window = 310 * time.Second }, []string{"window"}},
		"a broken recent":           {func(d *rules.Detector) { d.Recent = time.Hour + time.Second }, []string{"recent", "day"}},
		"a day of 25":               {func(d *rules.Detector) { d.Day = 25 * time.Hour }, []string{"day"}},
		"a day of one":              {func(d *rules.Detector) { d.Day = time.Hour }, []string{"day"}},
		"a negative hold":           {func(d *rules.Detector) { d.ClearFor = -1 }, []string{"clear_for"}},
		"a reopening of years":      {func(d *rules.Detector) { d.Reopen = 1e6 * time.Hour }, []string{"reopen"}},
		"a negative settling":       {func(d *rules.Detector) { d.Settle = -1 }, []string{"settle"}},
		"a threshold of 1 %":        {func(d *rules.Detector) { d.Threshold = 0.01 }, []string{"threshold"}},
		"just over it":              {func(d *rules.Detector) { d.Threshold = 0.010001 }, nil},
		"a threshold of all":        {func(d *rules.Detector) { d.Threshold = 1 }, []string{"threshold"}},
		"tolerating a loud ratio":   {func(d *rules.Detector) { d.Tolerated = 0.2 }, []string{"tolerated", "threshold"}},
		"more than half loud":       {func(d *rules.Detector) { d.Loud = 0.51 }, []string{"loud"}},
		"no weight":                 {func(d *rules.Detector) { d.UsualAs = 0 }, []string{"usual_as"}},
		"no rise":                   {func(d *rules.Detector) { d.RiseFactor = 1 }, []string{"rise_factor"}},
		"nearer than at it":         {func(d *rules.Detector) { d.Near = 1.01 }, []string{"near"}},
		"less than no doubt":        {func(d *rules.Detector) { d.Doubt = 0.99 }, []string{"doubt"}},
		"no doubt at all":           {func(d *rules.Detector) { d.Near, d.Doubt = 1, 1 }, nil},
		"no loud ticks, no run":     {func(d *rules.Detector) { d.LoudTicks, d.ClearRun = 0, 0 }, []string{"loud_ticks", "clear_run"}},
		"certainty":                 {func(d *rules.Detector) { d.Confidence = 1 }, []string{"confidence"}},
		"falling traffic":           {func(d *rules.Detector) { d.Heights[2].PerTick = 1 }, []string{"heights[2].per_tick"}},
		"no height":                 {func(d *rules.Detector) { d.Heights[4].Sum = 0 }, []string{"heights[4].sum"}},
		"what is no number": {func(d *rules.Detector) {
			d.Usual, d.OwnFactor, d.Clip, d.Heights[0].PerTick, d.Heights[1].Sum = rules.Ratio(nan), nan, nan, nan, nan
		}, []string{"usual", "own_factor", "clip", "heights[0].per_tick", "heights[1].sum"}},
		"nothing at all": {func(d *rules.Detector) { *d = rules.Detector{} }, []string{
			"tick", "window", "recent", "day", "tolerated", "threshold", "loud", "usual_as", "own_factor", "rise_factor", "clip", "near", "doubt", "loud_ticks", "clear_run", "confidence",
			"heights[0].per_tick", "heights[0].sum", "heights[1].per_tick", "heights[1].sum", "heights[2].per_tick", "heights[2].sum",
			"heights[3].per_tick", "heights[3].sum", "heights[4].per_tick", "heights[4].sum"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := rules.DefaultDetector()
			tt.change(&d)
			err, got := d.Validate(), []string(nil)
			if err != nil {
				for line := range strings.Lines(err.Error()) {
					key, _, _ := strings.Cut(line, ": ")
					got = append(got, key)
				}
			}
			if strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("faults in %v, want %v: %v", got, tt.want, err)
			}
		})
	}
}

func TestDetectorStepsWithoutAllocating(t *testing.T) {
	w := newWatched()
	if got := testing.AllocsPerRun(5000, func() { w.one(100, 1) }); got != 0 {
		t.Errorf("%v allocations a step in health, want 0", got)
	}
	w = newWatched()
	w.breakIt(t)
	if got := testing.AllocsPerRun(100, func() { w.one(1000, 30) }); got != 0 {
		t.Errorf("%v allocations a step while open, want 0", got)
	}
}

// BenchmarkDetectorStep steps 100,000 series in turn, as a tick of the daemon
// does: one operation is one series.
func BenchmarkDetectorStep(b *testing.B) {
	const series = 100_000
	d, states := rules.DefaultDetector(), make([]rules.DetectorState, series)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		at := detectorStart.Add(time.Duration(i/series) * d.Tick)
		states[i%series], _ = d.Step(states[i%series], rules.Tick{At: at, N: 10, K: i % 200 / 199})
		i++
	}
	b.ReportMetric(float64(unsafe.Sizeof(states[0])), "B/series")
}

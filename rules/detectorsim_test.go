package rules_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// detectorStart is a day in UTC; the series of the tests begin with it.
var detectorStart = time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)

// detectorSeries is a series of independent attempts: a Poisson draw of
// successes and one of failures for each tick.
type detectorSeries struct {
	seed  uint64
	long  time.Duration
	rate  func(at time.Duration) float64 // attempts a second
	ratio func(at time.Duration) float64 // of them failed
}

// play lets a detector see the series and returns all that it told.
func (s detectorSeries) play(d rules.Detector) []rules.Alarm {
	r := rand.New(rand.NewPCG(s.seed, 7))
	var state rules.DetectorState
	var told []rules.Alarm
	for at := time.Duration(0); at < s.long; at += d.Tick {
		mean, p := s.rate(at)*d.Tick.Seconds(), s.ratio(at)
		k := poisson(r, mean*p)
		var a *rules.Alarm
		if state, a = d.Step(state, rules.Tick{At: detectorStart.Add(at), N: k + poisson(r, mean*(1-p)), K: k}); a != nil {
			told = append(told, *a)
		}
	}
	return told
}

// poisson draws a small mean by counting, a large one by its bell.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 60 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, least := 0, math.Exp(-mean)
	for left := r.Float64(); left > least; left *= r.Float64() {
		n++
	}
	return n
}

func steady(v float64) func(time.Duration) float64 { return func(time.Duration) float64 { return v } }

// phases gives each ratio for its time; the last one stays.
func phases(steps ...float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		for i := 0; i+1 < len(steps); i += 2 {
			if at < time.Duration(steps[i+1])*time.Minute {
				return steps[i]
			}
			at -= time.Duration(steps[i+1]) * time.Minute
		}
		return steps[len(steps)-1]
	}
}

// swing is the traffic of a day: a tenth of its mean at night, 1.9 times at noon.
func swing(mean float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 { return mean * (1 - 0.9*math.Cos(2*math.Pi*at.Hours()/24)) }
}

func opened(told []rules.Alarm) []rules.Alarm {
	return slices.DeleteFunc(slices.Clone(told), func(a rules.Alarm) bool { return a.Kind != rules.AlarmOpened })
}

func quantile(v []time.Duration, q float64) time.Duration {
	v = slices.Sorted(slices.Values(v))
	return v[min(int(q*float64(len(v))), len(v)-1)]
}

package traffic

import (
	"math"
	"math/rand/v2"
	"time"
)

// day is the period of the swing, and what Restarts counts by.
const day = 24 * time.Hour

// weatherStep is how often the ratio moves: a tick of the detector.
const weatherStep = 10 * time.Second

// Rough is what makes healthy traffic unlike independent draws. The zero value
// is smooth: a steady rate and independent failures. [RoughBaseline] is the
// one that detectors are measured on.
type Rough struct {
	Sigma      float64       // of the logarithm of the healthy ratio, whose mean stays; 0: steady, at most 3
	Memory     time.Duration // in which the ratio forgets where it was (to 1/e); 0: 10 m
	Restarts   float64       // a day, on average, at most 1000: every attempt fails for RestartFor
	RestartFor time.Duration // 0: 20 s
	Swing      float64       // traffic is 1-Swing of its mean at 00:00 UTC and 1+Swing at 12:00; 0 to 1
}

// RoughBaseline returns the rough baseline of reference/ingest-storage.md
// section 1.2: sigma 0.7 with 10 minutes of memory, a restart of 20 s a day,
// traffic between 0.1 and 1.9 times its mean.
func RoughBaseline() Rough {
	return Rough{Sigma: 0.7, Memory: 10 * time.Minute, Restarts: 1, RestartFor: 20 * time.Second, Swing: 0.9}
}

// volume is the factor on the rate at a time of the day.
func (r Rough) volume(at time.Duration) float64 {
	if r.Swing == 0 {
		return 1
	}
	return 1 - r.Swing*math.Cos(2*math.Pi*float64(at%day)/float64(day))
}

// weather is how the healthy ratio moves, step by step.
type weather struct {
	rough        Rough
	dice         *rand.Rand
	keeps, moves float64 // weights of the last place and of the new draw
	place        float64 // of a normal distribution
	step         int64   // the step that place is of
	restartUntil time.Duration
	factor       float64 // on the healthy ratio in this step
}

func newWeather(r Rough, dice *rand.Rand) *weather {
	if r.Memory == 0 {
		r.Memory = 10 * time.Minute
	}
	if r.RestartFor == 0 {
		r.RestartFor = 20 * time.Second
	}
	w := &weather{rough: r, dice: dice, keeps: math.Exp(-weatherStep.Seconds() / r.Memory.Seconds()), step: -1}
	w.moves = math.Sqrt(1 - w.keeps*w.keeps)
	w.place = dice.NormFloat64()
	return w
}

// ratio returns the healthy ratio at a time since the begin, which never goes
// back; 1 during a restart.
func (w *weather) ratio(mean float64, at time.Duration) float64 {
	step := int64(at / weatherStep)
	if w.step < 0 {
		w.step = step - 1 // the first
	}
	for w.step < step {
		w.step++
		w.move()
	}
	if at < w.restartUntil {
		return 1
	}
	return min(mean*w.factor, 1)
}

func (w *weather) move() {
	w.factor = 1
	if s := w.rough.Sigma; s > 0 {
		w.place = w.keeps*w.place + w.moves*w.dice.NormFloat64()
		w.factor = math.Exp(s*w.place - s*s/2)
	}
	begin := time.Duration(w.step) * weatherStep
	if w.rough.Restarts > 0 && begin >= w.restartUntil && w.dice.Float64() < w.rough.Restarts*weatherStep.Seconds()/day.Seconds() {
		w.restartUntil = begin + w.rough.RestartFor
	}
}

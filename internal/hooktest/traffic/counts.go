package traffic

import (
	"math"
	"math/rand/v2"
	"time"
)

// Counts draws what one series counts in each tick, without making attempts: a
// Poisson number of successes and one of failures. A tick costs about 0.1 us,
// so that months can be replayed. Make one with [NewCounts]; it is not safe
// for concurrent use.
type Counts struct {
	dice    *rand.Rand
	weather *weather
	series  Series
}

// Series is what a series of [Counts] is like.
type Series struct {
	Seed    uint64
	Rate    float64       // attempts a second, on average over the day
	Healthy float64       // share of them that fails; 0.003 is 0.3 %
	Rough   Rough         // zero: independent attempts at a steady rate
	Tick    time.Duration // 0: 10 s
}

// NewCounts returns the draws of a series; the same series gives the same.
func NewCounts(s Series) *Counts {
	if s.Tick <= 0 {
		s.Tick = weatherStep
	}
	dice := rand.New(rand.NewPCG(s.Seed, 0x7f4a7c15))
	return &Counts{dice: dice, weather: newWeather(s.Rough, dice), series: s}
}

// Next draws the tick that begins at a time since midnight UTC of the first
// day; times never go back. n attempts were completed in it and k of them
// failed. broken is the ratio of an incident, 0 for none: the greater of it
// and the healthy ratio holds.
func (c *Counts) Next(at time.Duration, broken float64) (n, k int) {
	mean := c.series.Rate * c.series.Tick.Seconds() * c.series.Rough.volume(at)
	ratio := max(c.weather.ratio(c.series.Healthy, at), min(broken, 1))
	k = poisson(c.dice, mean*ratio)
	return k + poisson(c.dice, mean*(1-ratio)), k
}

// poisson draws a small mean by multiplying (Knuth), and one over 60 by its
// bell, which is off by less than a percent there.
func poisson(dice *rand.Rand, mean float64) int {
	if mean > 60 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*dice.NormFloat64())))
	}
	n, least := 0, math.Exp(-mean)
	for left := dice.Float64(); left > least; left *= dice.Float64() {
		n++
	}
	return n
}

package traffic

import (
	"math/rand/v2"
	"slices"
	"time"
)

// paceStep is how long a rate is taken to be steady.
const paceStep = int64(time.Minute)

// pace says when first attempts start: a Poisson stream whose rate moves with
// the day, bursts and silences. Times are nanoseconds since the begin.
type pace struct {
	rate   float64 // a nanosecond
	rough  Rough
	of     int64    // time of the day at the begin
	silent []change // by their begin
	all    []change // bursts and silences
	edges  []int64  // where they begin and end, ascending
}

// change multiplies the rate from one time to another.
type change struct {
	from, to int64
	by       float64
}

func newPace(c Config) pace {
	midnight := c.Start.UTC().Truncate(day)
	p := pace{rate: c.Rate / float64(time.Second), rough: c.Rough, of: int64(c.Start.Sub(midnight))}
	for _, b := range c.Bursts {
		p.all = append(p.all, change{since(c.Start, b.From), since(c.Start, b.To), b.By})
	}
	for _, s := range c.Silent {
		p.silent = append(p.silent, change{from: since(c.Start, s.From), to: since(c.Start, s.To)})
	}
	slices.SortFunc(p.silent, func(a, b change) int { return int(min(max(a.from-b.from, -1), 1)) })
	p.all = append(p.all, p.silent...)
	for _, c := range p.all {
		p.edges = append(p.edges, c.from, c.to)
	}
	slices.Sort(p.edges)
	return p
}

// after draws the start of the next first attempt after t. At the end of a
// step it begins anew: a Poisson stream has no memory.
func (p *pace) after(t int64, dice *rand.Rand) int64 {
	for {
		end := (t/paceStep + 1) * paceStep
		if i, _ := slices.BinarySearch(p.edges, t+1); i < len(p.edges) {
			end = min(end, p.edges[i])
		}
		rate := p.at(t)
		if rate == 0 {
			t = end
		} else if gap := dice.ExpFloat64() / rate; gap < float64(end-t) {
			return t + int64(gap)
		} else {
			t = end
		}
		if t > int64(400*day) {
			return t
		}
	}
}

// at is the rate at a time.
func (p *pace) at(t int64) float64 {
	rate := p.rate * p.rough.volume(time.Duration(p.of+t))
	for _, c := range p.all {
		if t >= c.from && t < c.to {
			rate *= c.by
		}
	}
	return rate
}

// awake moves a time out of the silences, to the end of the one that it lies in.
func (p *pace) awake(t int64) int64 {
	for _, c := range p.silent {
		if t >= c.from && t < c.to {
			t = c.to
		}
	}
	return t
}

package backtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// The incident that detection is measured by: that of seed 000, 4 % after
// three ordinary hours, in reference/ingest-storage.md section 1.2 as well.
const (
	incidentRatio = 0.04
	ordinaryFor   = 3 * time.Hour
	incidentFor   = 24 * time.Hour
	trials        = 31
)

// delayOf measures how long a rise to 4 % takes to be told at a traffic and a
// height: the median of 31 simulated incidents, from their begin to the end of
// the tick that decides; a day when it takes longer. The same arguments give
// the same answer.
func delayOf(d rules.Detector, perTick float64, own rules.Ratio, sum float64) time.Duration {
	d = flat(d, sum)
	all, never := make([]time.Duration, trials), 0
	for i := range all {
		all[i] = incident(d, rand.New(rand.NewPCG(uint64(i), 4)), perTick, float64(own))
		if all[i] == incidentFor {
			never++
		}
		if never > trials/2 {
			return incidentFor // whatever the others are
		}
	}
	slices.Sort(all)
	return all[trials/2]
}

func incident(d rules.Detector, r *rand.Rand, perTick, own float64) time.Duration {
	var s rules.DetectorState
	begin := time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)
	for at := -ordinaryFor; at < incidentFor; at += d.Tick {
		ratio := own
		if at >= 0 {
			ratio = incidentRatio
		}
		k := poisson(r, perTick*ratio)
		t := rules.Tick{At: rules.TickOf(begin.Add(at), d.Tick), N: k + poisson(r, perTick*(1-ratio)), K: k}
		var a *rules.Alarm
		s, a = d.Step(s, t)
		if a != nil && a.Kind == rules.AlarmOpened && at >= 0 {
			return a.At.Sub(begin)
		}
	}
	return incidentFor
}

// poisson draws a small mean by counting, a large one by its bell.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 10 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n := 0
	for p, limit := r.Float64(), math.Exp(-mean); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

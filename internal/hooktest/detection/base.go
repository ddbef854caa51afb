package main

import (
	"sync/atomic"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

// base is how often the detector alarms while a series is healthy at a ratio
// of its own.
type base struct {
	healthy float64
	rough   bool
	alarms  []float64 // in 30 days, of each rate
}

// measureBases looks at higher healthy ratios, smooth and rough.
func measureBases(s settings) []base {
	bases := []base{{healthy: 0.01}, {healthy: 0.02}, {healthy: 0.01, rough: true}, {healthy: 0.02, rough: true}}
	months := max(s.months/3, 1)
	for i := range bases {
		for r, rate := range s.rates {
			var alarms atomic.Int64
			each(months, func(m int) {
				shape := traffic.Series{Seed: (s.seed+2<<20)<<32 + uint64(r*months+m), Rate: rate, Healthy: bases[i].healthy}
				if bases[i].rough {
					shape.Rough = traffic.RoughBaseline()
				}
				alarms.Add(int64(healthyMonth(s, shape, false).ours))
			})
			bases[i].alarms = append(bases[i].alarms, float64(alarms.Load())/float64(months))
		}
	}
	return bases
}

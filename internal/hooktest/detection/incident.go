package main

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// atRate is what was measured at one rate.
type atRate struct {
	rate   float64
	quiet  quiet
	delays [][][]time.Duration // of each ratio and each rule (ours first): ascending
}

// measure measures healthy months and incidents at a rate.
func measure(s settings, rate float64) atRate {
	m := atRate{rate: rate, quiet: healthyMonths(s, rate)}
	for _, ratio := range s.ratios {
		m.delays = append(m.delays, incidents(s, rate, ratio, m.quiet.least))
	}
	return m
}

// incidents gives, of each rule, how long each incident had lasted at the
// alarm. A day stands for never.
func incidents(s settings, rate, ratio float64, least []int64) [][]time.Duration {
	all := make([][]time.Duration, 1+len(least))
	var mu sync.Mutex // guards all
	each(s.trials, func(i int) {
		found := oneIncident(s, i, rate, ratio, least)
		mu.Lock()
		defer mu.Unlock()
		for rule, after := range found {
			if after > 0 {
				all[rule] = append(all[rule], after)
			}
		}
	})
	for _, delays := range all {
		slices.Sort(delays)
	}
	return all
}

// oneIncident begins at a random time of the day. A rule that fires already
// has no trial: its delay is 0.
func oneIncident(s settings, trial int, rate, ratio float64, least []int64) []time.Duration {
	seed := (s.seed+1<<20)<<32 + uint64(trial)
	in, o, ps := newSeries(rough(seed, rate), int((warm+day)/tick)), ours{detector: s.detector}, peers()
	from := time.Duration(rand.New(rand.NewPCG(seed, 1)).IntN(int(day/tick))) * tick
	found := make([]time.Duration, 1+len(ps))
	waiting := len(found)
	for i := range found {
		found[i] = day
	}
	note := func(rule int, since time.Duration) {
		if found[rule] == day {
			found[rule] = max(since, 0)
			waiting--
		}
	}
	for at := time.Duration(0); at < warm+day && waiting > 0; at += tick {
		broken, since := 0.0, at+tick-warm
		if at >= warm {
			broken = ratio
		}
		n, k := in.next(from+at, broken)
		if told := o.step(from+at, n, k); since > 0 && told != nil && told.Kind == rules.AlarmOpened || since == 0 && o.state.Open() {
			note(0, since)
		}
		for p, peer := range ps {
			if k := peer.step(&in.sums); since >= 0 && k >= least[p] {
				note(1+p, since)
			}
		}
	}
	return found
}

// quantile gives what a share of the delays does not exceed; a day for none.
func quantile(delays []time.Duration, share float64) time.Duration {
	if len(delays) == 0 {
		return day
	}
	return delays[min(int(share*float64(len(delays))), len(delays)-1)]
}

package main

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

// quiet is what healthy months gave.
type quiet struct {
	ours  int       // alarms of the detector in all months
	least []int64   // of each peer: the failures asked for
	peers []int     // alarms of each with these
	calls [][]int64 // scratch of a month: of each peer, its greatest step in each block
}

// healthyMonths runs months without an incident, and sets the peers.
func healthyMonths(s settings, rate float64) quiet {
	months := make([]quiet, s.months)
	each(s.months, func(i int) {
		months[i] = healthyMonth(s, rough(s.seed<<32+uint64(i), rate), true)
	})
	var all quiet
	for _, m := range months {
		all.ours += m.ours
	}
	for p := range peers() {
		calls := make([][]int64, len(months))
		for i, m := range months {
			calls[i] = m.calls[p]
		}
		least, alarms := setPeer(calls, s.months)
		all.least, all.peers = append(all.least, least), append(all.peers, alarms)
	}
	return all
}

// healthyMonth runs one.
func healthyMonth(s settings, shape traffic.Series, withPeers bool) (q quiet) {
	in, o, ps := newSeries(shape, int((warm+month)/tick)), ours{detector: s.detector}, peers()
	if !withPeers {
		ps = nil
	}
	q.calls = make([][]int64, len(ps))
	for p := range q.calls {
		q.calls[p] = make([]int64, month/block)
	}
	for at := time.Duration(0); at < warm+month; at += tick {
		n, k := in.next(at, 0)
		if told := o.step(at, n, k); opens(told) && at >= warm {
			q.ours++
		}
		for p, peer := range ps {
			if k := peer.step(&in.sums); at >= warm {
				b := &q.calls[p][(at-warm)/block]
				*b = max(*b, k)
			}
		}
	}
	return q
}

// setPeer finds the least number of failures with at most so many alarms in
// all months; from there up it is never more. It takes the blocks from the
// loudest down, and counts the runs that they make.
func setPeer(months [][]int64, most int) (least int64, alarms int) {
	type place struct{ month, block int }
	var blocks []place
	for m, calls := range months {
		for b, k := range calls {
			if k > 0 {
				blocks = append(blocks, place{m, b})
			}
		}
	}
	of := func(p place) int64 { return months[p.month][p.block] }
	slices.SortFunc(blocks, func(a, b place) int { return int(min(max(of(b)-of(a), -1), 1)) })
	on := map[place]bool{}
	runs := 0
	for i, p := range blocks {
		on[p] = true
		runs++
		if on[place{p.month, p.block - 1}] {
			runs--
		}
		if on[place{p.month, p.block + 1}] {
			runs--
		}
		if i+1 < len(blocks) && of(blocks[i+1]) == of(p) {
			continue // all of one number go together
		}
		if runs > most {
			return of(p) + 1, alarms
		}
		alarms = runs
	}
	return 1, alarms
}

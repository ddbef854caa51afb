package main

import "time"

// sums are counts from the begin of a series, so that a window is one
// subtraction.
type sums struct{ n, k []int64 }

func newSums(ticks int) sums {
	s := sums{make([]int64, 1, ticks+1), make([]int64, 1, ticks+1)}
	return s
}

func (s *sums) add(n, k int) {
	last := len(s.n) - 1
	s.n, s.k = append(s.n, s.n[last]+int64(n)), append(s.k, s.k[last]+int64(k))
}

// window counts the newest ticks.
func (s *sums) window(ticks int) (n, k int64) {
	last := len(s.n) - 1
	from := max(last-ticks, 0)
	return s.n[last] - s.n[from], s.k[last] - s.k[from]
}

// pair fires while the ratio of both windows is at or over a limit.
type pair struct {
	long, short time.Duration
	limit       float64
}

// peer is a rule as people use it: it fires while any of its pairs does, once
// that has held for so long, and the short window has so many failures. These
// are its one knob, which is set to one false alarm in 30 days.
type peer struct {
	name  string
	pairs []pair
	hold  time.Duration
	held  time.Duration
}

// peers are the rules that the detector is measured beside: a plain ratio, the
// same with "for: 5m", over an hour, and the two paging pairs of the SRE
// workbook (chapter 5: 14.4 times the budget in 1 h and 5 min, 6 times in 6 h
// and 30 min).
func peers() []*peer {
	burn := func(budget float64) []pair {
		return []pair{{time.Hour, 5 * time.Minute, 14.4 * budget}, {6 * time.Hour, 30 * time.Minute, 6 * budget}}
	}
	plain := func(window time.Duration) []pair { return []pair{{window, window, 0.04}} }
	return []*peer{
		{name: "ratio 5m ≥ 4 %", pairs: plain(5 * time.Minute)},
		{name: "ratio 5m ≥ 4 % for 5m", pairs: plain(5 * time.Minute), hold: 5 * time.Minute},
		{name: "ratio 1h ≥ 4 %", pairs: plain(time.Hour)},
		{name: "burn rate, SLO 99.9", pairs: burn(0.001)},
		{name: "burn rate, SLO 99.5", pairs: burn(0.005)},
	}
}

// step looks at a series after each tick. It returns the most failures that
// may be asked for so that the rule fires now; 0 when it does not.
func (p *peer) step(s *sums) int64 {
	most := int64(0)
	for _, pair := range p.pairs {
		n, k := s.window(int(pair.short / tick))
		if k > most && over(n, k, pair.limit) {
			if n, k := s.window(int(pair.long / tick)); !over(n, k, pair.limit) {
				continue
			}
			most = k
		}
	}
	if most == 0 {
		p.held = 0
		return 0
	}
	if p.held += tick; p.held <= p.hold {
		return 0
	}
	return most
}

func over(n, k int64, limit float64) bool { return n > 0 && float64(k) >= limit*float64(n) }

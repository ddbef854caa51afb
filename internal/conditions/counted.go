package conditions

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Sample is what was counted of a scope over a short time by somebody else,
// without the attempts themselves.
type Sample struct {
	Scope  rules.Scope // platform or channel:...; of others nothing is decided
	At     time.Time   // the end of that time
	First  int         // first attempts that ended in it
	Failed int         // of them failed
}

// Counted feeds the ratio series with samples that are in no log: a crash loses
// those of the ticks that are not closed. A sample belongs to the tick in which
// it ends; one that comes after that is closed counts as late.
func (c *Conditions) Counted(samples []Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range samples {
		c.ratios.counted(s, c.episodeLocked)
	}
}

// counted adds a sample to the open tick of its series.
func (r *ratios) counted(s Sample, episode func(met) rules.Episode) {
	if s.First <= 0 {
		return
	}
	kind, id := s.Scope.Split()
	var one *series
	switch {
	case s.Scope == rules.ScopePlatform:
		one = r.families[0].find("", episode)
	case kind == rules.ScopeChannel:
		if one = r.families[1].series[id]; one == nil && len(r.families[1].series) < r.most {
			one = r.families[1].find(id, episode)
		}
		if one == nil {
			r.beyond += int64(s.First)
			return
		}
	default:
		return
	}
	length := one.family.tick
	end := s.At.UnixNano() - 1 // what ended at the border ended before it
	begin := end - end%length
	closes := begin + length + r.grace
	if closes <= r.time {
		r.late += int64(s.First)
		return
	}
	one.tick(begin).addAll(s.First, min(max(s.Failed, 0), s.First))
	one.touched, r.touched = true, true
	r.closes = min(r.closes, closes)
}

// addAll counts so many at once; what is over the bound of a tick is left away
// in proportion.
func (c *count) addAll(n, k int) {
	if room := rules.TickAttempts - c.n; n > room {
		k = int(int64(k) * int64(room) / int64(n))
		n = room
	}
	c.n += n
	c.k += k
}

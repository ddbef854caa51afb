package conditions

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Sample is what was counted of a scope over a short time by somebody else,
// without the attempts themselves.
type Sample struct {
	Scope  rules.Scope // platform, channel:..., endpoint:... and the like; of kinds without a ratio rule nothing is decided
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
	i := slices.IndexFunc(r.families, func(f *family) bool { return f.kind == kind })
	if i < 0 {
		return
	}
	end := s.At.UnixNano() - 1 // what ended at the border ended before it
	if !r.add(r.families[i], id, end, s.First, min(max(s.Failed, 0), s.First), episode) {
		r.late += int64(s.First)
	}
}

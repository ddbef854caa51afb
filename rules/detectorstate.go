package rules

import (
	"math"
	"time"
)

// DetectorState is what a [Detector] remembers of one series: one value of
// fixed size (about 0.7 KB), comparable, without pointers. The zero value has
// seen nothing. An idle series needs none: see [Detector.Idle]. Times are
// nanoseconds since 1970, 0 for none.
type DetectorState struct {
	at           int64 // begin of the last tick counted
	began        int64 // begin of the first tick of the day
	tick, recent int64 // the grid that window and day were counted on

	sum    float64 // of the clipped CUSUM; 0 while open
	change stretch // since the sum left 0; while open, since the change
	loud   stretch // ticks in a row at or over the loud ratio
	louds  int     // how many

	opened    int64    // end of the tick that opened; 0 when not open
	cleared   int64    // end of the tick that cleared last
	severity  Severity // while open
	below     int64    // while open: since when the window's ratio has been low enough
	delivered int      // while open: in a row

	window [detectorWindow]tally
	day    [detectorDay + 1]part
}

// stretch counts from a tick on.
type stretch struct {
	from int64 // begin of its first tick; 0: none
	n, k int
}

type tally struct{ n, k uint32 }

// part counts one Recent of the day. A uint32 holds an hour of the most that
// a tick may count, and stays at its greatest number beyond.
type part struct {
	n, k  uint32 // what entered the baseline, and how many of these failed
	apart uint32 // attempts that did not: an episode was open
}

// Open reports whether an episode is open.
func (s DetectorState) Open() bool { return s.opened != 0 }

// Severity gives how loud the open episode is; empty when none is open.
func (s DetectorState) Severity() Severity { return s.severity }

// Idle reports whether a state may be dropped at a time: no episode is open,
// and all that it counted is older than the day and than Reopen. The zero
// value decides alike from there on. A series that had no traffic for a day
// so costs nothing at all.
func (d Detector) Idle(s DetectorState, now time.Time) bool {
	return !s.Open() && d.idleAt(&s, now.UnixNano())
}

func (d Detector) idleAt(s *DetectorState, now int64) bool {
	return now-s.at > max(int64(d.Day+d.Recent), int64(d.Reopen+d.Tick))
}

// Unfailing reports whether a state has seen no failure in its day and its
// window, and no episode is open: only how many attempts there were is in it.
// A series that begins anew then knows nothing of its ratio, and is as good as it was.
func (d Detector) Unfailing(s DetectorState) bool {
	if s.Open() || s.sum > 0 || s.louds > 0 || s.cleared != 0 && s.at-s.cleared <= int64(d.Reopen) {
		return false
	}
	for _, p := range s.day {
		if p.k > 0 || p.apart > 0 {
			return false
		}
	}
	for _, t := range s.window {
		if t.k > 0 {
			return false
		}
	}
	return true
}

// advance brings s to the tick that begins at now; the ticks between were
// empty. After a change of the grid it counts afresh and keeps the episode.
func (d Detector) advance(s *DetectorState, now int64) {
	tick, recent := int64(d.Tick), int64(d.Recent)
	if s.at == 0 || !s.Open() && d.idleAt(s, now) {
		*s = DetectorState{began: now, tick: tick, recent: recent}
	}
	if s.tick != tick || s.recent != recent {
		s.began, s.tick, s.recent = now, tick, recent
		s.sum, s.loud, s.louds = 0, stretch{}, 0
		s.window, s.day = [detectorWindow]tally{}, [detectorDay + 1]part{}
		if !s.Open() {
			s.change = stretch{}
		}
	}
	if s.at/tick+1 != now/tick {
		s.loud, s.louds = stretch{}, 0
	}
	for i := max(s.at/tick+1, now/tick-detectorWindow+1); i <= now/tick; i++ {
		s.window[i%detectorWindow] = tally{}
	}
	for i := max(s.at/recent+1, now/recent-detectorDay); i <= now/recent; i++ {
		s.day[i%(detectorDay+1)] = part{}
	}
	s.at = now
}

// windowOf sums the window that ends with the last tick.
func (d Detector) windowOf(s *DetectorState) (n, k int) {
	last := s.at / int64(d.Tick)
	for i := last - int64(d.Window/d.Tick) + 1; i <= last; i++ {
		t := s.window[i%detectorWindow]
		n, k = n+int(t.n), k+int(t.k)
	}
	return n, k
}

// dayOf gives the baseline, the ratio of the day before the last one to two
// Recents drawn to Usual, and the attempts of an average tick.
func (d Detector) dayOf(s *DetectorState) (own Ratio, perTick float64) {
	last, oldest := s.at/s.recent, s.at/s.recent-int64(d.Day/d.Recent)
	var n, k, all float64
	for i := oldest; i <= last; i++ {
		p := s.day[i%(detectorDay+1)]
		all += float64(p.n) + float64(p.apart)
		if i <= last-2 {
			n, k = n+float64(p.n), k+float64(p.k)
		}
	}
	weight := float64(d.UsualAs)
	own = Ratio((k + float64(float64(d.Usual)*weight)) / (n + weight))
	ticks := (s.at-max(s.began, oldest*s.recent))/s.tick + 1
	return own, all / float64(ticks)
}

// tolerated is p0, and what the window's ratio has to be below to clear. It
// ends at the loud ratio: a series that always fails is never healthy.
func (d Detector) tolerated(own Ratio) Ratio {
	return min(max(d.Tolerated, Ratio(d.OwnFactor*float64(own))), d.Loud)
}

// Tolerates reports whether what [Detector.Lately] returned is under the ratio from
// which an episode clears.
func (d Detector) Tolerates(e Evidence) bool {
	return e.Denominator >= d.ClearRun && ratioOf(e.Numerator, e.Denominator) < d.tolerated(e.Baseline)
}

// height is the sum that alarms at this traffic.
func (d Detector) height(perTick float64) float64 {
	for i, h := range d.Heights {
		if perTick > h.PerTick {
			continue
		}
		if i == 0 {
			return h.Sum
		}
		low := d.Heights[i-1]
		share := math.Log(perTick/low.PerTick) / math.Log(h.PerTick/low.PerTick)
		return low.Sum + float64(share*(h.Sum-low.Sum))
	}
	return d.Heights[len(d.Heights)-1].Sum
}

// countDay adds the last tick to the day: to the baseline, or apart from it.
func (s *DetectorState) countDay(t Tick, learn bool) {
	p := &s.day[s.at/s.recent%(detectorDay+1)]
	if !learn {
		p.apart = add(p.apart, t.N)
		return
	}
	p.n, p.k = add(p.n, t.N), add(p.k, t.K)
}

// unlearn takes what came since the change out of the baseline again: the
// newest parts lie in it as a whole, and the rest of it in the oldest.
func (s *DetectorState) unlearn() {
	n, k := s.change.n, s.change.k
	for i := s.at / s.recent; i >= max(s.change.from/s.recent, s.at/s.recent-detectorDay); i-- {
		p := &s.day[i%(detectorDay+1)]
		failed := min(k, int(p.k))
		all := min(n, int(p.n))
		p.n, p.k, p.apart = p.n-uint32(all), p.k-uint32(failed), add(p.apart, all)
		n, k = n-all, k-failed
	}
}

func add(sum uint32, n int) uint32 { return uint32(min(uint64(sum)+uint64(n), math.MaxUint32)) }

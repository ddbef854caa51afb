package conditions

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	// maxAhead is how far after its receipt an attempt may have ended: what
	// deliveries.Decode takes (DESIGN.md section 6).
	maxAhead = 5 * time.Minute
	// setBack is how far log time has to go back to be believed: the clock of
	// this machine was wrong before, and nothing would count until it is there
	// again. Batches that overtake each other differ by far less.
	setBack = 5 * time.Minute
	// idleBehind is how far log time stays behind the clock while nothing comes:
	// longer than an attempt may take from its receipt into the log, so that
	// none is late because of the clock.
	idleBehind = 20 * time.Second
)

// ratios are the series of the ratio rules. All that they decide follows from
// the log and its order: who reads the same log from the same state decides
// alike, however its attempts are grouped.
type ratios struct {
	families [2]*family
	grace    int64
	most     int // series of channels

	time     int64 // log time: the greatest receipt so far; nanoseconds since 1970
	closes   int64 // the log time at which the first open tick closes
	position ingest.Position
	rested   ingest.Position // of the last rest
	touched  bool            // since the last rest
	late     int64
	beyond   int64 // attempts of channels beyond most, not logged yet
}

// decision is one change of a series.
type decision struct {
	episode rules.Episode
	change  rules.Change
}

func newRatios(cfg Config) *ratios {
	r := &ratios{closes: math.MaxInt64}
	r.families[0] = newFamily(rules.RulePlatformErrorRatio, rules.ScopePlatform)
	r.families[1] = newFamily(rules.RuleChannelErrorRatio, rules.ScopeChannel)
	r.set(cfg)
	return r
}

// set goes on by other settings.
func (r *ratios) set(cfg Config) {
	r.grace, r.most = int64(cfg.Grace), cfg.MostChannels
	r.families[0].set(cfg.Platform)
	r.families[1].set(cfg.Channel)
	r.closes = r.firstClose()
}

// take counts a group, and returns what was decided, in order. episode tells
// with what a new series begins.
func (r *ratios) take(g ingest.Group, v []ingest.Verdict, episode func(met) rules.Episode) []decision {
	if !r.position.Before(g.Next) {
		return nil // all of it is in already
	}
	var decided []decision
	for i := range g.Entries[:min(len(g.Entries), len(v))] {
		e := &g.Entries[i]
		if e.Position.Before(r.position) {
			continue
		}
		decided = append(decided, r.goOn(e.Received.UnixNano())...)
		if v[i] == ingest.Counted && e.Counts && e.Kind == deliveries.KindFirst {
			r.count(e, episode)
		}
	}
	r.position = g.Next
	return decided
}

// goOn lets log time go on, and closes what is due.
func (r *ratios) goOn(now int64) []decision {
	if now < r.time-int64(setBack) {
		r.time = now
		r.forgetAhead()
	}
	if now <= r.time {
		return nil
	}
	before := r.time
	r.time = now
	decided := r.close()
	if before/int64(time.Hour) != now/int64(time.Hour) {
		r.dropIdle()
	}
	return decided
}

// count adds an attempt to the open tick of its series, unless that is closed.
func (r *ratios) count(e *ingest.Entry, episode func(met) rules.Episode) {
	done := e.Attempt.Completed()
	age := e.Received.Sub(done)
	if age < -maxAhead || age > time.Duration(r.grace)+r.longest() { // nor can it be counted in nanoseconds
		r.late++
		return
	}
	failed := e.Fault != probes.FaultNone
	fits := r.add(r.families[0].find("", episode), done.UnixNano(), failed)
	if id := e.Attempt.Channel; id != "" {
		s := r.families[1].series[id]
		if s == nil && len(r.families[1].series) < r.most {
			s = r.families[1].find(id, episode)
		}
		if s == nil {
			r.beyond++
		} else {
			fits = r.add(s, done.UnixNano(), failed) && fits
		}
	}
	if !fits {
		r.late++
	}
}

func (r *ratios) longest() time.Duration {
	return max(r.families[0].detector.Tick, r.families[1].detector.Tick)
}

// add reports false when the tick is closed.
func (r *ratios) add(s *series, done int64, failed bool) bool {
	length := s.family.tick
	begin := done - done%length
	closes := begin + length + r.grace
	if closes <= r.time {
		return false
	}
	s.tick(begin).add(failed)
	s.touched, r.touched = true, true
	r.closes = min(r.closes, closes)
	return true
}

// dueTick is an open tick of one series that closes.
type dueTick struct {
	end    int64
	order  int // of the family
	series *series
}

// close steps all ticks that are due, in an order that does not depend on how
// many are at a time.
func (r *ratios) close() []decision {
	if r.time < r.closes {
		return nil
	}
	var due []dueTick
	for i, f := range r.families {
		for begin, list := range f.open {
			if begin+f.tick+r.grace > r.time {
				continue
			}
			for _, s := range list {
				due = append(due, dueTick{begin + f.tick, i, s})
			}
			delete(f.open, begin)
		}
	}
	r.closes = r.firstClose()
	slices.SortFunc(due, func(a, b dueTick) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.order, b.order), cmp.Compare(a.series.id, b.series.id))
	})
	var decided []decision
	for _, d := range due {
		if ch := d.series.step(d.end - d.series.family.tick); ch != nil {
			decided = append(decided, decision{d.series.state.Episode, *ch})
		}
		r.touched = true
	}
	return decided
}

func (r *ratios) firstClose() int64 {
	first := int64(math.MaxInt64)
	for _, f := range r.families {
		for begin := range f.open {
			first = min(first, begin+f.tick+r.grace)
		}
	}
	return first
}

// forgetAhead lets series count afresh that have counted, by a clock that was
// wrong, what lies ahead: they would take nothing until it is that late.
func (r *ratios) forgetAhead() {
	ahead := r.time + int64(maxAhead)
	for _, f := range r.families {
		f.forget(ahead + f.tick)
	}
	r.touched = true
	r.closes = r.firstClose()
}

// dropIdle drops the series that decide alike without their state. Log time
// asks for it once an hour.
func (r *ratios) dropIdle() {
	for _, f := range r.families {
		for id, s := range f.series {
			if len(s.open) == 0 && s.state.Episode.Phase != rules.PhaseOpen && f.detector.Idle(s.state.Detector, time.Unix(0, r.time)) {
				delete(f.series, id)
				f.dropped[s.name()] = true
				r.touched = true
			}
		}
	}
}

// lately returns what the last window of a series counted; false when that is
// over: its attempts ended longer ago than a window and the grace.
func (r *ratios) lately(s *series) (rules.Evidence, bool) {
	d := s.family.detector
	e := d.Lately(s.state.Detector)
	return e, !e.To.IsZero() && e.To.UnixNano() > r.time-r.grace-int64(d.Window)
}

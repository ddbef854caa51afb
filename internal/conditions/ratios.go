package conditions

import (
	"cmp"
	"math"
	"slices"
	"strings"
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
	families []*family
	census   *census
	grace    int64

	time     int64 // log time: the greatest receipt so far; nanoseconds since 1970
	closes   int64 // the log time at which the first open tick closes
	position ingest.Position
	rested   ingest.Position // of the last rest
	touched  bool            // since the last rest, or something of that is left
	late     int64
}

// decision is one change of a series.
type decision struct {
	series  *series
	episode rules.Episode
	change  rules.Change
}

func newRatios(cfg Config) *ratios {
	r := &ratios{closes: math.MaxInt64, census: newCensus()}
	for _, d := range dimensions() {
		r.families = append(r.families, newFamily(d))
	}
	r.set(cfg)
	return r
}

// set goes on by other settings.
func (r *ratios) set(cfg Config) {
	r.grace = int64(cfg.Grace)
	for _, f := range r.families {
		d, most := cfg.settingsOf(f.rule)
		f.set(d, most, cfg.loudest)
	}
	r.census.set(cfg)
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
	k := 0
	if e.Fault != probes.FaultNone {
		k = 1
	}
	fits := true
	for _, f := range r.families {
		if id, ok := f.id(&e.Attempt); ok {
			fits = r.add(f, id, done.UnixNano(), 1, k, episode) && fits
		}
	}
	if !fits {
		r.late++
		return
	}
	r.census.count(&e.Attempt, e.Fault, done.UnixNano())
}

func (r *ratios) longest() (longest time.Duration) {
	for _, f := range r.families {
		longest = max(longest, f.detector.Tick)
	}
	return longest
}

// add counts n attempts that ended at a moment, of which k failed, for a series;
// false when that tick is closed.
func (r *ratios) add(f *family, id string, done int64, n, k int, episode func(met) rules.Episode) bool {
	begin := done - done%f.tick
	closes := begin + f.tick + r.grace
	if closes <= r.time {
		return false
	}
	s := f.find(id, n, k, episode)
	if s == nil {
		return true
	}
	s.tick(begin).add(n, k)
	s.touch()
	r.touched = true
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
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.order, b.order), strings.Compare(a.series.id, b.series.id))
	})
	var decided []decision
	for len(due) > 0 {
		n := slices.IndexFunc(due, func(d dueTick) bool { return d.end != due[0].end })
		if n < 0 {
			n = len(due)
		}
		decided = append(decided, r.stepAll(due[:n])...)
		due = due[n:]
	}
	return decided
}

// stepAll steps the ticks that end at one moment, and then says of what is up
// where it comes from.
func (r *ratios) stepAll(due []dueTick) (decided []decision) {
	r.touched = true
	for _, d := range due {
		if ch := d.series.step(d.end - d.series.family.tick); ch != nil {
			decided = append(decided, decision{d.series, d.series.state().Episode, *ch})
		}
	}
	for i := range decided {
		if d := &decided[i]; d.change.Open && !d.series.family.sparse {
			r.attribute(d.series, &d.change)
		}
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
		r.touched = f.dropIdle(time.Unix(0, r.time)) || r.touched
	}
}

// lately returns what the last window of a series counted; false when that is
// over: its attempts ended longer ago than a window and the grace.
func (r *ratios) lately(s *series) (rules.Evidence, bool) {
	d := s.family.detector
	e := d.Lately(s.detector)
	return e, !e.To.IsZero() && e.To.UnixNano() > r.time-r.grace-int64(d.Window)
}

// setEpisode takes over what was decided of a series elsewhere.
func (r *ratios) setEpisode(rule rules.Rule, scope rules.Scope, e rules.Episode) {
	f, id := r.familyOf(rule, scope)
	if f == nil {
		return
	}
	if s := f.series[id]; s != nil {
		s.setEpisode(e)
		s.touch()
		r.touched = true
	}
}

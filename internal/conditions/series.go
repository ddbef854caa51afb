package conditions

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// savedInTurn is how many series of a sparse family are saved at once: a
// transaction of them takes some 20 ms, and holds up the desk for no longer.
// While no more are touched between two checkpoints, all of them are exact at
// the position that they are saved with; beyond, a restart costs a series what
// it counted since its turn, and nothing is ever counted twice.
const savedInTurn = 500

// family is the series of one dimension.
type family struct {
	dimension

	detector rules.Detector
	most     int // series
	loudest  func(rule rules.Rule, id string) rules.Severity
	tick     int64               // of the detector, in nanoseconds
	series   map[string]*series  // by the scope's ID
	open     map[int64][]*series // by the begin of an open tick: who has counted in it
	unsaved  []*series           // touched since they were saved, the oldest first
	dropped  map[string]bool     // names of series whose rows go
	beyond   int64               // attempts that most had no room for, not logged yet
}

// series is one scope under its detector.
type series struct {
	family   *family
	id       string
	detector rules.DetectorState
	episode  *rules.Episode // nil: none was ever open
	open     []count        // ticks that are not closed, by rising begin; at most some forty
	touched  bool           // it is among the unsaved
	gone     bool           // it was dropped
}

// count is an open tick.
type count struct {
	begin int64
	n, k  uint32
}

func newFamily(d dimension) *family {
	return &family{dimension: d, series: map[string]*series{}, open: map[int64][]*series{}, dropped: map[string]bool{}}
}

// set goes on by other settings. Open ticks of another length are dropped:
// neither can they be stepped, nor belong the coming attempts to them.
func (f *family) set(d rules.Detector, most int, loudest func(rules.Rule, string) rules.Severity) {
	if tick := max(int64(d.Tick), 1); tick != f.tick {
		f.tick = tick
		f.forgetOpen(func(count) bool { return true })
	}
	f.detector, f.most, f.loudest = d, most, loudest
}

// find returns the series that n attempts count for, of which k failed; a new
// one if need be, nil when they count for none.
func (f *family) find(id string, n, k int, episode func(met) rules.Episode) *series {
	s := f.series[id]
	switch {
	case s != nil:
	case f.sparse && k == 0: // as if it began now
	case len(f.series) >= f.most && (k == 0 || !f.evict()):
		f.beyond += int64(n)
	default:
		s = f.begin(id, episode)
	}
	return s
}

// evict makes room for a value that fails: it drops one of a few that did not
// fail for a day, if there is one among them.
func (f *family) evict() bool {
	looked := 0
	for id, s := range f.series {
		if looked++; looked > evictAmong {
			return false
		}
		if s.phase() != rules.PhaseOpen && s.unfailing() {
			f.drop(id, s)
			return true
		}
	}
	return false
}

// evictAmong bounds the look for a series that can go.
const evictAmong = 50

func (f *family) drop(id string, s *series) {
	delete(f.series, id)
	s.gone = true
	f.dropped[s.name()] = true
}

// begin makes a series.
func (f *family) begin(id string, episode func(met) rules.Episode) *series {
	s := &series{family: f, id: strings.Clone(id)} // the log's text may be large
	s.setEpisode(episode(met{f.rule, s.scope()}))
	f.series[s.id] = s
	return s
}

// forget lets series that have counted up to a time count afresh.
func (f *family) forget(ahead int64) {
	f.forgetOpen(func(c count) bool { return c.begin >= ahead })
	next := rules.TickOf(time.Unix(0, ahead), f.detector.Tick)
	for _, s := range f.series {
		if errors.Is(f.detector.Accepts(s.detector, rules.Tick{At: next}), rules.ErrTickPassed) {
			s.detector = rules.DetectorState{}
			s.touch()
		}
	}
}

func (f *family) forgetOpen(bad func(count) bool) {
	clear(f.open)
	for _, s := range f.series {
		before := len(s.open)
		if s.open = slices.DeleteFunc(s.open, bad); len(s.open) != before {
			s.touch()
		}
		for _, c := range s.open {
			f.open[c.begin] = append(f.open[c.begin], s)
		}
	}
}

// dropIdle drops the series that decide alike without their state, and reports
// whether there were any. A sparse one that saw no failure for a day is as if it
// began with the next.
func (f *family) dropIdle(now time.Time) bool {
	before := len(f.series)
	for id, s := range f.series {
		idle := len(s.open) == 0 && f.detector.Idle(s.detector, now) || f.sparse && s.unfailing()
		if idle && s.phase() != rules.PhaseOpen {
			f.drop(id, s)
		}
	}
	if len(f.series) == before {
		return false
	}
	f.unsaved = slices.Clip(slices.DeleteFunc(f.unsaved, func(s *series) bool { return s.gone }))
	if len(f.series) < before/4 {
		smaller := make(map[string]*series, len(f.series)) // one that has shrunk keeps its room
		maps.Copy(smaller, f.series)
		f.series = smaller
	}
	return true
}

// unfailing reports whether nothing failed for a day, up to now.
func (s *series) unfailing() bool {
	return !slices.ContainsFunc(s.open, func(c count) bool { return c.k > 0 }) && s.family.detector.Unfailing(s.detector)
}

// touch notes that the series has to be saved.
func (s *series) touch() {
	if !s.touched {
		s.touched = true
		s.family.unsaved = append(s.family.unsaved, s)
	}
}

func (s *series) scope() rules.Scope {
	if s.family.of == nil {
		return rules.ScopePlatform
	}
	return rules.ScopeOf(s.family.kind, s.id)
}

// name is what the series is stored under.
func (s *series) name() string { return string(s.family.rule) + "/" + string(s.scope()) }

func (s *series) phase() rules.Phase {
	if s.episode == nil {
		return rules.PhaseNone
	}
	return s.episode.Phase
}

// state is what the rule steps.
func (s *series) state() rules.Series {
	r := rules.Series{Detector: s.detector}
	if s.episode != nil {
		r.Episode = *s.episode
	}
	return r
}

func (s *series) setEpisode(e rules.Episode) {
	if e == (rules.Episode{}) {
		s.episode = nil
		return
	}
	s.episode = &e
}

// tick returns an open tick, a new one if need be.
func (s *series) tick(begin int64) *count {
	i := len(s.open)
	for i > 0 && s.open[i-1].begin > begin {
		i--
	}
	if i > 0 && s.open[i-1].begin == begin {
		return &s.open[i-1]
	}
	s.open = slices.Insert(s.open, i, count{begin: begin})
	s.family.open[begin] = append(s.family.open[begin], s)
	return &s.open[i]
}

// add counts n attempts of which k failed; what is over the bound of a tick is
// left away in proportion.
func (c *count) add(n, k int) {
	if room := rules.TickAttempts - int(c.n); n > room {
		k = int(int64(k) * int64(room) / int64(n))
		n = room
	}
	c.n += uint32(min(n, math.MaxInt32))
	c.k += uint32(min(k, math.MaxInt32))
}

// step closes an open tick: its counts go into the detector.
func (s *series) step(begin int64) *rules.Change {
	i := slices.IndexFunc(s.open, func(c count) bool { return c.begin == begin })
	if i < 0 || s.gone {
		return nil
	}
	t := rules.Tick{At: time.Unix(0, begin).UTC(), N: int(s.open[i].n), K: int(s.open[i].k)}
	s.open = slices.Delete(s.open, i, i+1)
	s.touch()
	rule := rules.ErrorRatio{
		Rule: s.family.rule, Scope: s.scope(), Detector: s.family.detector, Loudest: s.family.loudest(s.family.rule, s.id),
	}
	next, ch := rule.Step(s.state(), t)
	s.detector = next.Detector
	s.setEpisode(next.Episode)
	return ch
}

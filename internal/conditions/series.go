package conditions

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// family is the series of one rule.
type family struct {
	rule     rules.Rule
	kind     string // of its scopes
	detector rules.Detector
	tick     int64               // of the detector, in nanoseconds
	series   map[string]*series  // by the scope's ID
	open     map[int64][]*series // by the begin of an open tick: who has counted in it
	dropped  map[string]bool     // names of series whose rows go
}

// series is one scope under its detector.
type series struct {
	family  *family
	id      string
	state   rules.Series
	open    []count // ticks that are not closed, by rising begin; at most some forty
	touched bool    // since the last rest
}

// count is an open tick.
type count struct {
	begin int64
	n, k  int
}

func newFamily(rule rules.Rule, kind rules.Scope) *family {
	return &family{rule: rule, kind: string(kind), series: map[string]*series{}, open: map[int64][]*series{}, dropped: map[string]bool{}}
}

// set goes on by another detector. Open ticks of another length are dropped:
// neither can they be stepped, nor belong the coming attempts to them.
func (f *family) set(d rules.Detector) {
	if tick := max(int64(d.Tick), 1); tick != f.tick {
		f.tick = tick
		f.forgetOpen(func(count) bool { return true })
	}
	f.detector = d
}

// find returns a series, a new one if need be.
func (f *family) find(id string, episode func(met) rules.Episode) *series {
	s := f.series[id]
	if s == nil {
		s = &series{family: f, id: strings.Clone(id)} // the log's text may be large
		s.state.Episode = episode(met{f.rule, s.scope()})
		f.series[s.id] = s
	}
	return s
}

// forget lets series that have counted up to a time count afresh.
func (f *family) forget(ahead int64) {
	f.forgetOpen(func(c count) bool { return c.begin >= ahead })
	next := rules.TickOf(time.Unix(0, ahead), f.detector.Tick)
	for _, s := range f.series {
		if errors.Is(f.detector.Accepts(s.state.Detector, rules.Tick{At: next}), rules.ErrTickPassed) {
			s.state.Detector = rules.DetectorState{}
			s.touched = true
		}
	}
}

func (f *family) forgetOpen(bad func(count) bool) {
	clear(f.open)
	for _, s := range f.series {
		before := len(s.open)
		s.open = slices.DeleteFunc(s.open, bad)
		s.touched = s.touched || len(s.open) != before
		for _, c := range s.open {
			f.open[c.begin] = append(f.open[c.begin], s)
		}
	}
}

func (s *series) scope() rules.Scope {
	if s.family.kind == string(rules.ScopePlatform) {
		return rules.ScopePlatform
	}
	return rules.ScopeOf(s.family.kind, s.id)
}

// name is what the series is stored under.
func (s *series) name() string { return string(s.family.rule) + "/" + string(s.scope()) }

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

func (c *count) add(failed bool) {
	if c.n == rules.TickAttempts {
		return // the detector takes no more
	}
	c.n++
	if failed {
		c.k++
	}
}

// step closes an open tick: its counts go into the detector.
func (s *series) step(begin int64) *rules.Change {
	i := slices.IndexFunc(s.open, func(c count) bool { return c.begin == begin })
	if i < 0 {
		return nil
	}
	t := rules.Tick{At: time.Unix(0, begin).UTC(), N: s.open[i].n, K: s.open[i].k}
	s.open = slices.Delete(s.open, i, i+1)
	s.touched = true
	rule := rules.ErrorRatio{Rule: s.family.rule, Scope: s.scope(), Detector: s.family.detector}
	var ch *rules.Change
	s.state, ch = rule.Step(s.state, t)
	return ch
}

package conditions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// seriesVersion is the shape of seriesAtRest.
const seriesVersion = 1

// logTimeName is the row that log time is stored in, named as a series is.
const logTimeName = "log_time/platform"

// censusName is the row that the faults of the census are stored in.
const censusName = "census/platform"

// seriesAtRest is what is stored of a series: its open ticks too, so that it
// is exact at the position it is stored with.
type seriesAtRest struct {
	Tick   int64        `json:"tick"` // length of the open ones, in nanoseconds
	Open   [][3]int64   `json:"open,omitempty"`
	Series rules.Series `json:"series"`
}

type timeAtRest struct {
	LogTime int64 `json:"log_time"` // nanoseconds since 1970
}

// rest puts all that was touched since the last rest into b, and the position
// that is exact for; false when there is nothing.
func (r *ratios) rest(b *batch) bool {
	if !r.touched && r.position == r.rested {
		return false
	}
	left := false
	for _, f := range r.families {
		left = f.rest(b) || left
	}
	b.series[logTimeName], b.series[censusName] = timeAtRest{r.time}, r.census.rest()
	b.position, r.rested, r.touched = r.position, r.position, left
	return true
}

// rest puts what was touched into b, and reports whether some of it has to wait
// for the next turn.
func (f *family) rest(b *batch) (left bool) {
	for name := range f.dropped {
		b.series[name] = nil
	}
	f.dropped = map[string]bool{} // an emptied one keeps its room
	turn := len(f.unsaved)
	if f.sparse {
		turn = min(turn, savedInTurn)
	}
	for _, s := range f.unsaved[:turn] {
		if s.touched = false; !s.gone {
			b.series[s.name()] = s.rest()
		}
	}
	f.unsaved = slices.Delete(f.unsaved, 0, turn)
	return len(f.unsaved) > 0
}

func (s *series) rest() seriesAtRest {
	at := seriesAtRest{Tick: s.family.tick, Series: s.state()}
	for _, c := range s.open {
		at.Open = append(at.Open, [3]int64{c.begin, int64(c.n), int64(c.k)})
	}
	return at
}

// loadRatiosLocked takes up the series. What stands says which episode they
// are in, so that a condition whose series is lost can still clear.
func (c *Conditions) loadRatiosLocked(saved []SeriesState) {
	c.ratios.rested = c.ratios.position
	for _, state := range saved {
		if state.Series == lastingName {
			continue
		}
		isBeat, err := c.loadBeatLocked(state, time.Now())
		if !isBeat {
			err = c.ratios.load(state, c.episodeLocked)
		}
		if err != nil {
			c.log.Warn("a series begins anew", "series", state.Series, "err", err)
		}
	}
	c.ratios.closes = c.ratios.firstClose()
}

func (c *Conditions) episodeLocked(m met) rules.Episode { return c.standing[m].Episode }

func (r *ratios) load(state SeriesState, episode func(met) rules.Episode) error {
	if state.Version != seriesVersion {
		return fmt.Errorf("its state has version %d; wanted %d", state.Version, seriesVersion)
	}
	if state.Series == logTimeName {
		var at timeAtRest
		err := json.Unmarshal(state.State, &at)
		r.time = at.LogTime
		return err
	}
	if state.Series == censusName {
		return r.census.load(state.State)
	}
	rule, scope, _ := strings.Cut(state.Series, "/")
	f, id := r.familyOf(rules.Rule(rule), rules.Scope(scope))
	if f == nil {
		return fmt.Errorf("%q is the name of no series of this version", state.Series)
	}
	var at seriesAtRest
	if err := json.Unmarshal(state.State, &at); err != nil {
		return fmt.Errorf("decode its state: %w", err)
	}
	s := f.begin(id, episode)
	s.detector = at.Series.Detector
	if at.Tick != f.tick {
		return nil // its open ticks are of other settings
	}
	for _, c := range at.Open {
		if begin, n, k := c[0], c[1], c[2]; begin >= 0 && begin%f.tick == 0 && 0 <= k && k <= n && n <= rules.TickAttempts {
			*s.tick(begin) = count{begin, uint32(n), uint32(k)}
		}
	}
	return nil
}

// familyOf returns nil for what is no ratio rule or no scope of it.
func (r *ratios) familyOf(rule rules.Rule, scope rules.Scope) (f *family, id string) {
	kind, id := scope.Split()
	for _, f := range r.families {
		if f.rule == rule && f.kind == kind {
			return f, id
		}
	}
	return nil, ""
}

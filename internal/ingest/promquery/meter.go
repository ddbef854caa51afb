package promquery

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// apart is how many asks in a row the failed of a scope may not go with its
// total: one of two queries may have met a scrape that the other did not.
const apart = 3

// meter makes samples of answers. It is pure: the same answers make the same
// samples. It is for one goroutine.
type meter struct {
	every time.Duration
	good  bool // the other query counts what was good

	total, other map[string]*counter
	accounts     map[rules.Scope]*account
}

// account is what is counted in one scope and not told yet: fractions, and
// what waits for the other query.
type account struct {
	since  time.Time // of the last ask whose counts were told, or where counting began
	first  float64
	failed float64
	known  bool // the total was there in an earlier ask
	paired bool // the other query had a series of the scope
	apart  int  // asks in a row in which failed did not go with first
}

// change is what one ask says about one scope.
type change struct {
	total, other           float64
	totalFresh, otherFresh bool
	begins                 bool // a series of the total is new
	otherThere             bool
	unclear                bool
}

func newMeter(every time.Duration, good bool) *meter {
	return &meter{every: every, good: good, total: map[string]*counter{}, other: map[string]*counter{}, accounts: map[rules.Scope]*account{}}
}

// step takes the two answers of one ask, and returns the samples, ordered by
// scope.
func (m *meter) step(at time.Time, total, other []series, asked *Asked) []Sample {
	changes := map[rules.Scope]*change{}
	for _, s := range total {
		d := step(m.total, s, at, m.every)
		asked.count(d)
		for _, c := range changesOf(changes, s) {
			c.total += d.rose
			c.totalFresh = c.totalFresh || d.fresh
			c.begins = c.begins || d.first
			c.unclear = c.unclear || d.unclear
		}
	}
	for _, s := range other {
		m.stepOther(changes, s, at, asked)
	}
	asked.Missing += forget(m.total, at) + forget(m.other, at)
	var samples []Sample
	for _, scope := range slices.Sorted(maps.Keys(changes)) {
		if s, ok := m.settle(scope, *changes[scope], at, asked); ok {
			samples = append(samples, s)
		}
	}
	maps.DeleteFunc(m.accounts, func(_ rules.Scope, a *account) bool { return at.Sub(a.since).Abs() > maxGap })
	return samples
}

// stepOther takes one series of the other query. One that is new counts from
// zero when that can be: its scopes were known before, and it has no more than
// they rose by. A counter of failures often appears with its first failure.
func (m *meter) stepOther(changes map[rules.Scope]*change, s series, at time.Time, asked *Asked) {
	d := step(m.other, s, at, m.every)
	asked.count(d)
	scopes := changesOf(changes, s)
	if d.first {
		value := s.points[len(s.points)-1].value
		fits := true
		for scope, c := range scopes {
			a := m.accounts[scope]
			fits = fits && a != nil && a.known && !c.begins && c.totalFresh && value <= c.total
		}
		if fits {
			d.rose, d.fresh = value, true
		}
	}
	for _, c := range scopes {
		c.other += d.rose
		c.otherFresh = c.otherFresh || d.fresh
		c.otherThere = true
		c.unclear = c.unclear || d.unclear
	}
}

// settle puts a change into the scope's account, and takes out of it what can
// be told.
func (m *meter) settle(scope rules.Scope, c change, at time.Time, asked *Asked) (Sample, bool) {
	a := m.accounts[scope]
	if a == nil {
		a = &account{since: at}
		m.accounts[scope] = a
	}
	defer func() { a.known, a.paired = a.known || c.totalFresh || c.begins, a.paired || c.otherThere }()
	switch {
	case c.unclear:
		asked.Unclear++
		*a = account{since: at, known: a.known, paired: a.paired}
		return Sample{}, false
	case m.good && !a.paired:
		*a = account{since: at} // nothing says what was good: not that nothing was
		return Sample{}, false
	}
	a.first += c.total
	if m.good {
		a.failed += c.total - c.other
	} else {
		a.failed += c.other
	}
	if !c.totalFresh || m.good && !c.otherFresh {
		return Sample{}, false // it waits for the other half
	}
	s := a.take(asked)
	s.Scope, s.From, s.At = scope, a.since, at
	a.since = at
	return s, true
}

// take takes whole attempts out of the account; fractions stay, and so does
// what was failed beyond the attempts, for the next ask.
func (a *account) take(asked *Asked) Sample {
	const almost = 1e-6 // ten times a tenth is not quite one
	s := Sample{First: int(math.Floor(max(0, a.first) + almost))}
	s.Failed = min(s.First, int(math.Floor(max(0, a.failed)+almost)))
	a.first -= float64(s.First)
	a.failed -= float64(s.Failed)
	if math.Abs(a.failed) < 1 {
		a.apart = 0
		return s
	}
	if a.apart++; a.apart >= apart {
		asked.Mismatched++
		a.failed, a.apart = 0, 0
	}
	return s
}

func step(known map[string]*counter, s series, at time.Time, every time.Duration) motion {
	c := known[s.key]
	if c == nil {
		c = &counter{}
		known[s.key] = c
	}
	return c.step(s.points, at, every)
}

// changesOf returns the changes of all scopes that a series counts in.
func changesOf(changes map[rules.Scope]*change, s series) map[rules.Scope]*change {
	scopes := []rules.Scope{rules.ScopePlatform}
	if s.product != "" {
		scopes = append(scopes, rules.ScopeOf(rules.ScopeProduct, s.product))
	}
	if s.channel != "" {
		scopes = append(scopes, rules.ScopeOf(rules.ScopeChannel, s.channel))
	}
	of := make(map[rules.Scope]*change, len(scopes))
	for _, scope := range scopes {
		if changes[scope] == nil {
			changes[scope] = &change{}
		}
		of[scope] = changes[scope]
	}
	return of
}

// forget drops counters that were away too long, and returns how many others
// are away.
func forget(known map[string]*counter, at time.Time) (missing int) {
	for key, c := range known {
		switch away := at.Sub(c.seen); {
		case away.Abs() > maxGap:
			delete(known, key)
		case away != 0:
			missing++
		}
	}
	return missing
}

// count notes what a series did.
func (a *Asked) count(m motion) {
	if !m.fresh && !m.first {
		a.Stale++
	}
	if m.reset {
		a.Resets++
	}
}

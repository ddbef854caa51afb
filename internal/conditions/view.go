package conditions

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Standing returns the conditions that are pending or open, by rule and scope.
// They are as decided: what is committed may be some milliseconds behind.
func (c *Conditions) Standing() []rules.Standing {
	c.mu.Lock()
	var all []rules.Standing
	for _, s := range c.standing {
		if s.Episode.Phase != rules.PhaseNone {
			all = append(all, s)
		}
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b rules.Standing) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Scope, b.Scope))
	})
	return all
}

// Open returns the open condition of a rule in a scope; false when there is
// none.
func (c *Conditions) Open(rule rules.Rule, scope rules.Scope) (rules.Standing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.standing[met{rule, scope}]
	if s.Episode.Phase != rules.PhaseOpen {
		return rules.Standing{}, false
	}
	return s, true
}

// Lag returns how long the oldest of what is not written yet has waited: 0
// when all is written, milliseconds when all is well.
func (c *Conditions) Lag(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := c.writing
	if since.IsZero() {
		since = c.queue.since
	}
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since))
}

// LogTime returns how far the log's own time has come: zero while nothing was
// ever logged.
func (c *Conditions) LogTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ratios.time == 0 {
		return time.Time{}
	}
	return time.Unix(0, c.ratios.time).UTC()
}

// LateTotal returns how many first attempts came too late for their tick, or
// lay too far ahead, and so were left out of the series, since the start.
func (c *Conditions) LateTotal() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ratios.late
}

// Ratio returns what the last window (5 minutes) of a series counted: numbers,
// interval, ordinary ratio, no text. It ends with the last closed tick that
// had attempts, about a minute ago while traffic flows. false: there is no ratio
// rule for the scope, or nothing came lately, or of a merchant or an endpoint
// nothing failed for a day.
func (c *Conditions) Ratio(scope rules.Scope) (rules.Evidence, bool) {
	kind, id := scope.Split()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.ratios.families {
		if s := f.series[id]; f.kind == kind && s != nil {
			return c.ratios.lately(s)
		}
	}
	return rules.Evidence{}, false
}

// Below reports whether the last window of a series is under the ratio from which its
// condition clears, once it has stayed there; false too when there is no ratio.
func (c *Conditions) Below(scope rules.Scope) bool {
	kind, id := scope.Split()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.ratios.families {
		if s := f.series[id]; f.kind == kind && s != nil {
			e, ok := c.ratios.lately(s)
			return ok && s.family.detector.Tolerates(e)
		}
	}
	return false
}

// Ratios returns what Ratio does for the platform and for each product, channel
// and type of event that has something: not for merchants and endpoints, of
// which there may be very many.
func (c *Conditions) Ratios() map[rules.Scope]rules.Evidence {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[rules.Scope]rules.Evidence{}
	for _, f := range c.ratios.families {
		if f.sparse {
			continue
		}
		for _, s := range f.series {
			if e, ok := c.ratios.lately(s); ok {
				all[s.scope()] = e
			}
		}
	}
	return all
}

// Beats returns when each heartbeat came last; the zero time: not since the
// start.
func (c *Conditions) Beats() map[string]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := make(map[string]time.Time, len(c.beats))
	for id, b := range c.beats {
		last[id] = b.last
	}
	return last
}

package conditions

import (
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// beat is one heartbeat under watch. Its times are not stored: after a start
// the watch begins anew, so that nobody is paged for our own absence, and what
// is open stays open until a beat.
type beat struct {
	rule    rules.Silence
	started time.Time // zero: with the next check
	last    time.Time // zero: none came
}

// Beat takes a beat and clears the heartbeat's silence; false when there is no
// such heartbeat.
func (c *Conditions) Beat(id string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, known := c.beats[id]
	if !known {
		return false
	}
	if now.After(b.last) {
		b.last = now
	}
	c.checkBeatLocked(id, b, now)
	return true
}

// setBeatsLocked watches the heartbeats of the settings; those that were
// watched before keep what is known of them.
func (c *Conditions) setBeatsLocked() {
	next := make(map[string]*beat, len(c.cfg.Heartbeats))
	for _, h := range c.cfg.Heartbeats {
		b := c.beats[h.ID]
		if b == nil {
			b = &beat{}
		}
		b.rule = h.rule()
		next[h.ID] = b
	}
	c.beats, c.beatsNew = next, true
}

// checkBeats looks at every heartbeat.
func (c *Conditions) checkBeats(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(c.beats)) {
		c.checkBeatLocked(id, c.beats[id], now)
	}
	if !c.beatsNew {
		return
	}
	c.beatsNew = false
	for m := range c.standing {
		if _, id := m.scope.Split(); m.rule == rules.RuleSilence && c.beats[id] == nil {
			c.endLocked(m, "the heartbeat is no longer configured", now)
		}
	}
}

func (c *Conditions) checkBeatLocked(id string, b *beat, now time.Time) {
	if b.started.IsZero() {
		b.started = now
	}
	s := c.standingLocked(met{rules.RuleSilence, rules.ScopeOf(rules.ScopeHeartbeat, id)})
	e, ch := b.rule.Step(s.Episode, rules.SilenceFact{Scope: s.Scope, Last: b.last, Started: b.started}, now)
	if e != s.Episode || ch != nil {
		c.settleLocked(s, e, ch, rules.Evidence{})
	}
}

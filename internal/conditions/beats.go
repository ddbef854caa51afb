package conditions

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// beat is one heartbeat under watch. How long it has been silent is stored with
// each checkpoint, and goes on from there after a start: nobody is paged for
// our own absence, and no restart makes a silence forgotten.
type beat struct {
	rule    rules.Silence
	started time.Time     // zero: with the next check
	last    time.Time     // zero: none came
	excused time.Duration // since the last of both, in which we could not hear it
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
		b.last, b.excused = now, 0
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
	c.excuseBeatsLocked(now)
	for _, id := range slices.Sorted(maps.Keys(c.beats)) {
		c.checkBeatLocked(id, c.beats[id], now)
	}
	if !c.beatsNew {
		return
	}
	c.beatsNew = false
	for m := range c.standing {
		if kind, id := m.scope.Split(); kind == rules.ScopeHeartbeat && m.rule == rules.RuleSilence && c.beats[id] == nil {
			c.endLocked(m, "the heartbeat is no longer configured", now)
		}
	}
}

// checksApart is how far apart two checks may be, which are due each second and
// wait for a commit at most: beyond, this process was stopped and heard nobody.
const checksApart = commitWithin + 5*time.Second

// excuseBeatsLocked takes the time in which this process stood still off what
// each heartbeat was silent: nobody is paged for our own absence.
func (c *Conditions) excuseBeatsLocked(now time.Time) {
	before := c.beatsAt
	c.beatsAt = now
	gap := now.Sub(before)
	if before.IsZero() || gap <= checksApart {
		return
	}
	c.log.Warn("stood still: heartbeats are given that much longer", "for", gap.Round(time.Second))
	c.overBreakLocked(c.lastedLocked(before), now)
	for _, b := range c.beats {
		if heard := b.heard(); !heard.IsZero() {
			b.excused += max(min(gap, now.Sub(heard)), 0)
		}
	}
}

// heard is when the heartbeat was heard last, or could have been first, and so
// much later as it could not be heard since. Zero: its watch has not begun.
func (b *beat) heard() time.Time {
	if b.last.IsZero() {
		return b.started.Add(b.excused)
	}
	return b.last.Add(b.excused)
}

func (c *Conditions) checkBeatLocked(id string, b *beat, now time.Time) {
	if b.started.IsZero() {
		b.started = now
	}
	s := c.standingLocked(met{rules.RuleSilence, rules.ScopeOf(rules.ScopeHeartbeat, id)})
	e, ch := b.rule.Step(s.Episode, rules.SilenceFact{Scope: s.Scope, Last: b.last, Started: b.started, Excused: b.excused}, now)
	if e != s.Episode || ch != nil {
		c.settleLocked(s, e, ch, rules.Evidence{})
	}
}

// beatAtRest is what is stored of a heartbeat.
type beatAtRest struct {
	Silent time.Duration `json:"silent"` // since it was heard, while we listened
	Last   time.Time     `json:"last,omitzero"`
	// Started is when the watch began; zero when an older version stored it.
	Started time.Time `json:"started,omitzero"`
}

func beatName(id string) string {
	return string(rules.RuleSilence) + "/" + string(rules.ScopeOf(rules.ScopeHeartbeat, id))
}

// restBeatsLocked puts every heartbeat that is watched into the queue; false
// when there is none.
func (c *Conditions) restBeatsLocked(now time.Time) bool {
	for id, b := range c.beats {
		if heard := b.heard(); !heard.IsZero() {
			c.queue.series[beatName(id)] = beatAtRest{Silent: max(now.Sub(heard), 0), Last: b.last, Started: b.started}
		}
	}
	return len(c.beats) > 0
}

// loadBeatLocked takes up a heartbeat; false for what is none. One that is no
// longer configured is forgotten.
func (c *Conditions) loadBeatLocked(state SeriesState, now time.Time) (bool, error) {
	name, ok := strings.CutPrefix(state.Series, beatName(""))
	if !ok {
		return false, nil
	}
	b, known := c.beats[name]
	if !known {
		c.queue.series[state.Series] = nil
		return true, nil
	}
	var at beatAtRest
	if err := json.Unmarshal(state.State, &at); err != nil {
		return true, fmt.Errorf("decode its state: %w", err)
	}
	b.last, b.started, b.excused = at.Last, cmp.Or(at.Started, at.Last, now.Add(-at.Silent)), 0
	for _, t := range []*time.Time{&b.last, &b.started} {
		switch {
		case t.After(now):
			*t = now.Add(-at.Silent) // the clock was set back
		case !t.IsZero():
			*t = now.Add(t.Sub(now)) // by the clock of this process too, which stands still while the machine sleeps
		}
	}
	b.excused = max(now.Add(-at.Silent).Sub(b.heard()), 0)
	return true, nil
}

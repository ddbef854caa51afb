package conditions

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// lastingName is the row that is stored of what has to last, named as a series
// is.
const lastingName = "lasting/platform"

// lastingBreak is how long a break in which nobody looked may be for what was
// pending to go on after it: from there on it is an absence, after which the
// daemon leaves senders time to tell what they held back. Our own choice.
const lastingBreak = 2 * time.Minute

// lastingAtRest says how long what has to last without a break had lasted
// while we looked.
type lastingAtRest struct {
	At     time.Time                `json:"at"`     // we looked until then
	Lasted map[string]time.Duration `json:"lasted"` // by rule and scope: "monitor_self/self:duty"
}

// lasting reports whether s is pending because it has to last without a break.
func lasting(s rules.Standing) bool {
	return s.Episode.Phase == rules.PhasePending && (s.Rule == rules.RuleMonitorSelf || s.Rule == rules.RuleRetriesMissing)
}

func lastingKey(m met) string { return string(m.rule) + "/" + string(m.scope) }

// lastedLocked is how long each condition that has to last has done so.
func (c *Conditions) lastedLocked(now time.Time) lastingAtRest {
	at := lastingAtRest{At: now, Lasted: map[string]time.Duration{}}
	for m, s := range c.standing {
		if lasting(s) {
			at.Lasted[lastingKey(m)] = now.Sub(s.Episode.Since)
		}
	}
	return at
}

// restLastingLocked puts what has to last into the queue, and takes out what was
// stored when nothing has to; false when neither is needed.
func (c *Conditions) restLastingLocked(now time.Time) bool {
	at := c.lastedLocked(now)
	if len(at.Lasted) == 0 {
		if !c.lastingKept {
			return false
		}
		c.lastingKept, c.queue.series[lastingName] = false, nil
		return true
	}
	c.lastingKept, c.queue.series[lastingName] = true, at
	return true
}

// loadLastingLocked takes what has to last over the break that our own absence
// was. What cannot be read begins anew.
func (c *Conditions) loadLastingLocked(saved []SeriesState, now time.Time) {
	var at lastingAtRest
	for _, state := range saved {
		if state.Series != lastingName {
			continue
		}
		c.lastingKept = true
		if err := json.Unmarshal(state.State, &at); err != nil {
			c.log.Warn("what was pending begins anew", "err", fmt.Errorf("decode its state: %w", err))
			at = lastingAtRest{}
		}
	}
	c.overBreakLocked(at, now)
}

// overBreakLocked goes on after a break, in which nobody looked: its length is
// taken off what has to last, or nothing that has to would ever open beside
// restarts. What had not lasted yet, and what is pending over a break that is
// too long, is dropped: a trouble before it and another after it are two.
func (c *Conditions) overBreakLocked(at lastingAtRest, now time.Time) {
	away := now.Sub(at.At)
	for m, s := range c.standing {
		if !lasting(s) {
			continue
		}
		lasted := min(at.Lasted[lastingKey(m)], at.At.Sub(s.Episode.Since)) // the row may be of an episode before this one
		if lasted <= 0 || away < 0 || away >= lastingBreak {
			c.endLocked(m, "", time.Time{})
			continue
		}
		s.Episode.Since = now.Add(-lasted).UTC() // by the clock that stands still while the machine sleeps
		c.queueLocked(s, nil)
	}
}

package conditions

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// Took feeds the ratio series with a group of applied attempts, in the order
// of the log: first attempts that are counted, from sources that tell of
// successes too. What lies before the position that is included already is
// left aside, so that a replay may begin anywhere before it.
//
// An attempt belongs to the tick in which it ended. A tick closes when log
// time (the greatest receipt so far) has come to its end and the grace; who
// comes later is counted as late and left out; who did so before a restart,
// and is replayed, is not counted as late again. When a condition changed,
// everything is queued as it is at g.Next, to be committed together.
func (c *Conditions) Took(_ context.Context, g ingest.Group, v []ingest.Verdict, replay bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.ratios.late
	c.tellLocked(c.ratios.take(g, v, c.episodeLocked))
	if replay {
		c.ratios.late = late
	}
}

// Idle lets log time go on to 2 s before now, so that the last ticks close
// when nothing comes any more. Call it only while all of the log is applied.
func (c *Conditions) Idle(_ context.Context, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := now.Add(-idleBehind).UnixNano(); at > c.ratios.time {
		c.tellLocked(c.ratios.goOn(at))
	}
}

func (c *Conditions) tellLocked(decided []decision) {
	if len(decided) == 0 {
		return
	}
	for _, d := range decided {
		s := c.standingLocked(met{d.change.Key.Rule, d.change.Key.Scope})
		c.ownLocked(&d.change)
		c.settleLocked(s, d.episode, &d.change, rules.Evidence{})
	}
	c.ratios.rest(c.queue)
}

// ownLocked says whose a ratio is, when it is one merchant's.
func (c *Conditions) ownLocked(ch *rules.Change) {
	switch kind, id := ch.Key.Scope.Split(); {
	case kind == rules.ScopeMerchant:
		ch.Merchant = id
	case kind == rules.ScopeEndpoint && c.cfg.Owner != nil:
		ch.Merchant, ch.Host = c.cfg.Owner(id)
	}
}

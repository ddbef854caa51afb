package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
)

// hears notes that attempts are heard now. Whoever judges by what did not come
// asks first: after a break it may be the first to run.
func (d *Daemon) hears(now time.Time) {
	c := &d.column
	c.breaks.Lock()
	defer c.breaks.Unlock()
	if before, broken := c.hearing.tick(now, now.Sub(d.started)); broken {
		d.log.Warn("attempts were not heard for a while, or the clock was set: what did not come meanwhile says nothing of their senders", "since", before.UTC())
		c.senders.Break(before, now)
	}
}

// listens is the job that asks each second.
func (d *Daemon) listens(context.Context) { d.hears(time.Now()) }

// saveHeard keeps a sign of life, and what a later run has to know of what was
// heard.
func (d *Daemon) saveHeard(ctx context.Context) {
	now := time.Now()
	d.hears(now)
	c := &d.column
	err := d.store.SaveHeard(ctx, store.Heard{Alive: now, Absence: c.hearing.lastAbsence(), Sources: c.senders.Arrivals(now)})
	if err != nil && ctx.Err() == nil {
		d.log.Warn("until when attempts were heard is not kept", "err", err)
		d.metrics.StoreFailed("heard")
	}
}

// loadHeard takes up what was kept, and begins to listen. A data directory of
// an older version has no sign of life: then it is the last that was seen.
func (d *Daemon) loadHeard(ctx context.Context, looks []store.Look) error {
	c := &d.column
	heard, err := d.store.Heard(ctx)
	if err != nil {
		return fmt.Errorf("what was heard: %w", err)
	}
	now, alive := time.Now(), heard.Alive
	if seen := aliveUntil(looks, c.conditions.LogTime()); !seen.After(now) {
		alive = later(alive, seen) // an older version may have run since
	}
	c.senders.RecallArrivals(heard.Sources, now)
	c.hearing.recall(heard.Absence)
	c.hearing.began(alive, now)
	return nil
}

// aliveUntil is when the run before this one is last known to have seen
// something; zero: there was none.
func aliveUntil(looks []store.Look, logged time.Time) time.Time {
	last := logged
	for i := range looks {
		if p := looks[i].Probe; p != nil {
			last = later(last, p.Last.At)
		}
		if r := looks[i].Report; r != nil {
			last = later(last, r.At)
		}
	}
	return last
}

package conditions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

const (
	checkpointEvery = time.Minute            // reference/ingest-storage.md section 2: replays in 0.1 s
	commitWithin    = 10 * time.Second       // a commit that takes longer is tried again
	drainWithin     = 500 * time.Millisecond // the last one
	complainEvery   = time.Minute            // about a store that fails
	boundEvery      = time.Hour              // about values beyond the bound
)

// Run writes what is decided, and looks at the heartbeats each second, until
// ctx ends; then it writes once more, within half a second, and returns what went wrong
// with that. A commit that fails is kept and tried again each second.
func (c *Conditions) Run(ctx context.Context) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var failing bool
	var complained, bound time.Time
	checkpoint := time.Now()
	for {
		select {
		case <-ctx.Done():
			return c.drain(ctx)
		case <-c.wake:
			if failing {
				continue // not before the next second
			}
		case now := <-second.C:
			c.checkBeats(now)
			if now.Sub(bound) >= boundEvery && c.sayBound() {
				bound = now
			}
			if now.Sub(checkpoint) >= checkpointEvery {
				checkpoint = now
				c.checkpoint()
			}
		}
		err := c.write(ctx, commitWithin)
		failing = err != nil
		if failing && ctx.Err() == nil && time.Since(complained) >= complainEvery {
			complained = time.Now()
			c.log.Error("cannot write conditions", "err", err, "waiting", c.Lag(time.Now()))
		}
	}
}

// drain writes what is left, the series included.
func (c *Conditions) drain(ctx context.Context) error {
	c.checkpoint()
	return c.write(context.WithoutCancel(ctx), drainWithin) // ctx has ended
}

// checkpoint queues all series that differ from what was queued last.
func (c *Conditions) checkpoint() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	beats, lasting := c.restBeatsLocked(now), c.restLastingLocked(now)
	if c.ratios.rest(c.queue) || beats || lasting {
		c.hastenLocked()
	}
}

// write commits the queue; when that fails, it is the queue again.
func (c *Conditions) write(ctx context.Context, within time.Duration) error {
	c.mu.Lock()
	b := c.queue
	if b.since.IsZero() {
		c.mu.Unlock()
		return nil
	}
	c.queue, c.writing = newBatch(), b.since
	c.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	commit, err := b.commit(time.Now())
	if err == nil {
		err = c.store.CommitShard(ctx, commit)
	}
	committed := c.written(b, err)
	if err != nil {
		return fmt.Errorf("commit conditions: %w", err)
	}
	for _, ch := range commit.Changes {
		c.log.Info("condition changed", "rule", ch.Key.Rule, "scope", ch.Key.Scope, "episode", ch.Key.Episode,
			"open", ch.Open, "severity", ch.Severity, "fault", ch.Fault)
	}
	if committed != nil && len(commit.Changes) > 0 {
		committed(commit.Changes)
	}
	return nil
}

// written takes a batch back, or notes that it is stored.
func (c *Conditions) written(b *batch, err error) (committed func([]rules.Change)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = time.Time{}
	if err != nil {
		b.merge(c.queue)
		c.queue = b
		return nil
	}
	if !b.position.IsZero() {
		c.saved = b.position
	}
	return c.cfg.Committed
}

// sayBound logs that there are more values than series, and reports whether it
// did.
func (c *Conditions) sayBound() bool {
	c.mu.Lock()
	beyond := map[string]int64{}
	for _, f := range c.ratios.families {
		if f.beyond > 0 {
			beyond[f.kind], f.beyond = f.beyond, 0
		}
	}
	c.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(beyond)) {
		c.log.Warn("too many values: attempts of the further ones have no ratio of their own", "of", kind, "attempts", beyond[kind])
	}
	return len(beyond) > 0
}

package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards"
)

// lately is how many windows of a kind are counted, the longest that it may
// have: a window that closed stays in the count for as long as it lasted.
const lately = 2

// digestCounts is what the ledger tells of itself. Both verbs are asked after
// each tick: they are answered from indexes.
type digestCounts interface {
	// Counts counts the rows of a kind whose windows start at from or later, by
	// their state. sent is when one of the newest of them arrived last; zero:
	// none did.
	Counts(ctx context.Context, kind string, from time.Time) (states map[digest.State]int, sent time.Time, err error)

	// OldestDue returns the earliest due time of the rows that wait; zero: none
	// waits.
	OldestDue(ctx context.Context) (time.Time, error)
}

// digestFacts tells the metrics how digests stand after a tick, which ended
// with that error or nil.
func (d *Daemon) digestFacts(ctx context.Context, ledger digestCounts, ticked error) {
	now := time.Now()
	if ticked == nil {
		d.metrics.DigestsClosed(now)
	}
	facts, err := countDigests(ctx, ledger, d.settings.Load().Digest.Config.Every, now)
	if err != nil {
		if ctx.Err() == nil {
			d.log.Error("digests are not counted", "err", err)
			d.metrics.StoreFailed("digest_counts")
		}
		return
	}
	d.metrics.Digests(facts)
}

// countDigests asks the ledger. every is the length of ordinary windows.
func countDigests(ctx context.Context, ledger digestCounts, every time.Duration, now time.Time) (dashboards.Digests, error) {
	const day = 24 * time.Hour // of those who are told once a day, under the kinds of ordinary windows
	facts := dashboards.Digests{Windows: map[string]int{}}
	for kind, longest := range map[string]time.Duration{
		digest.KindHealth: max(every, day), digest.KindPlatform: max(every, day), digest.KindSummary: 7 * day,
	} {
		states, sent, err := ledger.Counts(ctx, kind, now.Add(-lately*longest))
		if err != nil {
			return dashboards.Digests{}, fmt.Errorf("count digests: %w", err)
		}
		for state, n := range states {
			facts.Windows[string(state)] += n
		}
		if sent.After(facts.LastSent) {
			facts.LastSent = sent
		}
	}
	oldest, err := ledger.OldestDue(ctx)
	if err != nil {
		return dashboards.Digests{}, fmt.Errorf("find the oldest digest: %w", err)
	}
	facts.OldestDue = oldest
	return facts, nil
}

package daemon

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// books is a ledger in memory, which outlives a run; a power cut takes it back
// to its last sync. It is safe for concurrent use.
type books struct {
	mu   sync.Mutex // guards the fields below
	dead bool       // nothing is written any more
	now  ledgerState
	safe ledgerState // as of the last sync
}

type ledgerState struct {
	progress  ingest.Progress
	at        map[[16]byte]ingest.Position // of each identity, the one that is kept
	tallies   map[quarter]ingest.EndpointTally
	delivered map[string]time.Time
}

func newLedgerState() ledgerState {
	return ledgerState{at: map[[16]byte]ingest.Position{}, tallies: map[quarter]ingest.EndpointTally{}, delivered: map[string]time.Time{}}
}

func (s ledgerState) clone() ledgerState {
	s.at, s.tallies, s.delivered = maps.Clone(s.at), maps.Clone(s.tallies), maps.Clone(s.delivered)
	return s
}

// Progress implements [ingest.Ledger].
func (b *books) Progress(context.Context) (ingest.Progress, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now.progress, nil
}

// Apply implements [ingest.Ledger].
func (b *books) Apply(_ context.Context, g ingest.Group) ([]ingest.Verdict, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return nil, context.Canceled
	}
	fresh := b.now.progress.Applied.Before(g.Next)
	v := make([]ingest.Verdict, len(g.Entries))
	for i, e := range g.Entries {
		id := e.Attempt.Identity()
		at, kept := b.now.at[id]
		if kept && at != e.Position {
			continue // a duplicate
		}
		v[i], b.now.at[id] = ingest.Counted, e.Position
		if !fresh {
			continue
		}
		k := quarter{e.Attempt.Endpoint, e.Attempt.StartedAt.Truncate(ingest.Quarter)}
		t := b.now.tallies[k]
		t.Endpoint, t.Start = k.endpoint, k.start
		t.Add(e.Share().Tally())
		b.now.tallies[k] = t
		if e.Fault == probes.FaultNone {
			b.now.delivered[k.endpoint] = later(b.now.delivered[k.endpoint], e.Attempt.StartedAt)
		}
	}
	if fresh {
		b.now.progress.Applied = g.Next
	}
	return v, nil
}

// Known implements [ingest.Ledger].
func (b *books) Known(_ context.Context, attempts []deliveries.Attempt) ([]bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := make([]bool, len(attempts))
	for i, a := range attempts {
		_, known[i] = b.now.at[a.Identity()]
	}
	return known, nil
}

// Sync implements [ingest.Ledger].
func (b *books) Sync(_ context.Context, upTo ingest.Position) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return context.Canceled
	}
	b.now.progress.Synced = upTo
	b.safe = b.now.clone()
	return nil
}

// Floor implements [ingest.Ledger].
func (*books) Floor() time.Time { return time.Time{} }

// Quarters implements [ingest.QuarterReader].
func (b *books) Quarters(_ context.Context, from time.Time) (list []ingest.EndpointTally, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.now.tallies {
		if !t.Start.Before(from.Truncate(ingest.Quarter)) {
			list = append(list, t)
		}
	}
	return list, nil
}

// DeliveredSince implements [ingest.QuarterReader].
func (b *books) DeliveredSince(_ context.Context, from time.Time) (map[string]time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	some := maps.Clone(b.now.delivered)
	maps.DeleteFunc(some, func(_ string, at time.Time) bool { return at.Before(from) })
	return some, nil
}

// How a run ends.
const (
	goesOn  = iota
	ends    // as by SIGTERM
	killed  // as by SIGKILL: what was not written is lost
	unsaved // likewise, after the store of conditions could not be written for some batches
	noPower // likewise, and what was not synced is lost as well
)

// tale is a story of attempts, and of stops between their batches.
type tale struct {
	Seed    uint64
	Batches []batchTale
}

// batchTale is what comes at a time.
type batchTale struct {
	After time.Duration // the batch before
	Fails []float64     // the share of failures of each channel
	Most  int           // attempts
	Late  bool          // some of them were held back
	Again bool          // the batch before is sent once more
	Stop  int           // after it
	Eager bool          // before it was applied
}

// tales are stories with bursts of failures, silence, and what comes late or
// twice.
func tales() *rapid.Generator[tale] {
	return rapid.Custom(func(t *rapid.T) tale {
		all := tale{Seed: rapid.Uint64().Draw(t, "seed")}
		for range rapid.IntRange(2, 4).Draw(t, "spells") {
			share := rapid.SampledFrom([]float64{0.3, 0.9, 0.05}).Draw(t, "share")
			which := rapid.SampledFrom([][]float64{{0, 0, 0}, {share, 0, 0}, {share, share, share}}).Draw(t, "which")
			for i := range rapid.IntRange(8, 24).Draw(t, "batches") {
				b := batchTale{After: 30 * time.Second, Fails: which, Most: rapid.IntRange(1, 60).Draw(t, "most"), Late: rapid.IntRange(0, 7).Draw(t, "late") == 0}
				if i == 0 {
					b.After = rapid.SampledFrom([]time.Duration{2 * time.Second, time.Minute, 11 * time.Minute}).Draw(t, "silence")
				}
				b.Again = rapid.IntRange(0, 9).Draw(t, "again") == 0
				if rapid.IntRange(0, 5).Draw(t, "stops") == 0 {
					b.Stop, b.Eager = rapid.IntRange(ends, noPower).Draw(t, "stop"), rapid.Bool().Draw(t, "eager")
				}
				all.Batches = append(all.Batches, b)
			}
		}
		return all
	})
}

// attempts makes those of a batch that comes now.
func (b batchTale) attempts(r *rand.Rand, number int, now time.Time) []deliveries.Attempt {
	channels := []string{"ID_BCA", "ID_OVO", ""}
	list := make([]deliveries.Attempt, 1+r.IntN(b.Most))
	for i := range list {
		channel := r.IntN(len(channels))
		age := time.Duration(r.IntN(30_000)) * time.Millisecond
		if b.Late && r.IntN(2) == 0 {
			age = time.Duration(r.IntN(200)) * time.Second
		}
		list[i] = deliveries.Attempt{
			Source: []string{"core", "other"}[r.IntN(2)], Event: fmt.Sprintf("e%d-%d", number, i), Endpoint: fmt.Sprint("ep", r.IntN(6)), Merchant: fmt.Sprint("m", r.IntN(3)),
			Channel: channels[channel], Product: "PAYOUT", Type: "payout.succeeded", Number: 1 + r.IntN(8)/7, Trigger: deliveries.Automatic, Mode: deliveries.Live,
			StartedAt: now.Add(-age - 100*time.Millisecond).UTC(), Duration: 100 * time.Millisecond, Status: 200,
		}
		if r.Float64() < b.Fails[channel] {
			list[i].Status = 503
		}
	}
	return list
}

// life is one data directory over all runs of a daemon.
type life struct {
	t     *testing.T
	dir   string
	shard *shard
	books *books

	d    *Daemon
	stop func()

	late, inTime int64 // of the runs before
}

// begin starts a daemon: as much of it as follows attempts.
func (l *life) begin() {
	d := judging(l.t, l.shard)
	c := &d.column
	var err error
	c.log, err = ingest.Open(filepath.Join(l.dir, "log"), d.log, ingest.Options{After: c.conditions.Position()})
	if err != nil {
		l.t.Fatal(err)
	}
	c.intake = ingest.NewIntake(c.log, l.books)
	if c.lately, err = ingest.LoadLately(l.t.Context(), l.books, time.Now(), 0); err != nil {
		l.t.Fatal(err)
	}
	c.applier = ingest.NewApplier(ingest.ApplierConfig{
		Log: c.log, Ledger: l.books, From: c.conditions.Position(), Counts: d.yieldsRatios, Consumer: consumers{d}, Observe: d.applied,
	}, d.log)
	ctx, cancel := context.WithCancel(l.t.Context())
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{c.runAttempts, c.conditions.Run} {
		parts.Go(func() { _ = run(ctx) }) // the last write of one that is killed fails
	}
	l.d, l.stop = d, func() {
		cancel()
		parts.Wait()
		if err := c.close(); err != nil {
			l.t.Error(err)
		}
		l.late, l.inTime = l.late+c.conditions.LateTotal(), l.inTime+c.inTime.Load()
	}
}

// restart ends the run and begins the next.
func (l *life) restart(how int) {
	if how != ends {
		l.dies(true)
	}
	l.stop()
	if how == noPower {
		l.books.mu.Lock()
		l.books.now = l.books.safe.clone()
		l.books.mu.Unlock()
	}
	l.dies(false)
	l.begin()
}

func (l *life) dies(dead bool) {
	l.shard.die(dead)
	l.books.mu.Lock()
	defer l.books.mu.Unlock()
	l.books.dead = dead
}

func (s *shard) die(dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = dead
}

// told is what a story left behind.
type told struct {
	changes      []string
	lately       []string
	late, inTime int64
}

// play tells the story to one daemon; stops says whether it is ever stopped.
func (s tale) play(t *testing.T, stops bool) (all told) {
	t.Helper()
	l := &life{t: t, dir: t.TempDir(), shard: &shard{}, books: &books{now: newLedgerState(), safe: newLedgerState()}}
	l.begin()
	r := rand.New(rand.NewPCG(s.Seed, 1))
	var before []deliveries.Attempt
	due := time.Now()
	for i, b := range s.Batches {
		due = due.Add(b.After)
		time.Sleep(time.Until(due))
		synctest.Wait()
		now := time.Now()
		list := b.attempts(r, i, now)
		for _, some := range [][]deliveries.Attempt{list, before} {
			if len(some) == 0 {
				continue
			}
			if _, err := l.d.column.intake.Take(t.Context(), now, slices.Clone(some)); err != nil {
				t.Error(err)
			}
		}
		if before = nil; i+1 < len(s.Batches) && s.Batches[i+1].Again {
			before = list
		}
		if stops && b.Stop == unsaved {
			l.shard.die(true) // until the next stop
		}
		if stops && b.Stop != goesOn && b.Stop != unsaved {
			if !b.Eager {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			l.restart(b.Stop)
		}
	}
	if stops {
		l.restart(killed)
	}
	time.Sleep(time.Until(due.Add(20 * time.Minute))) // all ticks close, what can clear clears
	synctest.Wait()
	for i := range 6 {
		id := fmt.Sprint("ep", i)
		first, failed, _ := l.d.column.lately.Endpoint(id, time.Now())
		all.lately = append(all.lately, fmt.Sprint(id, first, failed, l.d.column.lately.Delivered(id).UTC()))
	}
	l.stop()
	for _, ch := range l.shard.changes {
		all.changes = append(all.changes, fmt.Sprintf("%v open=%t number=%d %s %s since %s: %d of %d", ch.Key, ch.Open, ch.Number, ch.Severity, ch.At.UTC(), ch.Since.UTC(),
			ch.Evidence.Numerator, ch.Evidence.Denominator))
	}
	all.late, all.inTime = l.late, l.inTime
	return all
}

// However often a daemon is stopped, killed or loses its power, it decides, and
// counts, as one that ran through: what it replays, it has told already.
func TestAStoppedDaemonTellsWhatOneThatRanThroughTells(t *testing.T) {
	t.Parallel()
	const stories = 10
	var opened, late, stopped int
	for seed := range stories {
		s := tales().Example(seed)
		var want, got told
		synctest.Test(t, func(t *testing.T) { want = s.play(t, false) })
		synctest.Test(t, func(t *testing.T) { got = s.play(t, true) })
		if !slices.Equal(got.changes, want.changes) {
			t.Errorf("story %d: changes\ngot  %q\nwant %q", seed, got.changes, want.changes)
		}
		if !slices.Equal(got.lately, want.lately) {
			t.Errorf("story %d: lately\ngot  %q\nwant %q", seed, got.lately, want.lately)
		}
		cut := slices.ContainsFunc(s.Batches, func(b batchTale) bool { return b.Stop == noPower }) // what it takes back comes anew
		if !cut && (got.late != want.late || got.inTime != want.inTime) {
			t.Errorf("story %d: %d of %d came too late, want %d of %d", seed, got.late, got.inTime, want.late, want.inTime)
		}
		opened, late = opened+len(want.changes), late+int(want.late)
		for _, b := range s.Batches {
			if b.Stop != goesOn {
				stopped++
			}
		}
		if t.Failed() {
			t.Logf("story %d: %+v", seed, s)
			return
		}
	}
	if opened < stories || late < stories || stopped < stories {
		t.Errorf("%d changes, %d late, %d stops in %d stories: too few to tell", opened, late, stopped, stories)
	}
}

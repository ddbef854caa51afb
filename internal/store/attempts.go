package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

var (
	_ ingest.Ledger        = (*Ledger)(nil)
	_ ingest.QuarterReader = (*Ledger)(nil)
)

// The rows of the table applied that belong to the attempts.
const (
	appliedLog    = "attempts"        // how far the log is in the tallies
	appliedSynced = "attempts.synced" // how far everything outlives a power cut
	appliedSince  = "attempts.since"  // the first position that these tallies have seen
)

// Ledger keeps applied attempts: each in the slot of its day, the file
// attempts/2026-11-21.db by the UTC day of its start, and counted in facts.db.
// Methods are safe for concurrent use; Apply and Sync wait for each other.
//
// Two attempts that contradict each other are the same one only when they
// start on the same day: across midnight they are two.
type Ledger struct {
	s       *Store
	slots   *slots
	readers stillFiles // of slots and failures that nobody writes
	keeping

	mu       sync.Mutex // guards the fields below, and makes Apply and Sync wait for each other
	words    factWords
	stored   *keyFilter // of the events in open_event; nil: not read yet
	schedule func(endpoint, source string) deliveries.Schedule
	told     func(Told)
}

// Ledger returns the ledger of the data directory: the same one each time.
func (s *Store) Ledger() *Ledger { return s.ledger }

func newLedger(s *Store, dir string) *Ledger {
	l := &Ledger{s: s, slots: newSlots(dir, s.log), keeping: keeping{failures: newFailures(dir, s.log)}}
	l.slots.home, l.failures.home = s.facts.inPlace, s.facts.inPlace
	return l
}

// close closes the slots; l may be nil.
func (l *Ledger) close() error {
	if l == nil {
		return nil
	}
	l.retaining.Lock() // one that runs ends first
	defer l.retaining.Unlock()
	l.readers.close()
	return errors.Join(l.slots.close(), l.failures.close())
}

// Progress implements [ingest.Ledger].
func (l *Ledger) Progress(ctx context.Context) (ingest.Progress, error) {
	a, err := l.applied(ctx)
	return a.Progress, err
}

// applied is what facts.db says about the log. Applied is zero when it was
// made anew.
type applied struct {
	ingest.Progress
	since ingest.Position // zero: nothing is applied
}

func (l *Ledger) applied(ctx context.Context) (a applied, err error) {
	err = l.s.facts.read(ctx, func(tx *sql.Tx) error {
		for name, to := range map[string]*ingest.Position{appliedLog: &a.Applied, appliedSynced: &a.Synced, appliedSince: &a.since} {
			if err := readPosition(ctx, tx, name, to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return applied{}, fmt.Errorf("read how far attempts are applied: %w", err)
	}
	if a.Applied.Before(a.Synced) {
		a.Synced = a.Applied
	}
	return a, nil
}

func readPosition(ctx context.Context, tx *sql.Tx, name string, to *ingest.Position) error {
	var n int64
	err := tx.QueryRowContext(ctx, `SELECT position FROM applied WHERE log = ?`, name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		*to, err = ingest.PositionOf(n)
	}
	return err
}

// Apply implements [ingest.Ledger]. The rows of a slot are one transaction;
// the tallies, with how far the log is applied, are another one after them. A
// crash in between repeats the group: its rows are known by their positions,
// and the second time says of each what the first time said.
//
// A slot that is damaged is moved aside with an error in the log and made
// anew. A slot of a newer hookvigil is a *NewerError: the group has to wait
// for the newer binary.
func (l *Ledger) Apply(ctx context.Context, g ingest.Group) ([]ingest.Verdict, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, err := l.applied(ctx)
	if err != nil {
		return nil, err
	}
	if a.since.IsZero() && len(g.Entries) > 0 {
		a.since = g.Entries[0].Position
	}
	verdicts := make([]ingest.Verdict, len(g.Entries))
	sums := newSums(g.At, l.s.steps)
	touched := map[eventKey]touch{}
	days := byDay(g.Entries, verdicts, l.first)
	for _, day := range slices.Sorted(maps.Keys(days)) {
		rows := days[day]
		if err := l.slots.apply(ctx, day, rows); err != nil {
			return nil, fmt.Errorf("apply attempts of %s: %w", day, err)
		}
		for i := range rows {
			verdicts[rows[i].index] = rows[i].verdict
			sums.row(&rows[i], a)
		}
		if err := l.touches(ctx, rows, touched); err != nil {
			return nil, fmt.Errorf("look for events: %w", err)
		}
	}
	if !a.Applied.Before(g.Next) {
		return verdicts, nil
	}
	var since int64
	if len(g.Entries) > 0 {
		since = g.Entries[0].Position.Int64()
	}
	kept, gone, err := l.tellAnew(ctx, touched, since)
	if err != nil {
		return nil, fmt.Errorf("tell events: %w", err)
	}
	if err := l.commit(ctx, g, a.since, sums, func(tx *sql.Tx) error { return l.writeEvents(ctx, tx, kept, gone) }); err != nil {
		return nil, fmt.Errorf("apply attempts: %w", err)
	}
	return verdicts, nil
}

// byDay sorts entries into the slots where they belong, those of a slot by
// identity and then as they came: so each page of its largest index is changed
// once. Those that belong nowhere get their verdict: they are too old, or those
// of their day, which is before first, were dropped.
func byDay(entries []ingest.Entry, verdicts []ingest.Verdict, first string) map[string][]attemptRow {
	days := map[string][]attemptRow{}
	for i := range entries {
		if ingest.Outlies(entries[i].Attempt.StartedAt, entries[i].Received) {
			verdicts[i] = ingest.Outside
			continue
		}
		day := dayOf(entries[i].Attempt.StartedAt)
		if day < first {
			verdicts[i] = ingest.Outside
			continue
		}
		if days[day] == nil {
			days[day] = make([]attemptRow, 0, len(entries)-i)
		}
		days[day] = append(days[day], newAttemptRow(&entries[i], i))
	}
	for _, rows := range days {
		slices.SortFunc(rows, compareRows)
	}
	return days
}

// commit counts what is new and moves on, in one transaction.
func (l *Ledger) commit(ctx context.Context, g ingest.Group, since ingest.Position, sums *sums, events func(tx *sql.Tx) error) error {
	err := l.s.facts.write(ctx, func(tx *sql.Tx) error {
		if err := events(tx); err != nil {
			return err
		}
		if err := l.writeSums(ctx, tx, sums, g.At.UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO applied (log, position, at) VALUES (?, ?, ?) ON CONFLICT (log) DO NOTHING`,
			appliedSince, since.Int64(), g.At.UnixMicro()); err != nil {
			return err
		}
		return movePosition(ctx, tx, appliedLog, g.Next, g.At.UnixMicro())
	})
	if err != nil {
		l.words = factWords{} // some may be of rows that were rolled back; what the filter has too much does no harm
	}
	return err
}

func movePosition(ctx context.Context, tx *sql.Tx, name string, p ingest.Position, at int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO applied (log, position, at) VALUES (?, ?, ?)
		ON CONFLICT (log) DO UPDATE SET position = excluded.position, at = excluded.at`, name, p.Int64(), at)
	return err
}

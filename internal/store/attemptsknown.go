package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// askedTogether is how many identities one question has.
const askedTogether = 256

// asked is an attempt that may be known.
type asked struct {
	identity [16]byte
	index    int
}

// Known implements [ingest.Ledger]: one read transaction for each day that has
// a slot. A day without one has nothing that is known, and gets none.
func (l *Ledger) Known(ctx context.Context, attempts []deliveries.Attempt) ([]bool, error) {
	known := make([]bool, len(attempts))
	days := map[string][]asked{}
	for i := range attempts {
		day := dayOf(attempts[i].StartedAt)
		days[day] = append(days[day], asked{attempts[i].Identity(), i})
	}
	for day, all := range days {
		slices.SortFunc(all, func(a, b asked) int {
			return cmp.Or(bytes.Compare(a.identity[:], b.identity[:]), cmp.Compare(a.index, b.index))
		})
		err := l.slots.read(ctx, day, func(tx *sql.Tx) error {
			for some := range slices.Chunk(all, askedTogether) {
				if err := markKnown(ctx, tx, some, func(i int, content uint64) {
					known[i] = content == contentOf(&attempts[i])
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for attempts of %s: %w", day, err)
		}
	}
	return known, nil
}

// markKnown tells of those that are there, with their content.
func markKnown(ctx context.Context, tx *sql.Tx, some []asked, tell func(i int, content uint64)) error {
	args := make([]any, len(some))
	for i := range some {
		args[i] = some[i].identity[:]
	}
	rows, err := tx.QueryContext(ctx, `SELECT identity, content FROM attempt WHERE identity IN (`+
		strings.TrimSuffix(strings.Repeat("?,", len(some)), ",")+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var identity sql.RawBytes
		var content int64
		if err := rows.Scan(&identity, &content); err != nil {
			return err
		}
		at, _ := slices.BinarySearchFunc(some, []byte(identity), func(a asked, id []byte) int { return bytes.Compare(a.identity[:], id) })
		for ; at < len(some) && bytes.Equal(some[at].identity[:], identity); at++ {
			tell(some[at].index, uint64(content))
		}
	}
	return rows.Err()
}

// Sync implements [ingest.Ledger]: it fsyncs the slots that were written, then
// facts.db with the position that they are synced up to. It also deletes what
// is too old of the tallies, a little at a time.
func (l *Ledger) Sync(ctx context.Context, upTo ingest.Position) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, err := l.applied(ctx)
	if err != nil {
		return err
	}
	if a.Applied.Before(upTo) {
		upTo = a.Applied
	}
	if err := l.prune(ctx); err != nil {
		return fmt.Errorf("delete old tallies: %w", err)
	}
	if !a.Synced.Before(upTo) {
		return nil
	}
	if err := l.sync(ctx, upTo); err != nil {
		return fmt.Errorf("sync attempts: %w", err)
	}
	return nil
}

func (l *Ledger) sync(ctx context.Context, upTo ingest.Position) error {
	if err := l.slots.sync(ctx); err != nil {
		return err
	}
	err := l.s.facts.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO applied (log, position, at) SELECT ?, ?, at FROM applied WHERE log = ?
			ON CONFLICT (log) DO UPDATE SET position = excluded.position, at = excluded.at`, appliedSynced, upTo.Int64(), appliedLog)
		return err
	})
	if err != nil {
		return err
	}
	// The position is the last frame of the write-ahead log: all that it speaks of lies before it.
	return errors.Join(syncFile(l.s.facts.path+"-wal"), syncDir(filepath.Dir(l.s.facts.path)))
}

// syncFile makes the contents of a file durable. One that is not there any
// more was folded into its database and synced with it.
func syncFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

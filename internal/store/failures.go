package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// newFailures returns the files of failures: failures/2026-11.db has, of the
// days of that month whose slots were dropped, the failed attempts and all
// attempts of events that were stored then. Its tables are those of a slot,
// with words of its own; ids and identities are those of the slots. Until the
// slot is dropped an attempt may be in both: who reads slots first, and then
// failures, and takes each identity once, misses none.
func newFailures(dir string, log *slog.Logger) *slots {
	return &slots{dir: filepath.Join(dir, failuresDir), log: log, open: map[string]*slot{}, dirty: map[string]bool{}}
}

// setFailuresAside moves a damaged file of failures aside.
func (l *Ledger) setFailuresAside(month string, why *DamagedError) error {
	kept, err := l.failures.moveOut(month)
	if err == nil {
		l.s.log.Error("damaged file of failed attempts moved aside and made anew: what it had is not shown",
			"file", failuresDir+"/"+slotFile(month), "detail", why.Detail, "kept", kept)
	}
	return err
}

// carriedTries adds the tries of events whose slots were dropped to all.
func (l *Ledger) carriedTries(ctx context.Context, some []touch, all map[eventKey]keptTries) error {
	if len(some) == 0 {
		return nil
	}
	oldest := slices.MinFunc(some, func(a, b touch) int { return a.from.Compare(b.from) }).from
	return l.eachMonth(ctx, oldest, func(month string, tx *sql.Tx) error {
		var hashes []int64
		for _, t := range some {
			if month >= monthOf(t.from) {
				hashes = append(hashes, eventHash(t.Source, t.Event))
			}
		}
		return readTries(ctx, tx, hashes, all)
	})
}

// rebuildCarried makes the events of the failures, and says how many.
func (l *Ledger) rebuildCarried(ctx context.Context) (n int, err error) {
	all := map[eventKey]touch{}
	err = l.eachMonth(ctx, time.Time{}, func(_ string, tx *sql.Tx) error { return l.failedOf(ctx, tx, all) })
	if err != nil {
		return 0, err
	}
	return len(all), l.saveAnew(ctx, all, 0)
}

// eachMonth reads the files of failures that may have attempts that started
// since from, oldest first. One that is damaged is moved aside.
func (l *Ledger) eachMonth(ctx context.Context, from time.Time, do func(month string, tx *sql.Tx) error) error {
	if f := l.Floor(); f.IsZero() || !from.Before(f) {
		return nil // none was made, or none is asked for
	}
	months, err := l.failures.names(monthOnly)
	if err != nil {
		return err
	}
	for _, month := range months {
		if month < monthOf(from) && !from.IsZero() {
			continue
		}
		err := l.failures.read(ctx, month, func(tx *sql.Tx) error { return do(month, tx) })
		if damaged, ok := errors.AsType[*DamagedError](err); ok && damaged.File == slotFile(month) {
			err = l.setFailuresAside(month, damaged)
		}
		if err != nil {
			return fmt.Errorf("look for failures of %s: %w", month, err)
		}
	}
	return nil
}

// putFailures inserts rows into the file of a month, in one transaction, and
// leaves out those whose identity it has.
func (l *Ledger) putFailures(ctx context.Context, month string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	sl, err := l.failures.take(ctx, month, true)
	if err != nil {
		return err
	}
	defer l.failures.giveBack(sl)
	sl.mu.RLock()
	defer sl.mu.RUnlock()
	if sl.db == nil { // it was damaged, and moved aside just now
		return fmt.Errorf("write failed attempts of %s: the file was moved aside", month)
	}
	err = sl.db.write(ctx, func(tx *sql.Tx) error {
		w := slotWriter{slotState: &sl.state, ctx: ctx, tx: tx}
		return w.putCarried(rows)
	})
	if err != nil {
		sl.state = slotState{} // some words may be of rows that were rolled back
		return fmt.Errorf("write failed attempts of %s: %w", month, err)
	}
	return nil
}

// putCarried inserts rows as readCarried gave them.
func (w *slotWriter) putCarried(rows [][]any) error {
	insert, err := w.tx.PrepareContext(w.ctx, insertAttempts(1))
	if err != nil {
		return err
	}
	defer insert.Close()
	columns := strings.Split(strings.Join(strings.Fields(attemptColumns), ""), ",")
	for _, row := range rows {
		for i, c := range columns {
			if carriedWords()[c] {
				value, _ := row[i].(string) // NULL: none
				row[i] = w.word(c, value)
			}
		}
		if w.err != nil {
			return w.err
		}
		if err := w.putOne(insert, row); err != nil {
			return err
		}
	}
	return nil
}

// putOne inserts a row, with another id when its own is taken, unless its
// identity is there.
func (w *slotWriter) putOne(insert *sql.Stmt, row []any) error {
	for {
		res, err := insert.ExecContext(w.ctx, row...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n == 1 {
			return err
		}
		free, err := w.takenID(row)
		if err != nil || free == 0 {
			return err
		}
		row[0] = free
	}
}

// takenID returns 0 when the file has the identity of a row, and otherwise a
// free id for it, the next after the one that is taken.
func (w *slotWriter) takenID(row []any) (free int64, err error) {
	var there bool
	if err := w.tx.QueryRowContext(w.ctx, `SELECT EXISTS (SELECT 1 FROM attempt WHERE identity = ?)`, row[1]).Scan(&there); err != nil || there {
		return 0, err
	}
	err = w.tx.QueryRowContext(w.ctx, `SELECT min(a.id) + 1 FROM attempt a WHERE a.id >= ?
		AND NOT EXISTS (SELECT 1 FROM attempt b WHERE b.id = a.id + 1)`, row[0]).Scan(&free)
	return free, err
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

const (
	// retainRows is how many rows of facts.db are deleted in one transaction:
	// whoever applies attempts waits for it, some ten milliseconds.
	retainRows = 1_000
	// retainSteps is how many such transactions one call of Retain has for
	// each table.
	retainSteps = 100
)

// rollupsFrom returns the second from which quarters are kept.
func (s *Store) rollupsFrom(now int64) int64 {
	kept := int64(ingest.DefaultRetention().Rollups / time.Second)
	if l := s.ledger; l != nil && l.rollups.Load() > 0 {
		kept = l.rollups.Load()
	}
	return floor(now, daySeconds) - kept
}

// retainRollups deletes quarters that are too old. A few of them go with each
// Sync as well; this is for the rest, as after retention was lowered.
func (s *Store) retainRollups(ctx context.Context, now time.Time, _ ingest.Retention, done *Retained) error {
	before := floor(s.rollupsFrom(now.Unix()), s.steps.quarter) / s.steps.quarter
	for _, t := range []tallyTable{scopeQuarters(), endpointQuarters()} {
		q := `DELETE FROM ` + t.name + ` WHERE (` + t.step + `, ` + t.word + `) IN
			(SELECT ` + t.step + `, ` + t.word + ` FROM ` + t.name + ` WHERE ` + t.step + ` < ? ORDER BY 1, 2 LIMIT ?)`
		n, more, err := s.deleteInSteps(ctx, q, before)
		done.Rollups, done.More = done.Rollups+n, done.More || more
		if err != nil {
			return fmt.Errorf("delete old rollups: %w", err)
		}
	}
	return nil
}

// retainEvents deletes events whose attempts are not kept any more: those that
// came to an end, and those of which nobody heard since, and whose last
// automatic try was due before that too.
func (s *Store) retainEvents(ctx context.Context, now time.Time, r ingest.Retention, done *Retained) error {
	before := now.Add(-r.Failures).UnixMicro()
	for _, where := range []string{
		`state IN ('delivered', 'exhausted', 'canceled') AND last_attempt_at < ?1`,
		`state IN ('pending', 'retrying') AND exhausts_at < ?1 AND last_attempt_at < ?1`,
		`state IN ('pending', 'retrying') AND exhausts_at IS NULL AND last_attempt_at < ?1`,
	} {
		n, more, err := s.deleteInSteps(ctx, `DELETE FROM open_event WHERE rowid IN (SELECT rowid FROM open_event WHERE `+where+` LIMIT ?2)`, before)
		done.Events, done.More = done.Events+n, done.More || more
		if err != nil {
			return fmt.Errorf("delete old events: %w", err)
		}
	}
	return nil
}

// deleteInSteps runs q, which deletes rows before something and at most so
// many, again and again, each time in a transaction of its own.
func (s *Store) deleteInSteps(ctx context.Context, q string, before int64) (deleted int, more bool, err error) {
	for range retainSteps {
		var n int64
		err := s.facts.write(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, q, before, retainRows)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if deleted += int(n); err != nil || n < retainRows {
			return deleted, false, err
		}
	}
	return deleted, true, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// newestSent is among how many rows that were sent the last arrival is looked
// for: those of the newest windows that went last by plan.
const newestSent = 1000

// Counts counts the rows of a kind whose windows start at from or later, by
// their state. sent is when one of the newest thousand that were sent arrived
// last; zero: none was. A covering index answers: 100,000 merchants of two days
// take about 0.25 s.
func (d Digests) Counts(ctx context.Context, kind string, from time.Time) (states map[digest.State]int, sent time.Time, err error) {
	states = map[digest.State]int{}
	err = d.s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT state, count(*) FROM digest INDEXED BY digest_by_window
			WHERE kind = ? AND window_start >= ? GROUP BY window_start, state`, kind, notBefore(from))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var state digest.State
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			states[state] += n
		}
		if err := rows.Err(); err != nil || states[digest.StateSent] == 0 {
			return err
		}
		var last int64
		err = tx.QueryRowContext(ctx, `SELECT max(finished_at) FROM (SELECT finished_at FROM digest INDEXED BY digest_by_window
			WHERE kind = ? AND window_start >= ? AND state = ? ORDER BY window_start DESC, rowid DESC LIMIT ?)`,
			kind, notBefore(from), digest.StateSent, newestSent).Scan(&last)
		sent = moment(last)
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("count digest windows: %w", err)
	}
	return states, sent, nil
}

// OldestDue returns the earliest due time of the rows that wait; zero: none
// waits. It is one step into an index.
func (d Digests) OldestDue(ctx context.Context) (time.Time, error) {
	var due sql.NullInt64
	err := d.s.state.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT min(due_at) FROM digest WHERE state = 'waiting'`).Scan(&due)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("find the oldest digest window: %w", err)
	}
	return moment(due.Int64), nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// The kinds of what is learnt of a source.
const (
	LearntSchedule = "schedule" // JSON of a [deliveries.Learner]
	LearntGap      = "gap"      // JSON of a [rules.GapLearner]
	LearntGrade    = "grade"    // what the audit of a source holds against it
)

// Learnt returns what was saved of a kind, by source.
func (l *Ledger) Learnt(ctx context.Context, kind string) (map[string][]byte, error) {
	learnt := map[string][]byte{}
	err := l.s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT source, state FROM learnt WHERE kind = ?`, kind)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var source string
			var state []byte
			if err := rows.Scan(&source, &state); err != nil {
				return err
			}
			learnt[source] = state
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read what was learnt: %w", err)
	}
	return learnt, nil
}

// ReplaceLearnt keeps what was learnt of a kind, and nothing else of it, in one
// transaction.
func (l *Ledger) ReplaceLearnt(ctx context.Context, kind string, learnt map[string][]byte) error {
	err := l.s.facts.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM learnt WHERE kind = ?`, kind); err != nil {
			return err
		}
		for _, source := range slices.Sorted(maps.Keys(learnt)) {
			if _, err := tx.ExecContext(ctx, `INSERT INTO learnt (kind, source, state) VALUES (?, ?, ?)
				ON CONFLICT (kind, source) DO UPDATE SET state = excluded.state`, kind, source, string(learnt[source])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save what was learnt: %w", err)
	}
	return nil
}

// Retell makes the events of a source that are not delivered anew, by the
// schedules of now: those whose schedule was not known, or was learnt. It
// returns how many. Between groups of some thousand, attempts are applied.
func (l *Ledger) Retell(ctx context.Context, source string) (n int, err error) {
	keys, err := l.toRetell(ctx, source)
	if err != nil {
		return 0, fmt.Errorf("tell events of %s anew: %w", source, err)
	}
	for some := range slices.Chunk(keys, eventsAtOnce) {
		if err := l.retell(ctx, some); err != nil {
			return n, fmt.Errorf("tell events of %s anew: %w", source, err)
		}
		n += len(some)
	}
	return n, nil
}

func (l *Ledger) retell(ctx context.Context, some []touch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[eventKey]touch, len(some))
	for _, t := range some {
		all[t.eventKey] = t
	}
	return l.saveAnew(ctx, all, math.MaxInt64)
}

// toRetell returns the events by a schedule that is not a preset.
func (l *Ledger) toRetell(ctx context.Context, source string) (list []touch, err error) {
	err = l.s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT event, endpoint, first_attempt_at FROM open_event
			WHERE source = ? AND schedule IN (?, ?) AND state IN ('pending', 'retrying', 'exhausted')`, source, deliveries.Learnt, deliveries.Unknown)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t := touch{eventKey: eventKey{Source: source}}
			var first int64
			if err := rows.Scan(&t.Event, &t.Endpoint, &first); err != nil {
				return err
			}
			t.from = moment(first).Add(-strayBack)
			list = append(list, t)
		}
		return rows.Err()
	})
	return list, err
}

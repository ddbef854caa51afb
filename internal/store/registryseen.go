package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// touchEvery is how long a note of [Store.TouchSeen] is good enough: an
// endpoint that is seen all the time is written once a day.
const touchEvery = 24 * time.Hour

// TouchSeen notes that there were attempts for those endpoints until at. What
// is not known from attempts alone, or was noted within a day, is left as it
// is. It is one transaction: give it a thousand at a time.
func (s *Store) TouchSeen(ctx context.Context, ids []string, at time.Time) error {
	list, err := json.Marshal(ids)
	if err == nil {
		err = s.state.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE endpoint SET updated_at = ?1
				WHERE origin = 'seen' AND updated_at < ?2 AND id IN (SELECT value FROM json_each(?3))`,
				at.UnixMicro(), at.Add(-touchEvery).UnixMicro(), string(list))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("touch seen endpoints: %w", err)
	}
	return nil
}

// StaleSeen returns the IDs of endpoints that are known from attempts alone and
// had none since before: since they were registered, or TouchSeen noted some.
// At most limit of them are returned, by ID.
func (s *Store) StaleSeen(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var ids []string
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM endpoint WHERE origin = 'seen' AND updated_at < ? ORDER BY id LIMIT ?`, before.UnixMicro(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read stale seen endpoints: %w", err)
	}
	return ids, nil
}

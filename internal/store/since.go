package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// MerchantsSince returns since when each merchant is known here.
func (s *Store) MerchantsSince(ctx context.Context) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, created_at FROM merchant`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var at int64
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			since[id] = moment(at)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read merchants: %w", err)
	}
	return since, nil
}

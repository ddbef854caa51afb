package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/hookvigil/hookvigil/alerting"
)

// DeadLetters returns how many notices about incidents ended as dead letters
// and were neither tried again nor dropped by a person since. What is for a
// merchant does not count, and what is about no incident does not: digests,
// tests, silent proofs. It blocks for one read, or until ctx ends; a lock that
// another process holds for writing does not delay it.
func (s *Store) DeadLetters(ctx context.Context) (int, error) {
	var n int
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM notice
			WHERE state = 'dead' AND incident IS NOT NULL AND kind NOT IN (?1, ?2, ?3)`,
			alerting.KindMerchant, alerting.KindTest, alerting.KindPulse).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count dead letters: %w", err)
	}
	return n, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// noticeChunk bounds what one call of DropNotices deletes: the write lock is not
// held for long.
const noticeChunk = 5000

// DropNotices lets go of notices that ended before a moment, some at a time, and
// returns how many. What is dead stays until somebody has seen it, what another
// one refers to stays with it, and so does what tells of an incident that lives.
func (s *Store) DropNotices(ctx context.Context, before time.Time) (dropped int, err error) {
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM notice WHERE id IN (SELECT n.id FROM notice n
			WHERE n.finished_at < ?1 AND n.state IN ('sent', 'replaced', 'withheld', 'dropped')
				AND NOT EXISTS (SELECT 1 FROM notice r WHERE r.replaced_by = n.id OR r.fallback_of = n.id)
				AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.id = n.subject AND i.resolved_at IS NULL)
			LIMIT ?2)`, before.UnixMicro(), noticeChunk)
		if err != nil {
			return err
		}
		rows, err := res.RowsAffected()
		dropped = int(rows)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop notices: %w", err)
	}
	return dropped, nil
}

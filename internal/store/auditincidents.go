package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// CriticalIncidents returns the live critical incidents that are folded into
// no other, with their members, those that opened first first: what the
// self-audit asks about. There are at most 1,000 in one answer. It blocks for
// one read, or until ctx ends; a lock that another process holds for writing
// does not delay it.
func (s *Store) CriticalIncidents(ctx context.Context) ([]alerting.Incident, error) {
	var list []alerting.Incident
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		var err error
		list, err = readIncidents(ctx, tx, `WHERE i.resolved_at IS NULL AND i.severity = ?1 AND i.parent IS NULL
			ORDER BY i.opened_at, i.id LIMIT ?2`, rules.Critical, maxIncidents)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read critical incidents: %w", err)
	}
	return list, nil
}

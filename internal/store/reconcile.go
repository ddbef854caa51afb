package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxUnreconciled bounds one answer of Unreconciled.
const maxUnreconciled = 1000

// Unreconciled returns the incidents of which something may still be to
// reconcile: those that live, and those that were resolved at since or later
// and are not reconciled. What was folded into another is reconciled there. It
// gives the newest first, with their members, and at most 1,000.
func (s *Store) Unreconciled(ctx context.Context, since time.Time) ([]alerting.Incident, error) {
	var list []alerting.Incident
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		var err error
		list, err = readIncidents(ctx, tx, `WHERE i.parent IS NULL AND i.id IN (SELECT id FROM incident WHERE resolved_at IS NULL
			UNION ALL SELECT id FROM incident WHERE resolved_at IS NOT NULL AND reconciled_at IS NULL AND resolved_at >= ?)
			ORDER BY i.opened_at DESC, i.id DESC LIMIT ?`, since.UnixMicro(), maxUnreconciled)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read unreconciled incidents: %w", err)
	}
	return list, nil
}

// Reconciliation returns the rows of an incident, by channel; none when no
// event of it has failed, or it is not known.
func (s *Store) Reconciliation(ctx context.Context, incident string) ([]alerting.Reconciliation, error) {
	var list []alerting.Reconciliation
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		var err error
		list, err = readReconciliation(ctx, tx, incident)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read reconciliation: %w", err)
	}
	return list, nil
}

func readReconciliation(ctx context.Context, tx *sql.Tx, incident string) ([]alerting.Reconciliation, error) {
	rows, err := tx.QueryContext(ctx, `SELECT incident, channel, state, failed, redelivered, exhausted, written_off,
			coalesce(expected_at, 0), coalesce(done_at, 0), updated_at, updated_by, note
		FROM reconciliation WHERE incident = ? ORDER BY channel`, incident)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerting.Reconciliation
	for rows.Next() {
		var r alerting.Reconciliation
		var expected, done, updated int64
		err := rows.Scan(&r.Incident, &r.Channel, &r.State, &r.Failed, &r.Redelivered, &r.Exhausted, &r.WrittenOff,
			&expected, &done, &updated, &r.UpdatedBy, &r.Note)
		if err != nil {
			return nil, err
		}
		r.ExpectedAt, r.DoneAt, r.UpdatedAt = moment(expected), moment(done), moment(updated)
		list = append(list, r)
	}
	return list, rows.Err()
}

// SaveReconciliation brings the rows of an incident up to date with what was
// counted at now, and returns them all, by channel. What a person said stays.
// Rows that are as they were are not written, and nothing is when all are; the
// version of the incident stays, because nobody decides by the counts alone.
func (s *Store) SaveReconciliation(ctx context.Context, incident string, counts []alerting.FailedCount, now time.Time) ([]alerting.Reconciliation, error) {
	before, err := s.Reconciliation(ctx, incident)
	if err != nil {
		return nil, fmt.Errorf("save reconciliation: %w", err)
	}
	after := alerting.Recounted(incident, before, counts, now, time.UTC)
	if len(changedRows(before, after)) == 0 {
		return after, nil
	}
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		if before, err = readReconciliation(ctx, tx, incident); err != nil { // as it is now that nobody else writes
			return err
		}
		after = alerting.Recounted(incident, before, counts, now, time.UTC)
		for _, i := range changedRows(before, after) {
			after[i].UpdatedAt = now.UTC().Truncate(time.Microsecond)
			if err := writeReconciliation(ctx, tx, after[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("save reconciliation: %w", err)
	}
	return after, nil
}

// changedRows returns which rows of after are not in before as they are.
func changedRows(before, after []alerting.Reconciliation) []int {
	was := make(map[string]alerting.Reconciliation, len(before))
	for _, r := range before {
		was[r.Channel] = r
	}
	var list []int
	for i, r := range after {
		if old, ok := was[r.Channel]; !ok || old != r {
			list = append(list, i)
		}
	}
	return list
}

func writeReconciliation(ctx context.Context, tx *sql.Tx, r alerting.Reconciliation) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO reconciliation (incident, channel, state, failed, redelivered, exhausted, written_off,
			expected_at, done_at, updated_at, updated_by, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
		ON CONFLICT (incident, channel) DO UPDATE SET state = ?3, failed = ?4, redelivered = ?5, exhausted = ?6, written_off = ?7,
			expected_at = ?8, done_at = ?9, updated_at = ?10, updated_by = ?11, note = ?12`,
		r.Incident, r.Channel, r.State, r.Failed, r.Redelivered, r.Exhausted, r.WrittenOff,
		nullTime(r.ExpectedAt), nullTime(r.DoneAt), r.UpdatedAt.UnixMicro(), r.UpdatedBy, r.Note)
	if err != nil {
		return fmt.Errorf("reconciliation of %q: %w", r.Channel, err)
	}
	return nil
}

// ReconcileIncident does what a person says about a channel of an incident:
// the row, the line in the timeline, the audit and the next version of the
// incident in one transaction. It returns the incident as it is then;
// [alerting.ErrNoIncident], an *[alerting.VersionError] or an
// *[alerting.CommandError] say why not.
func (s *Store) ReconcileIncident(ctx context.Context, id string, version int, c alerting.ReconcileCommand, now time.Time) (alerting.Incident, error) {
	var in alerting.Incident
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		var err error
		if in, err = oneIncident(ctx, tx, id); err != nil {
			return err
		}
		if in.Version != version {
			return &alerting.VersionError{ID: id, Has: in.Version, Want: version}
		}
		rows, err := readReconciliation(ctx, tx, id)
		if err != nil {
			return err
		}
		row, entry, err := in.Reconcile(rows, c, now, time.UTC)
		if err != nil {
			return err
		}
		if err := writeReconciliation(ctx, tx, row); err != nil {
			return err
		}
		if err := insertEntries(ctx, tx, now, []alerting.Entry{entry}); err != nil {
			return err
		}
		if err := auditCommand(ctx, tx, []alerting.Entry{entry}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE incident SET version = version + 1, updated_at = ? WHERE id = ?`, now.UnixMicro(), id); err != nil {
			return err
		}
		in.Version, in.Stored, in.Entries = in.Version+1, in.Version+1, in.Entries+1
		return nil
	})
	if err != nil {
		return alerting.Incident{}, fmt.Errorf("reconcile incident: %w", err)
	}
	return in, nil
}

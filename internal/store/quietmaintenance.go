package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

const maintenanceColumns = `id, matcher, timezone, starts_at, length_us, recurrence, coalesce(ends_at, 0), author, reason, version,
	created_at, updated_at, coalesce(removed_at, 0), removed_by`

// PutMaintenance stores a plan in the place of the version that m.Version says
// (0: it is new, or was removed), and returns it settled, with its new version.
// Its By stands in the audit. A *registry.InvalidError, an
// *alerting.MaintenanceVersionError or an *alerting.TooQuietError says why not.
// It is one transaction; poke the desk afterwards.
func (s *Store) PutMaintenance(ctx context.Context, m alerting.Maintenance) (alerting.Maintenance, error) {
	now := time.Now()
	m.Created, m.Updated, m.RemovedAt, m.RemovedBy = now, now, time.Time{}, ""
	m, faults := m.Settled(now)
	if err := invalid("maintenance", m.ID, faults); err != nil {
		return m, fmt.Errorf("put maintenance: %w", err)
	}
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		was, err := maintenanceAt(ctx, tx, m.ID, m.Version)
		if err != nil {
			return err
		}
		c := change{action: "create", kind: "maintenance", id: m.ID, detail: m.Matcher.String()}
		if m.Version > 0 {
			m.Created, c.action, c.before = was.Created, "update", specOf(was)
		} else if err := roomForMaintenance(ctx, tx, now); err != nil {
			return err
		}
		m.Version = was.Version + 1
		c.after = specOf(m)
		if err := writeMaintenance(ctx, tx, m); err != nil {
			return err
		}
		return auditQuiet(ctx, tx, m.By, c)
	})
	if err != nil {
		return m, fmt.Errorf("put maintenance: %w", err)
	}
	return m, nil
}

// maintenanceAt reads what is to be changed, when it is at that version; 0:
// there is none, or it was removed.
func maintenanceAt(ctx context.Context, tx *sql.Tx, id string, version int) (alerting.Maintenance, error) {
	was, err := oneMaintenance(ctx, tx, id)
	if err != nil && !errors.Is(err, alerting.ErrNoMaintenance) {
		return was, err
	}
	has := was.Version
	if !was.RemovedAt.IsZero() {
		has = 0
	}
	if has != version {
		if err != nil {
			return was, err
		}
		return was, &alerting.MaintenanceVersionError{ID: id, Has: has, Want: version}
	}
	return was, nil
}

func roomForMaintenance(ctx context.Context, tx *sql.Tx, now time.Time) error {
	var live int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM maintenance WHERE removed_at IS NULL AND (ends_at IS NULL OR ends_at + length_us > ?)`,
		now.UnixMicro()).Scan(&live)
	if err == nil && live >= mostMaintenance {
		err = &alerting.TooQuietError{What: "plans of maintenance", Most: mostMaintenance}
	}
	return err
}

func writeMaintenance(ctx context.Context, tx *sql.Tx, m alerting.Maintenance) error {
	matcher, err := json.Marshal(m.Matcher)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO maintenance (id, matcher, timezone, starts_at, length_us, recurrence, ends_at, author, reason,
			version, created_at, updated_at, removed_at, removed_by)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
		ON CONFLICT (id) DO UPDATE SET matcher = ?2, timezone = ?3, starts_at = ?4, length_us = ?5, recurrence = ?6, ends_at = ?7, author = ?8,
			reason = ?9, version = ?10, created_at = ?11, updated_at = ?12, removed_at = ?13, removed_by = ?14`,
		m.ID, string(matcher), m.Zone, m.Start.UnixMicro(), m.Length.Microseconds(), m.Recurrence, nullTime(m.EndsAt), m.By, m.Reason,
		m.Version, m.Created.UnixMicro(), m.Updated.UnixMicro(), nullTime(m.RemovedAt), m.RemovedBy)
	return err
}

// RemoveMaintenance ends a plan that is at that version, now. by stands in it,
// and in the audit. [alerting.ErrNoMaintenance], also of what was removed, and
// *alerting.MaintenanceVersionError say why not. It is one transaction; poke
// the desk afterwards.
func (s *Store) RemoveMaintenance(ctx context.Context, id string, version int, by string) error {
	now := time.Now()
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		m, err := oneMaintenance(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case !m.RemovedAt.IsZero():
			return fmt.Errorf("%s: %w", id, alerting.ErrNoMaintenance)
		case m.Version != version:
			return &alerting.MaintenanceVersionError{ID: id, Has: m.Version, Want: version}
		}
		before := specOf(m)
		m.Version, m.Updated, m.RemovedAt, m.RemovedBy = m.Version+1, now, now, by
		if err := writeMaintenance(ctx, tx, m); err != nil {
			return err
		}
		return auditQuiet(ctx, tx, by, change{action: "remove", kind: "maintenance", id: id, before: before, after: specOf(m), detail: m.Matcher.String()})
	})
	if err != nil {
		return fmt.Errorf("remove maintenance: %w", err)
	}
	return nil
}

// Maintenance returns one plan, settled; [alerting.ErrNoMaintenance] says that
// there is none, or that it was removed.
func (s *Store) Maintenance(ctx context.Context, id string) (alerting.Maintenance, error) {
	var m alerting.Maintenance
	err := s.state.read(ctx, func(tx *sql.Tx) (err error) {
		if m, err = oneMaintenance(ctx, tx, id); err == nil && !m.RemovedAt.IsZero() {
			err = fmt.Errorf("%s: %w", id, alerting.ErrNoMaintenance)
		}
		return err
	})
	if err != nil {
		return m, fmt.Errorf("read maintenance: %w", err)
	}
	m, _ = m.Settled(time.Now())
	return m, nil
}

// Maintenances returns the plans that were not removed, by ID, settled; also
// those that are over.
func (s *Store) Maintenances(ctx context.Context) ([]alerting.Maintenance, error) {
	return s.maintenances(ctx, nil, `removed_at IS NULL ORDER BY id`)
}

// RemovedMaintenances returns the plans that were removed, by ID, settled: they
// say when and by whom, and are kept until [Store.DropQuiet].
func (s *Store) RemovedMaintenances(ctx context.Context) ([]alerting.Maintenance, error) {
	return s.maintenances(ctx, nil, `removed_at IS NOT NULL ORDER BY id`)
}

// MaintenanceSince returns the plans that were in force at some time after a
// moment, or will be, by ID, settled: also those that are over, or were
// removed, since.
func (s *Store) MaintenanceSince(ctx context.Context, from time.Time) ([]alerting.Maintenance, error) {
	return s.maintenances(ctx, &s.plans, `(removed_at IS NULL OR removed_at > ?1) AND (ends_at IS NULL OR ends_at + length_us > ?1) ORDER BY id`, from.UnixMicro())
}

// maintenances reads plans, and settles them by what is kept; nil: anew.
func (s *Store) maintenances(ctx context.Context, kept *settledPlans, where string, args ...any) ([]alerting.Maintenance, error) {
	var list []alerting.Maintenance
	err := s.state.read(ctx, func(tx *sql.Tx) (err error) {
		list, err = readMaintenance(ctx, tx, where, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read maintenance: %w", err)
	}
	kept.settle(list, time.Now())
	return list, nil
}

// oneMaintenance reads a plan, also one that was removed; ErrNoMaintenance when
// there is none.
func oneMaintenance(ctx context.Context, tx *sql.Tx, id string) (alerting.Maintenance, error) {
	list, err := readMaintenance(ctx, tx, `id = ?`, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s: %w", id, alerting.ErrNoMaintenance)
	}
	if err != nil {
		return alerting.Maintenance{}, err
	}
	return list[0], nil
}

func readMaintenance(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]alerting.Maintenance, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+maintenanceColumns+` FROM maintenance WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []alerting.Maintenance{}
	for rows.Next() {
		var m alerting.Maintenance
		var matcher string
		var start, length, ends, created, updated, removed int64
		err := rows.Scan(&m.ID, &matcher, &m.Zone, &start, &length, &m.Recurrence, &ends, &m.By, &m.Reason, &m.Version, &created, &updated, &removed, &m.RemovedBy)
		if err == nil {
			err = json.Unmarshal([]byte(matcher), &m.Matcher)
		}
		if err != nil {
			return nil, fmt.Errorf("maintenance %s: %w", m.ID, err)
		}
		m.Start, m.EndsAt, m.Length = moment(start), moment(ends), time.Duration(length)*time.Microsecond
		m.Created, m.Updated, m.RemovedAt = moment(created), moment(updated), moment(removed)
		list = append(list, m)
	}
	return list, rows.Err()
}

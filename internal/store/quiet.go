package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// The bounds of what is quiet at once: each turn of the desk looks at all of
// it.
const (
	mostSilences    = 1000 // that have not ended
	mostMaintenance = 1000 // that are not over
	quietChunk      = 1000 // rows that one call of DropQuiet deletes of each table
)

// AddSilence stores a silence and gives it an ID; From is no earlier than now.
// Its By stands in the audit. A *registry.InvalidError or an
// *alerting.TooQuietError says why not. It is one transaction; poke the desk
// afterwards.
func (s *Store) AddSilence(ctx context.Context, q alerting.Silence) (alerting.Silence, error) {
	now := time.Now()
	q.ID, q.Created, q.RemovedAt, q.RemovedBy = newSilenceID(), now, time.Time{}, ""
	q = q.Tidied(now)
	if err := invalid("silence", q.ID, q.Faults(now)); err != nil {
		return q, fmt.Errorf("add silence: %w", err)
	}
	matcher, err := json.Marshal(q.Matcher)
	if err != nil {
		return q, fmt.Errorf("add silence: %w", err)
	}
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		var live int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM silence WHERE removed_at IS NULL AND ends_at > ?`, now.UnixMicro()).Scan(&live); err != nil {
			return err
		}
		if live >= mostSilences {
			return &alerting.TooQuietError{What: "silences", Most: mostSilences}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO silence (id, matcher, starts_at, ends_at, author, reason, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			q.ID, string(matcher), q.From.UnixMicro(), q.Until.UnixMicro(), q.By, q.Reason, q.Created.UnixMicro())
		if err != nil {
			return err
		}
		return auditQuiet(ctx, tx, q.By, change{action: "create", kind: "silence", id: q.ID, after: specOf(q), detail: q.Matcher.String()})
	})
	if err != nil {
		return q, fmt.Errorf("add silence: %w", err)
	}
	return q, nil
}

// newSilenceID is short enough to be typed, and never the same twice.
func newSilenceID() string { return "sil_" + strings.ToLower(rand.Text()[:10]) }

// RemoveSilence ends a silence now; one that is pending never begins. by stands
// in it, and in the audit. [alerting.ErrNoSilence] and
// *alerting.SilenceOverError say why not. It is one transaction; poke the desk
// afterwards.
func (s *Store) RemoveSilence(ctx context.Context, id, by string) error {
	now := time.Now()
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		q, err := oneSilence(ctx, tx, id)
		if err != nil {
			return err
		}
		if !q.RemovedAt.IsZero() {
			return &alerting.SilenceOverError{ID: id, At: q.RemovedAt, By: q.RemovedBy}
		}
		if !now.Before(q.Until) {
			return &alerting.SilenceOverError{ID: id, At: q.Until}
		}
		before := specOf(q)
		q.RemovedAt, q.RemovedBy = moment(now.UnixMicro()), by
		if _, err := tx.ExecContext(ctx, `UPDATE silence SET removed_at = ?, removed_by = ? WHERE id = ?`, now.UnixMicro(), by, id); err != nil {
			return err
		}
		return auditQuiet(ctx, tx, by, change{action: "remove", kind: "silence", id: id, before: before, after: specOf(q), detail: q.Matcher.String()})
	})
	if err != nil {
		return fmt.Errorf("remove silence: %w", err)
	}
	return nil
}

// DropQuiet deletes the silences and the plans of maintenance that ended, or
// were removed, before a moment, a thousand of each at most, and returns how
// many. The audit keeps that they were there.
func (s *Store) DropQuiet(ctx context.Context, before time.Time) (dropped int, err error) {
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{
			`DELETE FROM silence WHERE id IN (SELECT id FROM silence WHERE coalesce(removed_at, ends_at) < ?1 LIMIT ?2)`,
			`DELETE FROM maintenance WHERE id IN (SELECT id FROM maintenance WHERE coalesce(removed_at, ends_at + length_us) < ?1 LIMIT ?2)`,
		} {
			res, err := tx.ExecContext(ctx, q, before.UnixMicro(), quietChunk)
			if err != nil {
				return err
			}
			rows, err := res.RowsAffected()
			if err != nil {
				return err
			}
			dropped += int(rows)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("drop what was quiet: %w", err)
	}
	return dropped, nil
}

// invalid is the error of a record with faults; nil for none.
func invalid(kind, id string, faults []registry.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	e := &registry.InvalidError{}
	for _, f := range faults {
		e.Faults = append(e.Faults, registry.RecordFault{Kind: kind, ID: id, Fault: f})
	}
	return e
}

// auditQuiet records what a person did about what is quiet.
func auditQuiet(ctx context.Context, tx *sql.Tx, by string, c change) error {
	w := recordWriter{tx: tx, actor: by, now: time.Now()}
	return w.record(ctx, c)
}

// specOf is what the audit has the hash of.
func specOf(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte{} // such a value always marshals
	}
	return b
}

// oneSilence reads a silence; ErrNoSilence when there is none.
func oneSilence(ctx context.Context, tx *sql.Tx, id string) (alerting.Silence, error) {
	q, err := scanSilence(tx.QueryRowContext(ctx, `SELECT `+silenceColumns+` FROM silence WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return q, fmt.Errorf("%s: %w", id, alerting.ErrNoSilence)
	}
	return q, err
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxSilences bounds one answer of Silences.
const maxSilences = 1000

const silenceColumns = `id, matcher, starts_at, ends_at, author, reason, created_at, coalesce(removed_at, 0), removed_by`

// Silence returns one silence; [alerting.ErrNoSilence] says that there is none.
func (s *Store) Silence(ctx context.Context, id string) (alerting.Silence, error) {
	var q alerting.Silence
	err := s.state.read(ctx, func(tx *sql.Tx) (err error) {
		q, err = oneSilence(ctx, tx, id)
		return err
	})
	if err != nil {
		return q, fmt.Errorf("read silence: %w", err)
	}
	return q, nil
}

// Silences returns silences, those made last first.
func (s *Store) Silences(ctx context.Context, f alerting.SilenceFilter) ([]alerting.Silence, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Now.IsZero() {
		f.Now = time.Now()
	}
	f.Limit = min(max(f.Limit, 1), maxSilences)
	merchants, err := jsonList(f.Merchants)
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	var list []alerting.Silence
	err = s.state.read(ctx, func(tx *sql.Tx) (err error) {
		list, err = readSilences(ctx, tx, stateClause(f.State)+`
			AND (?2 = 0 OR json_array_length(matcher, '$.merchant') > 0 AND NOT EXISTS (SELECT 1 FROM json_each(matcher, '$.merchant')
				WHERE value NOT IN (SELECT value FROM json_each(?3))))
			AND (?4 = '' OR (created_at, id) < (SELECT created_at, id FROM silence WHERE id = ?4))
			ORDER BY created_at DESC, id DESC LIMIT ?5`, f.Now.UnixMicro(), len(f.Merchants), merchants, f.Before, f.Limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	return list, nil
}

// stateClause is the state of a silence at ?1.
func stateClause(state alerting.SilenceState) string {
	switch state {
	case alerting.SilencePending:
		return `removed_at IS NULL AND starts_at > ?1 AND ends_at > ?1`
	case alerting.SilenceActive:
		return `removed_at IS NULL AND starts_at <= ?1 AND ends_at > ?1`
	case alerting.SilenceEnded:
		return `(removed_at IS NOT NULL OR ends_at <= ?1)`
	default:
		return `?1 IS NOT NULL`
	}
}

// Quiet returns what is, or may become, quiet after now: silences that have not
// ended, and maintenance that is not over, settled.
func (s *Store) Quiet(ctx context.Context, now time.Time) (alerting.Quiet, error) {
	var q alerting.Quiet
	err := s.state.read(ctx, func(tx *sql.Tx) (err error) {
		q, err = s.readQuiet(ctx, tx, now)
		return err
	})
	if err != nil {
		return q, fmt.Errorf("read what is quiet: %w", err)
	}
	return q, nil
}

// readQuiet is Quiet in a transaction.
func (s *Store) readQuiet(ctx context.Context, tx *sql.Tx, now time.Time) (alerting.Quiet, error) {
	var q alerting.Quiet
	var err error
	if q.Silences, err = readSilences(ctx, tx, `removed_at IS NULL AND ends_at > ? ORDER BY ends_at DESC`, now.UnixMicro()); err != nil {
		return q, err
	}
	q.Maintenance, err = readMaintenance(ctx, tx, `removed_at IS NULL AND (ends_at IS NULL OR ends_at + length_us > ?) ORDER BY id`, now.UnixMicro())
	s.plans.settle(q.Maintenance, now)
	return q, err
}

func readSilences(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]alerting.Silence, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+silenceColumns+` FROM silence WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []alerting.Silence{}
	for rows.Next() {
		q, err := scanSilence(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, q)
	}
	return list, rows.Err()
}

func scanSilence(scan func(...any) error) (alerting.Silence, error) {
	var q alerting.Silence
	var matcher string
	var from, until, created, removed int64
	if err := scan(&q.ID, &matcher, &from, &until, &q.By, &q.Reason, &created, &removed, &q.RemovedBy); err != nil {
		return q, err
	}
	q.From, q.Until, q.Created, q.RemovedAt = moment(from), moment(until), moment(created), moment(removed)
	if err := json.Unmarshal([]byte(matcher), &q.Matcher); err != nil {
		return q, fmt.Errorf("matcher of silence %s: %w", q.ID, err)
	}
	return q, nil
}

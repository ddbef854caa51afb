package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hookvigil/hookvigil/alerting"
)

var _ alerting.Queue = (*Store)(nil)

// Enqueue inserts notices in one transaction. One whose key is there already
// changes nothing, so that a repeated decision is told once. A test, which a
// person asked for, starts its lane when that has stopped.
func (s *Store) Enqueue(ctx context.Context, notices []alerting.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		for _, n := range notices {
			if n.Kind != alerting.KindTest {
				continue
			}
			if err := startLane(ctx, tx, n.Lane, time.Now()); err != nil {
				return err
			}
		}
		return insertNotices(ctx, tx, notices)
	})
	if err != nil {
		return fmt.Errorf("enqueue notices: %w", err)
	}
	return nil
}

// insertNotices inserts notices within the transaction of the state that they
// tell; those whose key is there already change nothing. An empty ID is made,
// an empty Created is now, an empty Due is Created.
func insertNotices(ctx context.Context, tx *sql.Tx, notices []alerting.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO notice (id, idem_key, lane, subject, incident, class, kind, severity,
			recipient, payload, wanted_version, state, created_at, due_at, reduced)
		VALUES (?1, ?2, ?3, ?4, (SELECT id FROM incident WHERE id IN (?4, json_extract(?9, '$.incident')) LIMIT 1), ?5, ?6, ?7,
			?8, ?9, ?10, 'waiting', ?11, ?12, ?13)
		ON CONFLICT (idem_key) DO NOTHING`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, n := range notices {
		if err := insertNotice(ctx, stmt, n); err != nil {
			return fmt.Errorf("notice %q: %w", n.IdemKey, err)
		}
	}
	return nil
}

func insertNotice(ctx context.Context, stmt *sql.Stmt, n alerting.Notice) error {
	if receiver, destination, ok := strings.Cut(n.Lane, "/"); !ok || receiver == "" || destination == "" || n.IdemKey == "" {
		return fmt.Errorf("lane %q: want a key and a lane <receiver>/<destination>", n.Lane)
	}
	if n.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		n.ID = id.String()
	}
	if n.Created.IsZero() {
		n.Created = time.Now()
	}
	if n.Due.IsZero() {
		n.Due = n.Created
	}
	if len(n.Facts) == 0 {
		n.Facts = []byte("{}")
	}
	_, err := stmt.ExecContext(ctx, n.ID, n.IdemKey, n.Lane, n.Subject, n.Flow, n.Kind, n.Severity,
		n.Recipient, string(n.Facts), n.Version, n.Created.UnixMicro(), notBefore(n.Due), n.Reduced)
	return err
}

// startLane lets a lane go on that is paused or has stopped.
func startLane(ctx context.Context, tx *sql.Tx, lane string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE lane SET stopped_at = NULL, paused_until = NULL, updated_at = ?2
		WHERE id = ?1 AND (stopped_at IS NOT NULL OR paused_until IS NOT NULL)`, lane, now.UnixMicro())
	return err
}

// noticeColumns are what scanNotice reads.
const noticeColumns = `id, idem_key, lane, recipient, subject, wanted_version, kind, class, severity, payload,
	created_at, due_at, attempts, reduced`

// scanNotice reads noticeColumns and what follows them.
func scanNotice(scan func(...any) error, more ...any) (alerting.Notice, error) {
	var n alerting.Notice
	var facts string
	var created, due int64
	err := scan(append([]any{&n.ID, &n.IdemKey, &n.Lane, &n.Recipient, &n.Subject, &n.Version, &n.Kind, &n.Flow, &n.Severity, &facts,
		&created, &due, &n.Attempts, &n.Reduced}, more...)...)
	n.Facts, n.Created, n.Due = []byte(facts), moment(created), moment(due)
	return n, err
}

// moment is a column *_at; 0 from a NULL is the zero time.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// notBefore is a column that says when something may happen: rounded up, since
// a microsecond early is early.
func notBefore(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// nullMoment stores the zero time as NULL.
func nullMoment(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: notBefore(t), Valid: !t.IsZero()}
}

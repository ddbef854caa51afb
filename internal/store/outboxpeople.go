package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxOutbox bounds one answer of Outbox.
const maxOutbox = 1000

// Outbox returns notices, those decided last first.
func (s *Store) Outbox(ctx context.Context, f alerting.OutboxFilter) ([]alerting.OutboxRow, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	f.Limit = min(max(f.Limit, 1), maxOutbox)
	where, args := outboxWhere(f)
	list := []alerting.OutboxRow{}
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+noticeColumns+`, coalesce(incident, ''), state, reason, coalesce(replaced_by, ''),
				coalesce(fallback_of, ''), coalesce(tried_at, 0), error_class, error_text, provider_ref, coalesce(finished_at, 0), finished_by
			FROM notice WHERE `+where+` ORDER BY created_at DESC, id DESC LIMIT ?`, append(args, f.Limit)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanOutbox(rows)
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return list, nil
}

// outboxWhere asks for what the filter says and no more, so that an index
// answers.
func outboxWhere(f alerting.OutboxFilter) (where string, args []any) {
	where = "true"
	for _, by := range []struct{ clause, value string }{
		{"state = ?", f.State}, {"lane = ?", f.Lane}, {"subject = ?", f.Subject},
		{"(created_at, id) < (SELECT created_at, id FROM notice WHERE id = ?)", f.Before},
	} {
		if by.value != "" {
			where += " AND " + by.clause
			args = append(args, by.value)
		}
	}
	return where, args
}

func scanOutbox(rows *sql.Rows) (alerting.OutboxRow, error) {
	var r alerting.OutboxRow
	var tried, finished int64
	n, err := scanNotice(rows.Scan, &r.Incident, &r.State, &r.Reason, &r.ReplacedBy,
		&r.FallbackOf, &tried, &r.Class, &r.Text, &r.Ref, &finished, &r.FinishedBy)
	r.ID, r.IdemKey, r.Lane, r.Recipient, r.Subject = n.ID, n.IdemKey, n.Lane, n.Recipient, n.Subject
	r.Kind, r.Flow, r.Severity, r.Version, r.Facts = n.Kind, n.Flow, n.Severity, n.Version, n.Facts
	r.Created, r.Due, r.Attempts, r.Reduced = n.Created, n.Due, n.Attempts, n.Reduced
	r.Tried, r.Finished = moment(tried), moment(finished)
	return r, err
}

// RetryNotice makes a notice due now that is dead or waits, and starts its lane
// if that has stopped; poke the outbox afterwards. by stands in the audit.
// alerting.ErrNoNotice and *alerting.NoticeStateError say why not.
func (s *Store) RetryNotice(ctx context.Context, id, by string) error {
	now := time.Now()
	err := s.command(ctx, noticeCommand{id: id, by: by, action: "retry", now: now}, func(tx *sql.Tx) error {
		var lane string
		err := tx.QueryRowContext(ctx, `UPDATE notice SET state = 'waiting', reason = '', due_at = ?2, finished_at = NULL, finished_by = ?3
			WHERE id = ?1 RETURNING lane`, id, now.UnixMicro(), by).Scan(&lane)
		if err != nil {
			return err
		}
		return startLane(ctx, tx, lane, now)
	})
	if err != nil {
		return fmt.Errorf("retry notice: %w", err)
	}
	return nil
}

// DropNotice ends a notice that is dead or waits: it is not sent. by stands in
// the audit. alerting.ErrNoNotice and *alerting.NoticeStateError say why not.
func (s *Store) DropNotice(ctx context.Context, id, by string) error {
	now := time.Now()
	err := s.command(ctx, noticeCommand{id: id, by: by, action: "drop", now: now}, func(tx *sql.Tx) error {
		var subject string
		err := tx.QueryRowContext(ctx, `UPDATE notice SET state = 'dropped', finished_at = ?2, finished_by = ?3
			WHERE id = ?1 RETURNING subject`, id, now.UnixMicro(), by).Scan(&subject)
		if err != nil {
			return err
		}
		return finishDigest(ctx, tx, subject, now)
	})
	if err != nil {
		return fmt.Errorf("drop notice: %w", err)
	}
	return nil
}

// noticeCommand is what a person does to a notice.
type noticeCommand struct {
	id, by, action string
	now            time.Time
}

// command does and audits c, in one transaction, when the notice is in a state
// for it: neither being sent nor over.
func (s *Store) command(ctx context.Context, c noticeCommand, do func(tx *sql.Tx) error) error {
	return s.state.write(ctx, func(tx *sql.Tx) error {
		var state string
		err := tx.QueryRowContext(ctx, `SELECT state FROM notice WHERE id = ?`, c.id).Scan(&state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%s: %w", c.id, alerting.ErrNoNotice)
		case err != nil:
			return err
		case state != "waiting" && state != string(alerting.ResultDead):
			return &alerting.NoticeStateError{ID: c.id, State: state}
		}
		if err := do(tx); err != nil {
			return err
		}
		w := recordWriter{tx: tx, actor: c.by, now: c.now}
		return w.record(ctx, change{action: c.action, kind: "notice", id: c.id, detail: "was " + state})
	})
}

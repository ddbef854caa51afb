package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// Finish implements [alerting.Queue]: the notice, its thread, its lane, the row
// of its digest and what is told about it in one transaction.
func (s *Store) Finish(ctx context.Context, o alerting.Outcome) (applied bool, err error) {
	first := false
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		done, err := finishNotice(ctx, tx, o)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the claim is no longer the caller's
		}
		if err != nil {
			return err
		}
		if err := finishAlarms(ctx, tx, o); err != nil {
			return err
		}
		if err := finishLane(ctx, tx, o); err != nil {
			return err
		}
		if err := finishProof(ctx, tx, o, done); err != nil {
			return err
		}
		if err := finishThread(ctx, tx, o, done); err != nil {
			return err
		}
		if first, err = alerted(ctx, tx, o); err != nil {
			return err
		}
		if o.Result != alerting.ResultWaiting {
			if err := finishDigest(ctx, tx, done.subject, o.Ended); err != nil {
				return err
			}
		}
		applied = true
		return finishExtra(ctx, tx, o)
	})
	if err != nil {
		return false, fmt.Errorf("finish notice %s: %w", o.ID, err)
	}
	if first && s.Alerted != nil {
		s.Alerted()
	}
	return applied, nil
}

// finished is what a finished notice was about.
type finished struct {
	subject string
	kind    alerting.Kind
	flow    alerting.Flow
	version int
}

// finishNotice records the result; sql.ErrNoRows when the fence is an old one.
// A state that may have arrived stays one until it is known to have.
func finishNotice(ctx context.Context, tx *sql.Tx, o alerting.Outcome) (finished, error) {
	var f finished
	end := sql.NullInt64{Int64: o.Ended.UnixMicro(), Valid: o.Result != alerting.ResultWaiting}
	reason := ""
	if o.Result == alerting.ResultDead {
		reason = string(o.Class)
	}
	err := tx.QueryRowContext(ctx, `UPDATE notice SET state = ?3, finished_at = ?4, due_at = coalesce(?5, due_at),
			sent_version = CASE WHEN ?3 = 'sent' THEN wanted_version ELSE sent_version END,
			provider_ref = CASE WHEN ?6 <> '' THEN ?6 ELSE provider_ref END,
			error_class = CASE WHEN ?3 = 'waiting' AND class = 'state' AND error_class = 'ambiguous' THEN error_class ELSE ?7 END, error_text = ?8, reason = ?9, reduced = ?10, lease_owner = '', lease_until = NULL
		WHERE id = ?1 AND fence = ?2 AND state = 'sending' RETURNING subject, kind, class, wanted_version`,
		o.ID, o.Fence, o.Result, end, nullMoment(o.Due), cmp.Or(o.Ref.Last, o.Ref.Root), o.Class, o.Text, reason, o.Reduced).
		Scan(&f.subject, &f.kind, &f.flow, &f.version)
	return f, err
}

// finishLane keeps the lane's health and its storm window. A success proves
// that the lane works; a message refused for its form proves nothing.
func finishLane(ctx context.Context, tx *sql.Tx, o alerting.Outcome) error {
	receiver, destination, _ := strings.Cut(o.Lane, "/")
	now := o.Ended.UnixMicro()
	_, err := tx.ExecContext(ctx, `INSERT INTO lane (id, receiver, kind, destination, storm_at, storm_sent, storm_held, updated_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, storm_at = excluded.storm_at, storm_sent = excluded.storm_sent,
			storm_held = excluded.storm_held, updated_at = excluded.updated_at`,
		o.Lane, receiver, o.Kind, destination, sql.NullInt64{Int64: o.Storm.At.UnixMicro(), Valid: !o.Storm.At.IsZero()}, o.Storm.Sent, o.Storm.Held, now)
	switch {
	case err != nil:
	case o.Result == alerting.ResultSent:
		if err = letGo(ctx, tx, o); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE lane SET sent_at = ?2, failing_since = NULL, paused_until = NULL, stopped_at = NULL,
			error_class = '', error_text = '' WHERE id = ?1`, o.Lane, now)
	case o.Failing:
		stopped := sql.NullInt64{Int64: now, Valid: o.Stop}
		_, err = tx.ExecContext(ctx, `UPDATE lane SET failing_since = coalesce(failing_since, ?2), paused_until = coalesce(?3, paused_until),
			stopped_at = coalesce(stopped_at, ?4), error_class = ?5, error_text = ?6 WHERE id = ?1`,
			o.Lane, o.Began.UnixMicro(), nullMoment(o.PauseUntil), stopped, o.Class, o.Text)
	}
	return err
}

// letGo makes due what waits in a lane that failed, and works again, in the
// order of the decisions. What it cannot mend waits as it did: for a time that
// the receiver named, or for a try of its own that is not long ago.
func letGo(ctx context.Context, tx *sql.Tx, o alerting.Outcome) error {
	_, err := tx.ExecContext(ctx, `UPDATE notice SET due_at = back.due FROM (
			SELECT id, max(?2 - 1000000 + min(row_number() OVER (ORDER BY created_at, id), 1000000),
				tried_at + min(attempts * ?3, ?4)) AS due FROM notice
			WHERE lane = ?1 AND state = 'waiting' AND due_at > ?2 AND attempts > 0 AND error_class IN ('transient', 'ambiguous')
				AND EXISTS (SELECT 1 FROM lane WHERE id = ?1 AND failing_since IS NOT NULL)) AS back
		WHERE notice.id = back.id AND back.due < notice.due_at`,
		o.Lane, o.Ended.UnixMicro(), alerting.LetGoStep.Microseconds(), alerting.LetGoMost.Microseconds())
	return err
}

// finishThread remembers where the subject's next message in the lane belongs.
func finishThread(ctx context.Context, tx *sql.Tx, o alerting.Outcome, f finished) error {
	last := cmp.Or(o.Ref.Last, o.Ref.Root)
	if o.Result != alerting.ResultSent || last == "" {
		return nil
	}
	version := 0
	if f.flow == alerting.FlowState {
		version = f.version
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO thread (incident, lane, root_ref, last_ref, sent_version, created_at, updated_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
		ON CONFLICT (incident, lane) DO UPDATE SET root_ref = CASE WHEN ?7 <> '' THEN ?7 ELSE root_ref END,
			last_ref = excluded.last_ref, sent_version = max(sent_version, excluded.sent_version), updated_at = excluded.updated_at`,
		f.subject, o.Lane, cmp.Or(o.Ref.Root, last), last, version, o.Ended.UnixMicro(), o.Ref.Root)
	return err
}

// finishExtra inserts what is told about the notice. A summary stands for the
// notice, and grows while it waits: it goes on naming what it named before.
func finishExtra(ctx context.Context, tx *sql.Tx, o alerting.Outcome) error {
	if o.Extra == nil {
		return nil
	}
	if err := insertNotices(ctx, tx, []alerting.Notice{*o.Extra}); err != nil {
		return err
	}
	if o.Result != alerting.ResultHeld {
		return nil
	}
	var before string
	err := tx.QueryRowContext(ctx, `SELECT payload FROM notice WHERE idem_key = ?1 AND state = 'waiting' AND wanted_version < ?2`,
		o.Extra.IdemKey, o.Extra.Version).Scan(&before)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE notice SET payload = ?2, wanted_version = ?3 WHERE idem_key = ?1`,
			o.Extra.IdemKey, string(alerting.Gathered([]byte(before), *o.Extra).Facts), o.Extra.Version)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // it is new, or gone already
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE notice SET replaced_by = (SELECT id FROM notice WHERE idem_key = ?2) WHERE id = ?1`, o.ID, o.Extra.IdemKey)
	return err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Recover implements [alerting.Queue]. It writes only when there is something
// to recover.
func (s *Store) Recover(ctx context.Context, r alerting.Recovery) error {
	needed, err := s.needsRecovery(ctx, r)
	if err == nil && needed {
		err = s.state.write(ctx, func(tx *sql.Tx) error { return recoverOutbox(ctx, tx, r) })
	}
	if err != nil {
		return fmt.Errorf("recover outbox: %w", err)
	}
	return nil
}

func (s *Store) needsRecovery(ctx context.Context, r alerting.Recovery) (needed bool, err error) {
	err = s.state.read(ctx, func(tx *sql.Tx) error {
		from, before := alerting.StopSubjects("")
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM notice WHERE state = 'sending' AND (lease_until <= ?1 OR (?2 <> '' AND lease_owner = ?2)))
			OR (?3 AND EXISTS (SELECT 1 FROM lane WHERE stopped_at IS NOT NULL))
			OR (?3 AND EXISTS (SELECT 1 FROM notice WHERE subject >= ?6 AND subject < ?7 AND kind = 'dead_letter'))
			OR EXISTS (SELECT 1 FROM notice WHERE created_at > ?4 AND state = 'waiting')
			OR EXISTS (SELECT 1 FROM lane WHERE failing_since > ?4 OR paused_until > ?5)`,
			r.Now.UnixMicro(), r.Owner, r.Lanes, r.Now.Add(clockSlack).UnixMicro(), r.Now.Add(longestPause).UnixMicro(), from, before).Scan(&needed)
	})
	return needed, err
}

// recoverOutbox leaves due_at alone: what was being sent goes first again.
func recoverOutbox(ctx context.Context, tx *sql.Tx, r alerting.Recovery) error {
	now := r.Now.UnixMicro()
	_, err := tx.ExecContext(ctx, `UPDATE notice SET state = 'waiting', lease_owner = '', lease_until = NULL,
			error_class = 'ambiguous', error_text = 'the sender ended or stalled; it may have arrived'
		WHERE state = 'sending' AND (lease_until <= ?1 OR (?2 <> '' AND lease_owner = ?2))`, now, r.Owner)
	if err == nil {
		err = setBack(ctx, tx, r.Now)
	}
	if err != nil || !r.Lanes {
		return err
	}
	if _, err = tx.ExecContext(ctx, `UPDATE lane SET stopped_at = NULL, updated_at = ? WHERE stopped_at IS NOT NULL`, now); err != nil {
		return err
	}
	return recoverAlarms(ctx, tx, r)
}

// What lies ahead of now by more than this was written before the clock was set
// back: nothing is created in the future, and no receiver may ask for a longer
// pause.
const (
	clockSlack   = time.Minute
	longestPause = 24*time.Hour + clockSlack
)

// setBack makes due what waits for a time that the clock has left again.
func setBack(ctx context.Context, tx *sql.Tx, now time.Time) error {
	ahead := now.Add(clockSlack).UnixMicro()
	_, err := tx.ExecContext(ctx, `UPDATE notice SET due_at = ?1, created_at = ?1 WHERE created_at > ?2 AND state = 'waiting'`, now.UnixMicro(), ahead)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE lane SET failing_since = min(failing_since, ?1), paused_until = CASE WHEN paused_until > ?3 THEN NULL ELSE paused_until END
		WHERE failing_since > ?2 OR paused_until > ?3`, now.UnixMicro(), ahead, now.Add(longestPause).UnixMicro())
	return err
}

// Claim implements [alerting.Queue].
func (s *Store) Claim(ctx context.Context, r alerting.ClaimRequest) ([]alerting.Claimed, error) {
	var list []alerting.Claimed
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		storm, ok, err := enter(ctx, tx, r)
		if err != nil || !ok {
			return err
		}
		for len(list) < r.Limit {
			c, err := claimOne(ctx, tx, r)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			c.Storm = storm
			list = append(list, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim notices of %s: %w", r.Lane, err)
	}
	return list, nil
}

// enter reads the lane; ok is false when nothing may be sent in it now.
func enter(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest) (storm alerting.Storm, ok bool, err error) {
	var at int64
	err = tx.QueryRowContext(ctx, `SELECT stopped_at IS NULL AND coalesce(paused_until, 0) <= ?2, coalesce(storm_at, 0), storm_sent, storm_held
		FROM lane WHERE id = ?1`, r.Lane, r.Now.UnixMicro()).Scan(&ok, &at, &storm.Sent, &storm.Held)
	if errors.Is(err, sql.ErrNoRows) {
		return alerting.Storm{}, true, nil // nothing was ever sent in it
	}
	storm.At = moment(at)
	return storm, ok, err
}

// claimOne claims the next notice; sql.ErrNoRows when none is due.
func claimOne(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest) (alerting.Claimed, error) {
	for {
		id, subject, flow, err := candidate(ctx, tx, r)
		if err == nil && flow == alerting.FlowState {
			err = replaceOld(ctx, tx, r, subject)
		}
		if err != nil {
			return alerting.Claimed{}, err
		}
		if off, err := unwanted(ctx, tx, id, subject, r.Now); err != nil {
			return alerting.Claimed{}, err
		} else if off {
			continue
		}
		c, err := mark(ctx, tx, r, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was an old state
		}
		return c, err
	}
}

// candidate finds the next notice of the lane.
func candidate(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest) (id, subject string, flow alerting.Flow, err error) {
	// What is critical goes first, among the 200 that wait longest: more would
	// be read for each claim of a long queue.
	err = tx.QueryRowContext(ctx, `SELECT id, subject, class FROM (
			SELECT n.id, n.subject, n.class, n.severity, n.due_at FROM notice n
			WHERE n.lane = ?1 AND n.state = 'waiting' AND n.due_at <= ?2 AND NOT EXISTS (
				SELECT 1 FROM notice o
				WHERE o.lane = n.lane AND o.subject = n.subject AND o.state IN ('waiting', 'sending') AND o.id <> n.id AND (
					o.state = 'sending'
					OR (n.class = 'event' AND o.class = 'event' AND o.id < n.id)
					OR (n.class = 'state' AND o.class = 'state' AND o.error_class = 'ambiguous' AND o.wanted_version < n.wanted_version)
					OR (n.class = 'event' AND o.class = 'state' AND NOT EXISTS (
						SELECT 1 FROM thread t WHERE t.incident = n.subject AND t.lane = n.lane))))
			ORDER BY n.due_at LIMIT 200)
		ORDER BY severity = 'critical' DESC, due_at, id LIMIT 1`, r.Lane, r.Now.UnixMicro()).Scan(&id, &subject, &flow)
	return id, subject, flow, err
}

// replaceOld marks the states of subject as replaced that wait although a newer
// one was sent, or waits too. One that may have arrived gives way only to what
// was sent.
func replaceOld(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest, subject string) error {
	for _, by := range []string{"sent", "waiting"} {
		var id string
		var version int
		err := tx.QueryRowContext(ctx, `SELECT id, wanted_version FROM notice WHERE lane = ? AND subject = ? AND class = 'state' AND state = ?
			ORDER BY wanted_version DESC, id DESC LIMIT 1`, r.Lane, subject, by).Scan(&id, &version)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if err = inheritDue(ctx, tx, r, subject, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE notice SET state = 'replaced', replaced_by = ?3, finished_at = ?5
			WHERE lane = ?1 AND subject = ?2 AND class = 'state' AND state = 'waiting' AND (wanted_version, id) < (?4, ?3)
				AND (?6 = 'sent' OR error_class <> 'ambiguous')`, r.Lane, subject, id, version, r.Now.UnixMicro(), by)
		if err != nil {
			return err
		}
	}
	return nil
}

// inheritDue lets the newest state go when the one that it replaces would have:
// else those that come faster than they are due would put each other off.
func inheritDue(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest, subject, id string) error {
	_, err := tx.ExecContext(ctx, `UPDATE notice SET due_at = ?4
		WHERE id = ?3 AND state = 'waiting' AND attempts = 0 AND due_at > ?4 AND EXISTS (SELECT 1 FROM notice o
			WHERE o.lane = ?1 AND o.subject = ?2 AND o.class = 'state' AND o.state = 'waiting' AND o.due_at <= ?4
				AND o.error_class <> 'ambiguous' AND (o.wanted_version, o.id) < (notice.wanted_version, notice.id))`,
		r.Lane, subject, id, r.Now.UnixMicro())
	return err
}

// mark writes down that a notice is being sent, before it is.
func mark(ctx context.Context, tx *sql.Tx, r alerting.ClaimRequest, id string) (alerting.Claimed, error) {
	var c alerting.Claimed
	until := r.Now.Add(r.Lease)
	row := tx.QueryRowContext(ctx, `UPDATE notice SET state = 'sending', lease_owner = ?2, lease_until = ?3, fence = fence + 1,
			attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, ?4), tried_at = ?4
		WHERE id = ?1 AND state = 'waiting' RETURNING `+noticeColumns+`, fence`, id, r.Owner, until.UnixMicro(), r.Now.UnixMicro())
	var err error
	if c.Notice, err = scanNotice(row.Scan, &c.Fence); err != nil {
		return c, err
	}
	c.Until = until
	err = tx.QueryRowContext(ctx, `SELECT root_ref, last_ref FROM thread WHERE incident = ? AND lane = ?`, c.Subject, c.Lane).
		Scan(&c.Prev.Root, &c.Prev.Last)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // it starts the thread
	}
	return c, err
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Lanes implements [alerting.Queue]. It returns at most 1,000 lanes with work,
// and as many in trouble.
func (s *Store) Lanes(ctx context.Context, now time.Time) (alerting.Work, error) {
	var w alerting.Work
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		if err := eachLane(ctx, tx, &w, dueLanes, now); err != nil {
			return err
		}
		if err := eachLane(ctx, tx, &w, troubledLanes, now); err != nil {
			return err
		}
		var next sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT min(at) FROM (
				SELECT min(due_at) AS at FROM notice WHERE state = 'waiting' AND due_at > ?1
				UNION ALL SELECT min(paused_until) FROM lane WHERE paused_until > ?1
				UNION ALL SELECT min(lease_until) FROM notice WHERE state = 'sending' AND lease_until > ?1)`, now.UnixMicro()).Scan(&next)
		w.Next = moment(next.Int64)
		return err
	})
	if err != nil {
		return alerting.Work{}, fmt.Errorf("read lanes: %w", err)
	}
	return w, nil
}

const (
	dueLanes = `SELECT n.lane, min(n.due_at), count(*), max(n.severity = 'critical'),
			coalesce(l.failing_since, 0), 0, 0
		FROM notice n LEFT JOIN lane l ON l.id = n.lane
		WHERE n.state = 'waiting' AND n.due_at <= ?1 AND l.stopped_at IS NULL AND coalesce(l.paused_until, 0) <= ?1
		GROUP BY n.lane ORDER BY 4 DESC, 2 LIMIT 1000`
	// A critical notice that is held for later does not count; one that is
	// being sent, or failed and waits, does.
	troubledLanes = `SELECT l.id, coalesce(min(n.due_at) FILTER (WHERE n.state = 'waiting' AND n.due_at <= ?1), 0),
			count(n.id) FILTER (WHERE n.state = 'waiting' AND n.due_at <= ?1),
			coalesce(max(n.severity = 'critical' AND (n.due_at <= ?1 OR n.attempts > 0)), 0),
			coalesce(l.failing_since, 0), coalesce(l.paused_until, 0), coalesce(l.stopped_at, 0)
		FROM lane l LEFT JOIN notice n ON n.lane = l.id AND n.state IN ('waiting', 'sending')
		WHERE l.failing_since IS NOT NULL OR l.stopped_at IS NOT NULL OR l.paused_until > ?1
		GROUP BY l.id ORDER BY 4 DESC, 2 LIMIT 1000`
)

// eachLane adds what q finds to w. What is said twice of a lane is one entry,
// at the place of the first.
func eachLane(ctx context.Context, tx *sql.Tx, w *alerting.Work, q string, now time.Time) error {
	place := make(map[string]int, len(w.Lanes))
	for i, l := range w.Lanes {
		place[l.Lane] = i
	}
	rows, err := tx.QueryContext(ctx, q, now.UnixMicro())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l alerting.LaneState
		var oldest, failing, paused, stopped int64
		if err := rows.Scan(&l.Lane, &oldest, &l.Waiting, &l.Critical, &failing, &paused, &stopped); err != nil {
			return err
		}
		l.Oldest, l.FailingSince, l.PausedUntil, l.StoppedAt = moment(oldest), moment(failing), moment(paused), moment(stopped)
		if i, known := place[l.Lane]; known {
			w.Lanes[i] = l
			continue
		}
		w.Lanes = append(w.Lanes, l)
	}
	return rows.Err()
}

// FallBack implements [alerting.Queue], for at most 200 subjects at a time.
func (s *Store) FallBack(ctx context.Context, lane string, to []alerting.Address, now time.Time) (int, error) {
	told := 0
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		stuck, err := stuckNotices(ctx, tx, lane, now)
		if err != nil {
			return err
		}
		for _, n := range stuck {
			done, err := fallBackOne(ctx, tx, n, to, now)
			if err != nil {
				return err
			}
			told += done
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("fall back from %s: %w", lane, err)
	}
	return told, nil
}

// stuckNotices returns the newest critical notice of each subject in lane that
// is not held for later.
func stuckNotices(ctx context.Context, tx *sql.Tx, lane string, now time.Time) ([]alerting.Notice, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notice n
		WHERE lane = ?1 AND state IN ('waiting', 'sending') AND severity = 'critical' AND kind <> 'test' AND (due_at <= ?2 OR attempts > 0)
			AND NOT EXISTS (SELECT 1 FROM notice o
				WHERE o.lane = n.lane AND o.subject = n.subject AND o.state IN ('waiting', 'sending') AND o.severity = 'critical'
					AND (o.due_at <= ?2 OR o.attempts > 0) AND (o.wanted_version, o.id) > (n.wanted_version, n.id))
		ORDER BY created_at, id LIMIT 200`, lane, now.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerting.Notice
	for rows.Next() {
		n, err := scanNotice(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}

// fallBackOne tells n in the first lane of to that does not fail, and returns
// how many notices that took: none when the lane knows.
func fallBackOne(ctx context.Context, tx *sql.Tx, n alerting.Notice, to []alerting.Address, now time.Time) (int, error) {
	for _, a := range to {
		if a.Lane == n.Lane {
			continue
		}
		var fails bool
		var known int
		err := tx.QueryRowContext(ctx, `SELECT
				EXISTS (SELECT 1 FROM lane WHERE id = ?1 AND (stopped_at IS NOT NULL OR failing_since <= ?3)),
				coalesce((SELECT max(wanted_version) FROM notice WHERE subject = ?2 AND lane = ?1 AND state IN ('waiting', 'sending', 'sent')), -1)`,
			a.Lane, n.Subject, now.Add(-alerting.FallBackAfter).UnixMicro()).Scan(&fails, &known)
		if err != nil {
			return 0, err
		}
		if fails {
			continue
		}
		if !alerting.Relays(n, known) {
			return 0, nil
		}
		inserted, err := insertRelay(ctx, tx, n, alerting.Relay(n, a, now))
		if err != nil || inserted {
			return 1, err
		}
		// It was told there and died: the next lane.
	}
	return 0, nil
}

func insertRelay(ctx context.Context, tx *sql.Tx, of, n alerting.Notice) (bool, error) {
	if err := insertNotices(ctx, tx, []alerting.Notice{n}); err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `UPDATE notice SET fallback_of = ?2 WHERE idem_key = ?1 AND fallback_of IS NULL`, n.IdemKey, of.ID)
	if err != nil {
		return false, err
	}
	rows, err := res.RowsAffected()
	return rows == 1, err
}

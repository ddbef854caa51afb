package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// over says which alarms about stopped lanes end, and why.
type over struct {
	lane string                 // the lane; empty: any
	of   func(lane string) bool // whether it is over for a lane
	gone bool                   // because its receiver is no longer configured
	now  time.Time
}

// standing finds the alarms about stopped lanes that were told, or may have
// been, and have no end: a subject is looked for by index.
const standing = `FROM notice AS a WHERE a.subject >= ? AND a.subject < ? AND a.kind = 'dead_letter'
	AND (a.state IN ('waiting', 'sending', 'sent') OR a.state = 'dead' AND a.error_class = 'ambiguous')
	AND NOT EXISTS (SELECT 1 FROM notice AS e WHERE e.idem_key = a.idem_key || ':over')`

// finishAlarms ends the alarms that the lane of o had stopped, because
// something was sent in it. It comes before finishLane, which forgets that the
// lane failed.
func finishAlarms(ctx context.Context, tx *sql.Tx, o alerting.Outcome) error {
	if o.Result != alerting.ResultSent {
		return nil
	}
	var failing bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lane WHERE id = ? AND failing_since IS NOT NULL)`, o.Lane).Scan(&failing)
	if err != nil || !failing {
		return err
	}
	return endAlarms(ctx, tx, over{lane: o.Lane, of: func(lane string) bool { return lane == o.Lane }, now: o.Ended})
}

// recoverAlarms ends those of lanes that are gone.
func recoverAlarms(ctx context.Context, tx *sql.Tx, r alerting.Recovery) error {
	if r.Gone == nil {
		return nil
	}
	return endAlarms(ctx, tx, over{of: r.Gone, gone: true, now: r.Now})
}

// endAlarms tells that alarms are over where they were told. What never left is
// withheld, and where the alarm's own receiver is gone nobody can be told.
func endAlarms(ctx context.Context, tx *sql.Tx, o over) error {
	alarms, err := standingAlarms(ctx, tx, o.lane)
	if err != nil {
		return err
	}
	for _, a := range alarms {
		lane, ok := alerting.StoppedLane(a.Subject)
		if !ok || !o.of(lane) || o.gone && o.of(a.Lane) {
			continue
		}
		kept, err := tx.ExecContext(ctx, `UPDATE notice SET state = 'withheld', reason = 'it was over before it left', finished_at = ?2
			WHERE id = ?1 AND state = 'waiting' AND attempts = 0`, a.ID, o.now.UnixMicro())
		if err != nil {
			return fmt.Errorf("withhold alarm %s: %w", a.ID, err)
		}
		if n, err := kept.RowsAffected(); err != nil || n > 0 {
			if err != nil {
				return err
			}
			continue
		}
		if err := insertNotices(ctx, tx, []alerting.Notice{alerting.AlarmOver(a, o.gone, o.now)}); err != nil {
			return fmt.Errorf("end alarm %s: %w", a.ID, err)
		}
	}
	return nil
}

// standingAlarms reads the alarms of a lane that have no end; an empty lane
// stands for all.
func standingAlarms(ctx context.Context, tx *sql.Tx, lane string) ([]alerting.Notice, error) {
	from, before := alerting.StopSubjects(lane)
	rows, err := tx.QueryContext(ctx, `SELECT `+noticeColumns+` `+standing+` ORDER BY a.id`, from, before)
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

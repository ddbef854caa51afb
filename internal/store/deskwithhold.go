package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// untold is a lane that nothing of an incident has reached for all we know:
// nothing was sent, and no try of it may have arrived. A pager that was tried
// hears the end: one that it knows nothing of does no harm.
type untold struct {
	lane   string
	form   alerting.Form
	newest string // ID of the notice that tells how it stands now
}

// withhold takes back what waits to be told of incidents that are over: where
// nobody has heard of one yet, one message says that it was, and nobody is
// woken. It comes after the notices that say so were inserted.
func withhold(ctx context.Context, tx *sql.Tx, incidents []alerting.Incident, now time.Time) ([]alerting.Entry, error) {
	var said []alerting.Entry
	for _, in := range incidents {
		if in.Live() || in.State != alerting.StateResolved {
			continue
		}
		lanes, err := untoldLanes(ctx, tx, in.ID)
		if err != nil {
			return nil, fmt.Errorf("untold notices of incident %s: %w", in.ID, err)
		}
		for _, l := range lanes {
			done, err := withholdIn(ctx, tx, in, l, now)
			if err != nil {
				return nil, fmt.Errorf("withhold notices of incident %s: %w", in.ID, err)
			}
			if done {
				said = append(said, alerting.Entry{
					Incident: in.ID, At: in.ResolvedAt, Kind: alerting.EntryWithheld, Text: "over before it left: not told through " + alerting.ReceiverOf(l.lane),
				})
			}
		}
	}
	return said, insertEntries(ctx, tx, now, said)
}

func untoldLanes(ctx context.Context, tx *sql.Tx, incident string) ([]untold, error) {
	rows, err := tx.QueryContext(ctx, `SELECT lane,
			CASE WHEN max(kind = 'root') THEN 'thread' WHEN max(kind = 'state') THEN 'state' WHEN max(kind = 'hook') THEN 'hook'
				WHEN max(kind = 'merchant') THEN 'merchant' ELSE 'mail' END,
			coalesce(max(id) FILTER (WHERE state = 'waiting' AND kind = 'root'), max(id) FILTER (WHERE state = 'waiting'), '')
		FROM notice WHERE subject = ? GROUP BY lane
		HAVING max(state = 'waiting') AND NOT max(state IN ('sent', 'sending') OR error_class = 'ambiguous' OR kind = 'state' AND attempts > 0 AND state <> 'withheld') ORDER BY lane`, incident)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []untold
	for rows.Next() {
		var l untold
		if err := rows.Scan(&l.lane, &l.form, &l.newest); err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// withholdIn ends what waits in one lane: all of it for a pager, for a
// merchant, and for what goes on elsewhere, and then it reports true; but for
// the newest otherwise. A program hears everything.
func withholdIn(ctx context.Context, tx *sql.Tx, in alerting.Incident, l untold, now time.Time) (all bool, err error) {
	keep, state := l.newest, "replaced"
	switch {
	case l.form == alerting.FormHook:
		return false, nil
	case l.form == alerting.FormState, l.form == alerting.FormMerchant:
		keep, state = "", "withheld"
	case in.Parent != "": // where the parent is told, nothing is lost
		var told bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM notice WHERE subject = ? AND lane = ?)`, in.Parent, l.lane).Scan(&told); err != nil {
			return false, err
		}
		if told {
			keep, state = "", "withheld"
		}
	}
	res, err := tx.ExecContext(ctx, `UPDATE notice SET state = ?4, reason = 'it was over before it left', replaced_by = nullif(?3, ''), finished_at = ?5
		WHERE subject = ?1 AND lane = ?2 AND state = 'waiting' AND id <> ?3`, in.ID, l.lane, keep, state, now.UnixMicro())
	if err != nil || keep != "" {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

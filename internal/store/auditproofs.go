package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// LaneProof is when a lane was last known to work. Moments that have not come
// are zero.
type LaneProof struct {
	Lane   string    // "<receiver>/<destination>"
	Sent   time.Time // the receiver took a notice of any kind, UTC
	Proved time.Time // it took a silent proof, UTC
}

// Last is the later of both; zero: nothing was ever taken.
func (p LaneProof) Last() time.Time {
	if p.Sent.After(p.Proved) {
		return p.Sent
	}
	return p.Proved
}

// Proofs returns when each lane that ever tried to send was last known to
// work, by lane. It blocks for one read, or until ctx ends; a lock that
// another process holds for writing does not delay it.
func (s *Store) Proofs(ctx context.Context) (map[string]LaneProof, error) {
	proofs := map[string]LaneProof{}
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, coalesce(sent_at, 0), coalesce(proved_at, 0) FROM lane`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p LaneProof
			var sent, proved int64
			if err := rows.Scan(&p.Lane, &sent, &proved); err != nil {
				return err
			}
			p.Sent, p.Proved = moment(sent), moment(proved)
			proofs[p.Lane] = p
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read proofs of lanes: %w", err)
	}
	return proofs, nil
}

// finishProof notes that a lane took a silent proof, after finishLane has made
// sure that the lane is there.
func finishProof(ctx context.Context, tx *sql.Tx, o alerting.Outcome, f finished) error {
	if f.kind != alerting.KindPulse || o.Result != alerting.ResultSent {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE lane SET proved_at = ?2 WHERE id = ?1`, o.Lane, o.Ended.UnixMicro())
	return err
}

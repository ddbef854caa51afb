package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// incidentFacts is the column incident.facts: E is the evidence itself, or its
// JSON.
type incidentFacts[E any] struct {
	Evidence    E              `json:"evidence"`
	Failing     int            `json:"failing,omitempty"`
	Sure        float64        `json:"share_sure,omitempty"`
	MitigatedBy string         `json:"mitigated_by,omitempty"`
	Story       alerting.Story `json:"story,omitzero"`
}

// writeDecision writes all of a decision, and adds to it what was withheld.
// before are the incidents as they were read; a *VersionError says that one has
// another version by now.
func writeDecision(ctx context.Context, tx *sql.Tx, before []alerting.Incident, d *alerting.Decision) error {
	was := make(map[string]alerting.Incident, len(before))
	for _, in := range before {
		was[in.ID] = in
	}
	now := time.Now()
	// What is folded refers to what it is folded into.
	for _, folded := range []bool{false, true} {
		for _, in := range d.Incidents {
			if (in.Parent != "") != folded {
				continue
			}
			if err := writeIncident(ctx, tx, in, now); err != nil {
				return err
			}
		}
	}
	if err := writeMembers(ctx, tx, was, d.Incidents); err != nil {
		return err
	}
	if err := insertEntries(ctx, tx, now, d.Entries); err != nil {
		return err
	}
	if err := insertNotices(ctx, tx, d.Notices); err != nil {
		return err
	}
	if err := dropRefreshed(ctx, tx, d.Notices); err != nil {
		return err
	}
	withheld, err := withhold(ctx, tx, d.Incidents, now)
	d.Entries = append(d.Entries, withheld...)
	return err
}

// dropRefreshed forgets the earlier ones of notices that tell a state anew: one
// each minute says nothing that the last does not.
func dropRefreshed(ctx context.Context, tx *sql.Tx, notices []alerting.Notice) error {
	for _, n := range notices {
		if !strings.Contains(n.ID, "~") {
			continue
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM notice WHERE subject = ?1 AND lane = ?2 AND id < ?3 AND instr(id, '~') > 0 AND state IN ('sent', 'replaced')
			AND NOT EXISTS (SELECT 1 FROM notice r WHERE r.replaced_by = notice.id OR r.fallback_of = notice.id)`, n.Subject, n.Lane, n.ID)
		if err != nil {
			return fmt.Errorf("notices told anew of %s: %w", n.Subject, err)
		}
	}
	return nil
}

// writeIncident inserts a new incident, or puts one in the place of the
// version that was read.
func writeIncident(ctx context.Context, tx *sql.Tx, in alerting.Incident, now time.Time) error {
	facts, err := json.Marshal(incidentFacts[json.RawMessage]{
		Evidence: json.RawMessage(evidenceJSON(in.Evidence)), Failing: in.Failing, Sure: in.ShareSure, MitigatedBy: in.MitigatedBy, Story: in.Story,
	})
	if err != nil {
		return err
	}
	const insert = `INSERT INTO incident (id, group_key, generation, version, kind, scope, merchant, parent, severity, state, title, facts,
			started_at, detected_at, opened_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, reopens, updated_at,
			ack_until, mitigated_at, recovering_at, reconciled_at, share_now, share_peak, flapping_since, silence, step, next_step_at)
		VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
			?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32) ON CONFLICT DO NOTHING`
	const update = `UPDATE incident SET version = ?5, kind = ?6, scope = ?7, merchant = ?8, parent = ?9, severity = ?10, state = ?11, title = ?12, facts = ?13,
			started_at = ?14, acknowledged_at = ?17, acknowledged_by = ?18, resolved_at = ?19, resolved_by = ?20, reopens = ?21, updated_at = ?22,
			ack_until = ?23, mitigated_at = ?24, recovering_at = ?25, reconciled_at = ?26, share_now = ?27, share_peak = ?28, flapping_since = ?29,
			silence = ?30, step = ?31, next_step_at = ?32
		WHERE id = ?1 AND version = ?2`
	q := update
	if in.Stored == 0 {
		q = insert
	}
	res, err := tx.ExecContext(ctx, q, in.ID, in.Stored, in.GroupKey, in.Generation, in.Version, in.Rule, in.Scope, in.Merchant, nullText(in.Parent),
		in.Severity, in.State, in.Title, string(facts), in.StartedAt.UnixMicro(), in.DetectedAt.UnixMicro(), in.OpenedAt.UnixMicro(),
		nullTime(in.AcknowledgedAt), in.AcknowledgedBy, nullTime(in.ResolvedAt), in.ResolvedBy, in.Reopens, now.UnixMicro(),
		nullTime(in.AckUntil), nullTime(in.MitigatedAt), nullTime(in.RecoveringAt), nullTime(in.ReconciledAt), in.ShareNow, in.SharePeak,
		nullTime(in.Story.FlappingSince), in.Story.Hush.ID, in.Story.Step, nullTime(in.NextAt))
	if err != nil {
		return fmt.Errorf("incident %s: %w", in.ID, err)
	}
	if rows, err := res.RowsAffected(); err != nil || rows == 1 {
		return err
	}
	return conflict(ctx, tx, in)
}

// conflict says how an incident differs from the one that was to be changed.
func conflict(ctx context.Context, tx *sql.Tx, in alerting.Incident) error {
	has := 0
	err := tx.QueryRowContext(ctx, `SELECT version FROM incident WHERE id = ?`, in.ID).Scan(&has)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return &alerting.VersionError{ID: in.ID, Has: has, Want: in.Stored}
}

// writeMembers writes the memberships that are new or have changed: those that
// ended first, because a condition is in one live incident at a time.
func writeMembers(ctx context.Context, tx *sql.Tx, was map[string]alerting.Incident, after []alerting.Incident) error {
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO incident_member (incident, rule, scope, episode, joined_at, left_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (incident, rule, scope, episode) DO UPDATE SET joined_at = excluded.joined_at, left_at = excluded.left_at`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, ended := range []bool{true, false} {
		for _, in := range after {
			for i, m := range in.Members {
				if m.Left.IsZero() == ended || sameSeat(was[in.ID].Members, i, m) {
					continue
				}
				_, err := stmt.ExecContext(ctx, in.ID, m.Key.Rule, m.Key.Scope, m.Key.Episode, m.Joined.UnixMicro(), nullTime(m.Left))
				if err != nil {
					return fmt.Errorf("member %s of incident %s: %w", m.Key.Scope, in.ID, err)
				}
			}
		}
	}
	return nil
}

// sameSeat reports whether the ith member was m already, but for what the row
// of its condition tells. To write one again does no harm.
func sameSeat(was []alerting.Membership, i int, m alerting.Membership) bool {
	return i < len(was) && was[i].Key == m.Key && was[i].Joined.Equal(m.Joined) && was[i].Left.Equal(m.Left)
}

// insertEntries adds to timelines: each line comes after the last that its
// incident has, and says why when it is of an earlier time than one above.
func insertEntries(ctx context.Context, tx *sql.Tx, now time.Time, entries []alerting.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO incident_entry (incident, seq, at, recorded_at, kind, actor, text)
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM incident_entry WHERE incident = ?1), ?2, ?3, ?4, ?5, ?6)`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	above := map[string]lines{}
	for _, e := range entries {
		l, known := above[e.Incident]
		if !known {
			if l, err = linesOf(ctx, tx, e.Incident); err != nil {
				return err
			}
		}
		written := time.Now()
		if _, err := stmt.ExecContext(ctx, e.Incident, e.At.UnixMicro(), now.UnixMicro(), e.Kind, e.Actor, e.Below(l.before(written), written).Text); err != nil {
			return fmt.Errorf("entry %d of incident %s: %w", e.Seq, e.Incident, err)
		}
		l.last = e.At
		if e.At.After(l.latest) {
			l.latest = e.At
		}
		above[e.Incident] = l
	}
	return nil
}

// lines are the times of a timeline, of its last line and the latest one; zero:
// it has none.
type lines struct{ last, latest time.Time }

// before is the time that a line which is written now should not be earlier
// than. That the clock was set back is said once, and not until it is as late again.
func (l lines) before(now time.Time) time.Time {
	if now.Before(l.latest) {
		return l.last
	}
	return l.latest
}

func linesOf(ctx context.Context, tx *sql.Tx, incident string) (lines, error) {
	var last, latest int64
	err := tx.QueryRowContext(ctx, `SELECT at, (SELECT max(at) FROM incident_entry WHERE incident = ?1)
		FROM incident_entry WHERE incident = ?1 ORDER BY seq DESC LIMIT 1`, incident).Scan(&last, &latest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return lines{}, nil
	case err != nil:
		return lines{}, fmt.Errorf("entries of incident %s: %w", incident, err)
	}
	return lines{time.UnixMicro(last).UTC(), time.UnixMicro(latest).UTC()}, nil
}

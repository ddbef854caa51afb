package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

var _ alerting.Book = (*Store)(nil)

const (
	deskRead   = "desk" // the cursor: the last change that the desk has read
	maxOrphans = 5000   // in one turn
	maxFailing = 5000   // of one fault, those that began last: a common cause shows with a few
)

// CommitDesk implements [alerting.Book].
func (s *Store) CommitDesk(ctx context.Context, r alerting.DeskRequest, decide func(alerting.World, []rules.Change) alerting.Decision) (alerting.DeskTurn, error) {
	r.Limit = max(r.Limit, 1)
	var turn alerting.DeskTurn
	waits, err := s.deskWaits(ctx, r)
	if err == nil && waits {
		err = s.state.write(ctx, func(tx *sql.Tx) error {
			turn, err = s.takeTurn(ctx, tx, r, decide)
			return err
		})
	}
	if err != nil {
		return alerting.DeskTurn{}, fmt.Errorf("commit desk: %w", err)
	}
	return turn, nil
}

// deskWaits reports whether a turn would find something: most find nothing,
// and take no lock for it.
func (s *Store) deskWaits(ctx context.Context, r alerting.DeskRequest) (waits bool, err error) {
	err = s.state.read(ctx, func(tx *sql.Tx) error {
		from, err := cursorAt(ctx, tx, deskRead)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM condition_change WHERE seq > ?1)
			OR EXISTS (SELECT 1 FROM incident WHERE next_step_at <= ?2)
			OR ?3 AND EXISTS (SELECT 1 FROM incident WHERE resolved_at IS NULL)`, from, r.Now.UnixMicro(), r.Orphans).Scan(&waits)
		if err != nil || waits || !r.Orphans {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 `+orphaned+`)`, from, r.Now.Add(-r.Reopen).UnixMicro(), r.Now.Add(clockSlack).UnixMicro()).Scan(&waits)
	})
	return waits, err
}

// takeTurn reads, lets decide, and writes.
func (s *Store) takeTurn(ctx context.Context, tx *sql.Tx, r alerting.DeskRequest, decide func(alerting.World, []rules.Change) alerting.Decision) (alerting.DeskTurn, error) {
	var turn alerting.DeskTurn
	from, err := cursorAt(ctx, tx, deskRead)
	if err != nil {
		return turn, err
	}
	changes, last, more, err := unread(ctx, tx, from, r.Limit)
	if err != nil {
		return turn, err
	}
	var orphans []alerting.Orphan
	if r.Orphans {
		if orphans, err = readOrphans(ctx, tx, from, r); err != nil {
			return turn, err
		}
	}
	w, err := s.readWorld(ctx, tx, r, changes, orphans)
	if err != nil {
		return turn, err
	}
	turn = alerting.DeskTurn{Changes: len(changes), More: more, Decision: decide(w, changes)}
	if err := writeDecision(ctx, tx, w.Incidents, &turn.Decision); err != nil {
		return turn, err
	}
	if len(changes) == 0 {
		return turn, nil
	}
	return turn, moveCursor(ctx, tx, deskRead, last, r.Now)
}

// unread returns the changes after a position, the position of the last, and
// whether there are more.
func unread(ctx context.Context, tx *sql.Tx, from int64, limit int) (list []rules.Change, last int64, more bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT h.seq, h.rule, h.scope, h.episode, h.number, h.open, h.since_at, h.at, h.severity, h.fault, h.evidence,
			coalesce(c.merchant, ''), coalesce(c.host, '')
		FROM condition_change h LEFT JOIN condition c ON c.rule = h.rule AND c.scope = h.scope AND c.episode = h.episode
		WHERE h.seq > ? ORDER BY h.seq LIMIT ?`, from, limit+1)
	if err != nil {
		return nil, 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		if len(list) == limit {
			return list, last, true, nil
		}
		c, err := scanChange(rows, &last)
		if err != nil {
			return nil, 0, false, err
		}
		list = append(list, c)
	}
	return list, last, false, rows.Err()
}

// scanChange reads a change and what stands before it.
func scanChange(rows *sql.Rows, before ...any) (rules.Change, error) {
	var c rules.Change
	var since, at int64
	var evidence string
	err := rows.Scan(append(before, &c.Key.Rule, &c.Key.Scope, &c.Key.Episode, &c.Number, &c.Open, &since, &at, &c.Severity, &c.Fault, &evidence,
		&c.Merchant, &c.Host)...)
	if err != nil {
		return c, err
	}
	c.Since, c.At = moment(since), moment(at)
	c.Evidence, err = evidenceOf(evidence)
	return c, err
}

// orphaned finds the open conditions that are in no live incident, and left
// none after ?2 and up to ?3 but one that goes on in another; those with a change after ?1 are still to be read.
const orphaned = `FROM condition c WHERE c.cleared_at IS NULL AND c.state = 'open' AND c.severity <> 'low'
	AND NOT EXISTS (SELECT 1 FROM incident_member m JOIN incident mi ON mi.id = m.incident
		WHERE m.rule = c.rule AND m.scope = c.scope AND m.episode = c.episode
		AND (m.left_at IS NULL OR m.left_at BETWEEN ?2 AND ?3 AND mi.parent IS NULL))
	AND NOT EXISTS (SELECT 1 FROM condition_change h WHERE h.rule = c.rule AND h.scope = c.scope AND h.episode = c.episode AND h.seq > ?1)`

// readOrphans returns them, those that have failed longest first.
func readOrphans(ctx context.Context, tx *sql.Tx, from int64, r alerting.DeskRequest) ([]alerting.Orphan, error) {
	rows, err := tx.QueryContext(ctx, `SELECT coalesce(i.resolved_by, ''), coalesce(i.resolved_at, 0),
			o.rule, o.scope, o.episode, o.changes, 1, o.since_at, o.opened_at, o.severity, o.fault, o.evidence, o.merchant, o.host
		FROM (SELECT c.*, (SELECT m.incident FROM incident_member m WHERE m.rule = c.rule AND m.scope = c.scope AND m.episode = c.episode
				ORDER BY m.left_at DESC, m.incident LIMIT 1) AS was_in `+orphaned+`
			ORDER BY c.since_at, c.rule, c.scope LIMIT ?4) o
		LEFT JOIN incident i ON i.id = o.was_in ORDER BY o.since_at, o.rule, o.scope`,
		from, r.Now.Add(-r.Reopen).UnixMicro(), r.Now.Add(clockSlack).UnixMicro(), maxOrphans)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerting.Orphan
	for rows.Next() {
		var o alerting.Orphan
		var resolved int64
		if o.Change, err = scanChange(rows, &o.ResolvedBy, &resolved); err != nil {
			return nil, err
		}
		o.ResolvedAt = moment(resolved)
		list = append(list, o)
	}
	return list, rows.Err()
}

// CommandIncident implements [alerting.Book].
func (s *Store) CommandIncident(ctx context.Context, id string, version int, do func(alerting.Incident, []alerting.Destination) (alerting.Decision, error)) (alerting.Incident, error) {
	var in alerting.Incident
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		var err error
		if in, err = oneIncident(ctx, tx, id); err != nil {
			return err
		}
		if in.Version != version {
			return &alerting.VersionError{ID: id, Has: in.Version, Want: version}
		}
		told, err := readTold(ctx, tx, []alerting.Incident{in})
		if err != nil {
			return err
		}
		d, err := do(in, told[id])
		if err != nil {
			return err
		}
		if err := writeDecision(ctx, tx, []alerting.Incident{in}, &d); err != nil {
			return err
		}
		for _, after := range d.Incidents {
			if after.ID == id {
				in = after
				in.Stored = in.Version
			}
		}
		return auditCommand(ctx, tx, d.Entries)
	})
	if err != nil {
		return alerting.Incident{}, fmt.Errorf("command incident: %w", err)
	}
	return in, nil
}

// auditCommand records what people did.
func auditCommand(ctx context.Context, tx *sql.Tx, entries []alerting.Entry) error {
	for _, e := range entries {
		w := recordWriter{tx: tx, actor: e.Actor, now: e.At}
		if err := w.record(ctx, change{action: string(e.Kind), kind: "incident", id: e.Incident}); err != nil {
			return err
		}
	}
	return nil
}

// oneIncident reads an incident with its members; ErrNoIncident when there is
// none.
func oneIncident(ctx context.Context, tx *sql.Tx, id string) (alerting.Incident, error) {
	list, err := readIncidents(ctx, tx, `WHERE i.id = ?`, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s: %w", id, alerting.ErrNoIncident)
	}
	if err != nil {
		return alerting.Incident{}, err
	}
	return list[0], nil
}

// alerted notes when a notice of an incident was first accepted by a receiver,
// and who that was. It leaves the version alone: nobody decides by it, and a
// person who looks at the incident at that moment is not too late.
func alerted(ctx context.Context, tx *sql.Tx, o alerting.Outcome) (first bool, err error) {
	if o.Result != alerting.ResultSent {
		return false, nil
	}
	var id string
	err = tx.QueryRowContext(ctx, `UPDATE incident SET alerted_at = ?2
		WHERE id = (SELECT incident FROM notice WHERE id = ?1 AND kind <> 'test') AND alerted_at IS NULL RETURNING id`, o.ID, o.Ended.UnixMicro()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, insertEntries(ctx, tx, time.Now(), []alerting.Entry{{
		Incident: id, At: o.Ended, Kind: alerting.EntryAlerted, Text: "first told: " + alerting.ReceiverOf(o.Lane),
	}})
}

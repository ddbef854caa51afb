package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// maxIncidents bounds one answer of Incidents.
const maxIncidents = 1000

// Incidents returns incidents with their members, those that opened last
// first.
func (s *Store) Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	f.Limit = min(max(f.Limit, 1), maxIncidents)
	merchants, err := jsonList(f.Merchants)
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	where := `WHERE `
	if f.Live {
		where = `WHERE i.resolved_at IS NULL AND `
	}
	list := []alerting.Incident{}
	err = s.state.read(ctx, func(tx *sql.Tx) error {
		found, err := readIncidents(ctx, tx, where+`(?1 OR i.merchant IN (SELECT value FROM json_each(?2)))
			AND (?3 = '' OR EXISTS (SELECT 1 FROM incident_member m WHERE m.incident = i.id AND m.scope = 'endpoint:' || ?3))
			AND (?4 = '' OR (i.opened_at, i.id) < (SELECT opened_at, id FROM incident WHERE id = ?4))
			ORDER BY i.opened_at DESC, i.id DESC LIMIT ?5`, len(f.Merchants) == 0, merchants, f.Endpoint, f.Before, f.Limit)
		list = append(list, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	return list, nil
}

// Incident returns an incident and its timeline, oldest line first.
// [alerting.ErrNoIncident] says that there is none.
func (s *Store) Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	var in alerting.Incident
	var entries []alerting.Entry
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		var err error
		if in, err = oneIncident(ctx, tx, id); err != nil {
			return err
		}
		entries, err = readEntries(ctx, tx, id)
		return err
	})
	if err != nil {
		return alerting.Incident{}, nil, fmt.Errorf("read incident: %w", err)
	}
	return in, entries, nil
}

func readEntries(ctx context.Context, tx *sql.Tx, id string) ([]alerting.Entry, error) {
	rows, err := tx.QueryContext(ctx, `SELECT incident, seq, at, kind, actor, text FROM incident_entry WHERE incident = ? ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerting.Entry
	for rows.Next() {
		var e alerting.Entry
		var at int64
		if err := rows.Scan(&e.Incident, &e.Seq, &at, &e.Kind, &e.Actor, &e.Text); err != nil {
			return nil, err
		}
		e.At = moment(at)
		list = append(list, e)
	}
	return list, rows.Err()
}

// readIncidents returns what where selects of incident i, with the members.
func readIncidents(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]alerting.Incident, error) {
	list, err := scanIncidents(ctx, tx, where, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list, readMembers(ctx, tx, list)
}

func scanIncidents(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]alerting.Incident, error) {
	rows, err := tx.QueryContext(ctx, `SELECT i.id, i.group_key, i.generation, i.version, i.kind, i.scope, i.merchant, coalesce(i.parent, ''),
			i.severity, i.state, i.title, i.facts, i.started_at, i.detected_at, i.opened_at, coalesce(i.alerted_at, 0),
			coalesce(i.acknowledged_at, 0), i.acknowledged_by, coalesce(i.resolved_at, 0), i.resolved_by, i.reopens,
			coalesce(i.ack_until, 0), coalesce(i.mitigated_at, 0), coalesce(i.recovering_at, 0), coalesce(i.reconciled_at, 0), i.share_now, i.share_peak, coalesce(i.next_step_at, 0),
			coalesce((SELECT max(seq) FROM incident_entry WHERE incident = i.id), 0)
		FROM incident i `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerting.Incident
	for rows.Next() {
		in, err := scanIncident(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	return list, rows.Err()
}

func scanIncident(rows *sql.Rows) (alerting.Incident, error) {
	var in alerting.Incident
	var text string
	var started, detected, opened, alerted, acknowledged, resolved, until, mitigated, recovering, reconciled, next int64
	err := rows.Scan(&in.ID, &in.GroupKey, &in.Generation, &in.Version, &in.Rule, &in.Scope, &in.Merchant, &in.Parent,
		&in.Severity, &in.State, &in.Title, &text, &started, &detected, &opened, &alerted,
		&acknowledged, &in.AcknowledgedBy, &resolved, &in.ResolvedBy, &in.Reopens,
		&until, &mitigated, &recovering, &reconciled, &in.ShareNow, &in.SharePeak, &next, &in.Entries)
	if err != nil {
		return in, err
	}
	var facts incidentFacts[rules.Evidence]
	if err := json.Unmarshal([]byte(text), &facts); err != nil {
		return in, fmt.Errorf("facts of incident %s: %w", in.ID, err)
	}
	in.Stored, in.Evidence, in.Failing = in.Version, facts.Evidence, facts.Failing
	in.ShareSure, in.MitigatedBy, in.Story = facts.Sure, facts.MitigatedBy, facts.Story
	in.AckUntil, in.MitigatedAt, in.RecoveringAt = moment(until), moment(mitigated), moment(recovering)
	in.ReconciledAt, in.NextAt = moment(reconciled), moment(next)
	in.StartedAt, in.DetectedAt, in.OpenedAt = moment(started), moment(detected), moment(opened)
	in.AlertedAt, in.AcknowledgedAt, in.ResolvedAt = moment(alerted), moment(acknowledged), moment(resolved)
	return in, nil
}

// readMembers fills in the members: what they are stands in the rows of their
// conditions, which say it after a restart too.
func readMembers(ctx context.Context, tx *sql.Tx, list []alerting.Incident) error {
	places := make(map[string]int, len(list))
	for i, in := range list {
		places[in.ID] = i
	}
	ids, err := jsonList(idsOf(list))
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT m.incident, m.rule, m.scope, m.episode, m.joined_at, coalesce(m.left_at, 0), coalesce(c.merchant, ''),
			coalesce(c.host, ''), coalesce(c.fault, ''), coalesce(json_extract(c.evidence, '$.text'), ''), coalesce(c.since_at, m.joined_at)
		FROM json_each(?) w JOIN incident_member m ON m.incident = w.value
			LEFT JOIN condition c ON c.rule = m.rule AND c.scope = m.scope AND c.episode = m.episode
		ORDER BY m.incident, m.joined_at, m.rule, m.scope, m.episode`, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var m alerting.Membership
		var joined, left, since int64
		err := rows.Scan(&id, &m.Key.Rule, &m.Key.Scope, &m.Key.Episode, &joined, &left, &m.Merchant, &m.Host, &m.Fault, &m.Text, &since)
		if err != nil {
			return err
		}
		m.Joined, m.Left, m.Since = moment(joined), moment(left), moment(since)
		in := &list[places[id]]
		in.Members = append(in.Members, m)
	}
	return rows.Err()
}

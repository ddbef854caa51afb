package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// worldly selects what lives or was just resolved, each by its index: an OR
// would look at all that ever were.
const worldly = `WHERE i.id IN (SELECT id FROM incident WHERE resolved_at IS NULL
	UNION ALL SELECT id FROM incident WHERE resolved_at IS NOT NULL AND resolved_at >= ?)`

// readWorld reads what the desk decides about these changes by.
func (s *Store) readWorld(ctx context.Context, tx *sql.Tx, r alerting.DeskRequest, changes []rules.Change, orphans []alerting.Orphan) (alerting.World, error) {
	w := alerting.World{Orphans: orphans, Installation: s.installation}
	opening := slices.Clone(changes)
	for _, o := range orphans {
		opening = append(opening, o.Change)
	}
	var err error
	if w.Incidents, err = readIncidents(ctx, tx, worldly, r.Now.Add(-r.Reopen).UnixMicro()); err != nil {
		return w, err
	}
	if w.Told, err = readTold(ctx, tx, w.Incidents); err != nil {
		return w, err
	}
	if w.Failing, err = readFailing(ctx, tx, opening); err != nil {
		return w, err
	}
	if w.Generations, err = readGenerations(ctx, tx, opening); err != nil {
		return w, err
	}
	w.Quiet, err = s.readQuiet(ctx, tx, r.Now)
	return w, err
}

// jsonList makes a list to be read by json_each.
func jsonList(list []string) (string, error) {
	if list == nil {
		return "[]", nil // not null, which is one value
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// readFailing returns what fails, confirmed or not, by a rule and with a fault
// that opens in this turn.
func readFailing(ctx context.Context, tx *sql.Tx, opening []rules.Change) ([]alerting.Failing, error) {
	seen := map[alerting.Failing]bool{}
	var list []alerting.Failing
	for _, c := range opening {
		like := alerting.Failing{Rule: c.Key.Rule, Fault: c.Fault}
		if !c.Open || seen[like] || c.Key.Rule != rules.RuleEndpointDown && c.Key.Rule != rules.RuleCertificate {
			continue
		}
		seen[like] = true
		var err error
		if list, err = appendFailing(ctx, tx, list, like); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func appendFailing(ctx context.Context, tx *sql.Tx, list []alerting.Failing, like alerting.Failing) ([]alerting.Failing, error) {
	rows, err := tx.QueryContext(ctx, `SELECT scope, host, since_at FROM condition
		WHERE rule = ? AND cleared_at IS NULL AND fault = ? ORDER BY since_at DESC, scope LIMIT ?`, like.Rule, like.Fault, maxFailing)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		f := like
		var since int64
		if err := rows.Scan(&f.Scope, &f.Host, &since); err != nil {
			return nil, err
		}
		f.Since = moment(since)
		list = append(list, f)
	}
	return list, rows.Err()
}

// readGenerations returns the last generation of each group that the changes
// may come to: however many incidents there were, a few look-ups by key.
func readGenerations(ctx context.Context, tx *sql.Tx, opening []rules.Change) (map[string]int, error) {
	var keys []string
	for _, c := range opening {
		if c.Open {
			keys = append(keys, alerting.GroupKeys(c)...)
		}
	}
	slices.Sort(keys)
	list, err := jsonList(slices.Compact(keys))
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT value, (SELECT max(generation) FROM incident WHERE group_key = value) FROM json_each(?)`, list)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	last := map[string]int{}
	for rows.Next() {
		var key string
		var generation sql.NullInt64
		if err := rows.Scan(&key, &generation); err != nil {
			return nil, err
		}
		if generation.Valid {
			last[key] = int(generation.Int64)
		}
	}
	return last, rows.Err()
}

// readTold returns the lanes that were told of each incident, or will be: any
// notice counts but one that a person dropped. A lane with a root message has
// a thread.
func readTold(ctx context.Context, tx *sql.Tx, incidents []alerting.Incident) (map[string][]alerting.Destination, error) {
	ids, err := jsonList(idsOf(incidents))
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT n.subject, n.lane, max(n.recipient),
			max(CASE n.kind WHEN 'root' THEN 'thread' WHEN 'state' THEN 'state' WHEN 'hook' THEN 'hook' WHEN 'merchant' THEN 'merchant' ELSE '' END)
		FROM json_each(?) w JOIN notice n ON n.subject = w.value
		WHERE n.state <> 'dropped' GROUP BY n.subject, n.lane ORDER BY n.subject, n.lane`, ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	told := map[string][]alerting.Destination{}
	for rows.Next() {
		var id string
		var d alerting.Destination
		if err := rows.Scan(&id, &d.Lane, &d.Recipient, &d.Form); err != nil {
			return nil, err
		}
		told[id] = append(told[id], d)
	}
	return told, rows.Err()
}

func idsOf(incidents []alerting.Incident) []string {
	ids := make([]string, len(incidents))
	for i, in := range incidents {
		ids[i] = in.ID
	}
	return ids
}

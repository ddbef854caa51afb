package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// Conditions implements [conditions.Store].
func (s *Store) Conditions(ctx context.Context) (conditions.Saved, error) {
	var saved conditions.Saved
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		var err error
		if saved.Standing, err = standings(ctx, tx); err != nil {
			return err
		}
		if saved.Series, err = seriesStates(ctx, tx); err != nil {
			return err
		}
		saved.Position, err = cursorAt(ctx, tx, rulesRead)
		return err
	})
	if err != nil {
		return conditions.Saved{}, fmt.Errorf("read conditions: %w", err)
	}
	return saved, nil
}

// cursorAt says how far a reader has come; 0 when it has not begun.
func cursorAt(ctx context.Context, tx *sql.Tx, name string) (int64, error) {
	var position int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT position FROM cursor WHERE name = ?), 0)`, name).Scan(&position)
	return position, err
}

// standings returns the last episode of each rule and scope. A pending one
// has the numbers of the episode before it.
func standings(ctx context.Context, tx *sql.Tx) ([]rules.Standing, error) {
	rows, err := tx.QueryContext(ctx, `SELECT c.rule, c.scope, c.episode, c.merchant, c.host, c.state, c.severity, c.fault, c.since_at,
			coalesce(c.opened_at, 0), coalesce(c.cleared_at, 0), c.changes, c.evidence, coalesce(p.changes, 0), coalesce(p.severity, '')
		FROM condition c LEFT JOIN condition p ON c.state = 'pending' AND p.rule = c.rule AND p.scope = c.scope AND p.episode = c.episode - 1
		WHERE NOT EXISTS (SELECT 1 FROM condition n WHERE n.rule = c.rule AND n.scope = c.scope AND n.episode > c.episode)
		ORDER BY c.rule, c.scope`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []rules.Standing
	for rows.Next() {
		st, err := scanStanding(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, rows.Err()
}

func scanStanding(rows *sql.Rows) (rules.Standing, error) {
	var st rules.Standing
	var state, evidence string
	var since, opened, cleared int64
	var before rules.Episode
	e := &st.Episode
	err := rows.Scan(&st.Rule, &st.Scope, &e.Number, &st.Merchant, &st.Host, &state, &e.Worst, &e.Fault, &since,
		&opened, &cleared, &e.Changes, &evidence, &before.Changes, &before.Worst)
	if err != nil {
		return st, err
	}
	e.Since, st.OpenedAt, st.Cleared = moment(since), moment(opened), moment(cleared)
	switch state {
	case "pending":
		e.Phase, e.Number, e.Changes, e.Worst = rules.PhasePending, e.Number-1, before.Changes, before.Worst
	case "open":
		e.Phase = rules.PhaseOpen
	}
	st.Evidence, err = evidenceOf(evidence)
	return st, err
}

func seriesStates(ctx context.Context, tx *sql.Tx) ([]conditions.SeriesState, error) {
	rows, err := tx.QueryContext(ctx, `SELECT series, version, state FROM rule_state ORDER BY series`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []conditions.SeriesState
	for rows.Next() {
		var s conditions.SeriesState
		if err := rows.Scan(&s.Series, &s.Version, &s.State); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// evidenceOf reads what evidenceJSON wrote.
func evidenceOf(text string) (rules.Evidence, error) {
	var e rules.Evidence
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return e, fmt.Errorf("read evidence: %w", err)
	}
	return e, nil
}

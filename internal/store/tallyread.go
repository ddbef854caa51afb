package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// tallySums reads the columns of a tally over all rows that are met.
const tallySums = `coalesce(sum(first_attempts), 0), coalesce(sum(failed_first), 0), coalesce(sum(retries), 0),
	coalesce(sum(failed_retries), 0), coalesce(sum(manual), 0), coalesce(sum(excluded), 0)`

// Tally counts the attempts of some scopes together, each scope once. What
// none of them has is zero. It counts in minutes as long as they are kept (7
// days before the last applied attempt) and no endpoint is asked for, else in
// quarters of an hour (400 days). A scope other than platform, product:...,
// channel:... and endpoint:... is refused; a merchant is the list of its
// endpoints.
func (s *Store) Tally(ctx context.Context, q ingest.TallyQuery) (ingest.TallyAnswer, error) {
	endpoints, scopes, err := askedScopes(q.Scopes)
	if err != nil {
		return ingest.TallyAnswer{}, fmt.Errorf("tally: %w", err)
	}
	var answer ingest.TallyAnswer
	err = s.facts.read(ctx, func(tx *sql.Tx) error {
		var at int64 // microseconds
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM applied WHERE log = ?`, appliedLog).Scan(&at); err != nil {
			return err
		}
		table, step := scopeMinutes(), s.steps.minute
		if len(endpoints) > 0 || q.From.Unix() < minutesFrom(floor(at, 1e6)/1e6) {
			table, step = scopeQuarters(), s.steps.quarter
		}
		from, to := floor(q.From.Unix(), step)/step, ceil(q.To, step)
		answer = ingest.TallyAnswer{
			From: time.Unix(from*step, 0).UTC(), To: time.Unix(to*step, 0).UTC(), Step: time.Duration(step) * time.Second,
		}
		if err := addWindow(ctx, tx, &answer.Tally, window{table, "scope", scopes, from, to}); err != nil {
			return err
		}
		return addWindow(ctx, tx, &answer.Tally, window{endpointQuarters(), "endpoint", endpoints, from, to})
	})
	if err != nil {
		return ingest.TallyAnswer{}, fmt.Errorf("tally: %w", err)
	}
	return answer, nil
}

// ceil returns the number of the step at or after t.
func ceil(t time.Time, step int64) int64 {
	seconds := t.Unix()
	if t.Nanosecond() > 0 {
		seconds++
	}
	return floor(seconds+step-1, step) / step
}

// askedScopes sorts scopes by where they are counted.
func askedScopes(scopes []rules.Scope) (endpoints, others []string, err error) {
	for _, sc := range scopes {
		kind, id := sc.Split()
		switch {
		case kind == rules.ScopeEndpoint && id != "":
			endpoints = append(endpoints, id)
		case sc == rules.ScopePlatform, (kind == rules.ScopeProduct || kind == rules.ScopeChannel) && id != "":
			others = append(others, string(sc))
		default:
			return nil, nil, fmt.Errorf("scope %.80q: want platform, product:X, channel:X or endpoint:ID; a merchant is asked for by its endpoints", sc)
		}
	}
	return endpoints, others, nil
}

// window is the steps from <= n < to of some words of a table.
type window struct {
	table    tallyTable
	kind     string // in the dictionary
	words    []string
	from, to int64
}

// addWindow sums a window up, looking for each word in each step: the step
// leads the key, and other words may be a hundred thousand.
func addWindow(ctx context.Context, tx *sql.Tx, t *ingest.Tally, w window) error {
	if len(w.words) == 0 || w.from >= w.to {
		return nil
	}
	words, err := json.Marshal(w.words)
	if err != nil {
		return err
	}
	var sum ingest.Tally
	err = tx.QueryRowContext(ctx, `
		WITH RECURSIVE
			wanted(id) AS MATERIALIZED (SELECT DISTINCT d.id FROM json_each(?2) j CROSS JOIN dictionary d ON d.kind = ?1 AND d.value = j.value),
			bounds(first, last) AS MATERIALIZED (
				SELECT max(?3, coalesce((SELECT min(`+w.table.step+`) FROM `+w.table.name+`), ?4)),
					min(?4, coalesce((SELECT max(`+w.table.step+`) + 1 FROM `+w.table.name+`), ?3))),
			steps(n) AS (SELECT first FROM bounds WHERE first < last UNION ALL SELECT n + 1 FROM steps, bounds WHERE n + 1 < last)
		SELECT `+tallySums+` FROM steps CROSS JOIN wanted CROSS JOIN `+w.table.name+` r ON r.`+w.table.step+` = n AND r.`+w.table.word+` = id`,
		w.kind, string(words), w.from, w.to).
		Scan(&sum.First, &sum.FailedFirst, &sum.Retries, &sum.FailedRetries, &sum.Manual, &sum.Excluded)
	if err != nil {
		return err
	}
	t.Add(sum)
	return nil
}

// Quarters implements [ingest.QuarterReader]: what each endpoint got in each
// quarter of an hour from that of from on, by quarter and endpoint.
func (l *Ledger) Quarters(ctx context.Context, from time.Time) ([]ingest.EndpointTally, error) {
	var all []ingest.EndpointTally
	err := l.s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT d.value, r.slot, `+tallyColumns+` FROM rollup r
			JOIN dictionary d ON d.kind = 'endpoint' AND d.id = r.endpoint
			WHERE r.slot >= ? AND (first_attempts OR retries OR manual OR excluded) ORDER BY r.slot, r.endpoint`,
			l.s.steps.slot(from))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t ingest.EndpointTally
			var slot int64
			if err := rows.Scan(&t.Endpoint, &slot, &t.First, &t.FailedFirst, &t.Retries, &t.FailedRetries, &t.Manual, &t.Excluded); err != nil {
				return err
			}
			t.Start = l.s.steps.start(slot)
			all = append(all, t)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the last quarters: %w", err)
	}
	return all, nil
}

// prune deletes a little of what is too old: an hour of minutes, a quarter of
// the others. Time is that of the attempts that were applied.
func (l *Ledger) prune(ctx context.Context) error {
	return l.s.facts.write(ctx, func(tx *sql.Tx) error {
		var at int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM applied WHERE log = ?`, appliedLog).Scan(&at); err != nil {
			return err
		}
		now := floor(at, 1e6) / 1e6
		oldest := l.s.rollupsFrom(now)
		for _, p := range []struct {
			table         tallyTable
			before, steps int64
		}{
			{scopeMinutes(), minutesFrom(now) / l.s.steps.minute, 60},
			{scopeQuarters(), oldest / l.s.steps.quarter, 1},
			{endpointQuarters(), oldest / l.s.steps.quarter, 1},
		} {
			if err := pruneSteps(ctx, tx, p.table, p.before, p.steps); err != nil {
				return err
			}
		}
		return nil
	})
}

// pruneSteps deletes the oldest steps of a table, as many as that, which are
// before a step.
func pruneSteps(ctx context.Context, tx *sql.Tx, t tallyTable, before, steps int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM `+t.name+` WHERE `+t.step+` < min(?, (SELECT min(`+t.step+`) FROM `+t.name+`) + ?)`, before, steps)
	return err
}

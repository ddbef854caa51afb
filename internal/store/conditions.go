package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

var _ conditions.Store = (*Store)(nil)

const (
	shards    = 256     // of conditions and series, by the hash of their scope
	onlyEpoch = 1       // of the lease: one process owns all shards in the embedded form
	rulesRead = "rules" // the cursor: how far the log is in the stored series
)

// shardOf returns the shard of a scope.
func shardOf(scope rules.Scope) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(scope)) // never fails
	return int(h.Sum32() % shards)
}

// CommitShard implements [conditions.Store].
func (s *Store) CommitShard(ctx context.Context, c conditions.Commit) error {
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		w, err := newConditionWriter(ctx, tx, c.Now)
		if err != nil {
			return err
		}
		for _, ch := range c.Changes {
			if err := w.change(ctx, ch); err != nil {
				return fmt.Errorf("change of %s in %s: %w", ch.Key.Rule, ch.Key.Scope, err)
			}
		}
		for _, st := range c.Standing {
			if err := w.standing(ctx, st); err != nil {
				return fmt.Errorf("%s in %s: %w", st.Rule, st.Scope, err)
			}
		}
		for _, series := range c.Series {
			if err := w.series(ctx, series, c.Position); err != nil {
				return fmt.Errorf("series %q: %w", series.Series, err)
			}
		}
		if c.Position == 0 {
			return nil
		}
		return moveCursor(ctx, tx, rulesRead, c.Position, c.Now)
	})
	if err != nil {
		return fmt.Errorf("commit conditions: %w", err)
	}
	return nil
}

// moveCursor says how far a reader has come.
func moveCursor(ctx context.Context, tx *sql.Tx, name string, position int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO cursor (name, position, at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET position = excluded.position, at = excluded.at`, name, position, now.UnixMicro())
	return err
}

// conditionWriter writes one commit. Its statements are closed with the
// transaction.
type conditionWriter struct {
	now                            int64
	insert, put, unpend, set, drop *sql.Stmt
}

func newConditionWriter(ctx context.Context, tx *sql.Tx, now time.Time) (*conditionWriter, error) {
	w := &conditionWriter{now: now.UnixMicro()}
	for stmt, q := range map[**sql.Stmt]string{
		&w.insert: `INSERT INTO condition_change (rule, scope, episode, number, shard, epoch, open, severity, fault, since_at, at, evidence)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rule, scope, episode, number) DO NOTHING`,
		&w.put: `INSERT INTO condition (rule, scope, episode, shard, epoch, merchant, host, state, severity, fault, since_at, opened_at,
				cleared_at, updated_at, changes, evidence)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (rule, scope, episode) DO UPDATE SET epoch = excluded.epoch, merchant = excluded.merchant, host = excluded.host,
				state = excluded.state, severity = excluded.severity, fault = excluded.fault, since_at = excluded.since_at,
				opened_at = coalesce(excluded.opened_at, opened_at), cleared_at = excluded.cleared_at, updated_at = excluded.updated_at,
				changes = excluded.changes, evidence = excluded.evidence`,
		&w.unpend: `DELETE FROM condition WHERE rule = ? AND scope = ? AND episode > ? AND state = 'pending'`,
		&w.set: `INSERT INTO rule_state (shard, series, version, state, position, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (shard, series) DO UPDATE SET version = excluded.version, state = excluded.state,
				position = CASE WHEN excluded.position = 0 THEN position ELSE excluded.position END, at = excluded.at`,
		&w.drop: `DELETE FROM rule_state WHERE shard = ? AND series = ?`,
	} {
		var err error
		if *stmt, err = tx.PrepareContext(ctx, q); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// change writes a change, and the condition as it stood then: a commit may
// tell of an episode that cleared and show the next one, which is pending. A
// change that is there already changes nothing.
func (w *conditionWriter) change(ctx context.Context, c rules.Change) error {
	res, err := w.insert.ExecContext(ctx, c.Key.Rule, c.Key.Scope, c.Key.Episode, c.Number, shardOf(c.Key.Scope), onlyEpoch,
		c.Open, c.Severity, c.Fault, c.Since.UnixMicro(), c.At.UnixMicro(), evidenceJSON(c.Evidence))
	if err != nil {
		return err
	}
	if rows, err := res.RowsAffected(); err != nil || rows == 0 {
		return err
	}
	st := rules.Standing{
		Rule: c.Key.Rule, Scope: c.Key.Scope, Merchant: c.Merchant, Host: c.Host, Evidence: c.Evidence,
		Episode: rules.Episode{Number: c.Key.Episode, Changes: c.Number, Since: c.Since, Worst: c.Severity, Fault: c.Fault},
	}
	switch {
	case !c.Open:
		st.Cleared = c.At
	case c.Number == 1:
		st.OpenedAt = c.At
	}
	if c.Open {
		st.Episode.Phase = rules.PhaseOpen
	}
	return w.write(ctx, st)
}

// standing writes a condition as it stands now. What was pending and is no
// longer has become an episode, or nothing.
func (w *conditionWriter) standing(ctx context.Context, st rules.Standing) error {
	if st.Episode.Phase != rules.PhaseNone {
		return w.write(ctx, st)
	}
	if _, err := w.unpend.ExecContext(ctx, st.Rule, st.Scope, st.Episode.Number); err != nil {
		return err
	}
	if st.Episode.Number == 0 || st.Cleared.IsZero() {
		return nil // dropped: the episode before it stands as it stood
	}
	return w.write(ctx, st)
}

// write puts the row of the episode of st.
func (w *conditionWriter) write(ctx context.Context, st rules.Standing) error {
	key, e := st.Key(), st.Episode
	state, severity, changes := string(e.Phase), e.Worst, e.Changes
	switch e.Phase {
	case rules.PhasePending:
		severity, changes = storedSeverity(severity), 0 // it has neither yet
	case rules.PhaseNone:
		state = "cleared"
	case rules.PhaseOpen:
	}
	since := e.Since
	for _, t := range []time.Time{st.OpenedAt, st.Cleared, time.UnixMicro(w.now)} {
		if since.IsZero() {
			since = t
		}
	}
	_, err := w.put.ExecContext(ctx, key.Rule, key.Scope, key.Episode, shardOf(st.Scope), onlyEpoch, st.Merchant, st.Host, state, severity, e.Fault,
		since.UnixMicro(), nullTime(st.OpenedAt), nullTime(st.Cleared), w.now, changes, evidenceJSON(st.Evidence))
	return err
}

// storedSeverity returns a severity that a row may have: a pending condition has
// none before its first episode.
func storedSeverity(s rules.Severity) rules.Severity {
	if s == "" {
		return rules.Low
	}
	return s
}

// series keeps or drops the detector of one series.
func (w *conditionWriter) series(ctx context.Context, s conditions.SeriesState, position int64) error {
	_, scope, ok := strings.Cut(s.Series, "/")
	if !ok {
		return errors.New("want <rule>/<scope>")
	}
	shard := shardOf(rules.Scope(scope))
	if len(s.State) == 0 {
		_, err := w.drop.ExecContext(ctx, shard, s.Series)
		return err
	}
	_, err := w.set.ExecContext(ctx, shard, s.Series, s.Version, s.State, position, w.now)
	return err
}

// nullTime stores a fact's time, and the zero time as NULL.
func nullTime(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// evidenceJSON is e as it is stored. Numbers that could not be read back cost
// the numbers, and never the commit: what it tells of must be told.
func evidenceJSON(e rules.Evidence) string {
	b, err := json.Marshal(e)
	if err == nil {
		_, err = evidenceOf(string(b))
	}
	if err != nil {
		b, _ = json.Marshal(rules.Evidence{Text: e.Text, Clears: e.Clears}) // texts alone always do
	}
	return string(b)
}

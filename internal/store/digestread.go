package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

const (
	// digestColumns are the columns of a row in the order of its fields.
	digestColumns = `merchant, kind, window_start, window_end, timezone, state, verdict, covered_us, snapshot, merged_into, closed_at, due_at, finished_at`

	usualDigests = 100  // in one answer of List, unless told otherwise
	mostDigests  = 1000 // bounds it
)

// Last implements [digest.Ledger]: two steps into the index for each merchant,
// however many rows it has.
func (d Digests) Last(ctx context.Context, kind string) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	err := d.s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `WITH RECURSIVE who(merchant) AS (
				SELECT min(merchant) FROM digest
				UNION ALL SELECT (SELECT min(d.merchant) FROM digest d WHERE d.merchant > who.merchant) FROM who WHERE who.merchant IS NOT NULL),
			ends(merchant, at) AS (SELECT merchant, (SELECT d.window_end FROM digest d
				WHERE d.merchant = who.merchant AND d.kind = ? ORDER BY d.window_start DESC LIMIT 1) FROM who)
			SELECT merchant, at FROM ends WHERE at IS NOT NULL`, kind)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var merchant string
			var at int64
			if err := rows.Scan(&merchant, &at); err != nil {
				return err
			}
			last[merchant] = time.UnixMicro(at).UTC()
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the last digest windows: %w", err)
	}
	return last, nil
}

// List implements [digest.Ledger]. Rows of windows that start together come by
// merchant and kind; when the limit cuts through them, it is not said which stay.
func (d Digests) List(ctx context.Context, f digest.Filter) ([]digest.Row, error) {
	f.Limit = min(max(cmp.Or(f.Limit, usualDigests), 1), mostDigests)
	kinds := []string{f.Kind}
	if f.Kind == "" && f.Merchant == "" { // an index leads with the kind
		kinds = []string{digest.KindHealth, digest.KindSummary, digest.KindPlatform}
	}
	list := []digest.Row{}
	err := d.s.state.read(ctx, func(tx *sql.Tx) error {
		for _, kind := range kinds {
			f.Kind = kind
			some, err := listDigests(ctx, tx, f)
			if err != nil {
				return err
			}
			list = append(list, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read digests: %w", err)
	}
	slices.SortFunc(list, func(a, b digest.Row) int {
		return cmp.Or(b.Window.Start.Compare(a.Window.Start), cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Kind, b.Kind))
	})
	return list[:min(len(list), f.Limit)], nil
}

func listDigests(ctx context.Context, tx *sql.Tx, f digest.Filter) ([]digest.Row, error) {
	where, args := digestWhere(f)
	rows, err := tx.QueryContext(ctx, `SELECT `+digestColumns+` FROM digest WHERE `+where+
		` ORDER BY window_start DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []digest.Row
	for rows.Next() {
		r, err := scanDigest(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// digestWhere asks for what the filter says and no more, so that an index
// answers.
func digestWhere(f digest.Filter) (where string, args []any) {
	where = "true"
	for _, by := range []struct {
		clause string
		value  any
		asked  bool
	}{
		{"merchant = ?", f.Merchant, f.Merchant != ""},
		{"kind = ?", f.Kind, f.Kind != ""},
		{"state = ?", f.State, f.State != ""},
		{"window_start >= ?", notBefore(f.From), !f.From.IsZero()},
		{"window_start < ?", notBefore(f.To), !f.To.IsZero()},
	} {
		if by.asked {
			where += " AND " + by.clause
			args = append(args, by.value)
		}
	}
	return where, args
}

func scanDigest(rows *sql.Rows) (digest.Row, error) {
	var r digest.Row
	var start, end, covered, closed, due int64
	var merged, finished sql.NullInt64
	var snapshot sql.NullString
	err := rows.Scan(&r.Merchant, &r.Kind, &start, &end, &r.Zone, &r.State, &r.Verdict, &covered, &snapshot, &merged, &closed, &due, &finished)
	r.Window = digest.Window{Start: time.UnixMicro(start).UTC(), End: time.UnixMicro(end).UTC()}
	r.Covered, r.MergedInto = time.Duration(covered)*time.Microsecond, moment(merged.Int64)
	r.ClosedAt, r.Due, r.Finished = moment(closed), moment(due), moment(finished.Int64)
	if snapshot.Valid {
		r.Snapshot = json.RawMessage(snapshot.String)
	}
	return r, err
}

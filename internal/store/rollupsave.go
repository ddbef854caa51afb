package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/rules"
)

// ProbeQuarter is what probes saw at one endpoint in one quarter of an hour.
type ProbeQuarter struct {
	Endpoint string
	Start    time.Time // any moment of the quarter; they are cut in UTC, [Options].Bucket long
	Bucket   rules.Bucket
}

// SaveProbes merges quarters into those that are stored, all in one
// transaction: each call adds, so that what is saved twice counts twice. Parts
// of a quarter may come in several calls, and from before a restart. It also
// deletes the oldest quarter once that is older than rollups are kept (400
// days, unless [Store.Retain] was told otherwise), counted from the newest that
// is saved.
//
// It waits while attempts are applied, and they wait for it: a hundred thousand
// quarters take some seconds. A quarter without an endpoint or a start is
// refused, and nothing is saved.
func (s *Store) SaveProbes(ctx context.Context, quarters []ProbeQuarter) error {
	if len(quarters) == 0 {
		return nil
	}
	sums, newest, err := s.steps.sumProbes(quarters)
	if err == nil {
		err = s.facts.write(ctx, func(tx *sql.Tx) error {
			rows, err := probeRows(ctx, tx, sums)
			if err != nil {
				return err
			}
			if err := s.writeProbes(ctx, tx, rows); err != nil {
				return err
			}
			before := s.rollupsFrom(newest.Unix())
			return pruneSteps(ctx, tx, endpointQuarters(), before/s.steps.quarter, 1)
		})
	}
	if err != nil {
		return fmt.Errorf("save probes: %w", err)
	}
	return nil
}

// probeKey is a quarter of an endpoint.
type probeKey struct {
	slot     int64
	endpoint string
}

// sumProbes brings each quarter of each endpoint together.
func (s steps) sumProbes(quarters []ProbeQuarter) (sums map[probeKey]*rules.Bucket, newest time.Time, err error) {
	sums = make(map[probeKey]*rules.Bucket, len(quarters))
	for _, q := range quarters {
		if q.Endpoint == "" || !utf8.ValidString(q.Endpoint) || q.Start.IsZero() {
			return nil, newest, fmt.Errorf("quarter of endpoint %.130q at %s: want the ID of an endpoint and a start", q.Endpoint, q.Start.UTC().Format(time.RFC3339))
		}
		if q.Start.After(newest) {
			newest = q.Start
		}
		k := probeKey{s.slot(q.Start), q.Endpoint}
		if sums[k] == nil {
			sums[k] = &rules.Bucket{}
		}
		sums[k].Merge(q.Bucket)
	}
	return sums, newest, nil
}

// probeRow is what one row of the rollup gets more.
type probeRow struct {
	bucketKey
	more   *rules.Bucket
	merged []byte
}

// probeRows gives the endpoints their numbers, and sorts: pages are changed in
// their order.
func probeRows(ctx context.Context, tx *sql.Tx, sums map[probeKey]*rules.Bucket) ([]probeRow, error) {
	ids := make(map[string]int64, len(sums))
	for k := range sums {
		ids[k.endpoint] = 0
	}
	if err := numberEndpoints(ctx, tx, ids); err != nil {
		return nil, err
	}
	rows := make([]probeRow, 0, len(sums))
	for k, b := range sums {
		rows = append(rows, probeRow{bucketKey: bucketKey{k.slot, ids[k.endpoint]}, more: b})
	}
	slices.SortFunc(rows, func(a, b probeRow) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.endpoint, b.endpoint))
	})
	return rows, nil
}

// numberEndpoints fills in the numbers of the dictionary, and makes those that
// are missing.
func numberEndpoints(ctx context.Context, tx *sql.Tx, ids map[string]int64) error {
	known, err := numbersOf(ctx, tx, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return err
	}
	for _, n := range known {
		ids[n.name] = n.id
	}
	var fresh []string
	for name, id := range ids {
		if id == 0 {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	slices.Sort(fresh)
	var last int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM dictionary WHERE kind = 'endpoint'`).Scan(&last); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO dictionary (kind, id, value, seen_at) VALUES ('endpoint', ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, value := range fresh {
		last++
		if _, err := insert.ExecContext(ctx, last, value, time.Now().UnixMicro()); err != nil {
			return err
		}
		ids[value] = last
	}
	return nil
}

// writeProbes merges rows, sorted, into the table.
func (s *Store) writeProbes(ctx context.Context, tx *sql.Tx, rows []probeRow) error {
	keys := make([]bucketKey, len(rows))
	for i, r := range rows {
		keys[i] = r.bucketKey
	}
	err := s.oldBuckets(ctx, tx, "probe", keys, func(i int, b rules.Bucket) (err error) {
		b.Merge(*rows[i].more)
		rows[i].merged, err = b.MarshalBinary()
		return err
	})
	if err != nil {
		return err
	}
	const places = 7
	for some := range slices.Chunk(rows, chunkRows) {
		args := make([]any, 0, places*len(some))
		for _, r := range some {
			args = append(args, r.slot, r.endpoint, rules.BucketVersion, r.merged, r.more.Covered.Microseconds(), r.more.Total(), r.more.Failed())
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO rollup (slot, endpoint, version, probe, covered_us, probes, probes_down)
			VALUES `+tuples(len(some), places)+` ON CONFLICT (slot, endpoint) DO UPDATE SET probe = excluded.probe,
				covered_us = covered_us + excluded.covered_us, probes = probes + excluded.probes,
				probes_down = probes_down + excluded.probes_down`, args...); err != nil {
			return err
		}
	}
	return nil
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

const (
	// runGap is how many rows of others are read over rather than looked for
	// past: finding a row takes as long as reading about so many.
	runGap = 8
	// mostAtOnce bounds the quarters for which room is made before they are
	// read: 50 endpoints over a day.
	mostAtOnce = 4800
)

// EndpointQuarter is what is stored of one endpoint and one quarter of an hour.
type EndpointQuarter struct {
	Endpoint   string
	Start      time.Time    // UTC
	Probe      rules.Bucket // of the probes; empty: none
	Deliveries rules.Bucket // of the first attempts that count, by their start, without what is covered; empty: none
}

// EndpointBuckets returns the quarters of some endpoints that touch the
// half-open window [from, to), oldest first; those without a bucket are left
// out, so that endpoints nobody knows have none. An endpoint that is asked for
// twice is returned once. What it takes depends on the answer, and not on how
// many other endpoints there are.
func (s *Store) EndpointBuckets(ctx context.Context, endpoints []string, from, to time.Time) ([]EndpointQuarter, error) {
	slots := [2]int64{s.steps.slot(from), ceil(to, s.steps.quarter)}
	if len(endpoints) == 0 || slots[0] >= slots[1] {
		return nil, nil
	}
	var list []EndpointQuarter
	err := s.facts.read(ctx, func(tx *sql.Tx) error {
		numbered, err := numbersOf(ctx, tx, endpoints)
		if err != nil || len(numbered) == 0 {
			return err
		}
		list, err = s.readQuarters(ctx, tx, numbered, slots)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read buckets: %w", err)
	}
	return list, nil
}

// numberedEndpoint is an endpoint with its number in the dictionary.
type numberedEndpoint struct {
	id   int64
	name string
}

// numbersOf looks endpoints up, and sorts them by number.
func numbersOf(ctx context.Context, tx *sql.Tx, endpoints []string) ([]numberedEndpoint, error) {
	names, err := json.Marshal(endpoints)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT d.id, d.value FROM json_each(?) j
		CROSS JOIN dictionary d ON d.kind = 'endpoint' AND d.value = j.value`, string(names))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []numberedEndpoint
	for rows.Next() {
		var n numberedEndpoint
		if err := rows.Scan(&n.id, &n.name); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b numberedEndpoint) int { return cmp.Compare(a.id, b.id) })
	return list, rows.Err()
}

// runsOf puts numbers that lie close together into one run [first, last]: the
// endpoints of a merchant usually have neighbouring numbers. list is sorted.
func runsOf(list []numberedEndpoint) (runs [][2]int64) {
	for i, n := range list {
		if i == 0 || n.id-list[i-1].id > runGap {
			runs = append(runs, [2]int64{n.id, n.id})
		}
		runs[len(runs)-1][1] = n.id
	}
	return runs
}

// readQuarters reads the rows of endpoints, sorted, in slots[0] <= slot <
// slots[1]. It looks for each run in each slot: the slot leads the key, and
// other endpoints may be a hundred thousand.
func (s *Store) readQuarters(ctx context.Context, tx *sql.Tx, endpoints []numberedEndpoint, slots [2]int64) ([]EndpointQuarter, error) {
	runs, err := json.Marshal(runsOf(endpoints))
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `
		WITH RECURSIVE
			wanted(first, last) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
			bounds(first, last) AS MATERIALIZED (
				SELECT max(?2, coalesce((SELECT min(slot) FROM rollup), ?3)), min(?3, coalesce((SELECT max(slot) + 1 FROM rollup), ?2))),
			steps(n) AS (SELECT first FROM bounds WHERE first < last UNION ALL SELECT n + 1 FROM steps, bounds WHERE n + 1 < last)
		SELECT slot, endpoint, probe, deliveries FROM steps CROSS JOIN wanted w
			CROSS JOIN rollup r ON r.slot = n AND r.endpoint BETWEEN w.first AND w.last
		WHERE probe IS NOT NULL OR deliveries IS NOT NULL`, string(runs), slots[0], slots[1])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]EndpointQuarter, 0, min(int64(len(endpoints))*(slots[1]-slots[0]), mostAtOnce))
	for rows.Next() {
		var slot, id int64
		var probe, deliveries sql.RawBytes
		if err := rows.Scan(&slot, &id, &probe, &deliveries); err != nil {
			return nil, err
		}
		at, wanted := slices.BinarySearchFunc(endpoints, id, func(n numberedEndpoint, id int64) int { return cmp.Compare(n.id, id) })
		if !wanted {
			continue
		}
		list = append(list, EndpointQuarter{
			Endpoint: endpoints[at].name, Start: s.steps.start(slot),
			Probe: s.bucketFrom(probe), Deliveries: s.bucketFrom(deliveries),
		})
	}
	return list, rows.Err()
}

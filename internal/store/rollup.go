package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// quarterSum is what a group changes of one endpoint in one quarter of an hour.
type quarterSum struct {
	tally ingest.Tally
	more  rules.Bucket // first attempts that count
	less  []*counted   // likewise, those that gave way: some may be in what is stored, and not in more
}

// quarter returns the sum that c belongs to; nil when c is in no sum.
func (s *sums) quarter(c *counted) *quarterSum {
	if c.endpoint == "" || c.share == ingest.NoShare {
		return nil
	}
	k := sumKey{s.steps.slot(c.started), rules.ScopeEndpoint, c.endpoint}
	q := s.endpoints[k]
	if q == nil {
		q = &quarterSum{}
		s.endpoints[k] = q
	}
	return q
}

// came counts an attempt; q may be nil.
func (q *quarterSum) came(c *counted) {
	if q == nil {
		return
	}
	t := c.share.Tally()
	if q.tally.Add(t); t.First > 0 {
		q.more.Add(c.fault, c.took)
	}
}

// went takes an attempt out; q may be nil.
func (q *quarterSum) went(c *counted) {
	if q == nil {
		return
	}
	t := c.share.Tally()
	if q.tally.Sub(t); t.First > 0 {
		q.less = append(q.less, c)
	}
}

// changes reports whether the bucket of the quarter is another one afterwards.
func (q *quarterSum) changes() bool { return len(q.more.Counts) > 0 || len(q.less) > 0 }

// onto returns the bucket that was b before.
func (q *quarterSum) onto(b rules.Bucket) rules.Bucket {
	b.Merge(q.more)
	for _, c := range q.less {
		b.Remove(c.fault, c.took)
	}
	return b
}

// quarterRows are the rows of the rollup that change, sorted, with their new
// buckets.
func (l *Ledger) quarterRows(ctx context.Context, tx *sql.Tx, sums map[sumKey]*quarterSum, at int64) ([]tallyRow, error) {
	rows := make([]tallyRow, 0, len(sums))
	for k, q := range sums {
		word, err := l.factWord(ctx, tx, k, at)
		if err != nil {
			return nil, err
		}
		if q.tally != (ingest.Tally{}) || q.changes() {
			rows = append(rows, tallyRow{step: k.step, word: word, more: q.tally, sum: q})
		}
	}
	slices.SortFunc(rows, compareTallyRows)
	var changed []*tallyRow
	var keys []bucketKey
	for i := range rows {
		if rows[i].sum.changes() {
			changed, keys = append(changed, &rows[i]), append(keys, bucketKey{rows[i].step, rows[i].word})
		}
	}
	err := l.s.oldBuckets(ctx, tx, "deliveries", keys, func(i int, old rules.Bucket) (err error) {
		changed[i].bucket, err = changed[i].sum.onto(old).MarshalBinary()
		return err
	})
	return rows, err
}

// bucketKey is the key of a row of the rollup.
type bucketKey struct{ slot, endpoint int64 }

// oldBuckets tells of each key which bucket stands there: an empty one for
// none. keys are sorted; each quarter is one read.
func (s *Store) oldBuckets(ctx context.Context, tx *sql.Tx, column string, keys []bucketKey, tell func(i int, old rules.Bucket) error) error {
	for first := 0; first < len(keys); {
		next := first + 1
		for next < len(keys) && keys[next].slot == keys[first].slot {
			next++
		}
		err := s.oldQuarter(ctx, tx, column, keys[first:next], func(i int, old rules.Bucket) error { return tell(first+i, old) })
		if err != nil {
			return err
		}
		first = next
	}
	return nil
}

// oldQuarter is oldBuckets for keys of the same quarter.
func (s *Store) oldQuarter(ctx context.Context, tx *sql.Tx, column string, keys []bucketKey, tell func(i int, old rules.Bucket) error) error {
	endpoints := make([]int64, len(keys))
	for i, k := range keys {
		endpoints[i] = k.endpoint
	}
	list, err := json.Marshal(endpoints)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT r.`+column+` FROM json_each(?2) j LEFT JOIN rollup r ON r.slot = ?1 AND r.endpoint = j.value ORDER BY j.id`,
		keys[0].slot, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		var data sql.RawBytes
		if err := rows.Scan(&data); err != nil {
			return err
		}
		if err := tell(i, s.bucketFrom(data)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// bucketFrom reads a bucket; NULL is an empty one. One that cannot be read
// begins anew: it may not keep the log from being applied.
func (s *Store) bucketFrom(data []byte) rules.Bucket {
	var b rules.Bucket
	if data == nil {
		return b
	}
	if err := b.UnmarshalBinary(data); err != nil {
		s.log.Warn("a bucket of the rollup cannot be read, and is taken for empty", "file", factsFile, "err", err)
		return rules.Bucket{}
	}
	return b
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DeliveredSince implements [ingest.QuarterReader]: it reads the rows of the
// attempts that started since then, at about a million a second.
func (l *Ledger) DeliveredSince(ctx context.Context, from time.Time) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	for day := from.UTC(); !day.After(time.Now().Add(24 * time.Hour)); day = day.AddDate(0, 0, 1) {
		err := l.slots.read(ctx, dayOf(day), func(tx *sql.Tx) error { return readDelivered(ctx, tx, from, last) })
		if err != nil {
			return nil, fmt.Errorf("look for deliveries of %s: %w", dayOf(day), err)
		}
	}
	return last, nil
}

func readDelivered(ctx context.Context, tx *sql.Tx, from time.Time, last map[string]time.Time) error {
	rows, err := tx.QueryContext(ctx, `SELECT w.value, max(a.started_at) FROM attempt a JOIN word w ON w.id = a.endpoint
		WHERE a.id >= ? AND a.fault = 0 AND a.manual = 0 AND a.test = 0 AND a.share <> 0 GROUP BY a.endpoint`, from.UnixMilli()<<20)
	if err != nil {
		return err
	}
	return eachLast(rows, last)
}

// lastRows is how many of the newest attempts of a day are read to find the last
// deliveries.
const lastRows = 200_000

// DeliveredBySource returns the start of the last ordinary attempt of each
// source that was delivered, as far as the newest 200,000 attempts of today
// and the last day before it that has some know of one.
func (l *Ledger) DeliveredBySource(ctx context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	days, err := l.slots.days()
	if err != nil {
		return nil, err
	}
	for _, day := range days[max(0, len(days)-2):] {
		err := l.slots.read(ctx, day, func(tx *sql.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT w.value, max(a.started_at) FROM
				(SELECT source, started_at, fault, manual, share FROM attempt ORDER BY id DESC LIMIT ?) a JOIN word w ON w.id = a.source
				WHERE a.fault = 0 AND a.manual = 0 AND a.share <> 0 GROUP BY a.source`, lastRows)
			if err != nil {
				return err
			}
			return eachLast(rows, last)
		})
		if err != nil {
			return nil, fmt.Errorf("look for deliveries of %s: %w", day, err)
		}
	}
	return last, nil
}

// eachLast notes the later time of each name, and closes rows.
func eachLast(rows *sql.Rows, last map[string]time.Time) error {
	defer rows.Close()
	for rows.Next() {
		var name string
		var started int64
		if err := rows.Scan(&name, &started); err != nil {
			return err
		}
		if at := moment(started); at.After(last[name]) {
			last[name] = at
		}
	}
	return rows.Err()
}

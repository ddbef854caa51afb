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
	defer rows.Close()
	for rows.Next() {
		var endpoint string
		var started int64
		if err := rows.Scan(&endpoint, &started); err != nil {
			return err
		}
		if at := moment(started); at.After(last[endpoint]) {
			last[endpoint] = at
		}
	}
	return rows.Err()
}

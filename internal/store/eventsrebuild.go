package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// appliedEvents is the row of the table applied that says that the events of
// all slots are in facts.db.
const appliedEvents = "attempts.events"

// rebuildEvents makes the events of what the slots have, when facts.db was made
// anew or has none yet. It takes about a second for each 10,000 failed events.
func (l *Ledger) rebuildEvents(ctx context.Context) error {
	var done bool
	err := l.s.facts.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM applied WHERE log = ?)`, appliedEvents).Scan(&done)
	})
	if err != nil || done {
		return err
	}
	days, err := l.slots.days()
	if err != nil {
		return err
	}
	began := time.Now()
	n, err := l.rebuildCarried(ctx)
	if err != nil {
		return err
	}
	for _, day := range days {
		all := map[eventKey]touch{}
		if err := l.slots.read(ctx, day, func(tx *sql.Tx) error { return l.failedOf(ctx, tx, all) }); err != nil {
			return fmt.Errorf("look for failed events of %s: %w", day, err)
		}
		if err := l.saveAnew(ctx, all, 0); err != nil {
			return fmt.Errorf("keep the events of %s: %w", day, err)
		}
		n += len(all)
	}
	if len(days) > 0 || n > 0 {
		l.s.log.Info("events made of the attempts that are kept", "days", len(days), "events", n, "took", time.Since(began).Round(time.Millisecond))
	}
	return l.s.facts.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO applied (log, position, at) VALUES (?, 0, ?)`, appliedEvents, time.Now().UnixMicro())
		return err
	})
}

// failedOf collects the events of a slot that have a failed try.
func (l *Ledger) failedOf(ctx context.Context, tx *sql.Tx, all map[eventKey]touch) error {
	rows, err := tx.QueryContext(ctx, `SELECT s.value, a.event_id, e.value, a.number, a.manual, a.started_at FROM attempt a
		JOIN word s ON s.id = a.source JOIN word e ON e.id = a.endpoint WHERE a.fault > 0 AND a.share <> 0`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a deliveries.Attempt
		var started int64
		var manual bool
		if err := rows.Scan(&a.Source, &a.Event, &a.Endpoint, &a.Number, &manual, &started); err != nil {
			return err
		}
		if manual {
			a.Trigger = deliveries.Manual
		}
		l.touch(all, eventKey{a.Source, a.Event, a.Endpoint}, &a, moment(started))
	}
	return rows.Err()
}

// saveAnew writes touched events in a transaction of their own; tries from the
// position since on are news.
func (l *Ledger) saveAnew(ctx context.Context, all map[eventKey]touch, since int64) error {
	if err := l.loadStored(ctx); err != nil {
		return err
	}
	kept, gone, err := l.tellAnew(ctx, all, since)
	if err != nil {
		return err
	}
	return l.s.facts.write(ctx, func(tx *sql.Tx) error { return l.writeEvents(ctx, tx, kept, gone) })
}

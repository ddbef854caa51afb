package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
)

const (
	// carryRows is how many attempts are carried on in one transaction: some
	// ten milliseconds.
	carryRows = 500
	// sieveRows is how many attempts that were delivered are looked through at
	// a time for those of stored events.
	sieveRows = 5_000
)

// carry copies what is kept of a day to the failures of a month, and returns
// once that outlives a power cut. What is there already stays as it is.
func (l *Ledger) carry(ctx context.Context, day, month string) (carried int, err error) {
	if err := l.touchFailures(ctx, month); err != nil {
		return 0, err
	}
	for _, next := range []func(context.Context, string, *int64) ([][]any, bool, error){l.nextFailed, l.nextOfEvents} {
		for after, more := int64(-1), true; more; {
			var rows [][]any
			if rows, more, err = next(ctx, day, &after); err != nil {
				return carried, err
			}
			if err := l.putFailures(ctx, month, rows); err != nil {
				return carried, err
			}
			carried += len(rows)
		}
	}
	return carried, errors.Join(l.failures.sync(ctx), syncDir(filepath.Dir(l.failures.dir)))
}

// touchFailures makes the file of a month when there is none, and lets sync
// take care of it: it may have rows of an earlier try. A damaged one is moved
// aside.
func (l *Ledger) touchFailures(ctx context.Context, month string) error {
	sl, err := l.failures.take(ctx, month, true)
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		if err := l.setFailuresAside(month, damaged); err != nil {
			return err
		}
		sl, err = l.failures.take(ctx, month, true)
	}
	if err != nil {
		return err
	}
	l.failures.giveBack(sl)
	l.failures.markDirty(month)
	return nil
}

// carriedColumns are attemptColumns with the words in place of their numbers.
func carriedColumns() string {
	columns := strings.Split(strings.Join(strings.Fields(attemptColumns), ""), ",")
	for i, c := range columns {
		if columns[i] = "a." + c; carriedWords()[c] {
			columns[i] = "(SELECT value FROM word WHERE word.id = a." + c + ")"
		}
	}
	return strings.Join(columns, ", ")
}

// carriedWords are the columns of attempt that are numbers of words, each of
// the kind that it is named after.
func carriedWords() map[string]bool {
	return map[string]bool{
		"source": true, "merchant": true, "endpoint": true, "type": true, "product": true, "channel": true, "fault": true, "actor": true,
	}
}

// nextFailed returns the next failed attempts of a day, and whether there may
// be more.
func (l *Ledger) nextFailed(ctx context.Context, day string, after *int64) (rows [][]any, more bool, err error) {
	err = l.slots.read(ctx, day, func(tx *sql.Tx) error {
		rows, err = readCarried(ctx, tx, `a.fault > 0 AND a.id > ? ORDER BY a.id LIMIT ?`, *after, carryRows)
		return err
	})
	if len(rows) > 0 {
		*after, _ = rows[len(rows)-1][0].(int64) // the column is STRICT
	}
	return rows, len(rows) == carryRows, err
}

func readCarried(ctx context.Context, tx *sql.Tx, where string, args ...any) (list [][]any, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+carriedColumns()+` FROM attempt a WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		values, to := make([]any, attemptColumnCount), make([]any, attemptColumnCount)
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		list = append(list, values)
	}
	return list, rows.Err()
}

// nextOfEvents looks through the next delivered attempts of a day, and returns
// those whose events are stored.
func (l *Ledger) nextOfEvents(ctx context.Context, day string, after *int64) (rows [][]any, more bool, err error) {
	var all []deliveredRow
	err = l.slots.read(ctx, day, func(tx *sql.Tx) error {
		all, err = readDeliveredRows(ctx, tx, *after)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, false, err
	}
	*after = all[len(all)-1].id
	ids, err := l.ofStored(ctx, all)
	if err != nil || len(ids) == 0 {
		return nil, len(all) == sieveRows, err
	}
	asked, err := json.Marshal(ids)
	if err != nil {
		return nil, false, err
	}
	err = l.slots.read(ctx, day, func(tx *sql.Tx) error {
		rows, err = readCarried(ctx, tx, `a.id IN (SELECT value FROM json_each(?))`, string(asked))
		return err
	})
	return rows, len(all) == sieveRows, err
}

// deliveredRow is an attempt that may be of a stored event.
type deliveredRow struct {
	eventKey

	id int64
}

func readDeliveredRows(ctx context.Context, tx *sql.Tx, after int64) (all []deliveredRow, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.id, s.value, a.event_id, e.value FROM attempt a
		CROSS JOIN word s ON s.id = a.source CROSS JOIN word e ON e.id = a.endpoint
		WHERE a.fault = 0 AND a.id > ? ORDER BY a.id LIMIT ?`, after, sieveRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d deliveredRow
		if err := rows.Scan(&d.id, &d.Source, &d.Event, &d.Endpoint); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// ofStored returns the ids of those whose events are stored: the filter says
// no of nearly all others.
func (l *Ledger) ofStored(ctx context.Context, all []deliveredRow) (ids []int64, err error) {
	maybe, err := l.sieve(ctx, all)
	if err != nil || len(maybe) == 0 {
		return nil, err
	}
	keys := make([][3]string, len(maybe))
	for i, d := range maybe {
		keys[i] = [3]string{d.Source, d.Event, d.Endpoint}
	}
	asked, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	err = l.s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT j.key FROM json_each(?) j
			CROSS JOIN open_event e ON e.source = j.value ->> 0 AND e.event = j.value ->> 1 AND e.endpoint = j.value ->> 2`, string(asked))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i int
			if err := rows.Scan(&i); err != nil {
				return err
			}
			ids = append(ids, maybe[i].id)
		}
		return rows.Err()
	})
	return ids, err
}

// sieve returns those that the filter of stored events does not rule out.
func (l *Ledger) sieve(ctx context.Context, all []deliveredRow) (maybe []deliveredRow, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.loadStored(ctx); err != nil {
		return nil, err
	}
	for _, d := range all {
		if l.stored.has(d.eventKey) {
			maybe = append(maybe, d)
		}
	}
	return maybe, nil
}

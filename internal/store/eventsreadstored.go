package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// storedRow is an event with where it stands.
type storedRow struct {
	deliveries.Event

	place place
}

// newer orders places newest first.
func (p place) newer(o place) int { return cmp.Or(cmp.Compare(o.at, p.at), cmp.Compare(o.id, p.id)) }

// run is a part of an index that is in the order of a page.
type run struct {
	index string
	is    string // which part
	args  []any
}

// mostRuns bounds the runs of one query: beyond, the merchants are a filter.
const mostRuns = 64

// undelivered reads a page of the events that are stored and not delivered:
// some of each run, merged.
func (s *Store) undelivered(ctx context.Context, q ingest.EventQuery, from place, looked int) (page ingest.EventPage, err error) {
	if from == (place{}) {
		from = place{kind: placeStored, at: math.MaxInt64, id: math.MaxInt64}
	}
	var all []storedRow
	var end place // nothing older than this was looked for
	err = s.facts.read(ctx, func(tx *sql.Tx) error {
		all, end = nil, place{}
		r := storedReader{ctx: ctx, tx: tx, q: &q}
		runs, err := r.plan()
		if err != nil {
			return err
		}
		for _, run := range runs {
			some, stopped, err := r.some(run, from, max(looked/len(runs), 1))
			if err != nil {
				return err
			}
			all = append(all, some...)
			if stopped != (place{}) && (end == (place{}) || stopped.newer(end) < 0) {
				end = stopped
			}
		}
		return nil
	})
	if err != nil {
		return page, err
	}
	slices.SortFunc(all, func(a, b storedRow) int { return a.place.newer(b.place) })
	if end != (place{}) {
		all = slices.DeleteFunc(all, func(r storedRow) bool { return r.place.newer(end) > 0 })
	}
	if len(all) > q.Limit {
		all, end = all[:q.Limit], all[q.Limit-1].place
	}
	for _, r := range all {
		page.Events = append(page.Events, r.Event)
	}
	if end != (place{}) {
		page.Next = end.cursor()
	}
	return page, nil
}

// storedReader reads runs of open_event in one transaction.
type storedReader struct {
	ctx  context.Context // of the transaction; the reader ends with it
	tx   *sql.Tx
	q    *ingest.EventQuery
	met  string // by each row of a run that is wanted
	args []any
}

// plan says which runs have what is asked for, and notes what their rows must
// meet.
func (r *storedReader) plan() ([]run, error) {
	q := r.q
	for column, value := range map[string]string{"source": q.Source, "type": q.Type, "product": q.Product, "channel": q.Channel, "key": q.Key} {
		if value != "" {
			r.met, r.args = r.met+` AND `+column+` = ?`, append(r.args, value)
		}
	}
	states := storedStates(q)
	merchants := slices.Compact(slices.Sorted(slices.Values(q.Merchants)))
	byMerchant := q.Endpoint == "" && len(merchants) > 0 && len(merchants) <= mostRuns
	if len(merchants) > 0 && !byMerchant {
		names, err := json.Marshal(merchants)
		if err != nil {
			return nil, err
		}
		r.met, r.args = r.met+` AND merchant IN (SELECT value FROM json_each(?))`, append(r.args, string(names))
	}
	var runs []run
	if byMerchant {
		r.met += ` AND state IN ('` + strings.Join(states, `', '`) + `')`
		for _, m := range merchants {
			runs = append(runs, run{`open_event_of_merchant`, `merchant = ?` + windowOf(q), []any{m}})
		}
		return runs, nil
	}
	for _, state := range states {
		is := `state = '` + state + `' AND state <> 'delivered'` + windowOf(q) // the second one is what the indexes say
		switch {
		case q.Endpoint != "":
			runs = append(runs, run{`open_event_undelivered_endpoint`, is + ` AND endpoint = ?`, []any{q.Endpoint}})
		case q.Channel != "":
			runs = append(runs, run{`open_event_undelivered_channel`, is + ` AND channel = ?`, []any{q.Channel}})
		default:
			runs = append(runs, run{index: `open_event_undelivered`, is: is})
		}
	}
	return runs, nil
}

// windowOf bounds a run, so that no rows outside of it are looked at.
func windowOf(q *ingest.EventQuery) (is string) {
	if !q.From.IsZero() {
		is += fmt.Sprintf(` AND first_attempt_at >= %d`, q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		is += fmt.Sprintf(` AND first_attempt_at < %d`, q.To.UnixMicro())
	}
	return is
}

// storedStates returns the states, as they are stored, of events that may have
// one of those that are asked for: what is stored as retrying may be exhausted.
func storedStates(q *ingest.EventQuery) []string {
	var states []string
	for _, state := range q.States {
		states = append(states, string(state))
		if state == deliveries.EventExhausted {
			states = append(states, string(deliveries.EventRetrying))
		}
	}
	slices.Sort(states)
	return slices.Compact(states)
}

// some returns events of a run that are wanted, newest first, one more than a
// page has; and where it stopped when it looked at so many rows.
func (r *storedReader) some(run run, from place, left int) (all []storedRow, stopped place, err error) {
	for stretch := 2*r.q.Limit + 64; ; stretch *= 4 {
		n := min(stretch, longestStretch, left)
		if n <= 0 {
			return all, from, nil
		}
		to, err := r.bound(run, from, n)
		if err != nil {
			return nil, place{}, err
		}
		if all, err = r.read(all, run, from, to); err != nil {
			return nil, place{}, err
		}
		if to == (place{}) || len(all) > r.q.Limit {
			return all, place{}, nil
		}
		from, left = to, left-n
	}
}

// bound returns where the nth row behind a place stands; zero when there are
// not so many.
func (r *storedReader) bound(run run, from place, n int) (place, error) {
	to := place{kind: placeStored}
	err := r.tx.QueryRowContext(r.ctx, `SELECT first_attempt_at, rowid FROM open_event INDEXED BY `+run.index+`
		WHERE `+run.is+` AND (first_attempt_at, rowid) < (?, ?) ORDER BY first_attempt_at DESC, rowid DESC LIMIT 1 OFFSET ?`, slices.Concat(run.args, []any{from.at, from.id, n - 1})...).Scan(&to.at, &to.id)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, nil
	}
	return to, err
}

// eventColumnsButOne are eventColumns but the last, the position in the log: in
// its place a page needs the number of the row.
func eventColumnsButOne() string { return strings.TrimSuffix(eventColumns, "position") }

// read appends the wanted events behind from, up to the one at to, until there
// is one more than a page has.
func (r *storedReader) read(all []storedRow, run run, from, to place) ([]storedRow, error) {
	is := run.is
	if !slices.Contains(r.q.States, deliveries.EventRetrying) { // of these, only what may be exhausted by now
		is += fmt.Sprintf(` AND (state <> 'retrying' OR exhausts_at < %d)`, r.q.Now.UnixMicro())
	}
	rows, err := r.tx.QueryContext(r.ctx, `SELECT `+eventColumnsButOne()+` rowid FROM open_event INDEXED BY `+run.index+`
		WHERE `+is+` AND (first_attempt_at, rowid) < (?, ?) AND (first_attempt_at, rowid) >= (?, ?)`+r.met+` ORDER BY first_attempt_at DESC, rowid DESC`,
		slices.Concat(run.args, []any{from.at, from.id, to.at, to.id}, r.args)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for len(all) <= r.q.Limit && rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		one := storedRow{e.Event, place{kind: placeStored, at: e.FirstAttemptAt.UnixMicro(), id: e.position}}
		one.State = one.StateAt(r.q.Now)
		if meets(r.q, &one.Event) {
			all = append(all, one)
		}
	}
	return all, rows.Err()
}

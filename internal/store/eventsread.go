package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// Events returns a page of events, newest first attempt first; State is that
// at q.Now. Every event on it meets all that is asked for, Merchants above
// all. There are two ways to them:
//
//   - When States are asked for, and none but pending, retrying, exhausted and
//     canceled, the events that failed are read as they are stored.
//   - Otherwise the attempts are read, and each event is told where its
//     earliest known try started, with what is stored of it. One that never
//     failed is told from that try alone. Test mode and pings are left out,
//     and what is at no known endpoint. Tries are taken for the earliest when
//     none is found from 2 h before the event was created on; where nobody
//     says when that was, from 2 h before a try with the number 1.
//
// Events that come between two pages are in the second one if they are older
// than the end of the first; none that was there is left out or comes twice,
// unless an earlier try of it comes to light meanwhile. A call looks at no
// more than 200,000 rows; then a page may be short, or empty, with a Next.
//
// A query with a limit outside 1 to 1000, without Now, with a state that does
// not exist or with a cursor of another list is a *[registry.InvalidError].
// Damaged and newer slots are as in [Store.EndpointAttempts]. It blocks for as
// long as it reads, or until ctx ends, and holds up nobody.
func (s *Store) Events(ctx context.Context, q ingest.EventQuery) (ingest.EventPage, error) {
	return s.eventsLooking(ctx, q, rowsLooked)
}

// eventsLooking is Events that looks at so many rows and no more.
func (s *Store) eventsLooking(ctx context.Context, q ingest.EventQuery, rows int) (ingest.EventPage, error) {
	if err := checkEvents(q); err != nil {
		return ingest.EventPage{}, err
	}
	read, kind := s.firstAttempts, byte(placeFirst)
	if undelivered(q.States) {
		read, kind = s.undelivered, placeStored
	}
	from, err := placeOf(q.After, kind)
	if err != nil {
		return ingest.EventPage{}, err
	}
	page, err := read(ctx, q, from, rows)
	if err != nil {
		return ingest.EventPage{}, fmt.Errorf("read events: %w", err)
	}
	return page, nil
}

func checkEvents(q ingest.EventQuery) error {
	if err := checkLimit(q.Limit); err != nil {
		return err
	}
	if q.Now.IsZero() {
		return refused("now", "is not set; want the time at which states hold")
	}
	for _, state := range q.States {
		if state != deliveries.EventDelivered && !undelivered([]deliveries.EventState{state}) {
			return refused("states", fmt.Sprintf("%.20q is no state; want pending, retrying, delivered, exhausted or canceled", state))
		}
	}
	return nil
}

// undelivered reports whether states are asked for that only stored events
// have, and no other.
func undelivered(states []deliveries.EventState) bool {
	for _, state := range states {
		switch state {
		case deliveries.EventPending, deliveries.EventRetrying, deliveries.EventExhausted, deliveries.EventCanceled:
		default:
			return false
		}
	}
	return len(states) > 0
}

// meets reports whether an event, with its state at that time, is asked for.
func meets(q *ingest.EventQuery, e *deliveries.Event) bool {
	is := func(asked, is string) bool { return asked == "" || asked == is }
	return (len(q.Merchants) == 0 || slices.Contains(q.Merchants, e.Merchant)) && (len(q.States) == 0 || slices.Contains(q.States, e.State)) &&
		is(q.Endpoint, e.Endpoint) && is(q.Source, e.Source) && is(q.Type, e.Type) && is(q.Product, e.Product) &&
		is(q.Channel, e.Channel) && is(q.Key, e.Key)
}

// storedOf returns what is stored of events.
func (s *Store) storedOf(ctx context.Context, keys []eventKey) (map[eventKey]deliveries.Event, error) {
	all := make(map[eventKey]deliveries.Event, len(keys))
	list := make([][3]string, len(keys))
	for i, k := range keys {
		list[i] = [3]string{k.Source, k.Event, k.Endpoint}
	}
	asked, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	err = s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+eventColumns+` FROM open_event WHERE (source, event, endpoint) IN
			(SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each(?) j)`, string(asked))
		if err != nil {
			return err
		}
		return eachEvent(rows, func(e deliveries.Event) error {
			all[keyOf(e)] = e
			return nil
		})
	})
	return all, err
}

// eachEvent tells the events of rows of eventColumns, and closes them.
func eachEvent(rows *sql.Rows, tell func(e deliveries.Event) error) error {
	defer rows.Close()
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return err
		}
		if err := tell(e.Event); err != nil {
			return err
		}
	}
	return rows.Err()
}

// openKept is for how long an exhausted event is told of by OpenEvents.
const openKept = 24 * time.Hour

// OpenEvents tells of the events that wait to be delivered, pending and
// retrying, and of those that were exhausted within the last 24 hours,
// in no order. State is that of the last attempt: ask StateAt. Endpoints bounds
// it to these; nil stands for all.
//
// The events are told as they are read, about 100,000 a second, on one
// unchanging view: while tell is slow the write-ahead log of facts.db grows.
// An error of tell ends it and is returned. It holds up nobody, and blocks
// until all is told or ctx ends.
func (s *Store) OpenEvents(ctx context.Context, endpoints []string, tell func(deliveries.Event) error) error {
	since := time.Now().Add(-openKept)
	query := `SELECT ` + eventColumns + ` FROM open_event WHERE state IN ('pending', 'retrying', 'exhausted')
		AND (state <> 'exhausted' OR exhausts_at >= ?)`
	args := []any{since.UnixMicro()}
	if endpoints != nil {
		names, err := json.Marshal(endpoints)
		if err != nil {
			return fmt.Errorf("read open events: %w", err)
		}
		query += ` AND endpoint IN (SELECT value FROM json_each(?))`
		args = append(args, string(names))
	}
	err := s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		return eachEvent(rows, func(e deliveries.Event) error {
			if e.StateAt(since.Add(openKept)) == deliveries.EventExhausted && e.ExhaustsAt.Before(since) {
				return nil // its last try was never heard of
			}
			return tell(e)
		})
	})
	if err != nil {
		return fmt.Errorf("read open events: %w", err)
	}
	return nil
}

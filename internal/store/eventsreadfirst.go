package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// firstAttempts reads a page of events by the earliest try of each.
func (s *Store) firstAttempts(ctx context.Context, q ingest.EventQuery, from place, looked int) (page ingest.EventPage, err error) {
	asked := question{
		words: []wordIs{{"source", q.Source}, {"type", q.Type}, {"product", q.Product}, {"channel", q.Channel}}, key: q.Key,
		merchants: q.Merchants, endpoint: q.Endpoint, from: q.From, to: q.To, firsts: true,
	}
	w, err := s.walkFrom(from, &asked, looked)
	if err != nil {
		return page, err
	}
	var last place
	for len(w.files) > 0 {
		if w.left <= 0 {
			page.Next = w.place(placeFirst).cursor()
			return page, nil
		}
		file := w.files[0]
		rows, err := w.next(ctx, s, &asked, q.Limit+1-len(page.Events))
		if err != nil {
			return page, err
		}
		found, err := s.tellFirst(ctx, &q, file, rows)
		if err != nil {
			return page, err
		}
		for _, f := range found {
			if len(page.Events) == q.Limit {
				page.Next = last.cursor()
				return page, nil
			}
			page.Events, last = append(page.Events, f.Event), f.place
		}
	}
	return page, nil
}

// tellFirst makes events of rows that are the earliest of their files, leaves
// out those that other files have an earlier try of, and what is not asked for.
func (s *Store) tellFirst(ctx context.Context, q *ingest.EventQuery, f historyFile, rows []readRow) ([]storedRow, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	keys := make([]eventKey, len(rows))
	for i := range rows {
		keys[i] = rows[i].key()
	}
	stored, err := s.storedOf(ctx, keys)
	if err != nil {
		return nil, err
	}
	later, err := s.later(ctx, f, rows, stored)
	if err != nil {
		return nil, err
	}
	var firsts []readRow
	for i := range rows {
		if !later[i] {
			firsts = append(firsts, rows[i])
		}
	}
	if err := s.tellUnstored(ctx, firsts, stored); err != nil {
		return nil, err
	}
	var found []storedRow
	for i := range firsts {
		e := stored[firsts[i].key()]
		e.State = e.StateAt(q.Now)
		if meets(q, &e) {
			found = append(found, storedRow{e, place{kind: placeFirst, file: f.key(), id: firsts[i].id}})
		}
	}
	return found, nil
}

// earlierFrom says from when on an earlier try of the event of r would have
// started. The zero time: whenever.
func earlierFrom(r *readRow, stored map[eventKey]deliveries.Event) time.Time {
	from := r.StartedAt
	switch {
	case !r.CreatedAt.IsZero():
		from = earliest(from, r.CreatedAt)
	case r.Number != 1 || r.Trigger == deliveries.Manual:
		return time.Time{}
	}
	if e, ok := stored[r.key()]; ok {
		from = earliest(from, e.FirstAttemptAt)
	}
	return from.Add(-strayBack)
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// later reports of each row of f whether another file has a try of the same
// event that started before.
func (s *Store) later(ctx context.Context, f historyFile, rows []readRow, stored map[eventKey]deliveries.Event) ([]bool, error) {
	later := make([]bool, len(rows))
	files, err := s.historyFiles()
	if err != nil {
		return nil, err
	}
	for _, other := range files {
		var which []int
		for i := range rows {
			if !later[i] && other.key() != f.key() && other.from.Before(rows[i].StartedAt) && earlierFrom(&rows[i], stored).Before(other.to) {
				which = append(which, i)
			}
		}
		if len(which) == 0 {
			continue
		}
		if err := s.lookInto(ctx, other, func(tx *sql.Tx) error { return markLater(ctx, tx, rows, which, later) }); err != nil {
			return nil, err
		}
	}
	return later, nil
}

// markLater marks those of some rows that come after another try in this file.
func markLater(ctx context.Context, tx *sql.Tx, rows []readRow, which []int, later []bool) error {
	list := make([]any, len(which))
	for n, i := range which {
		r := &rows[i]
		list[n] = []any{i, eventHash(r.Source, r.Event), r.Source, r.Event, r.Endpoint, r.StartedAt.UnixMicro()}
	}
	asked, err := json.Marshal(list)
	if err != nil {
		return err
	}
	found, err := tx.QueryContext(ctx, `SELECT DISTINCT j.value ->> 0 FROM json_each(?) j
		CROSS JOIN attempt a ON a.event = j.value ->> 1 AND a.event_id = j.value ->> 3 AND a.share <> 0 AND a.started_at < j.value ->> 5
		CROSS JOIN word s ON s.id = a.source AND s.value = j.value ->> 2 CROSS JOIN word e ON e.id = a.endpoint AND e.value = j.value ->> 4`,
		string(asked))
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var i int
		if err := found.Scan(&i); err != nil {
			return err
		}
		later[i] = true
	}
	return found.Err()
}

// tellUnstored adds the events of first tries that are not stored. One whose
// first try was delivered never failed, and is told from it. One whose first
// try failed was stored once, or will be in a moment: all its tries tell of
// it, by no schedule.
func (s *Store) tellUnstored(ctx context.Context, firsts []readRow, stored map[eventKey]deliveries.Event) error {
	tries := map[eventKey]keptTries{}
	var from time.Time
	var hashes []int64
	for i := range firsts {
		r := &firsts[i]
		if _, ok := stored[r.key()]; ok {
			continue
		}
		if r.Fault == probes.FaultNone {
			stored[r.key()] = eventOfTries(r.key(), keptTries{r.try()})
			continue
		}
		tries[r.key()] = nil
		hashes = append(hashes, eventHash(r.Source, r.Event))
		if from.IsZero() || r.StartedAt.Before(from) {
			from = r.StartedAt
		}
	}
	if len(tries) == 0 {
		return nil
	}
	files, err := s.historyFiles()
	if err != nil {
		return err
	}
	for _, f := range files {
		if !from.Before(f.to) {
			continue
		}
		some := map[eventKey]keptTries{}
		if err := s.lookInto(ctx, f, func(tx *sql.Tx) error {
			for k := range tries {
				some[k] = nil
			}
			return readTries(ctx, tx, hashes, some)
		}); err != nil {
			return err
		}
		for k, list := range some {
			tries[k] = append(tries[k], list...)
		}
	}
	for k, list := range tries {
		stored[k] = eventOfTries(k, list)
	}
	return nil
}

// eventOfTries returns the event that tries make by no schedule, to the
// microsecond as if it were stored. It does what keptTries.event does, for
// events that never failed too.
func eventOfTries(k eventKey, list keptTries) deliveries.Event {
	unknown, _ := deliveries.Preset("unknown")
	stored, failed := list.event(touch{eventKey: k}, unknown, 0)
	e := stored.Event
	if !failed {
		e = deliveredAtOnce(k, list, unknown)
	}
	for _, t := range []*time.Time{&e.FirstAttemptAt, &e.LastAttemptAt, &e.DeliveredAt} {
		if !t.IsZero() {
			*t = t.Truncate(time.Microsecond)
		}
	}
	return e
}

// deliveredAtOnce returns the event of tries none of which failed.
func deliveredAtOnce(k eventKey, list keptTries, s deliveries.Schedule) deliveries.Event {
	slices.SortFunc(list, keptTry.compare)
	base := deliveries.Event{Source: k.Source, ID: k.Event, Endpoint: k.Endpoint}
	seen := make(map[[16]byte]bool, len(list))
	tries := make([]deliveries.Try, 0, len(list))
	for _, one := range list {
		if seen[one.identity] { // told twice, on two days
			continue
		}
		seen[one.identity] = true
		tries = append(tries, one.Try)
		base.Merchant, base.Type = cmp.Or(base.Merchant, one.merchant), cmp.Or(base.Type, one.kind)
		base.Product, base.Channel, base.Key = cmp.Or(base.Product, one.product), cmp.Or(base.Channel, one.channel), cmp.Or(base.Key, one.key)
		base.OccurredAt, base.CreatedAt = cmp.Or(base.OccurredAt, one.occurred), cmp.Or(base.CreatedAt, one.created)
	}
	return deliveries.EventOf(base, tries, s)
}

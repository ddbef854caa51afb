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

// eventKey names an event at one endpoint.
type eventKey struct {
	Source, Event, Endpoint string
}

func (k eventKey) compare(o eventKey) int {
	return cmp.Or(cmp.Compare(k.Source, o.Source), cmp.Compare(k.Event, o.Event), cmp.Compare(k.Endpoint, o.Endpoint))
}

// touch is an event that a group may have changed.
type touch struct {
	eventKey

	from    time.Time // no try is looked for that started before
	expires time.Time // as the group says it; the slots do not keep it
}

// eventsAtOnce is how many events are told anew in one go: it bounds memory.
const eventsAtOnce = 2_000

// Follow tells the ledger by which schedule an endpoint's events are repeated,
// and brings the events up to date with the slots when facts.db does not have
// them: it was made anew, or written by a version that kept none. told hears
// of each event that was told anew; nil: nobody. Call it before Apply; without
// it no schedule is known.
func (l *Ledger) Follow(ctx context.Context, schedule func(endpoint, source string) deliveries.Schedule, told func(Told)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.schedule, l.told = schedule, told
	return l.rebuildEvents(ctx)
}

// Told is an event that was told anew.
type Told struct {
	deliveries.Event

	// Retries are those that were heard of now, where the schedule is not known
	// or was learnt.
	Retries []deliveries.Retry
}

// touches collects the events that rows may have changed: those with a failed
// try among the rows, and those that are stored already. An event that was
// delivered at once is not stored, and costs a look into a filter.
func (l *Ledger) touches(ctx context.Context, rows []attemptRow, all map[eventKey]touch) error {
	if err := l.loadStored(ctx); err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		a := &r.entry.Attempt
		if !r.verdict.Kept() {
			continue
		}
		k := eventKey{a.Source, a.Event, a.Endpoint}
		if r.gone != nil {
			gone := eventKey{a.Source, cmp.Or(r.gone.event, a.Event), r.gone.endpoint}
			l.touch(all, gone, a, r.gone.started)
		}
		if r.share != ingest.NoShare && (r.fault != probes.FaultNone || r.gone != nil || l.stored.has(k)) {
			l.touch(all, k, a, a.StartedAt)
		}
	}
	return nil
}

// touch notes one event. How far back its tries are looked for depends on
// which try this is: the original is the first.
func (l *Ledger) touch(all map[eventKey]touch, k eventKey, a *deliveries.Attempt, started time.Time) {
	if k.Endpoint == "" || k.Event == "" {
		return
	}
	back := strayBack
	switch {
	case a.Trigger == deliveries.Manual:
		back += manualBack
	case a.Number > 1:
		back += unknownBack
		if s := l.scheduleOf(k); s.Known() && len(s.Offsets) > 0 {
			back = s.Offsets[len(s.Offsets)-1] + strayBack
		}
	}
	t, known := all[k]
	if from := started.Add(-back); !known || from.Before(t.from) {
		t.eventKey, t.from = k, from
	}
	if !a.ExpiresAt.IsZero() && (t.expires.IsZero() || a.ExpiresAt.Before(t.expires)) {
		t.expires = a.ExpiresAt
	}
	all[k] = t
}

// How long before a try others are looked for. An event that is stored is
// looked for from its first try on, whatever these say.
const (
	strayBack   = 2 * time.Hour       // that nobody would expect there: senders whose clocks differ
	unknownBack = 3 * 24 * time.Hour  // before a retry by a schedule that is not known: most presets are over by then
	manualBack  = 30 * 24 * time.Hour // before a manual one: people resend what was delivered weeks ago
)

func (l *Ledger) scheduleOf(k eventKey) deliveries.Schedule {
	if l.schedule == nil {
		s, _ := deliveries.Preset("unknown")
		return s
	}
	return l.schedule(k.Endpoint, k.Source)
}

// tellAnew makes each touched event of all of its tries. Order, repeats and
// crashes change nothing: the rows in the slots decide. An event none of whose
// tries failed is gone. Tries from the position since on are news.
func (l *Ledger) tellAnew(ctx context.Context, all map[eventKey]touch, since int64) (kept []storedEvent, gone []eventKey, err error) {
	list := make([]touch, 0, len(all))
	for _, t := range all {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b touch) int { return a.compare(b.eventKey) })
	for some := range slices.Chunk(list, eventsAtOnce) {
		if err := l.widen(ctx, some); err != nil {
			return nil, nil, err
		}
		tries, err := l.triesOf(ctx, some)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range some {
			e, ok := tries[t.eventKey].event(t, l.scheduleOf(t.eventKey), since)
			if !ok {
				gone = append(gone, t.eventKey)
				continue
			}
			if kept = append(kept, e); l.told != nil {
				l.told(Told{Event: e.Event, Retries: e.retries})
			}
		}
	}
	return kept, gone, nil
}

// widen lets the search of events that are stored begin with their first try,
// and keeps what slots do not have.
func (l *Ledger) widen(ctx context.Context, some []touch) error {
	keys := make([][3]string, len(some))
	for i, t := range some {
		keys[i] = [3]string{t.Source, t.Event, t.Endpoint}
	}
	asked, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return l.s.facts.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT j.key, e.first_attempt_at, coalesce(e.expires_at, 0) FROM json_each(?) j
			CROSS JOIN open_event e ON e.source = j.value ->> 0 AND e.event = j.value ->> 1 AND e.endpoint = j.value ->> 2`, string(asked))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i int
			var first, expires int64
			if err := rows.Scan(&i, &first, &expires); err != nil {
				return err
			}
			t := &some[i]
			if at := moment(first).Add(-strayBack); at.Before(t.from) {
				t.from = at
			}
			if at := moment(expires); expires != 0 && (t.expires.IsZero() || at.Before(t.expires)) {
				t.expires = at
			}
		}
		return rows.Err()
	})
}

// storedEvent is an event with what its row has besides.
type storedEvent struct {
	deliveries.Event

	position int64 // of the last attempt that is in it
	retries  []deliveries.Retry
}

// writeEvents brings the table up to date.
func (l *Ledger) writeEvents(ctx context.Context, tx *sql.Tx, kept []storedEvent, gone []eventKey) error {
	if len(kept) > 0 {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO open_event (`+eventColumns+`) VALUES `+tuples(1, eventColumnCount)+`
			ON CONFLICT (source, event, endpoint) DO UPDATE SET `+eventUpdates())
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := range kept {
			if _, err := insert.ExecContext(ctx, kept[i].args()...); err != nil {
				return err
			}
			l.stored.add(keyOf(kept[i].Event))
		}
	}
	for _, k := range gone {
		if !l.stored.has(k) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM open_event WHERE source = ? AND event = ? AND endpoint = ?`, k.Source, k.Event, k.Endpoint); err != nil {
			return err
		}
	}
	return nil
}

func keyOf(e deliveries.Event) eventKey { return eventKey{e.Source, e.ID, e.Endpoint} }

package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// keptTry is one row of an event.
type keptTry struct {
	deliveries.Try

	identity                              [16]byte
	content                               uint64
	position                              int64
	merchant, kind, product, channel, key string
	occurred, created                     time.Time
}

// keptTries are the rows of one event.
type keptTries []keptTry

// triesOf reads all tries of events, each from the days in which it may have
// some: from the slots, and of days whose slots were dropped from the failures.
// Days that have neither have none.
func (l *Ledger) triesOf(ctx context.Context, some []touch) (map[eventKey]keptTries, error) {
	days, err := l.slots.days()
	if err != nil {
		return nil, err
	}
	all := make(map[eventKey]keptTries, len(some))
	for _, t := range some {
		all[t.eventKey] = nil
	}
	for _, day := range days {
		var hashes []int64
		for _, t := range some {
			if day >= dayOf(t.from) {
				hashes = append(hashes, eventHash(t.Source, t.Event))
			}
		}
		if len(hashes) == 0 {
			continue
		}
		if err := l.slots.read(ctx, day, func(tx *sql.Tx) error { return readTries(ctx, tx, hashes, all) }); err != nil {
			return nil, fmt.Errorf("look for tries of %s: %w", day, err)
		}
	}
	return all, l.carriedTries(ctx, some, all)
}

// days returns the days that have a slot, oldest first.
func (s *slots) days() ([]string, error) {
	files, err := os.ReadDir(s.dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list slots: %w", err)
	}
	var days []string
	for _, f := range files {
		day, isSlot := strings.CutSuffix(f.Name(), ".db")
		if _, err := time.Parse(time.DateOnly, day); isSlot && err == nil {
			days = append(days, day)
		}
	}
	return days, nil
}

// readTries adds the tries of events, by their hashes, to those that are
// asked for. What is in test mode or synthetic is no try.
func readTries(ctx context.Context, tx *sql.Tx, hashes []int64, all map[eventKey]keptTries) error {
	asked, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT s.value, a.event_id, e.value, a.identity, a.content, a.position, a.number, a.manual,
			coalesce(actor.value, ''), a.started_at, a.started_ns, a.duration_us, a.status, coalesce(f.value, ''), coalesce(m.value, ''),
			coalesce(t.value, ''), coalesce(p.value, ''), coalesce(c.value, ''), a.key, coalesce(a.occurred_at, 0), coalesce(a.created_at, 0)
		FROM (SELECT DISTINCT value FROM json_each(?)) j CROSS JOIN attempt a ON a.event = j.value
			JOIN word s ON s.id = a.source JOIN word e ON e.id = a.endpoint
			LEFT JOIN word actor ON actor.id = a.actor LEFT JOIN word f ON f.id = a.fault LEFT JOIN word m ON m.id = a.merchant
			LEFT JOIN word t ON t.id = a.type LEFT JOIN word p ON p.id = a.product LEFT JOIN word c ON c.id = a.channel
		WHERE a.share <> 0`, string(asked))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		k, t, err := scanTry(rows)
		if err != nil {
			return err
		}
		if list, wanted := all[k]; wanted {
			all[k] = append(list, t)
		}
	}
	return rows.Err()
}

func scanTry(rows *sql.Rows) (k eventKey, t keptTry, err error) {
	var identity sql.RawBytes
	var content, started, nanos, duration, occurred, created int64
	var fault string
	err = rows.Scan(&k.Source, &k.Event, &k.Endpoint, &identity, &content, &t.position, &t.Number, &t.Manual, &t.Actor, &started, &nanos,
		&duration, &t.Status, &fault, &t.merchant, &t.kind, &t.product, &t.channel, &t.key, &occurred, &created)
	if err != nil {
		return k, t, err
	}
	copy(t.identity[:], identity)
	t.content = uint64(content)
	t.StartedAt, t.Duration = startedOf(started, nanos), time.Duration(duration)*time.Microsecond
	t.Fault = cmp.Or(probes.Fault(fault), probes.FaultNone)
	t.occurred, t.created = moment(occurred), moment(created)
	return k, t, nil
}

// compare orders tries by start; the rest makes the order total.
func (t keptTry) compare(o keptTry) int {
	return cmp.Or(t.StartedAt.Compare(o.StartedAt), cmp.Compare(t.content, o.content), bytes.Compare(t.identity[:], o.identity[:]))
}

// event returns the event that the tries make; false when none of them failed.
// Facets are those of the first try that tells them. What the log had before
// since was told of before.
func (list keptTries) event(t touch, s deliveries.Schedule, since int64) (e storedEvent, ok bool) {
	if !slices.ContainsFunc(list, func(t keptTry) bool { return t.Fault != probes.FaultNone }) {
		return storedEvent{}, false
	}
	slices.SortFunc(list, keptTry.compare)
	base := deliveries.Event{Source: t.Source, ID: t.Event, Endpoint: t.Endpoint, ExpiresAt: t.expires}
	seen := make(map[[16]byte]bool, len(list))
	tries, fresh := make([]deliveries.Try, 0, len(list)), make([]bool, 0, len(list))
	var position int64
	for _, one := range list {
		position = max(position, one.position)
		if seen[one.identity] { // told twice, on two days
			continue
		}
		seen[one.identity] = true
		tries, fresh = append(tries, one.Try), append(fresh, one.position >= since)
		base.Merchant, base.Type = cmp.Or(base.Merchant, one.merchant), cmp.Or(base.Type, one.kind)
		base.Product, base.Channel, base.Key = cmp.Or(base.Product, one.product), cmp.Or(base.Channel, one.channel), cmp.Or(base.Key, one.key)
		base.OccurredAt, base.CreatedAt = cmp.Or(base.OccurredAt, one.occurred), cmp.Or(base.CreatedAt, one.created)
	}
	e = storedEvent{Event: deliveries.EventOf(base, tries, s), position: position}
	if e.Schedule == deliveries.Learnt || !s.Known() {
		e.retries = deliveries.RetriesOf(tries, fresh)
	}
	return e, true
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// readRow is a row of a slot on its way out.
type readRow struct {
	ingest.Told

	id       int64
	identity [16]byte
	content  uint64
}

func (r *readRow) key() eventKey { return eventKey{r.Source, r.Event, r.Endpoint} }

// readColumns are what scanRow reads of attempt a. The words are looked up
// afterwards: joined, they take longer to parse than a page takes to read.
const readColumns = `a.id, a.identity, a.content, a.share, a.event_id, a.attempt_id, a.key, a.number, a.manual, a.test,
	a.occurred_at, a.created_at, a.started_at, a.started_ns, a.received_at, a.duration_us, a.status, a.error,
	a.source, a.merchant, a.endpoint, a.type, a.product, a.channel, a.actor, a.fault`

// rowWords are the numbers of the words of a row.
type rowWords struct{ source, merchant, endpoint, kind, product, channel, actor, fault int64 }

// readRows returns the rows that a query of readColumns finds in one file.
func readRows(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]readRow, error) {
	found, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []readRow
	var words []rowWords
	for found.Next() {
		r, w, err := scanRow(found)
		if err != nil {
			return nil, err
		}
		rows, words = append(rows, r), append(words, w)
	}
	if err := found.Err(); err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows, nameWords(ctx, tx, rows, words)
}

// nameWords puts the words of rows in.
func nameWords(ctx context.Context, tx *sql.Tx, rows []readRow, words []rowWords) error {
	names := map[int64]string{}
	for _, w := range words {
		for _, id := range []int64{w.source, w.merchant, w.endpoint, w.kind, w.product, w.channel, w.actor, w.fault} {
			names[id] = ""
		}
	}
	asked, err := json.Marshal(slices.Collect(maps.Keys(names)))
	if err != nil {
		return err
	}
	found, err := tx.QueryContext(ctx, `SELECT id, value FROM word WHERE id IN (SELECT value FROM json_each(?))`, string(asked))
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var id int64
		var value string
		if err := found.Scan(&id, &value); err != nil {
			return err
		}
		names[id] = value
	}
	for i, w := range words {
		r := &rows[i]
		r.Source, r.Merchant, r.Endpoint, r.Type = names[w.source], names[w.merchant], names[w.endpoint], names[w.kind]
		r.Product, r.Channel, r.Actor = names[w.product], names[w.channel], names[w.actor]
		r.Fault = cmp.Or(probes.Fault(names[w.fault]), probes.FaultNone)
	}
	return found.Err()
}

// scanRow reads a row of readColumns, all but its words.
func scanRow(rows *sql.Rows) (r readRow, w rowWords, err error) {
	var identity sql.RawBytes
	var content, started, nanos, received, duration int64
	var occurred, created sql.NullInt64
	var manual, test bool
	a := &r.Attempt
	err = rows.Scan(&r.id, &identity, &content, &r.Share, &a.Event, &a.ID, &a.Key, &a.Number, &manual, &test,
		&occurred, &created, &started, &nanos, &received, &duration, &a.Status, &a.Error,
		&w.source, &w.merchant, &w.endpoint, &w.kind, &w.product, &w.channel, &w.actor, &w.fault)
	if err != nil {
		return r, w, err
	}
	copy(r.identity[:], identity)
	r.content = uint64(content)
	a.OccurredAt, a.CreatedAt = instantOf(occurred), instantOf(created)
	a.StartedAt, r.Received = startedOf(started, nanos), startedOf(received, 0)
	a.Duration = time.Duration(duration) * time.Microsecond
	a.Trigger, a.Mode = deliveries.Automatic, deliveries.Live
	if manual {
		a.Trigger = deliveries.Manual
	}
	if test {
		a.Mode = deliveries.Test
	}
	return r, w, nil
}

// instantOf is the other way of instant.
func instantOf(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}

// try is the row as its event needs it.
func (r *readRow) try() keptTry {
	return keptTry{
		Try: deliveries.Try{
			Number: r.Number, Manual: r.Trigger == deliveries.Manual, Actor: r.Actor, StartedAt: r.StartedAt,
			Duration: r.Duration, Status: r.Status, Fault: r.Fault,
		},
		identity: r.identity, content: r.content, merchant: r.Merchant, kind: r.Type, product: r.Product, channel: r.Channel,
		key: r.Key, occurred: r.OccurredAt, created: r.CreatedAt,
	}
}

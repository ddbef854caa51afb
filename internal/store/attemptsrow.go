package store

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// attemptRow is an entry on its way into its slot.
type attemptRow struct {
	entry    *ingest.Entry
	index    int // in the group
	identity [16]byte
	content  uint64 // the order of contents is that of their whole hashes

	// What became of it.
	verdict ingest.Verdict
	share   ingest.Share // as it is stored, which is how it was counted
	fault   probes.Fault // likewise
	took    time.Duration
	gone    *counted // of Replaced: what went
}

// counted is a row of a slot as far as tallies are concerned.
type counted struct {
	position                   int64
	started                    time.Time
	share                      ingest.Share
	fault                      probes.Fault
	took                       time.Duration // until the answer; below 0: there was none, or nobody said
	endpoint, product, channel string
	event                      string // of a row that gave way; empty: that of what came in its place
}

func newAttemptRow(e *ingest.Entry, index int) attemptRow {
	return attemptRow{
		entry: e, index: index, identity: e.Attempt.Identity(), content: contentOf(&e.Attempt),
		share: e.Share(), fault: e.Fault, took: tookOf(e.Attempt.Status, e.Attempt.Duration.Microseconds()),
	}
}

// tookOf is how long an answer took, to the microsecond that is stored.
func tookOf(status int, micros int64) time.Duration {
	if status == 0 || micros <= 0 {
		return -1
	}
	return time.Duration(micros) * time.Microsecond
}

func contentOf(a *deliveries.Attempt) uint64 {
	h := a.ContentHash()
	return binary.BigEndian.Uint64(h[:8])
}

// compareRows orders rows by identity, and then as the log has them.
func compareRows(a, b attemptRow) int {
	return cmp.Or(bytes.Compare(a.identity[:], b.identity[:]), cmp.Compare(a.index, b.index))
}

// dayOf names the slot of an attempt.
func dayOf(started time.Time) string { return started.UTC().Format(time.DateOnly) }

// attemptColumns are the columns of attempt in the order of attemptRow.args.
const attemptColumns = `id, identity, position, content, share, source, event, event_id, attempt_id, merchant, endpoint, type,
	product, channel, key, number, manual, actor, test, occurred_at, created_at, started_at, started_ns, received_at, duration_us,
	status, fault, error`

const attemptColumnCount = 28

// args appends the values of a row with that id.
func (r *attemptRow) args(to []any, id int64, w *slotWriter) []any {
	e, a, words := r.entry, &r.entry.Attempt, w.word
	fault, failure := w.faultWord(e.Fault), ""
	if fault > 0 {
		failure = a.Error
	}
	own := ""
	if a.Trigger == deliveries.Manual || a.Number == 0 {
		own = a.ID
	}
	return append(to, id, r.identity[:], e.Position.Int64(), int64(r.content), int64(r.share),
		words("source", a.Source), eventHash(a.Source, a.Event), a.Event, own, words("merchant", a.Merchant),
		words("endpoint", a.Endpoint), words("type", a.Type), words("product", a.Product), words("channel", a.Channel), a.Key,
		int64(a.Number), yes(a.Trigger == deliveries.Manual), words("actor", a.Actor), yes(a.Mode == deliveries.Test),
		instant(a.OccurredAt), instant(a.CreatedAt), a.StartedAt.UnixMicro(), int64(a.StartedAt.Nanosecond()%1000),
		e.Received.UnixMicro(), a.Duration.Microseconds(), int64(a.Status), fault, failure)
}

func yes(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func instant(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// eventHash finds the attempts of an event; a reader compares the words too.
func eventHash(source, event string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(source + "\x00" + event)) // never fails
	return int64(h.Sum64() >> 1)
}

// startedOf is the moment that a row says.
func startedOf(micros, nanos int64) time.Time {
	return time.UnixMicro(micros).Add(time.Duration(nanos)).UTC()
}

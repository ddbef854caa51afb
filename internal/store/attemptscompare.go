package store

import (
	"cmp"
	"database/sql"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// kept is the row that a slot has of an identity.
type kept struct {
	position                   int64
	content                    uint64
	started, nanos             int64
	share                      ingest.Share
	took                       time.Duration
	fault                      int64 // a word, as the others
	endpoint, product, channel int64
	event                      string // of one that gave way, when it is another
}

// past is a row that gave way.
type past struct {
	kept
	by int64 // position of what came in its place
}

// compare judges the rows of a chunk one after the other, beside what is there
// after those that are new were inserted.
func (w *slotWriter) compare(rows []attemptRow, there map[[16]byte]kept) (err error) {
	for i := range rows {
		r := &rows[i]
		k, ok := there[r.identity]
		if !ok { // its id was taken, not its identity
			if err := w.insertOne(r); err != nil {
				return err
			}
			r.verdict = ingest.Counted
			if there[r.identity], err = w.keptOf(r); err != nil {
				return err
			}
			continue
		}
		history, err := w.history(r.identity)
		if err != nil {
			return err
		}
		if there[r.identity], err = w.judge(r, k, history); err != nil {
			return err
		}
	}
	return nil
}

// judge says what becomes of r beside k, the row that is there, and returns
// the row that is there then. The lower one of two that contradict each other
// stays, by start and then by content, in whatever order they come. What was
// judged before is judged alike: a replay is known by its position.
func (w *slotWriter) judge(r *attemptRow, k kept, history []past) (kept, error) {
	position := r.entry.Position.Int64()
	if k.position == position {
		return k, w.again(r, k, history)
	}
	for _, p := range history {
		if p.position == position {
			return k, w.again(r, p.kept, history)
		}
	}
	switch {
	case r.content == before(position, k, history).content:
		r.verdict = ingest.Duplicate
		return k, nil
	case !r.lower(k):
		r.verdict = ingest.Contradicted
		return k, nil
	default:
		return w.replace(r, k)
	}
}

// before returns the row that was there before position: k, unless that came
// later and this is a replay.
func before(position int64, k kept, history []past) kept {
	if k.position < position {
		return k
	}
	then := past{kept: k}
	for _, p := range history {
		if p.position < position && (then.position > position || p.position > then.position) {
			then = p
		}
	}
	return then.kept
}

// again says of a row that was kept before what was said then.
func (w *slotWriter) again(r *attemptRow, k kept, history []past) error {
	fault, err := w.faultName(k.fault)
	if err != nil {
		return err
	}
	r.verdict, r.share, r.fault, r.took = ingest.Counted, k.share, fault, k.took
	for _, p := range history {
		if p.by == r.entry.Position.Int64() {
			r.verdict = ingest.Replaced
			return w.gone(r, p.kept)
		}
	}
	return nil
}

func (r *attemptRow) lower(k kept) bool {
	a := &r.entry.Attempt
	return cmp.Or(cmp.Compare(a.StartedAt.UnixMicro(), k.started), cmp.Compare(int64(a.StartedAt.Nanosecond()%1000), k.nanos),
		cmp.Compare(r.content, k.content)) < 0
}

// replace puts r in the place of k, which goes into the history.
func (w *slotWriter) replace(r *attemptRow, k kept) (kept, error) {
	r.verdict = ingest.Replaced
	if err := w.tx.QueryRowContext(w.ctx, `SELECT event_id FROM attempt WHERE identity = ?`, r.identity[:]).Scan(&k.event); err != nil {
		return kept{}, err
	}
	if err := w.gone(r, k); err != nil {
		return kept{}, err
	}
	if _, err := w.tx.ExecContext(w.ctx, `INSERT INTO replaced (identity, position, by_position, content, started_at, share,
			took_us, fault, endpoint, product, channel, event) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.identity[:], k.position, r.entry.Position.Int64(), int64(k.content), k.started, int64(k.share),
		tookMicros(k.took), k.fault, k.endpoint, k.product, k.channel, k.event); err != nil {
		return kept{}, err
	}
	if _, err := w.tx.ExecContext(w.ctx, `DELETE FROM attempt WHERE identity = ?`, r.identity[:]); err != nil {
		return kept{}, err
	}
	if err := w.insertOne(r); err != nil {
		return kept{}, err
	}
	w.contradicted, w.looked = true, true
	return w.keptOf(r)
}

func (w *slotWriter) keptOf(r *attemptRow) (kept, error) {
	a := &r.entry.Attempt
	k := kept{
		position: r.entry.Position.Int64(), content: r.content, started: a.StartedAt.UnixMicro(), nanos: int64(a.StartedAt.Nanosecond() % 1000),
		share: r.share, took: r.took, fault: w.faultWord(r.fault),
		endpoint: w.word("endpoint", a.Endpoint), product: w.word("product", a.Product), channel: w.word("channel", a.Channel),
	}
	return k, w.err
}

// gone notes in r how k was counted.
func (w *slotWriter) gone(r *attemptRow, k kept) error {
	c := &counted{position: k.position, started: startedOf(k.started, 0), share: k.share, took: k.took, event: k.event}
	var err error
	if c.fault, err = w.faultName(k.fault); err != nil {
		return err
	}
	for _, word := range []struct {
		id int64
		to *string
	}{{k.endpoint, &c.endpoint}, {k.product, &c.product}, {k.channel, &c.channel}} {
		if *word.to, err = w.name(word.id); err != nil {
			return err
		}
	}
	r.gone = c
	return nil
}

// tookMicros is what the column took_us has of it.
func tookMicros(took time.Duration) int64 {
	if took < 0 {
		return -1
	}
	return took.Microseconds()
}

func tookFrom(micros int64) time.Duration {
	if micros < 0 {
		return -1
	}
	return time.Duration(micros) * time.Microsecond
}

func hasAll(there map[[16]byte]kept, rows []attemptRow) bool {
	for i := range rows {
		if _, ok := there[rows[i].identity]; !ok {
			return false
		}
	}
	return true
}

// there returns what the slot has of the identities of rows.
func (w *slotWriter) there(rows []attemptRow) (map[[16]byte]kept, error) {
	args := make([]any, len(rows))
	for i := range rows {
		args[i] = rows[i].identity[:]
	}
	found, err := w.query(args)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	there := make(map[[16]byte]kept, len(rows))
	for found.Next() {
		var identity []byte
		var k kept
		var content, duration int64
		var status int
		if err := found.Scan(&identity, &k.position, &content, &k.started, &k.nanos, &k.share,
			&status, &duration, &k.fault, &k.endpoint, &k.product, &k.channel); err != nil {
			return nil, err
		}
		k.took = tookOf(status, duration)
		if len(identity) != 16 {
			return nil, &DamagedError{File: "attempts slot", Detail: "an identity does not have 16 bytes"}
		}
		k.content = uint64(content)
		there[[16]byte(identity)] = k
	}
	return there, found.Err()
}

func (w *slotWriter) query(args []any) (*sql.Rows, error) {
	if len(args) < chunkRows {
		return w.tx.QueryContext(w.ctx, findAttempts(len(args)), args...)
	}
	if w.find == nil {
		var err error
		if w.find, err = w.tx.PrepareContext(w.ctx, findAttempts(chunkRows)); err != nil {
			return nil, err
		}
	}
	return w.find.QueryContext(w.ctx, args...)
}

func findAttempts(n int) string {
	return `SELECT identity, position, content, started_at, started_ns, share, status, duration_us, fault, endpoint, product, channel
		FROM attempt WHERE identity IN (` + strings.TrimSuffix(strings.Repeat("?,", n), ",") + `)`
}

// history returns what gave way under an identity.
func (w *slotWriter) history(identity [16]byte) ([]past, error) {
	if !w.looked {
		if err := w.tx.QueryRowContext(w.ctx, `SELECT EXISTS (SELECT 1 FROM replaced)`).Scan(&w.contradicted); err != nil {
			return nil, err
		}
		w.looked = true
	}
	if !w.contradicted { // the rule: whole batches are repeated, and nobody contradicts himself
		return nil, nil
	}
	rows, err := w.tx.QueryContext(w.ctx, `SELECT position, by_position, content, started_at, share, took_us, fault, endpoint, product, channel, event
		FROM replaced WHERE identity = ?`, identity[:])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []past
	for rows.Next() {
		var p past
		var content, took int64
		if err := rows.Scan(&p.position, &p.by, &content, &p.started, &p.share, &took, &p.fault, &p.endpoint, &p.product, &p.channel, &p.event); err != nil {
			return nil, err
		}
		p.content, p.took = uint64(content), tookFrom(took)
		all = append(all, p)
	}
	return all, rows.Err()
}

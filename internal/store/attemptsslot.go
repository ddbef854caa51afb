package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

const (
	// chunkRows is how many rows one statement inserts: what a statement costs
	// beside its rows is shared by so many.
	chunkRows = 64
	// idTries is how often another number is drawn for a row whose number is taken.
	idTries = 8
	// slotWords bounds the words that an open slot remembers.
	slotWords = 200_000
)

// slotState is what the applier remembers of an open slot.
type slotState struct {
	words   map[slotWord]int64
	names   map[int64]string // the other way, of those that were asked for
	counter uint32           // of the ids
	seeded  bool
}

type slotWord struct{ kind, value string }

// slotWriter writes rows within one transaction.
type slotWriter struct {
	*slotState
	ctx  context.Context // of the transaction; the writer ends with it
	tx   *sql.Tx
	many *sql.Stmt // inserts chunkRows
	find *sql.Stmt // finds chunkRows
	err  error     // of words, which args cannot return

	repeating    bool // the last chunk had nothing new
	looked       bool // whether the slot has a history
	contradicted bool // it has
}

// write brings rows, sorted by compareRows, into the slot and says what became
// of each.
func (w *slotWriter) write(rows []attemptRow) error {
	for len(rows) > 0 {
		n := min(len(rows), chunkRows)
		if err := w.chunk(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// chunk inserts rows. When all of them are new, which is the rule, that is all;
// otherwise each is compared with what is there.
func (w *slotWriter) chunk(rows []attemptRow) error {
	if w.repeating {
		there, err := w.there(rows)
		if err != nil {
			return err
		}
		if hasAll(there, rows) {
			return w.compare(rows, there)
		}
	}
	args := make([]any, 0, len(rows)*attemptColumnCount)
	for i := range rows {
		if i == 0 || rows[i].identity != rows[i-1].identity { // a second one is compared with the first, even when that has to try again
			args = rows[i].args(args, w.nextID(&rows[i]), w)
		}
	}
	if w.err != nil {
		return w.err
	}
	inserted, err := w.insert(len(args)/attemptColumnCount, args)
	if err != nil {
		return err
	}
	w.repeating = inserted == 0
	if inserted == int64(len(rows)) {
		for i := range rows {
			rows[i].verdict = ingest.Counted
		}
		return nil
	}
	there, err := w.there(rows)
	if err != nil {
		return err
	}
	return w.compare(rows, there)
}

// insert inserts n rows, and leaves out those whose identity or id is taken.
func (w *slotWriter) insert(n int, args []any) (inserted int64, err error) {
	var res sql.Result
	if n < chunkRows {
		res, err = w.tx.ExecContext(w.ctx, insertAttempts(n), args...)
	} else {
		if w.many == nil {
			if w.many, err = w.tx.PrepareContext(w.ctx, insertAttempts(chunkRows)); err != nil {
				return 0, err
			}
		}
		res, err = w.many.ExecContext(w.ctx, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func insertAttempts(n int) string {
	return `INSERT INTO attempt (` + attemptColumns + `) VALUES ` + tuples(n, attemptColumnCount) + ` ON CONFLICT DO NOTHING`
}

// tuples returns n times (?, ?, ...) with so many places.
func tuples(n, places int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", places), ",") + "),"
	return strings.TrimSuffix(strings.Repeat(one, n), ",")
}

// nextID returns a number for a row: the milliseconds of its start, and a
// counter of 20 bits. After a slot was opened the counter starts anywhere.
func (w *slotWriter) nextID(r *attemptRow) int64 {
	if !w.seeded {
		w.seeded, w.counter = true, uint32(r.content)
	}
	w.counter++
	return r.entry.Attempt.StartedAt.UnixMilli()<<20 | int64(w.counter&(1<<20-1))
}

// insertOne inserts a row whose identity is free.
func (w *slotWriter) insertOne(r *attemptRow) error {
	for range idTries {
		n, err := w.insert(1, r.args(nil, w.nextID(r), w))
		if err != nil || n == 1 {
			return err
		}
		w.counter += 0x9e37 // away from the run that is in the way
	}
	var last int64 // a million attempts in one millisecond: the sender knows the day at most, and so it goes to the end
	if err := w.tx.QueryRowContext(w.ctx, `SELECT max(id) FROM attempt`).Scan(&last); err != nil {
		return err
	}
	_, err := w.insert(1, r.args(nil, last+1, w))
	return err
}

// word returns the id of a word in this file, 0 for none. An error stays in
// w.err.
func (w *slotWriter) word(kind, value string) int64 {
	if value == "" || w.err != nil {
		return 0
	}
	if id, ok := w.words[slotWord{kind, value}]; ok {
		return id
	}
	id, err := w.lookUp(kind, value)
	if err != nil {
		w.err = err
		return 0
	}
	if w.words == nil || len(w.words) >= slotWords {
		w.words = map[slotWord]int64{}
	}
	w.words[slotWord{kind, strings.Clone(value)}] = id // value is a part of a longer text
	return id
}

// faultWord is the word of a fault, 0 for none.
func (w *slotWriter) faultWord(f probes.Fault) int64 {
	if f == probes.FaultNone {
		return 0
	}
	return w.word("fault", string(f))
}

// faultName is the fault with an id.
func (w *slotWriter) faultName(id int64) (probes.Fault, error) {
	if id == 0 {
		return probes.FaultNone, nil
	}
	name, err := w.name(id)
	return probes.Fault(name), err
}

// name returns the word with an id, "" for 0.
func (w *slotWriter) name(id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	if value, ok := w.names[id]; ok {
		return value, nil
	}
	var value string
	if err := w.tx.QueryRowContext(w.ctx, `SELECT value FROM word WHERE id = ?`, id).Scan(&value); err != nil {
		return "", err
	}
	if w.names == nil || len(w.names) >= slotWords {
		w.names = map[int64]string{}
	}
	w.names[id] = value
	return value, nil
}

func (w *slotWriter) lookUp(kind, value string) (id int64, err error) {
	if _, err := w.tx.ExecContext(w.ctx, `INSERT INTO word (kind, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, kind, value); err != nil {
		return 0, err
	}
	err = w.tx.QueryRowContext(w.ctx, `SELECT id FROM word WHERE kind = ? AND value = ?`, kind, value).Scan(&id)
	return id, err
}

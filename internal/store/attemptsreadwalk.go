package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"
)

const (
	// rowsLooked bounds the rows that one call looks at: about half a second.
	rowsLooked = 200_000
	// longestStretch is how many rows are looked at in one go.
	longestStretch = 20_000
	idBits         = 20 // of an id: the counter below its milliseconds
)

// question is what rows of files are asked for. The zero value is met by all.
type question struct {
	words     []wordIs // each of them
	merchants []string // one of these; empty: any
	endpoint  string   // the rows of this one alone are looked at; empty: of all
	failed    bool     // those alone that were not delivered
	key       string
	firsts    bool // those alone that no other try of their event comes before in the same file; no test mode, no pings
	from, to  time.Time
}

// wordIs asks for a column that has a word.
type wordIs struct{ column, value string }

// meeting is a question in the numbers of one file.
type meeting struct {
	run      string // the rows that are looked at
	runArgs  []any
	met      string // those of them that are wanted
	metArgs  []any
	low, top int64 // ids, half-open
}

const isFirst = ` AND a.share <> 0 AND a.endpoint <> 0 AND NOT EXISTS (SELECT 1 FROM attempt b
	WHERE b.event = a.event AND b.event_id = a.event_id AND b.source = a.source AND b.endpoint = a.endpoint AND b.share <> 0
		AND (b.started_at, b.started_ns, b.id) < (a.started_at, a.started_ns, a.id))`

// in translates the question for a file; nil when nothing in it meets it.
func (q *question) in(ctx context.Context, tx *sql.Tx) (*meeting, error) {
	m := &meeting{run: `TRUE`, low: 1, top: math.MaxInt64}
	if q.endpoint != "" {
		if err := m.word(ctx, tx, &m.run, &m.runArgs, wordIs{"endpoint", q.endpoint}); err != nil {
			return nil, noneOf(err)
		}
	}
	if q.failed {
		m.met += ` AND a.fault > 0`
	}
	for _, w := range q.words {
		if w.value == "" {
			continue
		}
		if err := m.word(ctx, tx, &m.met, &m.metArgs, w); err != nil {
			return nil, noneOf(err)
		}
	}
	if q.key != "" {
		m.met, m.metArgs = m.met+` AND a.key = ?`, append(m.metArgs, q.key)
	}
	if err := m.merchants(ctx, tx, q.merchants); err != nil {
		return nil, noneOf(err)
	}
	m.window(q.from, q.to)
	if q.firsts {
		m.met += isFirst
	}
	return m, nil
}

// noneOf is nil when a word is not in the file, and so no row has it.
func noneOf(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (m *meeting) word(ctx context.Context, tx *sql.Tx, to *string, args *[]any, w wordIs) error {
	var id int64
	if err := tx.QueryRowContext(ctx, `SELECT id FROM word WHERE kind = ? AND value = ?`, w.column, w.value).Scan(&id); err != nil {
		return err
	}
	*to, *args = *to+` AND a.`+w.column+` = ?`, append(*args, id)
	return nil
}

func (m *meeting) merchants(ctx context.Context, tx *sql.Tx, merchants []string) error {
	if len(merchants) == 0 {
		return nil
	}
	names, err := json.Marshal(merchants)
	if err != nil {
		return err
	}
	var ids sql.NullString
	if err := tx.QueryRowContext(ctx, `SELECT json_group_array(w.id) FILTER (WHERE w.id IS NOT NULL) FROM json_each(?) j
		CROSS JOIN word w ON w.kind = 'merchant' AND w.value = j.value`, string(names)).Scan(&ids); err != nil {
		return err
	}
	if !ids.Valid || ids.String == "[]" {
		return sql.ErrNoRows
	}
	m.met, m.metArgs = m.met+` AND a.merchant IN (SELECT value FROM json_each(?))`, append(m.metArgs, ids.String)
	return nil
}

// window bounds the start: by the id, which begins with its milliseconds, and
// to the nanosecond.
func (m *meeting) window(from, to time.Time) {
	if !from.IsZero() {
		m.low = max(m.low, from.UnixMilli()<<idBits)
		m.met += ` AND (a.started_at, a.started_ns) >= (?, ?)`
		m.metArgs = append(m.metArgs, from.UnixMicro(), from.Nanosecond()%1000)
	}
	if !to.IsZero() {
		m.top = (to.UnixMilli() + 1) << idBits
		m.met += ` AND (a.started_at, a.started_ns) < (?, ?)`
		m.metArgs = append(m.metArgs, to.UnixMicro(), to.Nanosecond()%1000)
	}
}

// walk goes through files, newest first.
type walk struct {
	files   []historyFile
	before  int64 // of the first of them, nothing with this id or a higher one is looked at any more
	carried int64 // likewise of failures: what is above was in slots that were read already
	left    int   // rows that may still be looked at
}

// place is where the walk stands.
func (w *walk) place(kind byte) place { return place{kind: kind, file: w.files[0].key(), id: w.before} }

// next returns up to want rows that meet the question, and goes on behind them.
// It returns fewer when a file is done, or when no more may be looked at.
func (w *walk) next(ctx context.Context, s *Store, q *question, want int) ([]readRow, error) {
	var rows []readRow
	f, from := w.files[0], w.before
	if f.failures {
		from = min(from, w.carried)
	}
	seen, before, looked := false, int64(0), 0 // a file that is gone is done
	err := s.lookInto(ctx, f, func(tx *sql.Tx) error {
		rows, seen, before, looked = nil, true, 0, 0
		m, err := q.in(ctx, tx)
		if m == nil || err != nil {
			return err
		}
		before = min(from, m.top)
		for stretch := 2*want + 64; before > 0 && len(rows) < want && looked < w.left; stretch *= 4 {
			n := min(stretch, longestStretch, w.left-looked)
			bound, err := m.bound(ctx, tx, before, n)
			if err != nil {
				return err
			}
			if rows, err = m.read(ctx, tx, rows, [2]int64{bound, before}, want); err != nil {
				return err
			}
			looked += n
			before = bound
			if bound <= m.low {
				before = 0
			}
			if len(rows) == want {
				before = rows[want-1].id
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.left -= looked
	if seen && !f.failures {
		w.carried = f.from.UnixMilli() << idBits
	}
	if w.before = before; before == 0 {
		w.files, w.before = w.files[1:], math.MaxInt64
	}
	return rows, nil
}

// bound returns the id of the nth row below before, or the lowest of all.
func (m *meeting) bound(ctx context.Context, tx *sql.Tx, before int64, n int) (int64, error) {
	if m.met == "" { // every row that is looked at is wanted
		return m.low, nil
	}
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT a.id FROM attempt a WHERE `+m.run+` AND a.id < ? AND a.id >= ? ORDER BY a.id DESC LIMIT 1 OFFSET ?`,
		slices.Concat(m.runArgs, []any{before, m.low, n - 1})...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return m.low, nil
	}
	return id, err
}

// read appends the wanted rows with ids in a half-open range, newest first,
// until there are that many.
func (m *meeting) read(ctx context.Context, tx *sql.Tx, to []readRow, ids [2]int64, upTo int) ([]readRow, error) {
	rows, err := readRows(ctx, tx, `SELECT `+readColumns+` FROM attempt a
		WHERE `+m.run+` AND a.id >= ? AND a.id < ?`+m.met+` ORDER BY a.id DESC LIMIT ?`,
		slices.Concat(m.runArgs, []any{ids[0], ids[1]}, m.metArgs, []any{upTo - len(to)})...)
	return append(to, rows...), err
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	minuteSeconds = 60 // of a step that is called a minute, at most

	// minutesKept is how long tallies of minutes stay, in days; those of
	// quarters stay as long as [Store.Retain] was told.
	minutesKept = 7
	daySeconds  = 24 * 60 * 60

	// maxScopes bounds products and channels: their words come from senders.
	maxScopes = 10_000
)

// sums collects what a group adds to the tallies.
type sums struct {
	steps     steps
	oldest    int64 // seconds: no minutes before, they are not kept any more
	endpoints map[sumKey]*quarterSum
	minutes   map[sumKey]ingest.Tally
}

// sumKey is a step of something: kind is that of a scope.
type sumKey struct {
	step       int64
	kind, word string
}

func newSums(at time.Time, s steps) *sums {
	return &sums{steps: s, oldest: minutesFrom(at.Unix()), endpoints: map[sumKey]*quarterSum{}, minutes: map[sumKey]ingest.Tally{}}
}

// minutesFrom returns the second from which minutes are kept.
func minutesFrom(now int64) int64 { return floor(now, daySeconds) - minutesKept*daySeconds }

// floor rounds seconds down to a whole step.
func floor(seconds, step int64) int64 {
	rest := seconds % step
	if rest < 0 {
		rest += step
	}
	return seconds - rest
}

// row counts what became of a row, unless it is in the tallies already.
func (s *sums) row(r *attemptRow, a applied) {
	if !r.verdict.Kept() || r.entry.Position.Before(a.Applied) {
		return
	}
	at := &r.entry.Attempt
	now := counted{
		started: at.StartedAt, share: r.share, fault: r.fault, took: r.took, endpoint: at.Endpoint, product: at.Product, channel: at.Channel,
	}
	s.add(&now, (*ingest.Tally).Add)
	s.quarter(&now).came(&now)
	if r.gone != nil && r.gone.position >= a.since.Int64() {
		s.add(r.gone, (*ingest.Tally).Sub)
		s.quarter(r.gone).went(r.gone)
	}
}

// add changes the sums of the platform, of the product and of the channel.
func (s *sums) add(c *counted, change func(*ingest.Tally, ingest.Tally)) {
	t := c.share.Tally()
	if t == (ingest.Tally{}) {
		return
	}
	one := func(k sumKey) {
		sum := s.minutes[k]
		change(&sum, t)
		s.minutes[k] = sum
	}
	minute := floor(c.started.Unix(), s.steps.minute) / s.steps.minute
	one(sumKey{minute, string(rules.ScopePlatform), ""})
	if c.product != "" {
		one(sumKey{minute, rules.ScopeProduct, c.product})
	}
	if c.channel != "" {
		one(sumKey{minute, rules.ScopeChannel, c.channel})
	}
}

// tallyTable is a table of tallies: by a step of time, then by a word.
type tallyTable struct {
	name, step, word string
	bucket           bool // rows may have one, with its version
}

func endpointQuarters() tallyTable {
	return tallyTable{name: "rollup", step: "slot", word: "endpoint", bucket: true}
}
func scopeMinutes() tallyTable {
	return tallyTable{name: "tally_minute", step: "minute", word: "scope"}
}
func scopeQuarters() tallyTable {
	return tallyTable{name: "tally_quarter", step: "slot", word: "scope"}
}

// tallyRow is what one row gets more.
type tallyRow struct {
	step, word int64
	more       ingest.Tally
	sum        *quarterSum // of endpoints alone: where more is from
	bucket     any         // of endpoints alone: the bytes that take the place of the old ones; nil: those stay
}

// writeSums adds the sums to the tables.
func (l *Ledger) writeSums(ctx context.Context, tx *sql.Tx, s *sums, at int64) error {
	endpoints, err := l.quarterRows(ctx, tx, s.endpoints, at)
	if err != nil {
		return err
	}
	if err := addTallies(ctx, tx, endpointQuarters(), endpoints); err != nil {
		return err
	}
	minutes, err := l.minuteRows(ctx, tx, s.minutes, at)
	if err != nil {
		return err
	}
	quarters := s.steps.quarters(minutes)
	minutes = slices.DeleteFunc(minutes, func(r tallyRow) bool { return r.step*s.steps.minute < s.oldest })
	if err := addTallies(ctx, tx, scopeMinutes(), minutes); err != nil {
		return err
	}
	return addTallies(ctx, tx, scopeQuarters(), quarters)
}

// minuteRows gives the words their numbers, and sorts: pages are changed in
// their order.
func (l *Ledger) minuteRows(ctx context.Context, tx *sql.Tx, sums map[sumKey]ingest.Tally, at int64) ([]tallyRow, error) {
	rows := make([]tallyRow, 0, len(sums))
	for k, t := range sums {
		word, err := l.factWord(ctx, tx, k, at)
		if err != nil {
			return nil, err
		}
		if word != 0 && t != (ingest.Tally{}) {
			rows = append(rows, tallyRow{step: k.step, word: word, more: t})
		}
	}
	slices.SortFunc(rows, compareTallyRows)
	return rows, nil
}

func compareTallyRows(a, b tallyRow) int {
	return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.word, b.word))
}

// quarters sums minutes up.
func (s steps) quarters(minutes []tallyRow) []tallyRow {
	sums := map[[2]int64]ingest.Tally{}
	for _, m := range minutes {
		k := [2]int64{floor(m.step*s.minute, s.quarter) / s.quarter, m.word}
		sum := sums[k]
		sum.Add(m.more)
		sums[k] = sum
	}
	rows := make([]tallyRow, 0, len(sums))
	for k, t := range sums {
		rows = append(rows, tallyRow{step: k[0], word: k[1], more: t})
	}
	slices.SortFunc(rows, compareTallyRows)
	return rows
}

// tallyColumns are the columns of a tally, in the order of its fields.
const (
	tallyColumns = "first_attempts, failed_first, retries, failed_retries, manual, excluded"
	addColumns   = `first_attempts = first_attempts + excluded.first_attempts, failed_first = failed_first + excluded.failed_first,
		retries = retries + excluded.retries, failed_retries = failed_retries + excluded.failed_retries,
		manual = manual + excluded.manual, excluded = excluded + excluded.excluded`
	tallyParameters = 8 // with step and word
)

// addTallies adds to the rows of a table, and makes those that are missing.
func addTallies(ctx context.Context, tx *sql.Tx, t tallyTable, rows []tallyRow) error {
	columns, change, places := tallyColumns, addColumns, tallyParameters
	if t.bucket {
		columns, change, places = columns+", version, deliveries", change+", deliveries = coalesce(excluded.deliveries, deliveries)", places+2
	}
	for some := range slices.Chunk(rows, chunkRows) {
		args := make([]any, 0, places*len(some))
		for _, r := range some {
			m := r.more
			args = append(args, r.step, r.word, m.First, m.FailedFirst, m.Retries, m.FailedRetries, m.Manual, m.Excluded)
			if t.bucket {
				args = append(args, rules.BucketVersion, r.bucket)
			}
		}
		q := `INSERT INTO ` + t.name + ` (` + t.step + `, ` + t.word + `, ` + columns + `) VALUES ` + tuples(len(some), places) +
			` ON CONFLICT (` + t.step + `, ` + t.word + `) DO UPDATE SET ` + change
		if _, err := tx.ExecContext(ctx, q, args...); err != nil {
			return fmt.Errorf("add to %s: %w", t.name, err)
		}
	}
	return nil
}

// factWords are numbers of the dictionary of facts.db.
type factWords struct {
	ids    map[sumKey]int64 // step is zero
	scopes int              // how many the dictionary has
	full   bool             // there are more than are taken, and the log says so
}

// factWord returns the number of an endpoint or scope, 0 for a scope that is
// one too many.
func (l *Ledger) factWord(ctx context.Context, tx *sql.Tx, k sumKey, at int64) (int64, error) {
	k.step = 0
	if id, ok := l.words.ids[k]; ok {
		return id, nil
	}
	if l.words.ids == nil || len(l.words.ids) >= slotWords {
		l.words.ids = map[sumKey]int64{}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM dictionary WHERE kind = 'scope'`).Scan(&l.words.scopes); err != nil {
			return 0, err
		}
	}
	kind, value := "scope", k.kind
	switch k.kind {
	case rules.ScopeEndpoint:
		kind, value = "endpoint", k.word
	case rules.ScopeProduct, rules.ScopeChannel:
		value = string(rules.ScopeOf(k.kind, k.word))
	}
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM dictionary WHERE kind = ? AND value = ?`, kind, value).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		if kind == "scope" && l.words.scopes >= maxScopes {
			l.tellFull()
			return 0, nil
		}
		err = tx.QueryRowContext(ctx, `INSERT INTO dictionary (kind, id, value, seen_at)
			SELECT ?1, coalesce(max(id), 0) + 1, ?2, ?3 FROM dictionary WHERE kind = ?1 RETURNING id`, kind, value, at).Scan(&id)
		if kind == "scope" {
			l.words.scopes++
		}
	}
	if err != nil {
		return 0, err
	}
	k.word = strings.Clone(k.word)
	l.words.ids[k] = id
	return id, nil
}

func (l *Ledger) tellFull() {
	if !l.words.full {
		l.words.full = true
		l.s.log.Warn("attempts have too many products and channels: further ones count for the platform alone", "most", maxScopes)
	}
}

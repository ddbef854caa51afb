package store

import (
	"database/sql"
	"slices"
	"testing"
)

// TestCarriedRowsKeepTheirIdentity: ids of a slot may go beyond its day, and
// be those of another; identities are never lost, nor doubled.
func TestCarriedRowsKeepTheirIdentity(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	l := s.Ledger()
	apply(t, s, newTape().group(daily(40, 0)...)) // four failed
	after := int64(-1)
	rows, more, err := l.nextFailed(t.Context(), "2026-11-21", &after)
	if err != nil || more || len(rows) != 4 {
		t.Fatalf("%d rows, %v, %v; want 4", len(rows), more, err)
	}
	for _, row := range rows {
		row[0] = int64(7) // all alike
	}
	again := slices.Clone(rows)
	for i := range again {
		again[i] = slices.Clone(rows[i])
	}
	for _, some := range [][][]any{rows[:3], again, nil} {
		if err := l.putFailures(t.Context(), "2026-11", some); err != nil {
			t.Fatal(err)
		}
	}
	var n, identities, first, last int
	var word string
	err = l.failures.read(t.Context(), "2026-11", func(tx *sql.Tx) error {
		return tx.QueryRowContext(t.Context(), `SELECT count(*), count(DISTINCT identity), min(a.id), max(a.id), min(w.value)
			FROM attempt a JOIN word w ON w.id = a.merchant AND w.kind = 'merchant'`).Scan(&n, &identities, &first, &last, &word)
	})
	if err != nil || n != 4 || identities != 4 || first != 7 || last != 10 || word != "acme" {
		t.Errorf("%d rows of %d identities from %d to %d, of %q, %v; want 4, 4, 7 to 10, acme", n, identities, first, last, word, err)
	}
}

package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/store"
)

// closeFleet closes the nth window of a fleet, 500 merchants in a transaction
// as a tick does.
func closeFleet(b *testing.B, s *store.Store, n int, state digest.State) {
	b.Helper()
	for from := 0; from < fleet; from += 500 {
		var rows []digest.Row
		var notices []alerting.Notice
		for m := from; m < from+500; m++ {
			r := windowRow(fmt.Sprintf("m-%06d", m), n, state)
			if rows = append(rows, r); state == digest.StateWaiting {
				notices = append(notices, telling(r, fmt.Sprintf("mail/%d", m))...)
			}
		}
		closeRows(b, s, rows, notices)
	}
}

// BenchmarkDigests is what a tick does with the ledger of a fleet: it asks for
// the last windows, and closes one of each merchant.
func BenchmarkDigests(b *testing.B) {
	s := open(b, b.TempDir())
	windows := 4
	for n := range windows {
		closeFleet(b, s, n, digest.StateSkipped)
	}
	b.Run("last", func(b *testing.B) {
		for b.Loop() {
			if last, err := s.Digests().Last(b.Context(), digest.KindHealth); err != nil || len(last) != fleet {
				b.Fatalf("%d merchants, %v", len(last), err)
			}
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Digests().List(b.Context(), digest.Filter{From: noon.Add(-time.Hour)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("close", func(b *testing.B) {
		for b.Loop() {
			closeFleet(b, s, windows, digest.StateWaiting)
			windows++
		}
	})
}

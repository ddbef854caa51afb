package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// slotRows is the slot of a busy day: 20 attempts a second.
const slotRows = 1_700_000

// oldTraffic is traffic of one day, of which one in a hundred failed.
func oldTraffic(at, n int, start time.Time) []deliveries.Attempt {
	all := traffic(at, n)
	for i := range all {
		k := at + i
		all[i].StartedAt = start.Add(time.Duration(k) * 50 * time.Millisecond)
		if all[i].Status = 200; k%100 == 0 {
			all[i].Status = 503
		}
	}
	return all
}

// BenchmarkDropSlot drops the slot of a busy day, and tells how long that
// takes, and how long those who apply and read at the same time are held up at
// most, beside what they take when nothing is dropped.
func BenchmarkDropSlot(b *testing.B) {
	full := b.TempDir()
	s := openWhole(b, full)
	tape, start := newTape(), time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)
	for at := 0; at < slotRows; at += 50_000 {
		if _, err := s.Ledger().Apply(b.Context(), tape.group(oldTraffic(at, 50_000, start)...)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(full, attemptsDir, "2026-11-11.db"))
	if err != nil {
		b.Fatal(err)
	}
	drop := func(s *Store) func() {
		return func() {
			did, err := s.Retain(b.Context(), midday.Add(settleTime), ingest.DefaultRetention())
			if err != nil || did.Slot == "" || did.Carried != slotRows/100 {
				b.Errorf("%+v, %v", did, err)
			}
		}
	}
	ready := func() *Store {
		s := openWhole(b, copyDir(b, full))
		if _, err := s.Retain(b.Context(), midday, ingest.DefaultRetention()); err != nil {
			b.Fatal(err)
		}
		return s
	}
	b.ReportMetric(float64(info.Size()>>20), "slot-MiB")
	for b.Loop() {
		b.StopTimer()
		s, next := ready(), slotRows
		alone := beside(b, s.verbs(b, tape, &next), func() { // for comparison
			for began := time.Now(); time.Since(began) < 5*time.Second; {
				if _, err := s.Ledger().Known(b.Context(), traffic(0, 100)); err != nil {
					b.Error(err)
				}
			}
		})
		busy := beside(b, s.verbs(b, tape, &next), drop(s))
		s = ready()
		b.StartTimer()
		held := beside(b, s.locks(), drop(s))
		for what, d := range map[string]time.Duration{
			"apply-alone": alone[0], "apply": busy[0], "read-alone": alone[1], "read": busy[1], "ledger-lock": held[0], "slots-lock": held[1], "facts-lock": held[2],
		} {
			b.ReportMetric(float64(d.Microseconds())/1000, "ms-max-"+what)
		}
	}
}

// verbs apply and read.
func (s *Store) verbs(b *testing.B, tape *tape, next *int) []func() error {
	b.Helper()
	asked := traffic(0, 100)
	return []func() error{
		func() error {
			all := oldTraffic(*next, 200, midday.Add(-48*time.Hour))
			*next += len(all)
			_, err := s.Ledger().Apply(b.Context(), tape.group(all...))
			return err
		},
		func() error {
			_, err := s.Ledger().Known(b.Context(), asked)
			return err
		},
	}
}

// locks take each lock that appliers and readers wait for.
func (s *Store) locks() []func() error {
	lock := func(l sync.Locker) func() error {
		return func() error {
			l.Lock()
			defer l.Unlock()
			return nil
		}
	}
	return []func() error{
		lock(&s.ledger.mu), lock(&s.ledger.slots.mu),
		func() error { // what writes facts.db
			return s.facts.write(context.Background(), func(*sql.Tx) error { return nil })
		},
	}
}

// beside does verbs over and over while do works, and returns how long each
// took at most.
func beside(b *testing.B, verbs []func() error, do func()) []time.Duration {
	b.Helper()
	worst := make([]time.Duration, len(verbs))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i, verb := range verbs {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond): // leaves the processor to the others
				}
				began := time.Now()
				if err := verb(); err != nil {
					b.Errorf("beside: %v", err)
					return
				}
				worst[i] = max(worst[i], time.Since(began))
			}
		})
	}
	do()
	close(done)
	wg.Wait()
	return worst
}

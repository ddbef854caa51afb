package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// cpuTime returns what this process has used so far.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkApply applies new attempts to the slot of one day, a fortieth of
// which repeats.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1000, 50_000} {
		b.Run(fmt.Sprintf("attempts=%d", n), func(b *testing.B) {
			l := openStore(b, b.TempDir()).Ledger()
			tape := newTape()
			used, applied := time.Duration(0), 0
			for b.Loop() {
				g := tape.group(traffic(applied, n)...)
				for i := 0; i < n; i += 40 {
					g.Entries[i].Attempt = g.Entries[0].Attempt
				}
				before := cpuTime(b)
				if _, err := l.Apply(b.Context(), g); err != nil {
					b.Fatal(err)
				}
				used += cpuTime(b) - before
				applied += n
			}
			b.ReportMetric(float64(applied)/used.Seconds(), "attempts/cpu-s")
			b.ReportMetric(float64(applied), "attempts")
		})
	}
}

// BenchmarkIntake takes new attempts in batches, beside a slot that has half a
// million already, and again.
func BenchmarkIntake(b *testing.B) {
	dir := b.TempDir()
	l := openStore(b, dir).Ledger()
	tape := newTape()
	const had = 500_000
	for i := 0; i < had; i += 50_000 {
		if _, err := l.Apply(b.Context(), tape.group(traffic(i, 50_000)...)); err != nil {
			b.Fatal(err)
		}
	}
	for name, again := range map[string]bool{"new": false, "again": true} {
		b.Run(name, func(b *testing.B) {
			log := running(b, filepath.Join(b.TempDir(), "log"))
			in := ingest.NewIntake(log, l)
			var batch []deliveries.Attempt
			at, taken := had, 0
			var wall, used time.Duration
			for b.Loop() {
				if batch == nil || !again {
					batch = traffic(at, 1000)
					at += len(batch)
				}
				began, before := time.Now(), cpuTime(b)
				if _, err := in.Take(b.Context(), midday, batch); err != nil {
					b.Fatal(err)
				}
				wall, used = wall+time.Since(began), used+cpuTime(b)-before
				taken += len(batch)
			}
			b.ReportMetric(float64(taken)/wall.Seconds(), "attempts/s")
			b.ReportMetric(float64(taken)/used.Seconds(), "attempts/cpu-s")
		})
	}
}

// running opens a log that runs until the end of the test.
func running(tb testing.TB, dir string) *ingest.Log {
	tb.Helper()
	log, err := ingest.Open(dir, quiet(), ingest.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := log.Run(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	tb.Cleanup(func() {
		if err := log.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
		wg.Wait()
	})
	return log
}

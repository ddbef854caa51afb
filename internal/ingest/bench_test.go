package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

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

// BenchmarkAppend compares one appender with a bare write and fdatasync of as
// many bytes, turn by turn. The ratios count; rates depend on the disk.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			l := start(b, b.TempDir(), ingest.Options{})
			bare, err := os.Create(filepath.Join(b.TempDir(), "bare"))
			if err != nil {
				b.Fatal(err)
			}
			defer bare.Close()
			batch := usual("evt_01", n)
			r := add(b, l, "size", n)
			plain := make([]byte, r.Next.Offset-r.Position.Offset)
			var wall, cpu, bareWall, bareCPU time.Duration
			for b.Loop() {
				at, used := time.Now(), cpuTime(b)
				if _, err := l.Append(b.Context(), day, batch); err != nil {
					b.Fatal(err)
				}
				wall, cpu = wall+time.Since(at), cpu+cpuTime(b)-used
				at, used = time.Now(), cpuTime(b)
				if _, err := bare.Write(plain); err != nil {
					b.Fatal(err)
				}
				if err := ingest.Fdatasync(bare); err != nil {
					b.Fatal(err)
				}
				bareWall, bareCPU = bareWall+time.Since(at), bareCPU+cpuTime(b)-used
			}
			b.ReportMetric(float64(b.N*n)/cpu.Seconds(), "records/cpu-s")
			b.ReportMetric(float64(wall)/float64(bareWall), "x-bare-wall")
			b.ReportMetric(float64(cpu)/float64(bareCPU), "x-bare-cpu")
			b.ReportMetric(float64(len(plain))/float64(n), "B/record")
		})
	}
}

// BenchmarkAppendTogether has 64 appenders of one record each share syncs.
func BenchmarkAppendTogether(b *testing.B) {
	l := start(b, b.TempDir(), ingest.Options{})
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		batch := usual("evt_01", 1)
		for pb.Next() {
			if _, err := l.Append(b.Context(), day, batch); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkRead reads 100,000 records in batches of 100: what a restart costs.
func BenchmarkRead(b *testing.B) {
	l := start(b, b.TempDir(), ingest.Options{})
	for range 1000 {
		add(b, l, "evt", 100)
	}
	records := 0
	for b.Loop() {
		for batch, err := range l.Read(b.Context(), ingest.Position{}) {
			if err != nil {
				b.Fatal(err)
			}
			records += len(batch.Attempts)
		}
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

package tail_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// BenchmarkTail reads a file of 100,000 lines to its end, as after an outage.
func BenchmarkTail(b *testing.B) {
	const lines = 100_000
	path := filepath.Join(b.TempDir(), "attempts.ndjson")
	if err := os.WriteFile(path, []byte(records(number(0, lines)...)), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		seen := 0
		take := func(_ context.Context, attempts []deliveries.Attempt) (tail.Receipt, error) {
			if seen += len(attempts); seen == lines {
				cancel()
			}
			return tail.Receipt{Accepted: len(attempts)}, nil
		}
		cfg := tail.Config{Path: path, Source: "core"}
		if err := tail.New(cfg, take, tail.NewFileOffsets(b.TempDir()), nil).Run(ctx); err != nil || seen != lines {
			b.Fatalf("read %d of %d lines: %v", seen, lines, err)
		}
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

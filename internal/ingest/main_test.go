package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// helperDir names the log's folder when this binary was started again by a
// test, as a process that can be killed or limited; helperRole says what it does.
const (
	helperDir  = "INGEST_TEST_HELPER_DIR"
	helperRole = "INGEST_TEST_HELPER_ROLE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		helper := map[string]func(string) error{"append": appendForEver, "limit": appendUnderLimit}[os.Getenv(helperRole)]
		if err := helper(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open opens a log that is closed at the end of the test; it does not run.
func open(tb testing.TB, dir string, opts ingest.Options) *ingest.Log {
	tb.Helper()
	l, err := ingest.Open(dir, quiet(), opts)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() { shut(tb, l) })
	return l
}

func shut(tb testing.TB, l *ingest.Log) {
	tb.Helper()
	if err := l.Close(); err != nil {
		tb.Errorf("Close: %v", err)
	}
}

// run runs the log until the end of the test.
func run(tb testing.TB, l *ingest.Log) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := l.Run(ctx); err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	tb.Cleanup(func() { cancel(); wg.Wait() })
}

func start(tb testing.TB, dir string, opts ingest.Options) *ingest.Log {
	tb.Helper()
	l := open(tb, dir, opts)
	run(tb, l)
	return l
}

var day = time.Date(2026, 11, 21, 9, 0, 0, 123456789, time.UTC)

// usual returns n attempts as senders report them; event tells them apart.
func usual(event string, n int) []deliveries.Attempt {
	all := make([]deliveries.Attempt, n)
	for i := range all {
		all[i] = deliveries.Attempt{
			Source: "gateway", ID: fmt.Sprintf("att_%s_%06d", event, i), Merchant: "acme", Endpoint: "acme-payouts",
			Event: event, Type: "payout.succeeded", Product: "PAYOUT", Channel: "ID_BCA", Key: fmt.Sprintf("payout_%08d", i),
			CreatedAt: day.Add(-time.Second), StartedAt: day.Add(-time.Second / 2),
			Duration: 312 * time.Millisecond, Number: 1, Status: 200, Trigger: deliveries.Automatic, Mode: deliveries.Live,
		}
	}
	return all
}

func add(tb testing.TB, l *ingest.Log, event string, n int) ingest.Receipt {
	tb.Helper()
	r, err := l.Append(tb.Context(), day, usual(event, n))
	if err != nil {
		tb.Fatalf("Append %s: %v", event, err)
	}
	return r
}

// events reads the log from a position on: the event of each batch, and the
// damage that was met.
func events(tb testing.TB, l *ingest.Log, from ingest.Position) (seen []string, damage []*ingest.DamagedError) {
	tb.Helper()
	for b, err := range l.Read(tb.Context(), from) {
		if d, ok := errors.AsType[*ingest.DamagedError](err); ok {
			damage = append(damage, d)
			continue
		}
		if err != nil {
			tb.Fatalf("Read: %v", err)
		}
		seen = append(seen, b.Attempts[0].Event)
	}
	return seen, damage
}

func segmentPath(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("%06d.wal", n)) }

func bytesOf(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// with returns a new folder whose first segment has these bytes.
func with(tb testing.TB, b []byte) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.WriteFile(segmentPath(dir, 1), b, 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

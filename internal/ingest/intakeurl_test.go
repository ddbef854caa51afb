package ingest_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// A URL may hold user, password and tokens: once the endpoint has an ID none
// of it gets into the log.
func TestURLsAreNotLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := ingest.Open(dir, slog.New(slog.DiscardHandler), ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = log.Run(ctx) })
	now := time.Now().UTC()
	taken, err := ingest.NewIntake(log, newMemory()).Take(t.Context(), now, []deliveries.Attempt{{
		Source: "core", Event: "e", Endpoint: "ep", URL: "https://user:pw501@hooks.example/x?token=abc501", StartedAt: now, Number: 1, Status: 200,
	}})
	cancel()
	wg.Wait()
	if err != nil || taken.Accepted != 1 {
		t.Fatalf("%+v, %v; want one accepted", taken, err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v; want a file of the log", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || bytes.Contains(data, []byte("pw501")) || bytes.Contains(data, []byte("abc501")) || !bytes.Contains(data, []byte("ep")) {
			t.Errorf("%s: %v; want the attempt without its URL", f, err)
		}
	}
}

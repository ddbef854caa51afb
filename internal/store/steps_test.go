package store

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// What is counted in short buckets is read back by them, and a directory keeps
// the length that it began with.
func TestBucketsOfAnotherLength(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	short := Options{Bucket: 5 * time.Second}
	s, err := OpenWith(t.Context(), dir, short, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	begin := midday.Add(3 * time.Second)
	attempts := traffic(0, 20)
	for i := range attempts {
		attempts[i].StartedAt = begin.Add(time.Duration(i) * time.Second)
	}
	apply(t, s, newTape().group(attempts...))
	answer, err := s.Tally(t.Context(), ingest.TallyQuery{Scopes: []rules.Scope{rules.ScopePlatform}, From: midday.Add(5 * time.Second), To: midday.Add(15 * time.Second)})
	if err != nil || answer.Step != 5*time.Second || answer.First+answer.Retries != 10 {
		t.Errorf("ten seconds hold %+v (%v), want 10 attempts in steps of 5 s", answer, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	_, err = Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "set digest.bucket to 5s") {
		t.Errorf("opened with quarters of an hour: %v, want a hint to set digest.bucket back", err)
	}
	if s, err = OpenWith(t.Context(), dir, short, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatalf("opened as before: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

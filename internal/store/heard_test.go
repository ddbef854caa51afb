package store

import (
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// What was heard is read back after a restart, and replaced as a whole.
func TestHeardIsKept(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test's
	if got, err := s.Heard(t.Context()); err != nil || !got.Alive.IsZero() || got.Absence != (Absence{}) || len(got.Sources) > 0 {
		t.Fatalf("before anything: %+v, %v", got, err)
	}
	whole := Heard{
		Alive:   midday,
		Absence: Absence{From: midday.Add(-time.Hour), To: midday.Add(-time.Minute), First: midday.Add(-2 * time.Minute), Until: midday.Add(9 * time.Minute)},
		Sources: map[string]ingest.Arrival{"core": {Last: midday.Add(-3 * time.Second), Silent: time.Second}, "other.one": {Last: midday.Add(-time.Hour)}},
	}
	for name, want := range map[string]Heard{"all": whole, "without an absence": {Alive: midday.Add(time.Second), Sources: map[string]ingest.Arrival{"core": {Last: midday}}}} {
		if err := s.SaveHeard(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Heard(t.Context())
		if err != nil || !got.Alive.Equal(want.Alive) || got.Absence != want.Absence || !maps.Equal(got.Sources, want.Sources) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

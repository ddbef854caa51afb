package store

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestDeliveredSince(t *testing.T) {
	t.Parallel()
	s, now := openStore(t, t.TempDir()), time.Now().UTC().Truncate(time.Second)
	attempt := func(event, endpoint string, ago time.Duration, change func(*deliveries.Attempt)) deliveries.Attempt {
		a := traffic(0, 1)[0]
		a.Event, a.Endpoint, a.StartedAt, a.Status, a.Error = event, endpoint, now.Add(-ago), 200, ""
		change(&a)
		return a
	}
	good := func(*deliveries.Attempt) {}
	g := newTape().group(
		attempt("1", "ep", 10*time.Minute, good), attempt("2", "ep", 5*time.Minute, good),
		attempt("3", "ep", time.Minute, func(a *deliveries.Attempt) { a.Status = 503 }),
		attempt("4", "tested", time.Minute, func(a *deliveries.Attempt) { a.Mode = deliveries.Test }),
		attempt("5", "resent", time.Minute, func(a *deliveries.Attempt) { a.Trigger = deliveries.Manual }),
		attempt("6", "old", time.Hour, good), attempt("7", "", time.Minute, good),
	)
	for i := range g.Entries {
		g.Entries[i].Received = now
	}
	apply(t, s, g)
	got, err := s.Ledger().DeliveredSince(t.Context(), now.Add(-30*time.Minute))
	if err != nil || len(got) != 1 || !got["ep"].Equal(now.Add(-5*time.Minute)) {
		t.Errorf("got %v, %v; want ep alone, five minutes ago", got, err)
	}
}

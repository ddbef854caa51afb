package store_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

func TestDigestsAreCounted(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if due, err := s.Digests().OldestDue(t.Context()); err != nil || !due.IsZero() {
		t.Errorf("an empty ledger: oldest due %v (%v), want none", due, err)
	}
	first := windowRow("acme", 0, digest.StateSent)
	old := windowRow("acme", -9, digest.StateDead)
	other := windowRow("acme", 1, digest.StateMerged)
	other.Kind = digest.KindSummary
	late, early := windowRow("acme", 2, digest.StateWaiting), windowRow("bravo", 2, digest.StateWaiting)
	early.Due = early.Due.Add(-time.Minute)
	closeRows(t, s, []digest.Row{old}, nil)
	closeRows(t, s, []digest.Row{first}, nil)
	closeRows(t, s, []digest.Row{other}, nil)
	closeRows(t, s, []digest.Row{late, early}, append(telling(late, "mail/a"), telling(early, "mail/b")...))
	for name, c := range map[string]struct {
		kind string
		from time.Time
		want map[digest.State]int
		sent time.Time
	}{
		"from the start of a window":  {digest.KindHealth, first.Window.Start, map[digest.State]int{digest.StateSent: 1, digest.StateWaiting: 2}, first.ClosedAt},
		"from just after it":          {digest.KindHealth, first.Window.Start.Add(time.Microsecond), map[digest.State]int{digest.StateWaiting: 2}, time.Time{}},
		"a kind counts its own alone": {digest.KindSummary, time.Unix(0, 0), map[digest.State]int{digest.StateMerged: 1}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, sent, err := s.Digests().Counts(t.Context(), c.kind, c.from)
			if err != nil || !maps.Equal(got, c.want) || !sent.Equal(c.sent) {
				t.Errorf("got %v, %v (%v), want %v, %v", got, sent, err, c.want, c.sent)
			}
		})
	}
	if due, err := s.Digests().OldestDue(t.Context()); err != nil || !due.Equal(early.Due) {
		t.Errorf("oldest due: got %v (%v), want %v", due, err, early.Due)
	}
}

func BenchmarkDigestCounts(b *testing.B) {
	s := open(b, b.TempDir())
	const windows = 8
	for n := range windows {
		closeFleet(b, s, n, digest.StateSent)
	}
	b.Logf("%d merchants, %d windows", fleet, windows)
	for b.Loop() {
		got, _, err := s.Digests().Counts(b.Context(), digest.KindHealth, noon.Add(-100*24*time.Hour))
		if err != nil || got[digest.StateSent] != windows*fleet {
			b.Fatal(fmt.Sprint(got), err)
		}
		if _, err := s.Digests().OldestDue(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

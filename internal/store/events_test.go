package store

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// storedEvents returns the events that are stored, by their keys.
func storedEvents(tb testing.TB, s *Store) map[eventKey]deliveries.Event {
	tb.Helper()
	all := map[eventKey]deliveries.Event{}
	err := s.facts.read(tb.Context(), func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(tb.Context(), `SELECT `+eventColumns+` FROM open_event`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scanEvent(rows)
			if err != nil {
				return err
			}
			all[keyOf(e.Event)] = e.Event
		}
		return rows.Err()
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// events returns what the ledger should have: those of the kept attempts of
// which one failed.
func (m *model) events() map[eventKey]deliveries.Event {
	tries := map[eventKey]keptTries{}
	for id, a := range m.kept {
		if a.Synthetic() || a.Mode == deliveries.Test {
			continue
		}
		k := eventKey{a.Source, a.Event, a.Endpoint}
		tries[k] = append(tries[k], keptTry{
			Try: deliveries.Try{
				Number: a.Number, Manual: a.Trigger == deliveries.Manual, Actor: a.Actor, StartedAt: a.StartedAt,
				Duration: a.Duration.Truncate(time.Microsecond), Status: a.Status, Fault: a.Outcome(0),
			},
			identity: id, content: contentOf(&a), merchant: a.Merchant, kind: a.Type, product: a.Product, channel: a.Channel, key: a.Key,
			occurred: a.OccurredAt, created: a.CreatedAt,
		})
	}
	all := map[eventKey]deliveries.Event{}
	for k, list := range tries {
		s, _ := deliveries.Preset("xendit")
		if e, ok := list.event(touch{eventKey: k}, s, 0); ok {
			all[k] = micros(e.Event)
		}
	}
	return all
}

// micros is an event to the microsecond, as it is stored.
func micros(e deliveries.Event) deliveries.Event {
	for _, t := range []*time.Time{&e.OccurredAt, &e.CreatedAt, &e.ExpiresAt, &e.FirstAttemptAt, &e.LastAttemptAt, &e.NextRetryAt, &e.ExhaustsAt, &e.DeliveredAt} {
		*t = t.Truncate(time.Microsecond)
	}
	return e
}

func followXendit(tb testing.TB, s *Store) {
	tb.Helper()
	err := s.Ledger().Follow(tb.Context(), func(string, string) deliveries.Schedule {
		p, _ := deliveries.Preset("xendit")
		return p
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
}

// tryAt is an attempt of one event: its number, when it started after midday
// the day before, and the status that it got.
func tryAt(number int, after time.Duration, status int) deliveries.Attempt {
	a := traffic(1, 1)[0]
	a.Number, a.Status, a.StartedAt = number, status, midday.Add(-24*time.Hour).Add(after)
	a.OccurredAt, a.CreatedAt = a.StartedAt, a.StartedAt
	return a
}

// An event is told by all of its tries, in whatever order and on whatever days
// they come.
func TestEventsAcrossDays(t *testing.T) {
	t.Parallel()
	tries := []deliveries.Attempt{
		tryAt(1, 0, 503), tryAt(2, 15*time.Minute, 503), tryAt(3, time.Hour, 0), tryAt(4, 3*time.Hour, 503), tryAt(5, 12*time.Hour, 503), tryAt(6, 18*time.Hour, 200),
	}
	for name, order := range map[string][]int{
		"as they happened":           {0, 1, 2, 3, 4, 5},
		"the other way round":        {5, 4, 3, 2, 1, 0},
		"the good one first":         {5, 0, 1, 2, 3, 4},
		"some from the next day on":  {4, 5, 2, 0, 3, 1},
		"told twice, and once again": {0, 0, 5, 4, 3, 1, 2, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, tape := openStore(t, t.TempDir()), newTape()
			followXendit(t, s)
			for _, i := range order {
				apply(t, s, tape.group(tries[i]))
			}
			all := storedEvents(t, s)
			e := all[eventKey{tries[0].Source, tries[0].Event, tries[0].Endpoint}]
			if len(all) != 1 || e.State != deliveries.EventDelivered || e.Attempts != 6 || e.FirstFault != probes.FaultHTTP5xx || e.LastStatus != 200 ||
				!e.FirstAttemptAt.Equal(tries[0].StartedAt) || !e.LastAttemptAt.Equal(tries[5].StartedAt) || !e.ExpiresAt.IsZero() {
				t.Errorf("%d events, the one is %+v", len(all), e)
			}
		})
	}
}

// What was delivered at once is not stored, and what comes to contradict a
// failure takes the event away.
func TestEventsThatNeverFailedAreNotStored(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	apply(t, s, tape.group(tryAt(1, 0, 200)))
	if all := storedEvents(t, s); len(all) != 0 {
		t.Fatalf("a delivered first attempt makes %+v, want no event", all)
	}
	failed, earlier := traffic(2, 1)[0], traffic(2, 1)[0]
	failed.Status = 503
	earlier.StartedAt = failed.StartedAt.Add(-time.Second)
	apply(t, s, tape.group(failed))
	if all := storedEvents(t, s); len(all) != 1 {
		t.Fatalf("a failed first attempt makes %d events, want 1", len(all))
	}
	apply(t, s, tape.group(earlier))
	if all := storedEvents(t, s); len(all) != 0 {
		t.Errorf("contradicted by one that was delivered, it is %+v; want no event", all)
	}
}

// Events come back from the slots when facts.db is made anew.
func TestEventsAreRebuiltFromTheSlots(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	apply(t, s, tape.group(slices.Concat(traffic(0, 500), []deliveries.Attempt{tryAt(1, 0, 503), tryAt(2, 12*time.Hour+15*time.Minute, 0)})...))
	want := storedEvents(t, s)
	if len(want) < 50 {
		t.Fatalf("only %d events", len(want))
	}
	if err := s.facts.write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM open_event; DELETE FROM applied`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.ledger.stored = nil
	followXendit(t, s)
	got := storedEvents(t, s)
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for k, e := range want {
		if got[k] != e {
			t.Errorf("%v is %+v, want %+v", k, got[k], e)
		}
	}
}

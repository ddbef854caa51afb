package deliveries_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// anySchedule draws a preset, or a learnt schedule, open or not.
func anySchedule() *rapid.Generator[deliveries.Schedule] {
	return rapid.Custom(func(t *rapid.T) deliveries.Schedule {
		name := rapid.SampledFrom(append(deliveries.Presets(), "learned")).Draw(t, "schedule")
		s, ok := deliveries.Preset(name)
		if !ok {
			s.Offsets = []time.Duration{5 * minute, hour, 5 * hour}
			s.Open = rapid.Bool().Draw(t, "open")
		}
		return s
	})
}

// anyTries draws tries in the order of their starts; of two automatic ones no
// two have the same number, as the store guarantees.
func anyTries() *rapid.Generator[[]deliveries.Try] {
	one := rapid.Custom(func(t *rapid.T) deliveries.Try {
		return deliveries.Try{
			Number:    rapid.IntRange(0, 13).Draw(t, "number"),
			Manual:    rapid.IntRange(0, 3).Draw(t, "manual") == 0,
			Actor:     rapid.SampledFrom([]string{"", "ana", "ben"}).Draw(t, "actor"),
			StartedAt: noon.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "start")) * hour),
			Duration:  time.Duration(rapid.IntRange(0, 2).Draw(t, "duration")) * hour,
			Fault: rapid.SampledFrom([]probes.Fault{
				probes.FaultHTTP5xx, probes.FaultRefused, probes.FaultHTTP5xx, probes.FaultSenderError, probes.FaultCanceled, probes.FaultNone, "",
			}).Draw(t, "fault"),
		}
	})
	return rapid.Map(rapid.SliceOfN(one, 0, 12), func(list []deliveries.Try) []deliveries.Try {
		seen := map[int]bool{0: true}
		list = slices.DeleteFunc(list, func(t deliveries.Try) bool {
			again := !t.Manual && t.Number > 0 && seen[t.Number]
			seen[t.Number] = seen[t.Number] || !t.Manual
			return again
		})
		slices.SortStableFunc(list, func(a, b deliveries.Try) int { return a.StartedAt.Compare(b.StartedAt) })
		return list
	})
}

func TestTheOrderOfTheTriesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, tries := anySchedule().Draw(t, "s"), anyTries().Draw(t, "tries")
		want := deliveries.EventOf(deliveries.Event{ID: "e"}, tries, s)
		before := slices.Clone(tries)
		shuffled := rapid.Permutation(tries).Draw(t, "shuffled")
		if got := deliveries.EventOf(deliveries.Event{ID: "e"}, shuffled, s); got != want {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		if !slices.Equal(tries, before) {
			t.Fatalf("the caller's tries were changed: %+v, want %+v", tries, before)
		}
	})
}

func TestAnEventMovesForwardInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	// The steps an event may make with one more try.
	mayFollow := map[deliveries.EventState][]deliveries.EventState{
		deliveries.EventPending:   {"pending", "retrying", "delivered", "exhausted", "canceled"},
		deliveries.EventRetrying:  {"retrying", "delivered", "exhausted", "canceled"},
		deliveries.EventDelivered: {"delivered"},
		deliveries.EventExhausted: {"exhausted", "delivered"},
		deliveries.EventCanceled:  {"canceled", "retrying", "delivered", "exhausted"},
	}
	rapid.Check(t, func(t *rapid.T) {
		s, tries := anySchedule().Draw(t, "s"), anyTries().Draw(t, "tries")
		// Tries of the same moment have no order in time.
		tries = slices.CompactFunc(tries, func(a, b deliveries.Try) bool { return a.StartedAt.Equal(b.StartedAt) })
		e := deliveries.EventOf(deliveries.Event{}, nil, s)
		for n := 1; n <= len(tries); n++ {
			next := deliveries.EventOf(deliveries.Event{}, tries[:n], s)
			if !slices.Contains(mayFollow[e.State], next.State) {
				t.Fatalf("%s by %+v after %s", next.State, tries[n-1], e.State)
			}
			e = next
		}
	})
}

// TestOneMoreTry: what only grows with what is known, in whatever order it
// becomes known.
func TestOneMoreTry(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "s")
		tries := rapid.Permutation(anyTries().Draw(t, "tries")).Draw(t, "order")
		if len(tries) == 0 {
			return
		}
		less := deliveries.EventOf(deliveries.Event{}, tries[1:], s)
		more := deliveries.EventOf(deliveries.Event{}, tries, s)
		if more.Attempts+more.ManualAttempts != less.Attempts+less.ManualAttempts+1 {
			t.Fatalf("counts %d+%d, want one more than %d+%d", more.Attempts, more.ManualAttempts, less.Attempts, less.ManualAttempts)
		}
		if more.LastAttemptAt.Before(less.LastAttemptAt) {
			t.Fatalf("last attempt %v, want not before %v", more.LastAttemptAt, less.LastAttemptAt)
		}
		if less.State == deliveries.EventDelivered && (more.State != deliveries.EventDelivered || more.DeliveredAt.After(less.DeliveredAt)) {
			t.Fatalf("%s at %v, want delivered and not after %v", more.State, more.DeliveredAt, less.DeliveredAt)
		}
	})
}

// TestTimesAndStateAgree holds what every reader of an event relies on.
func TestTimesAndStateAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, tries := anySchedule().Draw(t, "s"), anyTries().Draw(t, "tries")
		e := deliveries.EventOf(deliveries.Event{}, tries, s)
		for what, ok := range map[string]bool{
			"delivered has a time and a name":         (e.State == deliveries.EventDelivered) == !e.DeliveredAt.IsZero() && e.DeliveredAt.IsZero() == (e.DeliveredBy == ""),
			"a next retry means retrying":             e.NextRetryAt.IsZero() || e.State == deliveries.EventRetrying,
			"the next retry is not after the last":    e.NextRetryAt.IsZero() || s.Open || !e.NextRetryAt.After(e.ExhaustsAt),
			"an end is known by a whole schedule":     e.State != deliveries.EventRetrying || e.ExhaustsAt.IsZero() == (!s.Known() || s.Open),
			"exhausted says when":                     e.State != deliveries.EventExhausted || !e.ExhaustsAt.IsZero(),
			"nothing is lost by an unknown schedule":  e.State != deliveries.EventExhausted || s.Known() && !s.Open,
			"any try has a first and a last":          (len(tries) == 0) == e.FirstAttemptAt.IsZero() && (len(tries) == 0) == e.LastAttemptAt.IsZero(),
			"the first is not after the last":         !e.FirstAttemptAt.After(e.LastAttemptAt),
			"a due time is after the tries it counts": e.NextRetryAt.IsZero() || e.ManualAttempts > 0 || e.Attempts > 1 || e.NextRetryAt.After(e.LastAttemptAt),
		} {
			if !ok {
				t.Fatalf("not so: %s: %+v", what, e)
			}
		}
	})
}

package store

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Retries are told once, when they are heard of, in whatever groups they come;
// a schedule that becomes known tells the events anew.
func TestALearntScheduleTellsItsEventsAnew(t *testing.T) {
	t.Parallel()
	const events = 30
	var learnt atomic.Pointer[deliveries.Schedule]
	unknown, _ := deliveries.Preset(deliveries.Unknown)
	learnt.Store(&unknown)
	told := map[deliveries.Retry]int{}
	s, tape := openStore(t, t.TempDir()), newTape()
	follow := func() {
		t.Helper()
		err := s.Ledger().Follow(t.Context(), func(string, string) deliveries.Schedule { return *learnt.Load() }, func(e Told) {
			for _, r := range e.Retries {
				told[r]++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	follow()
	var all []deliveries.Attempt
	for i := range events {
		for n, after := range []time.Duration{0, 15 * time.Minute, time.Hour} {
			a := tryAt(n+1, after, 503)
			a.Event = fmt.Sprint("evt-", i)
			all = append(all, a)
		}
	}
	apply(t, s, tape.group(all[:50]...))
	apply(t, s, tape.group(all[40:]...)) // ten of them again
	want := map[deliveries.Retry]int{{Number: 2, Offset: 15 * time.Minute}: events, {Number: 3, Offset: time.Hour}: events}
	check := func(when string) {
		t.Helper()
		if len(told) != 2 || told[deliveries.Retry{Number: 2, Offset: 15 * time.Minute}] != events || told[deliveries.Retry{Number: 3, Offset: time.Hour}] != events {
			t.Errorf("%s: told of %v, want %v", when, told, want)
		}
	}
	check("at first")

	learnt.Store(&deliveries.Schedule{Name: deliveries.Learnt, Offsets: []time.Duration{15 * time.Minute, time.Hour, 3 * time.Hour}})
	n, err := s.Ledger().Retell(t.Context(), all[0].Source)
	if err != nil || n != events {
		t.Fatalf("told %d events anew, %v; want %d", n, err, events)
	}
	check("told anew")
	stored := storedEvents(t, s)
	for _, e := range stored {
		if e.Schedule != deliveries.Learnt || !e.ExhaustsAt.Equal(e.FirstAttemptAt.Add(3*time.Hour)) || !e.NextRetryAt.Equal(e.ExhaustsAt) {
			t.Fatalf("%+v; want its last try 3 h after the first", e)
		}
	}
	if n, err := s.Ledger().Retell(t.Context(), "another"); err != nil || n != 0 || len(stored) != events {
		t.Errorf("another source: %d of %d, %v; want none", n, len(stored), err)
	}
}

func TestWhatWasLearntIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	if got, err := s.Ledger().Learnt(t.Context(), LearntSchedule); err != nil || len(got) != 0 {
		t.Fatalf("at first: %v, %v; want nothing", got, err)
	}
	for _, state := range []string{`{"version":1}`, `{"version":2}`} {
		if err := s.Ledger().ReplaceLearnt(t.Context(), LearntSchedule, map[string][]byte{"core": []byte(state)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Ledger().ReplaceLearnt(t.Context(), LearntGap, map[string][]byte{"core": []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	shutStore(t, s)
	got, err := openStore(t, dir).Ledger().Learnt(t.Context(), LearntSchedule)
	if err != nil || len(got) != 1 || string(got["core"]) != `{"version":2}` {
		t.Errorf("after a restart: %q, %v; want what was saved last", got, err)
	}
}

// A person who resends in vain what was delivered long ago makes no undelivered
// event of it, whichever of the two comes first.
func TestAResendOfWhatWasDelivered(t *testing.T) {
	t.Parallel()
	original, resent := tryAt(1, -5*24*time.Hour, 200), tryAt(2, 23*time.Hour, 503)
	resent.Trigger, resent.ID = deliveries.Manual, "by-ana"
	for _, order := range [][]deliveries.Attempt{{original, resent}, {resent, original}} {
		t.Run(fmt.Sprintf("the one with %d first", order[0].Status), func(t *testing.T) {
			t.Parallel()
			s, tape := openStore(t, t.TempDir()), newTape()
			followXendit(t, s)
			for _, a := range slices.Clone(order) {
				apply(t, s, tape.group(a))
			}
			for _, e := range storedEvents(t, s) {
				if e.State != deliveries.EventDelivered {
					t.Errorf("it is %s: %+v", e.State, e)
				}
			}
		})
	}
}

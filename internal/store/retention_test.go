package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

const day = 24 * time.Hour

// openWhole opens a data directory with all that is in it.
func openWhole(tb testing.TB, dir string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), dir, quiet())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// daily returns n attempts for each of some days, counted back from midday.
// Few days make a fast test: each is a file.
func daily(n int, days ...int) (all []deliveries.Attempt) {
	for at, d := range days {
		some := traffic(at*n, n)
		for i := range some {
			some[i].StartedAt = midday.AddDate(0, 0, -d).Add(time.Duration(i) * time.Millisecond)
		}
		all = append(all, some...)
	}
	return all
}

// retain calls Retain as a job does, a few minutes faster, until nothing is
// left to do, and returns what it did.
func retain(tb testing.TB, s *Store, now time.Time, r ingest.Retention) (all []Retained) {
	tb.Helper()
	for range 200 {
		did, err := s.Retain(tb.Context(), now, r)
		if err != nil {
			tb.Fatal(err)
		}
		if did == (Retained{Floor: did.Floor}) {
			return all
		}
		all, now = append(all, did), now.Add(settleTime)
	}
	tb.Fatal("Retain does not come to an end")
	return nil
}

// found counts where each identity is.
type found struct{ slots, failures int }

// whereIs says of all attempts that are kept where they are, by event and number.
func whereIs(tb testing.TB, s *Store) map[string]found {
	tb.Helper()
	all := map[string]found{}
	for in, layout := range map[*slots]string{s.ledger.slots: time.DateOnly, s.ledger.failures: monthOnly} {
		names, err := in.names(layout)
		if err != nil {
			tb.Fatal(err)
		}
		for _, name := range names {
			err := in.read(tb.Context(), name, func(tx *sql.Tx) error {
				rows, err := tx.QueryContext(tb.Context(), `SELECT event_id || ' ' || number FROM attempt`)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var k string
					if err := rows.Scan(&k); err != nil {
						return err
					}
					f := all[k]
					if in == s.ledger.slots {
						f.slots++
					} else {
						f.failures++
					}
					all[k] = f
				}
				return rows.Err()
			})
			if err != nil {
				tb.Fatal(err)
			}
		}
	}
	return all
}

func nameOf(a deliveries.Attempt) string { return fmt.Sprint(a.Event, " ", a.Number) }

func TestRetentionCarriesFailuresOnAndDropsSlots(t *testing.T) { //nolint:tparallel // the parts go on with the same store
	t.Parallel()
	dir := t.TempDir()
	s := openWhole(t, dir)
	followXendit(t, s)
	all := daily(200, 0, 7, 8, 9)
	n := len(all)
	for i, a := range all {
		if a.Status != 200 && i%3 == 0 { // a retry on another day brings it
			a.Number, a.Status, a.StartedAt = 2, 200, a.StartedAt.Add(15*time.Hour)
			if !a.StartedAt.After(midday) {
				all = append(all, a)
			}
		}
	}
	tape := newTape()
	apply(t, s, tape.group(all...))
	events, counts := storedEvents(t, s), everything(t, s)

	did := retain(t, s, midday, ingest.DefaultRetention())

	var dropped []string
	carried := 0
	for _, d := range did {
		carried += d.Carried
		if d.Slot != "" {
			dropped = append(dropped, d.Slot)
		}
	}
	if want := []string{"2026-11-12", "2026-11-13"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
	floor := time.Date(2026, 11, 14, 0, 0, 0, 0, time.UTC)
	if got := s.Ledger().Floor(); !got.Equal(floor) {
		t.Errorf("floor %s, want %s", got, floor)
	}
	keys := map[string]bool{}
	for k := range events {
		keys[k.Event] = true
	}
	where, failures := whereIs(t, s), 0
	for _, a := range all {
		want := found{slots: 1}
		switch {
		case a.StartedAt.Before(floor) && keys[a.Event]:
			want = found{failures: 1}
			failures++
		case a.StartedAt.Before(floor):
			want = found{}
		}
		if got := where[nameOf(a)]; got != want {
			t.Errorf("%s of %s, status %d: %+v, want %+v", nameOf(a), a.StartedAt, a.Status, got, want)
		}
	}
	if carried != failures || failures < 40 {
		t.Errorf("%d carried on, want %d", carried, failures)
	}
	if got := everything(t, s); !slices.Equal(got, counts) {
		t.Error("the counts have changed")
	}
	t.Run("a repeat of what was dropped changes nothing", func(t *testing.T) {
		verdicts := apply(t, s, tape.group(all...))
		for i, a := range all {
			want := ingest.Duplicate
			if a.StartedAt.Before(floor) {
				want = ingest.Outside
			}
			if verdicts[i] != want {
				t.Fatalf("%s: verdict %d, want %d", a.StartedAt, verdicts[i], want)
			}
		}
		if got := everything(t, s); !slices.Equal(got, counts) {
			t.Error("the counts have changed")
		}
		if days := slotDays(t, s); !slices.Equal(days, []string{"2026-11-14", "2026-11-15", "2026-11-21"}) {
			t.Errorf("slots %v", days)
		}
	})
	t.Run("events are as they were, and made anew they are too", func(t *testing.T) {
		if got := storedEvents(t, s); !maps.Equal(got, events) {
			t.Error("the events have changed")
		}
		for _, q := range []string{`DELETE FROM open_event`, `DELETE FROM applied WHERE log = 'attempts.events'`} {
			if _, err := s.facts.w.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		s.ledger.stored = nil
		followXendit(t, s)
		if got := storedEvents(t, s); !maps.Equal(got, events) {
			t.Errorf("%d events, want %d alike", len(got), len(events))
		}
	})
	t.Run("a late retry finds the tries of days that were dropped", func(t *testing.T) {
		i := slices.IndexFunc(all, func(a deliveries.Attempt) bool { return a.StartedAt.Before(floor) && a.Status != 200 })
		late := all[i]
		late.Number, late.StartedAt, late.Trigger, late.ID = 0, midday, deliveries.Manual, "by hand"
		late.Status = 200
		apply(t, s, tape.group(late))
		e := storedEvents(t, s)[eventKey{late.Source, late.Event, late.Endpoint}]
		if e.ManualAttempts != 1 || e.Attempts < 1 || !e.FirstAttemptAt.Equal(all[i].StartedAt) {
			t.Errorf("got %+v, want one manual try after that of %s", e, all[i].StartedAt)
		}
	})
	t.Run("the floor outlives a restart", func(t *testing.T) {
		again := openWhole(t, copyDir(t, dir))
		if got := again.Ledger().Floor(); !got.Equal(floor) {
			t.Errorf("floor %s, want %s", got, floor)
		}
		if v := apply(t, again, tape.group(all...)); v[n-1] != ingest.Outside {
			t.Errorf("verdict %d, want outside", v[n-1])
		}
	})
}

func TestRetentionWaitsBetweenFloorAndDrop(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	tape := newTape()
	apply(t, s, tape.group(daily(20, 7, 8, 9)...))
	r := ingest.DefaultRetention()
	end := time.Date(2026, 11, 13, 0, 0, 0, 0, time.UTC) // of the oldest day
	for _, step := range []struct {
		name  string
		now   time.Time
		slots int
		floor time.Time
		more  bool
	}{
		{"before its time", end.Add(r.Successes - 1), 3, time.Time{}, false},
		{"the last day has ended so long ago", end.Add(r.Successes), 3, end, true},
		{"attempts may be on their way", end.Add(r.Successes + settleTime - 1), 3, end, true},
		{"the clock was set back by a year", end.Add(r.Successes - 365*day), 3, end, false},
		{"and is right again", end.Add(r.Successes + 2*settleTime), 2, end, false},
	} {
		did, err := s.Retain(t.Context(), step.now, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(slotDays(t, s)); got != step.slots || !did.Floor.Equal(step.floor) || did.More != step.more {
			t.Errorf("%s: %d slots, %+v; want %d, %+v", step.name, got, did, step.slots, step)
		}
	}
	if got := s.ledger.slots.keeps("2026-11-12"); got {
		t.Error("a slot that was dropped can be made anew")
	}
}

func TestWhatWasTakenBeforeTheFloorRoseIsKept(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	tape := newTape()
	all := daily(20, 0, 9)
	apply(t, s, tape.group(all[:30]...))
	r := ingest.DefaultRetention()
	now := midday
	if _, err := s.Retain(t.Context(), now, r); err != nil {
		t.Fatal(err)
	}
	if v := count(apply(t, s, tape.group(all[30:]...))); v[ingest.Counted] != 10 { // from the log, taken before
		t.Errorf("verdicts %v, want all counted", v)
	}
	retain(t, s, now.Add(settleTime), r)
	failed := all[30] // each tenth is
	if got := whereIs(t, s)[nameOf(failed)]; got != (found{failures: 1}) {
		t.Errorf("%+v, want it with the failures", got)
	}
}

func TestReadersKeepTheirSlot(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	apply(t, s, newTape().group(daily(20, 6, 9)...))
	r := ingest.DefaultRetention()
	if _, err := s.Retain(t.Context(), midday, r); err != nil {
		t.Fatal(err)
	}
	sl, err := s.ledger.slots.take(t.Context(), "2026-11-12", false)
	if err != nil || sl == nil {
		t.Fatalf("take: %v, %v", sl, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if did, err := s.Retain(t.Context(), midday.Add(settleTime), r); err != nil || did.Slot != "2026-11-12" {
			t.Errorf("got %+v, %v; want the slot dropped", did, err)
		}
	})
	for s.ledger.slots.keeps("2026-11-12") {
		if err := s.ledger.slots.read(t.Context(), "2026-11-15", func(*sql.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := sl.db.read(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRowContext(t.Context(), `SELECT count(*) FROM attempt`).Scan(&n)
	}); err != nil || n != 20 {
		t.Errorf("%d rows, %v; want 20", n, err)
	}
	if other, err := s.ledger.slots.take(t.Context(), "2026-11-12", false); other != nil || err != nil {
		t.Errorf("another reader: %v, %v; want none", other, err)
	}
	s.ledger.slots.giveBack(sl)
	wg.Wait()
	if _, err := s.Retain(ended, midday, r); !errors.Is(err, context.Canceled) {
		t.Errorf("after ctx has ended: %v", err)
	}
	if slices.Contains(slotDays(t, s), "2026-11-12") {
		t.Error("the slot is there")
	}
}

func TestAReaderThatDoesNotEndIsWaitedForAgain(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	apply(t, s, newTape().group(daily(5, 0)...))
	in := s.ledger.slots
	sl, err := in.take(t.Context(), "2026-11-21", false)
	if err != nil || sl == nil {
		t.Fatalf("take: %v, %v", sl, err)
	}
	in.dropBefore("2026-11-22")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.sweep(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("sweep: %v, want ctx's error", err)
	}
	in.giveBack(sl)
	if err := in.sweep(t.Context()); err != nil || len(slotDays(t, s)) != 0 {
		t.Errorf("sweep: %v, slots %v", err, slotDays(t, s))
	}
}

func TestRetentionOfDamagedFiles(t *testing.T) {
	t.Parallel()
	spoil := func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		spoil string
		kept  int // failed attempts
	}{
		"a slot is moved aside, and the others go on": {"attempts/2026-11-12.db", 2},
		"failures are moved aside and begun anew":     {"failures/2026-11.db", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openWhole(t, dir)
			apply(t, s, newTape().group(daily(20, 0, 9, 10)...)) // two days too many, two failures each
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, failuresDir), 0o700); err != nil {
				t.Fatal(err)
			}
			spoil(t, filepath.Join(dir, tc.spoil))
			s = openWhole(t, dir)
			retain(t, s, midday.AddDate(0, 0, -1), ingest.DefaultRetention())
			n := 0
			for _, f := range whereIs(t, s) {
				n += f.failures
			}
			aside, err := filepath.Glob(filepath.Join(dir, tc.spoil+".damaged-*"))
			if n != tc.kept || len(aside) != 1 || err != nil || len(slotDays(t, s)) != 1 {
				t.Errorf("%d kept, aside %v, %v, slots %v; want %d, one, one", n, aside, err, slotDays(t, s), tc.kept)
			}
		})
	}
}

func TestOldFailuresGoByMonth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openWhole(t, dir)
	r := ingest.Retention{Successes: day, Failures: 30 * day, Rollups: 40 * day}
	tape := newTape()
	apply(t, s, tape.group(daily(10, 3, 10, 25)...)) // the last on 27 October
	retain(t, s, midday, r)
	months := func() []string {
		names, err := s.ledger.failures.names(monthOnly)
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if got := months(); !slices.Equal(got, []string{"2026-10", "2026-11"}) {
		t.Fatalf("months %v", got)
	}
	for _, step := range []struct {
		now  time.Time
		want []string
	}{
		{time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC), []string{"2026-10", "2026-11"}},
		{time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), []string{"2026-11"}},
		{time.Date(2026, 12, 30, 23, 59, 59, 0, time.UTC), []string{"2026-11"}},
		{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), nil},
	} {
		if _, err := s.Retain(t.Context(), step.now, r); err != nil {
			t.Fatal(err)
		}
		if got := months(); !slices.Equal(got, step.want) {
			t.Errorf("at %s: %v, want %v", step.now, got, step.want)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, failuresDir))
	if err != nil || len(left) != 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}

// TestFailuresThatAreTooOldAreNotCarried: after a long time off, a slot may be
// older than failures are kept.
func TestFailuresThatAreTooOldAreNotCarried(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	apply(t, s, newTape().group(daily(10, 0, 1)...))
	retain(t, s, midday.AddDate(1, 0, 0), ingest.DefaultRetention())
	if got := whereIs(t, s); len(got) != 0 || len(slotDays(t, s)) != 0 {
		t.Errorf("%d attempts, slots %v; want none", len(got), slotDays(t, s))
	}
}

func TestOldRollupsAndEventsGo(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	followXendit(t, s)
	r := ingest.Retention{Successes: day, Failures: 10 * day, Rollups: 20 * day}
	all := daily(100, 0, 9, 11, 19, 21, 30)
	for i := range all {
		if i%20 == 0 { // delivered by a person
			a := all[i]
			a.Number, a.Trigger, a.ID, a.Status, a.StartedAt = 0, deliveries.Manual, fmt.Sprint("by hand ", i), 200, a.StartedAt.Add(time.Minute)
			all = append(all, a)
		}
	}
	apply(t, s, newTape().group(all...))
	for _, did := range retain(t, s, midday, r) {
		if did.Slot == "" && did.Failures == "" && did.Rollups+did.Events == 0 && !did.More {
			t.Errorf("did nothing: %+v", did)
		}
	}
	before := midday.Add(-r.Failures)
	states := map[deliveries.EventState]int{}
	for k, e := range storedEvents(t, s) {
		states[e.State]++
		if e.LastAttemptAt.Before(before) && !e.ExhaustsAt.After(before) {
			t.Errorf("%v is still there: %+v", k, e)
		}
	}
	if states[deliveries.EventDelivered] != 2*5 || states[deliveries.EventRetrying] != 2*5 {
		t.Errorf("events %v, want those of two days", states)
	}
	oldest := column(t, s.facts.r, `SELECT min(slot) FROM rollup`)[0]
	from := midday.Add(-r.Rollups).Truncate(day)
	if want := stepsOf(rules.BucketLength).slot(midday.AddDate(0, 0, -19)); oldest != fmt.Sprint(want) {
		t.Errorf("the oldest quarter is %s, want that of 19 days ago, %d", oldest, want)
	}
	if got := s.rollupsFrom(midday.Unix()); got != from.Unix() {
		t.Errorf("rollups are kept from %d, want %d", got, from.Unix())
	}
}

func TestRetentionIsChecked(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	apply(t, s, newTape().group(daily(2, 8, 9)...))
	if did, err := s.Retain(t.Context(), midday, ingest.Retention{}); err == nil || did != (Retained{}) {
		t.Errorf("got %+v, %v; want it refused", did, err)
	}
	if got := len(slotDays(t, s)); got != 2 {
		t.Errorf("%d slots, want 2", got)
	}
}

// TestSameIdentityOnTwoDays: attempts that contradict each other across
// midnight are two; the earlier one is kept with the failures.
func TestSameIdentityOnTwoDays(t *testing.T) {
	t.Parallel()
	s := openWhole(t, t.TempDir())
	one := traffic(0, 1)[0]
	one.StartedAt = midday.AddDate(0, 0, -12)
	two := one
	two.StartedAt = midday.AddDate(0, 0, -11)
	if v := count(apply(t, s, newTape().group(one, two))); v[ingest.Counted] != 2 {
		t.Fatalf("verdicts %v", v)
	}
	retain(t, s, midday, ingest.DefaultRetention())
	if got := whereIs(t, s); got[nameOf(one)] != (found{failures: 1}) {
		t.Errorf("got %v", got)
	}
	kept := ""
	err := s.ledger.failures.read(t.Context(), "2026-11", func(tx *sql.Tx) error {
		return tx.QueryRowContext(t.Context(), `SELECT date(started_at / 1000000, 'unixepoch') FROM attempt`).Scan(&kept)
	})
	if err != nil || kept != "2026-11-09" {
		t.Errorf("kept that of %s, %v", kept, err)
	}
}

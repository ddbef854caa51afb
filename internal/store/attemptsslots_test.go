package store

import (
	"bytes"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// dirOf is the data directory.
func (s *Store) dirOf() string { return filepath.Dir(s.facts.path) }

func TestSlotsAreDays(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	all := traffic(0, 40)
	for i := range all {
		all[i].StartedAt = midnight.Add(time.Duration((i*7)%2*2-1) * time.Duration(i+1) * time.Nanosecond) // to and fro
		all[i].Number = 1
	}
	all[1].StartedAt = midnight // the first moment of the day
	if got := count(apply(t, s, newTape().group(all...))); got[ingest.Counted] != len(all) {
		t.Errorf("verdicts %v, want all counted", got)
	}
	if got, want := slotDays(t, s), []string{"2026-11-20", "2026-11-21"}; !slices.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
	if got := rowCount(t, s); got != len(all) {
		t.Errorf("%d rows, want %d", got, len(all))
	}
	for from, want := range map[time.Time]int{midnight.Add(-time.Minute): 20, midnight: 20} {
		a, err := s.Tally(t.Context(), ingest.TallyQuery{Scopes: []rules.Scope{rules.ScopePlatform}, From: from, To: from.Add(time.Minute)})
		if err != nil || a.First != want {
			t.Errorf("the minute from %s: %+v, %v; want %d", from, a, err, want)
		}
	}
	info, err := os.Stat(filepath.Join(s.ledger.slots.dir, "2026-11-20.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 600", info.Mode(), err)
	}
}

func TestFewSlotsAreOpen(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	for i := range 2 {
		all := traffic(i*1000, 30)
		for k := range all {
			all[k].StartedAt = midday.AddDate(0, 0, -k%10)
		}
		apply(t, s, tape.group(all...))
	}
	if got := len(s.ledger.slots.open); got > openSlots {
		t.Errorf("%d slots are open, want at most %d", got, openSlots)
	}
	if got := rowCount(t, s); got != 60 || len(slotDays(t, s)) != 10 {
		t.Errorf("%d rows in %d slots, want 60 in 10", got, len(slotDays(t, s)))
	}
}

func TestStrangeStartsAreNotKept(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	apart := []time.Duration{-ingest.MaxAge, -ingest.MaxAge - 1, -26 * 365 * 24 * time.Hour, time.Hour, time.Hour + 1, 170 * 365 * 24 * time.Hour}
	want := []ingest.Verdict{ingest.Counted, ingest.Outside, ingest.Outside, ingest.Counted, ingest.Outside, ingest.Outside}
	all := traffic(0, len(apart))
	for i := range all {
		all[i].StartedAt = midday.Add(apart[i])
	}
	if got := apply(t, s, newTape().group(all...)); !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
	if got := len(slotDays(t, s)); got != 2 {
		t.Errorf("%d slots, want 2", got)
	}
}

func TestAskingMakesNoSlot(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	all := traffic(0, 2*askedTogether+10)
	for i := range all {
		all[i].StartedAt = midday.AddDate(0, 0, -i%3)
	}
	kept := slices.Clone(all[:len(all)-8])
	kept = slices.DeleteFunc(kept, func(a deliveries.Attempt) bool { return a.StartedAt.Day() == 20 })
	apply(t, s, newTape().group(kept...))
	all[3].Status++ // told otherwise
	all[6].StartedAt = midday.AddDate(-20, 0, 0)
	ask := append(slices.Clone(all), all[0])
	known, err := s.Ledger().Known(t.Context(), ask)
	if err != nil || len(known) != len(ask) {
		t.Fatalf("%d known, %v", len(known), err)
	}
	for i, a := range ask {
		if want := slices.Contains(kept, a); known[i] != want {
			t.Errorf("attempt %d of %s: known %v, want %v", i, a.StartedAt, known[i], want)
		}
	}
	if got, want := slotDays(t, s), []string{"2026-11-19", "2026-11-21"}; !slices.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

func TestAskingBesideApplying(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	all := traffic(0, 400)
	for i := range all {
		all[i].StartedAt = midday.AddDate(0, 0, -i%7) // more than are open
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for some := range slices.Chunk(all, 50) {
				if _, err := s.Ledger().Known(t.Context(), some); err != nil {
					t.Errorf("Known: %v", err)
				}
			}
		})
	}
	for some := range slices.Chunk(all, 100) {
		g := tape.group(some...)
		apply(t, s, g)
		if err := s.Ledger().Sync(t.Context(), g.Next); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	known, err := s.Ledger().Known(t.Context(), all)
	if err != nil || slices.Contains(known, false) {
		t.Errorf("not all are known afterwards (%v)", err)
	}
}

func TestADamagedSlotIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(b []byte) []byte{
		"its head":         func(b []byte) []byte { copy(b, "nothing of the kind"); return b },
		"its first page":   func(b []byte) []byte { clear(b[100:4096]); return b },
		"all but its head": func(b []byte) []byte { clear(b[4096:]); return b },
		"it is cut short":  func(b []byte) []byte { return b[:1000] },
		"it is empty":      func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openStore(t, dir)
			tape := newTape()
			apply(t, s, tape.group(traffic(0, 200)...))
			shutStore(t, s)
			path := filepath.Join(dir, attemptsDir, "2026-11-21.db")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, dir)
			var said bytes.Buffer
			s.ledger.slots.log = slog.New(slog.NewTextHandler(&said, nil))
			again := tape.group(traffic(100, 200)...)
			if got := count(apply(t, s, again)); got[ingest.Counted] != 200 {
				t.Errorf("verdicts %v, want all counted", got)
			}
			kept, err := filepath.Glob(path + ".damaged-*")
			if err != nil || len(kept) == 0 {
				t.Errorf("the damaged file is gone (%v)", err)
			}
			if got := said.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "slot=2026-11-21") {
				t.Errorf("log %q, want one error that names the slot", got)
			}
			if got := rowCount(t, s); got != 200 {
				t.Errorf("%d rows in the new slot, want 200", got)
			}
		})
	}
}

// TestASlotThatIsMovedAsideAsItIsWritten has a reader find the damage between
// the moment at which the applier opens a slot and the one at which it writes.
func TestASlotThatIsMovedAsideAsItIsWritten(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s) // so that a restart has no events to make, and opens no slot
	apply(t, s, tape.group(traffic(0, 10)...))
	restart(t, s)
	in := s.ledger.slots
	var wg sync.WaitGroup
	looks := 0
	in.home = func() error {
		if looks++; looks == 2 { // it is open, and held
			wg.Go(func() {
				if err := in.replace("2026-11-21", &DamagedError{File: "2026-11-21.db", Detail: "as a reader says"}); err != nil {
					t.Errorf("replace: %v", err)
				}
			})
			for in.mu.TryLock() { // until the reader waits for it
				in.mu.Unlock()
				runtime.Gosched()
			}
		}
		return nil
	}
	g := tape.group(traffic(10, 10)...)
	if _, err := s.Ledger().Apply(t.Context(), g); err == nil || !strings.Contains(err.Error(), "moved aside") {
		t.Errorf("got %v, want that the file was moved aside", err)
	}
	wg.Wait()
	if got := count(apply(t, s, g)); got[ingest.Counted] != 10 {
		t.Errorf("verdicts %v, want all counted", got)
	}
	if got := rowCount(t, s); got != 10 {
		t.Errorf("%d rows in the new slot, want 10", got)
	}
}

func TestANewerSlotIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	followXendit(t, s) // so that a restart has no events to make, and opens no slot
	tape := newTape()
	apply(t, s, tape.group(traffic(0, 10)...))
	version := func(q string) {
		restart(t, s)
		d, err := sql.Open("sqlite", filepath.Join(s.ledger.slots.dir, "2026-11-21.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	version(`INSERT INTO schema_version (version_id, is_applied) VALUES (99, 1)`)
	before := everything(t, s)
	g := tape.group(traffic(10, 10)...)
	for range 2 {
		_, err := s.Ledger().Apply(t.Context(), g)
		if newer, ok := errors.AsType[*NewerError](err); !ok || newer.File != "2026-11-21.db" {
			t.Fatalf("got %v, want a NewerError of the slot", err)
		}
	}
	if _, err := s.Ledger().Known(t.Context(), traffic(0, 1)); err == nil {
		t.Error("a newer slot answers")
	}
	if got := everything(t, s); !slices.Equal(got, before) {
		t.Error("the tallies changed")
	}
	version(`DELETE FROM schema_version WHERE version_id = 99`) // the newer binary took it back
	if got := count(apply(t, s, g)); got[ingest.Counted] != 10 {
		t.Errorf("verdicts %v, want all counted", got)
	}
}

// TestIDsThatAreTaken has a million attempts' worth of bad luck: the counter
// of the ids meets its own traces.
func TestIDsThatAreTaken(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	all := traffic(0, 300)
	for i := range all {
		all[i].StartedAt = midday // to the second, as some senders tell
	}
	for some := range slices.Chunk(all, 100) {
		if got := count(apply(t, s, tape.group(some...))); got[ingest.Counted] != 100 {
			t.Errorf("verdicts %v, want all counted", got)
		}
		s.ledger.slots.open["2026-11-21"].state = slotState{seeded: true} // the same numbers again
	}
	if got := rowCount(t, s); got != 300 {
		t.Errorf("%d rows, want 300", got)
	}
	if astray := column(t, s.ledger.slots.open["2026-11-21"].db.r, `SELECT id FROM attempt WHERE id >> 20 <> started_at / 1000`); len(astray) > 0 {
		t.Errorf("%d rows do not lie at their time", len(astray))
	}
}

// TestAnIDThatIsTakenChangesNoOrder has the first of two that contradict each
// other wait for another number: it is the first one all the same.
func TestAnIDThatIsTakenChangesNoOrder(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	all := traffic(0, 2)
	all[0].StartedAt, all[1].StartedAt = midday, midday
	apply(t, s, tape.group(all[0]))
	second := all[1]
	second.StartedAt = midday.Add(time.Minute)
	s.ledger.slots.open["2026-11-21"].state.counter-- // the number of the first row
	if got, want := apply(t, s, tape.group(all[1], second)), []ingest.Verdict{ingest.Counted, ingest.Contradicted}; !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
}

// TestAReplaySaysOfARepeatWhatWasSaid has a repeat whose like gave way later:
// the second time it still is a repeat.
func TestAReplaySaysOfARepeatWhatWasSaid(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	a := traffic(0, 1)[0]
	b, c := a, a
	b.StartedAt, c.StartedAt = a.StartedAt.Add(-time.Second), a.StartedAt.Add(-2*time.Second)
	groups := []ingest.Group{tape.group(a), tape.group(a, b, a, b), tape.group(b, c, a, b, c)}
	want := []ingest.Verdict{
		ingest.Counted,
		ingest.Duplicate, ingest.Replaced, ingest.Contradicted, ingest.Duplicate,
		ingest.Duplicate, ingest.Replaced, ingest.Contradicted, ingest.Contradicted, ingest.Duplicate,
	}
	for _, when := range []string{"the first time", "replayed"} {
		if got := apply(t, s, groups...); !slices.Equal(got, want) {
			t.Errorf("%s: verdicts %v, want %v", when, got, want)
		}
	}
}

func TestSyncSaysHowFar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	tape := newTape()
	one, two := tape.group(traffic(0, 5)...), tape.group(traffic(5, 5)...)
	apply(t, s, one)
	if p, err := s.Ledger().Progress(t.Context()); err != nil || !p.Synced.IsZero() {
		t.Errorf("progress %v, %v; want nothing synced", p, err)
	}
	if err := s.Ledger().Sync(t.Context(), two.Next); err != nil { // further than is applied
		t.Fatal(err)
	}
	apply(t, s, two)
	shutStore(t, s)
	s = openStore(t, dir)
	p, err := s.Ledger().Progress(t.Context())
	if want := (ingest.Progress{Applied: two.Next, Synced: one.Next}); err != nil || p != want {
		t.Errorf("progress %v, %v; want %v", p, err, want)
	}
	if err := s.Ledger().Sync(t.Context(), ingest.Position{}); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Ledger().Progress(t.Context()); err != nil || p.Synced != one.Next {
		t.Errorf("progress %v, %v: it went back", p, err)
	}
}

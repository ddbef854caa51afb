package store

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// A connection that is opened while the file is away makes no empty one.
func TestReadingLeavesNothingWhereTheFileWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	path := filepath.Join(dir, factsFile)
	other := func(*sql.Tx) error { return s.facts.read(t.Context(), func(*sql.Tx) error { return nil }) }
	if err := s.facts.read(t.Context(), func(tx *sql.Tx) error {
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		return other(tx) // by a connection of its own
	}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "put the same file back") {
		t.Errorf("got %v, want that it is gone", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a new file (%v)", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if err := s.facts.read(t.Context(), other); err != nil {
		t.Errorf("got %v once it is back", err)
	}
}

// Rows in a slot that is gone are neither applied nor called synced, so that the
// log keeps them; a new start applies them once.
func TestASlotThatIsGoneKeepsTheLog(t *testing.T) {
	t.Parallel()
	slot := attemptsDir + "/2026-11-21.db"
	for name, tc := range map[string]struct {
		take    func(dir string) error
		applies bool
	}{
		"the slot":      {func(dir string) error { return os.Remove(filepath.Join(dir, slot)) }, false},
		"its log alone": {func(dir string) error { return os.Remove(filepath.Join(dir, slot+"-wal")) }, false},
		"the folder":    {func(dir string) error { return os.RemoveAll(filepath.Join(dir, attemptsDir)) }, false},
		"nothing":       {func(string) error { return nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openStore(t, dir)
			tape := newTape()
			first, second := tape.group(traffic(0, 100)...), tape.group(traffic(100, 100)...)
			apply(t, s, first)
			if err := tc.take(dir); err != nil {
				t.Fatal(err)
			}
			if err := s.Ledger().Sync(t.Context(), first.Next); (err == nil) != tc.applies {
				t.Errorf("sync: %v", err)
			}
			if _, err := s.Ledger().Apply(t.Context(), second); (err == nil) != tc.applies {
				t.Errorf("apply: %v", err)
			}
			shutStore(t, s)
			s = openStore(t, dir) // a slot that is missing is made anew
			if p, err := s.Ledger().Progress(t.Context()); err != nil || !tc.applies && !p.Synced.IsZero() {
				t.Fatalf("progress %+v, %v; want nothing synced", p, err)
			}
			n := count(apply(t, s, first, second))
			if n[ingest.Counted] != 200 {
				t.Errorf("verdicts %v, want 200 counted", n)
			}
			if files, err := filepath.Glob(filepath.Join(dir, slot)); err != nil || len(files) != 1 {
				t.Errorf("slots %v, %v", files, err)
			}
		})
	}
}

// While the data directory is away no slot is made in the folder below it.
func TestNoSlotIsMadeInAnotherDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir)
	tape := newTape()
	apply(t, s, tape.group(traffic(0, 10)...)) // all that is needed is open
	if err := errors.Join(os.Rename(dir, dir+".away"), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	late := traffic(10, 10)
	for i := range late {
		late[i].StartedAt = late[i].StartedAt.AddDate(0, 0, -1)
	}
	g := tape.group(late...)
	if _, err := s.Ledger().Apply(t.Context(), g); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that it is gone", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("the other directory has %v (%v), want nothing", list, err)
	}
	if err := errors.Join(os.Remove(dir), os.Rename(dir+".away", dir)); err != nil {
		t.Fatal(err)
	}
	apply(t, s, g)
}

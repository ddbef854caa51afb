package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

func rename(from, to string) func(dir string) error {
	return func(dir string) error { return os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)) }
}

func renamed(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := rename(from, to)(dir); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsCommittedToAFileThatIsGone takes a file from the store while it
// is open, and gives it back: what was said to be committed is there.
func TestNothingIsCommittedToAFileThatIsGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		take, giveBack func(dir string) error
		commits        bool // state.db can be written all the same
		want           string
	}{
		"the directory is moved": {rename("data", "away"), rename("away", "data"), false, "state.db was removed, moved or unmounted while it was open (it is not there any more)"},
		"state.db is moved":      {rename("data/state.db", "away"), rename("away", "data/state.db"), false, "state.db was removed, moved or unmounted while it was open (it is not there any more)"},
		"another file is in its place": {
			func(dir string) error {
				b, err := os.ReadFile(filepath.Join(dir, "data/state.db"))
				return errors.Join(err, rename("data/state.db", "away")(dir), os.WriteFile(filepath.Join(dir, "data/state.db"), b, 0o600))
			},
			rename("away", "data/state.db"), false, "(another file is in its place)",
		},
		"the write-ahead log is moved": {rename("data/state.db-wal", "away"), rename("away", "data/state.db-wal"), false, "(its state.db-wal is not there any more)"},
		"facts.db is moved":            {rename("data/facts.db", "away"), rename("away", "data/facts.db"), true, "facts.db was removed, moved or unmounted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, filepath.Join(dir, "data"))
			commit(t, s, some("before", 3, registry.OriginAPI))
			if err := tc.take(dir); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := s.Check(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("check: got %v, want %s", err, tc.want)
				}
			}
			if err := s.CommitRegistry(t.Context(), some("meanwhile", 2, registry.OriginAPI)); (err == nil) != tc.commits {
				t.Errorf("commit: %v", err)
			}
			if err := tc.giveBack(dir); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("check: got %v once it is back", err)
			}
			commit(t, s, some("after", 1, registry.OriginAPI))
			want := 4
			if tc.commits {
				want = 6
			}
			shut(t, s)
			if got := len(records(t, open(t, filepath.Join(dir, "data"))).Endpoints); got != want {
				t.Errorf("%d endpoints, want %d: what was committed, and nothing else", got, want)
			}
		})
	}
}

// The directory is removed under the store: what was committed is rescued, the
// next start asks for a person's word, and goes on with the copy.
func TestARemovedStoreIsRescued(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir)
	commit(t, s, some("a", 3, registry.OriginAPI))
	if path, err := s.Rescue(t.Context()); path != "" || err != nil {
		t.Errorf("rescued %q, %v while it is there", path, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	path, err := s.Rescue(t.Context())
	if err != nil || filepath.Dir(path) != dir {
		t.Fatalf("rescued %q, %v", path, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v; want mode 600", info, err)
	}
	shut(t, s)
	for range 2 { // a refusal changes nothing
		_, err = store.Open(t.Context(), dir, quiet())
		want := "state.db is damaged: it is missing while " + filepath.Base(path) + " is there; hookvigil left this copy when the file was taken from it: rename it to state.db"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("got %v, want %s", err, want)
		}
		oneLine(t, err)
	}
	renamed(t, dir, filepath.Base(path), "state.db")
	if got := len(records(t, open(t, dir)).Endpoints); got != 3 {
		t.Errorf("%d endpoints, want 3", got)
	}
}

// Only the file itself is removed, and its write-ahead log stays: the copy must
// not get that by its new name.
func TestARescuedCopyDoesNotGetWhatLayBeside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 30 {
		commit(t, s, some(fmt.Sprint("a", i, "-"), 1, registry.OriginAPI))
	}
	if err := os.Remove(filepath.Join(dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	path, err := s.Rescue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	if _, err := os.Stat(filepath.Join(dir, "state.db-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log of the lost file lies where the copy will be: %v", err)
	}
	renamed(t, dir, filepath.Base(path), "state.db")
	if got := len(records(t, open(t, dir)).Endpoints); got != 30 {
		t.Errorf("%d endpoints, want 30", got)
	}
}

func TestFactsThatAreMissingAreSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var said bytes.Buffer
	reopen := func() string {
		t.Helper()
		said.Reset()
		s, err := store.Open(t.Context(), dir, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil {
			t.Fatal(err)
		}
		shut(t, s)
		return said.String()
	}
	if got := reopen(); !strings.Contains(got, "data directory was empty") || strings.Contains(got, "facts.db") {
		t.Errorf("a new directory: said %q", got)
	}
	if got := reopen(); got != "" {
		t.Errorf("nothing is missing: said %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "facts.db")); err != nil {
		t.Fatal(err)
	}
	if got := reopen(); !strings.Contains(got, "database was missing and is made anew") || strings.Contains(got, "was empty") {
		t.Errorf("facts.db is missing: said %q", got)
	}
}

// A copy that somebody puts in the place of the open file stays whole when the
// store closes: SQLite removes a write-ahead log by its name.
func TestClosingLeavesARestoredCopyAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, some("a", 3, registry.OriginAPI))
	for _, name := range []string{"state.db", "state.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = errors.Join(os.Remove(filepath.Join(dir, name)), os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("close: got %v, want that another file is in its place", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state.db-wal")); err != nil {
		t.Errorf("the write-ahead log of the copy: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state.db-shm")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the store's own index of a log beside the copy: %v", err)
	}
	if got := len(records(t, open(t, dir)).Endpoints); got != 3 {
		t.Errorf("%d endpoints, want 3", got)
	}
}

// swapped returns a directory in whose state.db there are some endpoints, and
// into which the state of before, with kept, was moved while it was open.
func swapped(t *testing.T, kept, lost int) (dir string, s *store.Store) {
	t.Helper()
	dir = t.TempDir()
	s = open(t, dir)
	commit(t, s, some("kept", kept, registry.OriginAPI))
	shut(t, s)
	old, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	for i := range lost {
		commit(t, s, some(fmt.Sprint("lost", i), 1+i*500, registry.OriginAPI))
	}
	if err := os.WriteFile(filepath.Join(dir, "new"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	renamed(t, dir, "new", "state.db")
	return dir, s
}

// TestACopyThatIsPutThereIsWhatStarts: the write-ahead log of the file before is
// not folded into it, and is kept.
func TestACopyThatIsPutThereIsWhatStarts(t *testing.T) {
	t.Parallel()
	for _, lost := range []int{1, 6} {
		dir, s := swapped(t, 50, lost)
		if err := s.Close(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("close: got %v, want that another file is in its place", err)
		}
		kept, err := filepath.Glob(filepath.Join(dir, "state.db.left-*"))
		if err != nil || len(kept) != 2 {
			t.Errorf("kept are %q, %v; want the -wal and the -shm", kept, err)
		}
		if got := len(records(t, open(t, dir)).Endpoints); got != 50 {
			t.Errorf("%d endpoints; the copy has 50", got)
		}
	}
}

// TestARescuedCopyIsNotPassedOver when another state.db stands in its place: a
// person says which of them it is.
func TestARescuedCopyIsNotPassedOver(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		decide func(dir, rescued string) error
		want   int
	}{
		"the copy": {func(dir, rescued string) error {
			return errors.Join(rename("state.db", "away")(dir), rename(rescued, "state.db")(dir))
		}, 4},
		"what was put there": {func(dir, rescued string) error { return os.Remove(filepath.Join(dir, rescued)) }, 3},
	} {
		dir, s := swapped(t, 3, 1)
		path, err := s.Rescue(t.Context())
		if err != nil || path == "" {
			t.Fatalf("rescued %q, %v", path, err)
		}
		_ = s.Close() // says that another file is in its place
		rescued := filepath.Base(path)
		for range 2 { // a refusal changes nothing
			_, err = store.Open(t.Context(), dir, quiet())
			for _, want := range []string{"state.db and " + rescued + " are both there", "rename " + rescued + " to state.db", "move " + rescued + " out of data_dir"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("got %v, want %q", err, want)
				}
			}
			oneLine(t, err)
		}
		if err := tc.decide(dir, rescued); err != nil {
			t.Fatal(err)
		}
		if got := len(records(t, open(t, dir)).Endpoints); got != tc.want {
			t.Errorf("%s: %d endpoints, want %d", sentence, got, tc.want)
		}
	}
}

// What hookvigil leaves behind says that there was a state.db.
func TestOpenRefusesWhatHasLostItsState(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		left    string
		refused bool
	}{
		"facts":                   {"facts.db", true},
		"a segment of the log":    {"log/000001.wal", true},
		"attempts of a day":       {"attempts/2026-11-21.db", true},
		"failures of a month":     {"failures/2026-11.db", true},
		"a copy before migration": {"state.db.bak-1", true},
		"a rescued copy":          {"state.db.rescued-20261121T120000Z", true},
		"half a rescued copy":     {"state.db.rescued-20261121T120000Z.part", false},
		"the lock":                {"hookvigil.lock", false},
		"something of a person's": {"notes.db", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, tc.left)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			if !tc.refused {
				open(t, dir)
				return
			}
			_, err := store.Open(t.Context(), dir, quiet())
			if want := "state.db is damaged: it is missing while " + tc.left + " is there"; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("got %v, want %s", err, want)
			}
			oneLine(t, err)
			if _, err := os.Stat(filepath.Join(dir, "state.db")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a refusal made a state.db (%v)", err)
			}
		})
	}
}

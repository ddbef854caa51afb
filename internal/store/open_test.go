package store_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deeper", "data #1?") // characters with a meaning in SQLite's URIs
	s := open(t, dir)
	commit(t, s, some("a", 3, registry.OriginAPI))
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", path, got, want)
		}
		seen++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 6 { // dir, lock, two databases, their write-ahead logs
		t.Errorf("saw %d files, want at least 6", seen)
	}
}

func TestOpenTightensModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir))
	path := filepath.Join(dir, "state.db")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestCloseLeavesOnlyTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, some("a", 3, registry.OriginAPI))
	shut(t, s)
	shut(t, s) // a second call does nothing
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), "facts.db hookvigil.lock state.db"; got != want {
		t.Errorf("files %q, want %q", got, want)
	}
	if got := len(records(t, open(t, dir)).Endpoints); got != 3 {
		t.Errorf("%d endpoints after a restart, want 3", got)
	}
}

func TestOpenRefusesALockedDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, err := store.Open(t.Context(), dir, quiet())
	locked, ok := errors.AsType[*store.LockedError](err)
	if !ok {
		t.Fatalf("got %v, want a LockedError", err)
	}
	if locked.PID != os.Getpid() {
		t.Errorf("pid %d, want %d", locked.PID, os.Getpid())
	}
	oneLine(t, err)
	shut(t, s)
	open(t, dir)
}

func TestOpenRefusesWhatItCannotTrust(t *testing.T) {
	t.Parallel()
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		harm func(t *testing.T, state string)
		want string
	}{
		"newer schema": {func(t *testing.T, state string) {
			t.Helper()
			edit(t, state, `INSERT INTO schema_version (version_id, is_applied) VALUES (7, 1)`)
		}, "state.db has schema 7, this hookvigil knows 2: use the newer binary"},
		"empty file":     {func(t *testing.T, state string) { t.Helper(); write(t, state, "") }, "state.db is damaged: it is only 0 bytes long"},
		"another format": {func(t *testing.T, state string) { t.Helper(); write(t, state, strings.Repeat("hello ", 1000)) }, "state.db is damaged: file is not a database"},
		"a table is gone": {func(t *testing.T, state string) {
			t.Helper()
			edit(t, state, `DROP TABLE notice`)
		}, "state.db is damaged: it lacks table notice"},
		"a column is gone": {func(t *testing.T, state string) {
			t.Helper()
			edit(t, state, `ALTER TABLE digest DROP COLUMN covered_us`)
		}, "state.db is damaged: it lacks table digest column covered_us"},
		"the versions are gone": {func(t *testing.T, state string) {
			t.Helper()
			edit(t, state, `DELETE FROM schema_version`)
		}, "state.db is damaged: it holds no schema"},
		"another database": {func(t *testing.T, state string) {
			t.Helper()
			remove(t, state)
			edit(t, state, `CREATE TABLE cats (name TEXT)`)
		}, "state.db is damaged: "},
		"only the write-ahead log is left": {func(t *testing.T, state string) {
			t.Helper()
			remove(t, state)
			write(t, state+"-wal", "frames")
		}, "state.db is damaged: it is gone, but its state.db-wal is there"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			commit(t, s, some("a", 3, registry.OriginAPI))
			shut(t, s)
			tc.harm(t, filepath.Join(dir, "state.db"))
			for range 2 { // a refusal changes nothing
				_, err := store.Open(t.Context(), dir, quiet())
				if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
					t.Fatalf("got %v, want %s", err, tc.want)
				}
				oneLine(t, err)
			}
		})
	}
}

func TestOpenLeavesAPersonsIndexAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir))
	edit(t, filepath.Join(dir, "state.db"), `CREATE INDEX mine ON endpoint (updated_at)`)
	open(t, dir)
}

func TestDamagedFactsAreMovedAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, some("a", 3, registry.OriginAPI))
	shut(t, s)
	broken := []byte(strings.Repeat("broken ", 1000))
	if err := os.WriteFile(filepath.Join(dir, "facts.db"), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s, err := store.Open(t.Context(), dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, s) })
	kept, err := filepath.Glob(filepath.Join(dir, "facts.db.damaged-*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v (%v), want one file", kept, err)
	}
	if b, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(b, broken) {
		t.Errorf("the file kept is not the damaged one (%v)", err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, kept[0]) {
		t.Errorf("log %q, want one warning that names %s", got, kept[0])
	}
	if err := s.SaveLooks(t.Context(), []store.Look{{Subject: store.Subject{Kind: store.KindEndpoint, ID: "ep"}, URL: "https://example.com"}}); err != nil {
		t.Errorf("the new facts.db: %v", err)
	}
	if got := len(records(t, s).Endpoints); got != 3 {
		t.Errorf("%d endpoints, want the 3 of state.db", got)
	}
}

func TestNewerFactsAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir))
	edit(t, filepath.Join(dir, "facts.db"), `INSERT INTO schema_version (version_id, is_applied) VALUES (99, 1)`)
	_, err := store.Open(t.Context(), dir, quiet())
	if _, ok := errors.AsType[*store.NewerError](err); !ok {
		t.Errorf("got %v, want a NewerError", err)
	}
}

func TestAnInterruptedFirstStartIsNoDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.db.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestOpenObeysItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Open(ctx, dir, quiet()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	open(t, dir) // and leaves no lock behind
}

func TestCheckSaysWhenTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	if err := s.Check(t.Context()); err == nil {
		t.Error("no error from a closed store")
	}
}

func oneLine(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

package ingest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// TestNothingIsAcknowledgedInASegmentThatIsGone takes the segment from the log
// while it is open, and gives it back.
func TestNothingIsAcknowledgedInASegmentThatIsGone(t *testing.T) {
	t.Parallel()
	move := func(from, to string) func(dir string) error {
		return func(dir string) error { return os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)) }
	}
	for name, tc := range map[string]struct {
		take, giveBack func(dir string) error
		want           string
	}{
		"the file is moved":   {move("log/000001.wal", "away"), move("away", "log/000001.wal"), "log segment 000001.wal was removed, moved or unmounted"},
		"the folder is moved": {move("log", "away"), move("away", "log"), "log segment 000001.wal was removed, moved or unmounted"},
		"another file is there": {
			func(dir string) error {
				return errors.Join(move("log/000001.wal", "away")(dir), os.WriteFile(filepath.Join(dir, "log/000001.wal"), []byte("hvlog"), 0o600))
			},
			move("away", "log/000001.wal"), "another file is in its place",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := start(t, filepath.Join(dir, "log"), ingest.Options{})
			add(t, l, "before", 1)
			if err := l.Check(); err != nil {
				t.Fatal(err)
			}
			if err := tc.take(dir); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, err := l.Append(t.Context(), day, usual("meanwhile", 1))
				if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("append: got %v, want %s", err, tc.want)
				}
				if err := l.Check(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("check: got %v, want %s", err, tc.want)
				}
			}
			if err := tc.giveBack(dir); err != nil {
				t.Fatal(err)
			}
			if err := l.Check(); err != nil {
				t.Errorf("check: got %v once it is back", err)
			}
			add(t, l, "after", 1)
			shut(t, l)
			l = open(t, filepath.Join(dir, "log"), ingest.Options{})
			if seen, damage := events(t, l, ingest.Position{}); !slices.Equal(seen, []string{"before", "after"}) || damage != nil {
				t.Errorf("read %v, %v; want what was acknowledged, and nothing else", seen, damage)
			}
		})
	}
}

// A segment may be taken between the write and the acknowledgement.
func TestASegmentThatGoesWhileItIsSyncedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, ingest.Options{})
	l.SetSync(func(*os.File) error { return os.RemoveAll(segmentPath(dir, 1)) })
	run(t, l)
	if _, err := l.Append(t.Context(), day, usual("lost", 1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that it is gone", err)
	}
}

// The next segment is not begun in a folder that is not the log's.
func TestNoSegmentIsBegunInAnotherFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	l := start(t, dir, ingest.Options{SegmentBytes: 4 << 10})
	add(t, l, "fills it", 10)
	if err := errors.Join(os.Rename(dir, dir+".away"), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), day, usual("too much", 25)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that it is gone", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("the other folder has %v (%v), want nothing", list, err)
	}
}

func TestALogThatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after ingest.Position
		want  bool
	}{
		"something was applied": {ingest.Position{Segment: 3, Offset: 16}, true},
		"nothing was":           {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			l, err := ingest.Open(t.TempDir(), slog.New(slog.NewTextHandler(&said, nil)), ingest.Options{After: tc.after})
			if err != nil {
				t.Fatal(err)
			}
			shut(t, l)
			if got := strings.Contains(said.String(), "log is missing"); got != tc.want {
				t.Errorf("said %q", said.String())
			}
		})
	}
}

package tail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

func TestFileOffsetsGiveBackWhatWasSaved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offsets")
	offsets := tail.NewFileOffsets(dir)
	if _, known, err := offsets.Load("/var/log/a"); known || err != nil {
		t.Errorf("before any save: got %v, %v; want neither", known, err)
	}
	want := tail.Offset{At: 1 << 40, Device: 1 << 63, Inode: 1<<64 - 1, HeadBytes: 1024, Head: strings.Repeat("a", 64), Modified: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)}
	for _, at := range []tail.Offset{{At: 7}, want} {
		if err := offsets.Save("/var/log/a", at); err != nil {
			t.Fatal(err)
		}
	}
	if err := offsets.Save("/var/log/b", tail.Offset{At: 9}); err != nil {
		t.Fatal(err)
	}
	if got, known, err := tail.NewFileOffsets(dir).Load("/var/log/a"); got != want || !known || err != nil {
		t.Errorf("got %+v, %v, %v; want %+v", got, known, err, want)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%d files, %v; want one for each path", len(files), err)
	}
}

// TestDamagedOffsetIsAnError, and the file is then read from its beginning.
func TestDamagedOffsetIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"half a file":     `{"v":1,"path":`,
		"another path":    `{"v":1,"path":"/var/log/other","at":4}`,
		"a later version": `{"v":2,"path":"PATH","at":4}`,
		"before the file": `{"v":1,"path":"PATH","at":-4}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.add(w.path, records("a"))
				w.ok(w.offsets.Save(w.path, tail.Offset{At: 1}))
				files, err := filepath.Glob(filepath.Join(filepath.Dir(w.path), "offsets", "*"))
				if err != nil || len(files) != 1 {
					w.Fatalf("got %v, %v; want one file", files, err)
				}
				w.ok(os.WriteFile(files[0], []byte(strings.ReplaceAll(text, "PATH", w.path)), 0o600))
				if _, _, err := w.offsets.Load(w.path); err == nil {
					w.Error("no error")
				}
				w.start()
				w.want("a")
				if !strings.Contains(w.logged(), "offset cannot be read") {
					w.Errorf("it is not said:\n%s", w.logged())
				}
			})
		})
	}
}

// TestOffsetThatCannotBeSavedDoesNotStopReading, is said once, and made good.
func TestOffsetThatCannotBeSavedDoesNotStopReading(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		dir := filepath.Join(filepath.Dir(w.path), "offsets")
		w.add(dir, "a file where the folder belongs")
		w.start()
		w.add(w.path, records("a"))
		w.settle()
		w.add(w.path, records("b"))
		w.settle()
		w.want("a", "b")
		if n := strings.Count(w.logged(), "offset cannot be saved"); n < 1 || n > 2 {
			w.Errorf("said %d times in 80 s, want once a minute:\n%s", n, w.logged())
		}
		w.ok(os.Remove(dir))
		w.settle()
		if at, known, err := w.offsets.Load(w.path); err != nil || !known || at.At != int64(len(records("a", "b"))) {
			w.Errorf("got %+v, %v, %v; want the end of the file", at, known, err)
		}
	})
}

package ingest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

const (
	kills   = 30
	writers = 4
)

// small makes segments roll while they are killed.
var small = ingest.Options{SegmentBytes: 32 << 10}

// again starts this binary in a role; it can be killed.
func again(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), helperDir+"="+dir, helperRole+"="+role)
	return cmd
}

// TestKilledAppendsLoseNothing kills a process in the midst of its appends.
// Each of its writers appends 0, 1, 2 and so on, one after the other: the log
// must have these, in order, each once, and at least all that it acknowledged.
func TestKilledAppendsLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acknowledged [writers]int
	for kill := range kills {
		runAndKill(t, dir, 1+7*kill, &acknowledged)
		l, err := ingest.Open(dir, quiet(), small)
		if err != nil {
			t.Fatalf("kill %d: Open: %v", kill, err)
		}
		has, err := progress(l)
		shut(t, l)
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		for w := range has {
			if has[w] < acknowledged[w] {
				t.Fatalf("kill %d: writer %d: %d batches are there, %d were acknowledged", kill, w, has[w], acknowledged[w])
			}
		}
	}
	if len(segments(t, dir)) < 2 {
		t.Error("no segment was rolled: the test is too short")
	}
}

func segments(tb testing.TB, dir string) []os.DirEntry {
	tb.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// runAndKill kills the helper once it has acknowledged n batches, and counts
// all that it did.
func runAndKill(t *testing.T, dir string, n int, acknowledged *[writers]int) {
	t.Helper()
	cmd := again(t, "append", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var w, seq int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d %d.", &w, &seq); err != nil {
			t.Errorf("helper: %s", lines.Text())
			break
		}
		acknowledged[w] = seq + 1
		if seen++; seen == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the helper ended by itself")
	}
}

// progress returns how many batches of each writer the log has; an error when
// they are not 0, 1, 2 and so on.
func progress(l *ingest.Log) (has [writers]int, err error) {
	for b, err := range l.Read(context.Background(), ingest.Position{}) {
		if err != nil {
			return has, err
		}
		var w, seq int
		if _, err := fmt.Sscanf(b.Attempts[0].Event, "%d-%d", &w, &seq); err != nil {
			return has, err
		}
		if seq != has[w] || !slices.Equal(b.Attempts, usual(b.Attempts[0].Event, 1+seq%3)) {
			return has, fmt.Errorf("writer %d: batch %d where %d was due", w, seq, has[w])
		}
		has[w]++
	}
	return has, nil
}

// appendForEver goes on where the log ends, until it is killed.
func appendForEver(dir string) error {
	l, err := ingest.Open(dir, quiet(), small)
	if err != nil {
		return err
	}
	has, err := progress(l)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { fmt.Println("run:", l.Run(context.Background())) })
	for w, seq := range has {
		wg.Go(func() {
			for ; ; seq++ {
				_, err := l.Append(context.Background(), day, usual(fmt.Sprintf("%d-%d", w, seq), 1+seq%3))
				if err != nil {
					fmt.Println("append:", err)
					return
				}
				fmt.Printf("acknowledged %d %d.\n", w, seq)
			}
		})
	}
	wg.Wait()
	return nil
}

// TestFullDiskRefusesAndRecovers gives a process a limit for the size of its
// files: a write that passes it is done in part and fails, as on a full disk.
func TestFullDiskRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	out, err := again(t, "limit", t.TempDir()).Output()
	if err != nil || strings.TrimSpace(string(out)) != "done" {
		t.Errorf("helper: %s, %v", out, err)
	}
}

func appendUnderLimit(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	l, err := ingest.Open(dir, quiet(), ingest.Options{})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wg.Go(func() { fmt.Print(map[bool]string{true: "done\n", false: "run failed\n"}[l.Run(ctx) == nil]) })
	var unlimited syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 50_000, Max: unlimited.Max}); err != nil {
		return err
	}
	appended := 0
	for err == nil && appended < math.MaxInt16 {
		if _, err = l.Append(ctx, day, usual(fmt.Sprintf("0-%d", appended), 1+appended%3)); err == nil {
			appended++
		}
	}
	if !errors.Is(err, ingest.ErrFull) || appended < 50 {
		return fmt.Errorf("after %d batches: got %w, want ErrFull", appended, err)
	}
	if info, err := os.Stat(segmentPath(dir, 1)); err != nil || info.Size() != int64(l.End().Offset) {
		return fmt.Errorf("the part that was written is still there: %v, %w; want %d bytes", info.Size(), err, l.End().Offset)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		return err
	}
	if _, err := l.Append(ctx, day, usual(fmt.Sprintf("0-%d", appended), 1+appended%3)); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	if has, err := progress(l); err != nil || has[0] != appended+1 {
		return fmt.Errorf("%d batches are there, want %d; %w", has[0], appended+1, err)
	}
	return l.Close()
}

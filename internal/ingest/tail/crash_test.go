package tail_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// TestWhateverHappensToAFileNoLineIsLost does things to a file in an order that
// nobody thought of, with restarts between.
func TestWhateverHappensToAFileNoLineIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				r, moods := rand.New(rand.NewPCG(seed, 7)), rand.New(rand.NewPCG(seed, 8))
				w.cfg.Poll, w.cfg.Linger = time.Second, 2*time.Second
				w.busy = func(int) error {
					if moods.IntN(3) == 0 {
						return errBusy
					}
					return nil
				}
				w.start()
				w.wantAll(w.happen(r, 40))
				if p := w.progress(); p.Lost > 0 || p.Rejected > 0 {
					w.Errorf("lost %d files, rejected %d lines; want none:\n%s", p.Lost, p.Rejected, w.logged())
				}
			})
		})
	}
}

// happen does n things, and returns the events that were written.
func (w *world) happen(r *rand.Rand, n int) (written []string) {
	write := func(path string, count int) {
		events := number(len(written), len(written)+count)
		written = append(written, events...)
		w.add(path, records(events...))
	}
	write(w.path, 1)
	w.pass(w.cfg.Poll + time.Second) // what is rotated before the first look is not read
	for range n {
		switch r.IntN(8) {
		case 0, 1:
			write(w.path, 1+r.IntN(5))
		case 2: // a line in two pieces
			written = append(written, fmt.Sprintf("evt_%d", len(written)))
			text := record(written[len(written)-1])
			cut := 1 + r.IntN(len(text)-1)
			w.add(w.path, text[:cut])
			w.pass(time.Duration(r.IntN(3)) * time.Second)
			w.add(w.path, text[cut:])
		case 3:
			w.rotate()
			if w.stop != nil && r.IntN(2) == 0 { // its writer has it open still
				write(w.path+".1", 1)
			}
			w.pass(time.Duration(r.IntN(2)) * time.Second)
			write(w.path, 1)
		case 4:
			w.copyTruncate()
			write(w.path, 1)
		case 5:
			w.pass(time.Duration(r.IntN(20)) * time.Second)
		default:
			if w.stop == nil {
				w.start()
			} else {
				w.halt()
			}
		}
	}
	if w.stop == nil {
		w.start()
	}
	w.pass(2 * time.Minute)
	return written
}

// TestEverySavedOffsetIsGoodToGoOnFrom keeps each offset that was saved, and
// starts once more from each: what was acknowledged before it and what comes
// after it is everything.
func TestEverySavedOffsetIsGoodToGoOnFrom(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		points := &savePoints{acknowledged: func() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.took) }}
		w.offsets = points
		w.start()
		written := w.happen(rand.New(rand.NewPCG(1, 2)), 60)
		w.halt()
		if len(points.all) < 10 {
			w.Fatalf("%d offsets were saved: the test is too short", len(points.all))
		}
		before := slices.Clone(w.took)
		for i, p := range points.all {
			w.took = slices.Clone(before[:p.acknowledged])
			w.offsets = &savePoints{all: []savePoint{p}, acknowledged: points.acknowledged}
			w.start()
			w.pass(time.Minute)
			w.halt()
			w.wantAll(written)
			if w.Failed() {
				w.Fatalf("save %d of %d: %+v", i, len(points.all), p.at)
			}
		}
	})
}

// savePoints is offsets in memory, all of them.
type savePoints struct {
	all          []savePoint
	acknowledged func() int
}

type savePoint struct {
	at           tail.Offset
	acknowledged int
}

func (s *savePoints) Load(string) (tail.Offset, bool, error) {
	if len(s.all) == 0 {
		return tail.Offset{}, false, nil
	}
	return s.all[len(s.all)-1].at, true, nil
}

func (s *savePoints) Save(_ string, at tail.Offset) error {
	s.all = append(s.all, savePoint{at: at, acknowledged: s.acknowledged()})
	return nil
}

// helperDir names the folder when this binary was started again by a test, as a
// process that can be killed.
const helperDir = "TAIL_TEST_HELPER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		fmt.Println("error:", tailForEver(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// tailForEver says which events were taken, until it is killed.
func tailForEver(dir string) error {
	cfg := tail.Config{Path: filepath.Join(dir, "attempts.ndjson"), Source: "core", Poll: time.Millisecond, Linger: 20 * time.Millisecond}
	took := func(_ context.Context, attempts []deliveries.Attempt) (tail.Receipt, error) {
		var text strings.Builder
		for _, a := range attempts {
			fmt.Fprintf(&text, "took %s.\n", a.Event)
		}
		_, err := os.Stdout.WriteString(text.String())
		return tail.Receipt{Accepted: len(attempts)}, err
	}
	return tail.New(cfg, took, tail.NewFileOffsets(filepath.Join(dir, "offsets")), slog.New(slog.NewTextHandler(os.Stderr, nil))).Run(context.Background())
}

// TestKilledReaderLosesNothing kills a process that reads, again and again,
// while lines are written and files rotated.
func TestKilledReaderLosesNothing(t *testing.T) {
	t.Parallel()
	const kills = 25
	w := &world{T: t, path: filepath.Join(t.TempDir(), "attempts.ndjson")}
	took, written := map[string]bool{}, 0
	for kill := range kills {
		ended := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { written = w.writeUntil(ended, written, kill) })
		readAndKill(t, filepath.Dir(w.path), took, 40+17*kill, nil)
		close(ended)
		wg.Wait()
	}
	all := map[string]bool{}
	for _, e := range number(0, written) {
		all[e] = true
	}
	readAndKill(t, filepath.Dir(w.path), took, 0, all)
	if written < 1000 {
		t.Errorf("%d lines were written: the test is too short", written)
	}
}

// How often it is written beside one reader: whatever the pace of each, there
// are lines for all readers, and no more files than names.
const (
	leastWrites = 10
	mostWrites  = 600
)

// writeUntil writes lines and renames the file now and then; it returns how
// many lines there are.
func (w *world) writeUntil(ended <-chan struct{}, written, kill int) int {
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for n := 1; n <= mostWrites; n++ {
		w.add(w.path, records(number(written, written+7)...))
		written += 7
		if kill > 0 && n%150 == 30+kill { // what is rotated before the first look is not read
			w.rotate()
		}
		select {
		case <-pace.C:
		case <-ended:
			if n >= leastWrites {
				return written
			}
		}
	}
	<-ended
	return written
}

// readAndKill starts a reader, and kills it once it has taken n events, or all
// that are wanted.
func readAndKill(t *testing.T, dir string, took map[string]bool, n int, wanted map[string]bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for e := range took {
		delete(wanted, e)
	}
	killed := false
	seen := 0
	for lines := bufio.NewScanner(out); ; {
		if done := wanted != nil && len(wanted) == 0 || wanted == nil && seen >= n; done && !killed {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		if !lines.Scan() {
			break
		}
		line, whole := strings.CutSuffix(lines.Text(), ".")
		event, ok := strings.CutPrefix(line, "took ")
		switch {
		case whole && ok:
			took[event] = true
			delete(wanted, event)
			seen++
		case whole, !killed: // otherwise the kill has torn it, at any letter
			t.Errorf("reader: %s", lines.Text())
		}
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !killed || !ok || exit.Exited() {
		t.Errorf("the reader ended by itself: %v; %d events are missing; it said:\n%s", err, len(wanted), said.String())
	}
}

package tail_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// world is a folder with a file, and a tail of it that is started and stopped.
// It lives in a bubble: the clock stands still while files are read.
type world struct {
	*testing.T
	path    string
	offsets tail.Offsets

	cfg    tail.Config
	busy   func(call int) error // what the handler answers; nil: it takes
	reject map[string]string    // why not, by event
	stop   func()

	mu     sync.Mutex // guards the fields below
	took   []string   // events, in the order they were acknowledged
	calls  []time.Duration
	sum    tail.Progress
	said   bytes.Buffer
	begins time.Time

	rotations int
}

// inWorld runs a test in a bubble.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, path: filepath.Join(dir, "attempts.ndjson"), offsets: tail.NewFileOffsets(filepath.Join(dir, "offsets")), begins: time.Now()}
		w.cfg = tail.Config{Path: w.path, Source: "core", Observe: w.observe}
		test(w)
		if w.stop != nil {
			w.halt()
		}
	})
}

func (w *world) observe(p tail.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.sum
	s.Lines, s.Accepted, s.Duplicate, s.Rejected = s.Lines+p.Lines, s.Accepted+p.Accepted, s.Duplicate+p.Duplicate, s.Rejected+p.Rejected
	s.Overlong, s.Refused, s.Rotated = s.Overlong+p.Overlong, s.Refused+p.Refused, s.Rotated+p.Rotated
	s.Truncated, s.Lost = s.Truncated+p.Truncated, s.Lost+p.Lost
	s.At, s.Behind, s.Lag, s.Err = p.At, p.Behind, p.Lag, p.Err
}

func (w *world) progress() tail.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum
}

// Write implements [io.Writer] for the log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

func (w *world) handle(_ context.Context, attempts []deliveries.Attempt) (tail.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, time.Since(w.begins))
	if w.busy != nil {
		if err := w.busy(len(w.calls)); err != nil {
			clear(attempts) // they are the handler's
			return tail.Receipt{}, err
		}
	}
	var r tail.Receipt
	for i, a := range attempts {
		switch reason, bad := w.reject[a.Event]; {
		case a.Source != "core":
			w.Errorf("source of %s: got %q, want core", a.Event, a.Source)
		case bad:
			r.Rejected = append(r.Rejected, tail.Rejection{Index: i, Reason: reason})
		default:
			w.took = append(w.took, a.Event)
			r.Accepted++
		}
	}
	return r, nil
}

// start starts a tail, and lets it look once.
func (w *world) start() {
	w.Helper()
	if err := w.cfg.Validate(); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t := tail.New(w.cfg, w.handle, w.offsets, slog.New(slog.NewTextHandler(w, nil)))
	wg.Go(func() {
		if err := t.Run(ctx); err != nil {
			w.Errorf("Run: %v", err)
		}
	})
	w.stop = func() { cancel(); wg.Wait() }
	synctest.Wait()
}

func (w *world) halt() {
	w.stop()
	w.stop = nil
}

// pass lets time pass in the bubble.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// settle lets so much time pass that everything there is has been read.
func (w *world) settle() { w.pass(40 * time.Second) }

// want compares what was acknowledged, in order. Files that were rotated within
// one tick of the kernel's clock may come in any.
func (w *world) want(events ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	took := slices.Clone(w.took)
	if w.rotations > 1 {
		slices.Sort(took)
	}
	if !slices.Equal(took, events) {
		w.Errorf("took %s, want %s", shorten(w.took), shorten(events))
	}
}

// wantAll looks for events in what was acknowledged, in any order and number.
func (w *world) wantAll(events []string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	took := map[string]bool{}
	for _, e := range w.took {
		took[e] = true
	}
	var lost []string
	for _, e := range events {
		if !took[e] {
			lost = append(lost, e)
		}
	}
	if len(lost) > 0 {
		w.Errorf("lost %d of %d: %s", len(lost), len(events), shorten(lost))
	}
}

func shorten(events []string) []string {
	if len(events) > 12 {
		return append(slices.Clone(events[:12]), fmt.Sprintf("and %d more", len(events)-12))
	}
	return events
}

// record is a line as the sender's program writes it.
func record(event string) string {
	return fmt.Sprintf(`{"v":1,"endpoint":"ep_9","event":%q,"attempt":1,"started_at":"2000-01-01T00:00:00Z","status":200}`+"\n", event)
}

func records(events ...string) string {
	var all strings.Builder
	for _, e := range events {
		all.WriteString(record(e))
	}
	return all.String()
}

// number returns the events of a range.
func number(from, to int) []string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("evt_%d", i))
	}
	return all
}

// add appends text to a file, which is made when it is not there.
func (w *world) add(path, text string) {
	w.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	_, err = f.WriteString(text)
	w.ok(err)
	w.ok(f.Close())
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// rotate renames Path to Path.1, Path.1 to Path.2 and so on.
func (w *world) rotate() {
	w.Helper()
	w.shift()
	w.rotations++
	w.ok(os.Rename(w.path, w.path+".1"))
}

// shift makes room for Path.1.
func (w *world) shift() {
	w.Helper()
	for n := 99; n > 0; n-- {
		from := fmt.Sprintf("%s.%d", w.path, n)
		if _, err := os.Stat(from); err == nil {
			w.ok(os.Rename(from, fmt.Sprintf("%s.%d", w.path, n+1)))
		}
	}
}

// copyTruncate does what logrotate does of that name.
func (w *world) copyTruncate() {
	w.Helper()
	w.shift()
	w.rotations++
	from, err := os.Open(w.path)
	w.ok(err)
	to, err := os.Create(w.path + ".1")
	w.ok(err)
	_, err = io.Copy(to, from)
	w.ok(err)
	w.ok(to.Close())
	w.ok(from.Close())
	w.ok(os.Truncate(w.path, 0))
}

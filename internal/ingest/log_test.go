package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// gate is an fdatasync that a test holds up.
type gate struct {
	entered chan struct{} // one for each call
	leave   chan error    // what the call returns
}

func newGate() gate { return gate{entered: make(chan struct{}), leave: make(chan error)} }

func (g gate) sync(*os.File) error {
	g.entered <- struct{}{}
	return <-g.leave
}

func TestAppendsShareOneSync(t *testing.T) {
	t.Parallel()
	const appends = 50
	l := open(t, t.TempDir(), ingest.Options{})
	g := newGate()
	l.SetSync(g.sync)
	run(t, l)
	var wg sync.WaitGroup
	receipts := make([]ingest.Receipt, appends)
	wg.Go(func() { receipts[0] = add(t, l, "first", 1) })
	<-g.entered
	for i := range appends - 1 {
		wg.Go(func() { receipts[i+1] = add(t, l, fmt.Sprint(i), 1) })
	}
	waitFor(t, "all others wait", func() bool { return l.Waiting() == appends-1 })
	if seen, _ := events(t, l, ingest.Position{}); seen != nil {
		t.Errorf("read %v before it was durable", seen)
	}
	g.leave <- nil
	<-g.entered
	if seen, _ := events(t, l, ingest.Position{}); !slices.Equal(seen, []string{"first"}) {
		t.Errorf("read %v, want first alone", seen)
	}
	g.leave <- nil // one for all others: a further one would not be answered
	wg.Wait()
	seen, _ := events(t, l, ingest.Position{})
	if len(seen) != appends {
		t.Errorf("read %d batches, want %d", len(seen), appends)
	}
	slices.SortFunc(receipts, func(a, b ingest.Receipt) int { return a.Position.Compare(b.Position) })
	for i := range receipts[1:] {
		if receipts[i].Next != receipts[i+1].Position {
			t.Errorf("receipt %d ends at %v, the next starts at %v", i, receipts[i].Next, receipts[i+1].Position)
		}
	}
}

// waitFor yields to others until a condition holds.
func waitFor(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for !holds() {
		if tb.Context().Err() != nil {
			tb.Fatalf("never: %s", what)
		}
		runtime.Gosched()
	}
}

func TestQueueThatIsFullSaysBusy(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), ingest.Options{QueueBytes: 1})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := l.Append(ctx, day, usual("waits", 1)); !is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	waitFor(t, "the first waits", func() bool { return l.Waiting() == 1 })
	if _, err := l.Append(ctx, day, usual("busy", 1)); !is(err, ingest.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	cancel()
	wg.Wait()
}

func TestSyncThatFailsAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, ingest.Options{})
	broken := errors.New("input/output error")
	results := []error{nil, broken, broken, broken, nil, nil} // a; b and its repair; repair before c; repair and d
	l.SetSync(func(*os.File) error {
		err := results[0]
		results = results[1:]
		return err
	})
	run(t, l)
	add(t, l, "a", 1)
	for _, event := range []string{"b", "c"} {
		if _, err := l.Append(t.Context(), day, usual(event, 1)); !is(err, broken) {
			t.Errorf("%s: got %v, want the disk's error", event, err)
		}
	}
	add(t, l, "d", 1)
	shut(t, l)
	l = open(t, dir, ingest.Options{})
	if seen, damage := events(t, l, ingest.Position{}); !slices.Equal(seen, []string{"a", "d"}) || damage != nil {
		t.Errorf("read %v, %v", seen, damage)
	}
}

func TestLogAtItsBoundTakesMoreOnceTrimmed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, dir, ingest.Options{SegmentBytes: 4 << 10, MaxBytes: 16 << 10})
	var last ingest.Receipt
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		var r ingest.Receipt
		if r, err = l.Append(t.Context(), day, usual("evt", 5)); err == nil {
			last = r
		}
	}
	if !is(err, ingest.ErrFull) || l.Bytes() > 16<<10 || l.Bytes() < 8<<10 {
		t.Fatalf("at %d bytes: got %v, want ErrFull", l.Bytes(), err)
	}
	if err := l.Trim(last.Next); err != nil {
		t.Fatal(err)
	}
	if files := segments(t, dir); len(files) != 1 {
		t.Errorf("%d files are left, want the last", len(files))
	}
	add(t, l, "after", 1)
	if seen, damage := events(t, l, last.Next); !slices.Equal(seen, []string{"after"}) || damage != nil {
		t.Errorf("read %v, %v", seen, damage)
	}
}

func TestReadingCrossesSegmentsAndStartsAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, dir, ingest.Options{SegmentBytes: 4 << 10})
	var want []string
	from := []ingest.Position{{}}
	for n := range 60 {
		want = append(want, fmt.Sprint(n))
		from = append(from, add(t, l, fmt.Sprint(n), 2).Next)
	}
	for n, p := range from {
		if seen, damage := events(t, l, p); !slices.Equal(seen, want[n:]) || damage != nil {
			t.Fatalf("from %v: read %v, %v; want %v", p, seen, damage, want[n:])
		}
	}
	if err := os.Remove(segmentPath(dir, 2)); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	l = open(t, dir, ingest.Options{})
	if seen, damage := events(t, l, ingest.Position{}); len(damage) != 1 || len(seen) >= len(want) || seen[len(seen)-1] != "59" {
		t.Errorf("with a file missing: read %v, %v", seen, damage)
	}
}

func TestAttemptsHavePositionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	add(t, l, "a", 300)
	add(t, l, "b", 1)
	last := ingest.Position{}
	for b, err := range l.Read(t.Context(), last) {
		if err != nil || b.Received != day {
			t.Fatalf("received %v, %v; want %v", b.Received, err, day)
		}
		for i := range b.Attempts {
			if p := b.PositionOf(i); !last.Before(p) || !p.Before(b.Next) {
				t.Fatalf("attempt %d at %v, after one at %v, in a batch that ends at %v", i, p, last, b.Next)
			}
			last = b.PositionOf(i)
		}
	}
}

func TestFollowerSeesAllAndEndsWithTheLog(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{SegmentBytes: 4 << 10})
	const batches = 100
	got := make(chan string)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(got)
		for b, err := range l.Follow(t.Context(), ingest.Position{}) {
			if err != nil {
				t.Errorf("Follow: %v", err)
				return
			}
			got <- b.Attempts[0].Event
		}
	})
	for n := range batches {
		add(t, l, fmt.Sprint(n), 1)
		if event := <-got; event != fmt.Sprint(n) {
			t.Fatalf("got %s, want %d", event, n)
		}
	}
	shut(t, l)
	if event, more := <-got; more {
		t.Errorf("got %s after the end", event)
	}
	wg.Wait()
}

func TestFollowerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	add(t, l, "a", 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range l.Follow(ctx, ingest.Position{}) {
		last = err
		cancel()
	}
	if !is(last, context.Canceled) {
		t.Errorf("got %v, want the context's error", last)
	}
}

func TestRunWritesWhatItAcceptedBeforeItEnds(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), ingest.Options{})
	var wg sync.WaitGroup
	wg.Go(func() { add(t, l, "a", 1) })
	waitFor(t, "it waits", func() bool { return l.Waiting() == 1 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ended); err != nil {
		t.Errorf("Run: %v", err)
	}
	wg.Wait()
	if _, err := l.Append(t.Context(), day, usual("late", 1)); !is(err, ingest.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestCloseWithoutRunRefusesWhatWaits(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), ingest.Options{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := l.Append(t.Context(), day, usual("a", 1)); !is(err, ingest.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
	waitFor(t, "it waits", func() bool { return l.Waiting() == 1 })
	shut(t, l)
	wg.Wait()
	if l.Run(t.Context()) == nil {
		t.Error("a closed log ran")
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, dir, ingest.Options{})
	huge := usual("huge", 1)
	huge[0].URL = string(make([]byte, ingest.MaxBatchBytes))
	if _, err := l.Append(t.Context(), day, huge); !is(err, ingest.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := l.Append(t.Context(), day, nil); err == nil {
		t.Error("a batch without attempts was taken")
	}
	if _, err := ingest.Open(dir, quiet(), ingest.Options{}); err == nil {
		t.Error("a second one opened the log")
	}
	if info, err := os.Stat(segmentPath(dir, 1)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

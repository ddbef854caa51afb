package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// attempts returns what the log has, in its order.
func attempts(tb testing.TB, l *ingest.Log) (all []deliveries.Attempt) {
	tb.Helper()
	for b, err := range l.Read(tb.Context(), ingest.Position{}) {
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b.Attempts...)
	}
	return all
}

// numbered makes different events of attempts.
func numbered(event string, n int) []deliveries.Attempt {
	all := usual(event, n)
	for i := range all {
		all[i].Event = fmt.Sprintf("%s-%d", event, i)
	}
	return all
}

func TestIntakeKnowsRepeats(t *testing.T) {
	t.Parallel()
	first := numbered("evt", 4)
	other := slices.Clone(first)
	other[2].Status = 503
	early, ahead := slices.Clone(first), slices.Clone(first)
	early[1].StartedAt = day.Add(-ingest.MaxAge - 1)
	ahead[1].StartedAt = day.Add(time.Hour + 1)
	tests := map[string]struct {
		before, now []deliveries.Attempt
		kept        []deliveries.Attempt // by the ledger
		want        ingest.Taken
	}{
		"new ones":                          {nil, first, nil, ingest.Taken{Accepted: 4}},
		"no attempts":                       {nil, nil, nil, ingest.Taken{}},
		"all again":                         {first, first, nil, ingest.Taken{Duplicate: 4}},
		"some again":                        {first[:1], first, nil, ingest.Taken{Accepted: 3, Duplicate: 1}},
		"twice in one call":                 {nil, append(slices.Clone(first), first...), nil, ingest.Taken{Accepted: 4, Duplicate: 4}},
		"one with other content":            {first, other, nil, ingest.Taken{Accepted: 1, Duplicate: 3}},
		"known to the ledger":               {nil, first, first[1:3], ingest.Taken{Accepted: 2, Duplicate: 2}},
		"known to the ledger, and again":    {first, first, first, ingest.Taken{Duplicate: 4}},
		"other content known to the ledger": {nil, other, first, ingest.Taken{Accepted: 1, Duplicate: 3}},
		"one of long ago":                   {nil, early, nil, ingest.Taken{Accepted: 3, Outside: 1}},
		"one that has not begun":            {nil, ahead, nil, ingest.Taken{Accepted: 3, Outside: 1}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t, t.TempDir(), ingest.Options{})
			ledger := newMemory()
			in := ingest.NewIntake(l, ledger)
			if _, err := in.Take(t.Context(), day, slices.Clone(tc.before)); err != nil {
				t.Fatal(err)
			}
			for _, a := range tc.kept {
				ledger.kept[a.Identity()] = a
			}
			got, err := in.Take(t.Context(), day, slices.Clone(tc.now)) // it lets go of URLs, and cases share
			if err != nil || got != tc.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
			if got := len(attempts(t, l)); got != len(tc.before)+tc.want.Accepted {
				t.Errorf("the log has %d attempts, want %d", got, len(tc.before)+tc.want.Accepted)
			}
		})
	}
}

func TestTheSameBatchFromMany(t *testing.T) {
	t.Parallel()
	const callers, size = 8, 2000
	l := start(t, t.TempDir(), ingest.Options{})
	in := ingest.NewIntake(l, newMemory())
	var mu sync.Mutex
	var sum ingest.Taken
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			mine := numbered("evt", size)
			if i%2 == 1 {
				slices.Reverse(mine) // met from both ends
			}
			for some := range slices.Chunk(mine, size/4) {
				got, err := in.Take(t.Context(), day, some)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				sum.Accepted += got.Accepted
				sum.Duplicate += got.Duplicate
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if want := (ingest.Taken{Accepted: size, Duplicate: (callers - 1) * size}); sum != want {
		t.Errorf("got %+v, want %+v", sum, want)
	}
	if got := len(attempts(t, l)); got != size {
		t.Errorf("the log has %d attempts, want %d", got, size)
	}
}

// TestARepeatIsNotAcknowledgedBeforeItIsDurable has a repeat wait for the
// first call, and take over when that one fails.
func TestARepeatIsNotAcknowledgedBeforeItIsDurable(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]error{"the first is durable": nil, "the first fails": errors.New("no such disk")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := open(t, t.TempDir(), ingest.Options{})
				disk := make(chan error)
				l.SetSync(func(*os.File) error { return <-disk })
				run(t, l)
				in := ingest.NewIntake(l, newMemory())
				type answer struct {
					taken ingest.Taken
					err   error
				}
				answers := [2]chan answer{make(chan answer, 1), make(chan answer, 1)}
				var wg sync.WaitGroup
				for i := range answers {
					wg.Go(func() {
						taken, err := in.Take(t.Context(), day, numbered("evt", 3))
						answers[i] <- answer{taken, err}
					})
					synctest.Wait()
				}
				if n := len(answers[0]) + len(answers[1]); n != 0 {
					t.Fatalf("%d calls were answered before anything was durable", n)
				}
				disk <- broken
				if broken != nil {
					disk <- nil // the log is cut back
				}
				got := <-answers[0]
				if broken != nil {
					if !errors.Is(got.err, broken) || got.taken.Accepted != 0 {
						t.Errorf("the first: %+v, want what the disk said", got)
					}
					disk <- nil
				} else if got.err != nil || got.taken.Accepted != 3 {
					t.Errorf("the first: %+v", got)
				}
				want := ingest.Taken{Duplicate: 3}
				if broken != nil {
					want = ingest.Taken{Accepted: 3}
				}
				if got := <-answers[1]; got.err != nil || got.taken != want {
					t.Errorf("the second: %+v, want %+v", got, want)
				}
				wg.Wait()
				if got := len(attempts(t, l)); got != 3 {
					t.Errorf("the log has %d attempts, want 3", got)
				}
				close(disk)
			})
		})
	}
}

func TestWhoeverWaitsMayGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, t.TempDir(), ingest.Options{})
		disk := make(chan error)
		l.SetSync(func(*os.File) error { return <-disk })
		run(t, l)
		in := ingest.NewIntake(l, newMemory())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := in.Take(t.Context(), day, numbered("evt", 3)); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := in.Take(ctx, day, numbered("evt", 3)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		close(disk)
		wg.Wait()
	})
}

func TestIntakePassesOnWhatTheLogSays(t *testing.T) {
	t.Parallel()
	big := usual("evt", 1)
	big[0].Key = strings.Repeat("x", ingest.MaxBatchBytes)
	full := start(t, t.TempDir(), ingest.Options{SegmentBytes: 4 << 10, MaxBytes: 8 << 10})
	closed := open(t, t.TempDir(), ingest.Options{})
	shut(t, closed)
	for name, tc := range map[string]struct {
		log  *ingest.Log
		all  []deliveries.Attempt
		want error
	}{
		"it is full":   {full, numbered("evt", 500), ingest.ErrFull},
		"it is closed": {closed, numbered("evt", 5), ingest.ErrClosed},
		"too large":    {start(t, t.TempDir(), ingest.Options{}), big, ingest.ErrTooLarge},
	} {
		in := ingest.NewIntake(tc.log, newMemory())
		for range 2 { // what was not made durable is not taken for known
			if got, err := in.Take(t.Context(), day, tc.all); !errors.Is(err, tc.want) || got != (ingest.Taken{}) {
				t.Errorf("%s: %+v, %v; want %v", name, got, err, tc.want)
			}
		}
	}
}

func TestALargeCallIsSplit(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	all := numbered("evt", 7)
	for i := range all {
		all[i].URL = strings.Repeat("x", ingest.MaxBatchBytes/2-1000)
	}
	got, err := ingest.NewIntake(l, newMemory()).Take(t.Context(), day, all)
	if err != nil || got.Accepted != 7 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got := attempts(t, l); !slices.Equal(got, all) {
		t.Errorf("the log has %d attempts, or others", len(got))
	}
}

func TestTheSetIsBounded(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	ledger := newMemory()
	in := ingest.NewIntake(l, ledger)
	in.SetBound(100)
	all := numbered("evt", 1000)
	for some := range slices.Chunk(all, 10) {
		if _, err := in.Take(t.Context(), day, some); err != nil {
			t.Fatal(err)
		}
	}
	if got := in.Remembered(); got > 100 || got < 50 {
		t.Errorf("%d are remembered, want 50 to 100", got)
	}
	got, err := in.Take(t.Context(), day, all[950:])
	if err != nil || got.Duplicate != 50 {
		t.Errorf("the last ones: %+v, %v; want all known", got, err)
	}
	for _, a := range all {
		ledger.kept[a.Identity()] = a // applied by now
	}
	asked := ledger.asked
	got, err = in.Take(t.Context(), day, all[:50])
	if err != nil || got.Duplicate != 50 || ledger.asked != asked+50 {
		t.Errorf("the first ones: %+v, %v; want the ledger asked", got, err)
	}
}

func TestALedgerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	ledger := newMemory()
	ledger.fail = func(string) error { return errors.New("away") }
	var said lines
	l, err := ingest.Open(filepath.Join(t.TempDir(), "log"), said.logger(), ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, l) })
	run(t, l)
	in := ingest.NewIntake(l, ledger)
	for i := range 3 {
		if got, err := in.Take(t.Context(), day, numbered(fmt.Sprint(i), 5)); err != nil || got.Accepted != 5 {
			t.Errorf("got %+v, %v; want all accepted", got, err)
		}
	}
	if got := said.all(); len(got) != 1 || !strings.Contains(got[0], "level=WARN") || !strings.Contains(got[0], "away") {
		t.Errorf("log %q, want one warning", got)
	}
}

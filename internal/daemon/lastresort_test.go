package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
)

// fire is a store that fails on order, and those who are told.
type fire struct {
	*lastResort

	said  lockedLog
	dir   string
	meter meter

	mu       sync.Mutex
	err      error     // of each check
	since    time.Time // since when something waits; zero: nothing does
	critical int       // what is unrecorded
	decided  time.Time // when that was; zero: in the outage
	refuses  map[string]error
	hangs    map[string]bool
	to       []alerting.Destination
	told     []alerting.Notice
	prevs    []alerting.Ref
	at       []time.Duration
	closed   []alerting.Notice
	began    time.Time
}

// lockedLog is a log that can be read while it is written.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedLog) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedLog) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Send implements alerting.Receiver.
func (f *fire) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	f.mu.Lock()
	f.told, f.prevs, f.at = append(f.told, n), append(f.prevs, prev), append(f.at, time.Since(f.began))
	err, hangs := f.refuses[n.Lane], f.hangs[n.Lane]
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassAmbiguous, Err: ctx.Err()}
	}
	if n.Lane == "panics/x" {
		panic("a bug")
	}
	return alerting.Ref{Root: "root-" + n.Lane}, err
}

// burning runs a last resort in the bubble of the test until it ends. It has
// found all well: the next check is due checkEvery later.
func burning(t *testing.T, to ...alerting.Destination) *fire {
	t.Helper()
	f := &fire{dir: t.TempDir(), to: to, began: time.Now(), refuses: map[string]error{}, hangs: map[string]bool{}}
	log := slog.New(slog.NewTextHandler(&f.said, nil))
	f.lastResort = &lastResort{
		lag: func(now time.Time) time.Duration {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.since.IsZero() {
				return 0
			}
			return now.Sub(f.since)
		},
		check: func(context.Context) error { f.mu.Lock(); defer f.mu.Unlock(); return f.err },
		unrecorded: func(since time.Time) int {
			f.mu.Lock()
			defer f.mu.Unlock()
			if !f.decided.IsZero() && f.decided.Before(since.Add(-decidedBefore)) {
				return 0
			}
			return f.critical
		},
		woke:   func(time.Time) {},
		ticked: func(time.Time) {},
		enqueue: func(_ context.Context, list []alerting.Notice) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.err != nil {
				return f.err
			}
			f.closed = append(f.closed, list...)
			return nil
		},
		messenger: &messenger{
			to: func(time.Time) []alerting.Destination { f.mu.Lock(); defer f.mu.Unlock(); return slices.Clone(f.to) },
			port: func(lane string) (alerting.Port, bool) {
				return alerting.Port{Receiver: f}, !strings.HasPrefix(lane, "gone/")
			},
			count: f.meter.LastResort, log: log,
		},
		reserve:  &reserveKeeper{file: store.NewReserve(f.dir, 1<<16), held: f.meter.Reserve, log: log},
		stopping: func() bool { return false },
		log:      log,
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	synctest.Wait()
	return f
}

// breaks makes the store fail from now on, with something that waits, or mends
// it.
func (f *fire) breaks(err error, waits bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.since = err, time.Time{}
	if waits {
		f.since = time.Now()
	}
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (f *fire) heard() ([]alerting.Notice, []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.told), slices.Clone(f.at)
}

func (f *fire) duty() string { return strings.Join(f.problems(time.Now()), "\n") }

var (
	errLocked = errors.New("write to state.db: database is locked")
	errGone   = fmt.Errorf("state.db was removed: %w", fs.ErrNotExist)
	someone   = alerting.Destination{Lane: "mail/sre", Recipient: "sre@example.com"}
	channel   = alerting.Destination{Lane: "ops/C1", Recipient: "C1", Form: alerting.FormThread}
	pager     = alerting.Destination{Lane: "pager/key", Form: alerting.FormState}
	program   = alerting.Destination{Lane: "hook/url", Form: alerting.FormHook}
)

func TestAStoreThatCannotBeWrittenIsToldPastTheOutbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t, someone, channel, pager, program)
		pass(time.Minute)
		if list, _ := f.heard(); len(list) > 0 || f.duty() != "" {
			t.Fatalf("told %d while all is well; duty %q", len(list), f.duty())
		}
		broke := time.Now()
		f.breaks(errLocked, true)
		f.critical = 3
		pass(9 * time.Second)
		if list, _ := f.heard(); len(list) > 0 {
			t.Fatalf("told after 9 s, want 10")
		}
		pass(3 * time.Second)
		list, _ := f.heard()
		if len(list) != 4 || f.meter.last != 4 {
			t.Fatalf("told %d times, counted %d, want 4", len(list), f.meter.last)
		}
		kinds := map[string]alerting.Kind{someone.Lane: alerting.KindPage, channel.Lane: alerting.KindPage, pager.Lane: alerting.KindState, program.Lane: alerting.KindHook}
		for _, n := range list {
			var facts alerting.Facts
			if err := json.Unmarshal(n.Facts, &facts); err != nil {
				t.Fatal(err)
			}
			text := "the store cannot be written since " + broke.UTC().Format(time.DateTime) + " UTC; 3 critical conditions are not recorded; probes go on in memory"
			if n.Kind != kinds[n.Lane] || n.IdemKey != list[0].IdemKey || n.Attempts != 1 || facts.Happened != text || facts.Key != n.IdemKey || facts.Runbook == "" {
				t.Errorf("%s: %s %+v", n.Lane, n.Kind, facts)
			}
		}
		want := "store: the store cannot be written since " + broke.UTC().Format(time.DateTime) + " UTC; 3 critical conditions are not recorded; probes go on in memory; hook was told past the outbox at "
		if !strings.HasPrefix(f.duty(), want) || strings.Count(f.duty(), "was told past the outbox at") != 4 {
			t.Errorf("duty: %s", f.duty())
		}
		f.breaks(nil, false)
		pass(10 * time.Second)
		if f.duty() != "" {
			t.Errorf("mended, and duty says %q", f.duty())
		}
		if len(f.closed) != 1 || f.closed[0].Lane != pager.Lane || f.closed[0].Kind != alerting.KindState || !strings.Contains(string(f.closed[0].Facts), `"state":"resolved"`) ||
			!strings.Contains(string(f.closed[0].Facts), f.closed[0].Subject) {
			t.Errorf("closed %+v, want the pager's alert alone", f.closed)
		}
		pass(time.Hour)
		if list, _ := f.heard(); len(list) != 4 || len(f.closed) != 1 {
			t.Errorf("told %d times, closed %d an hour later, want nothing more", len(list), len(f.closed))
		}
	})
}

func TestWhenTheStoreIsToldAndWhenNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		waits bool
		lasts time.Duration
		tells bool
	}{
		"it fails for 9 s":                          {errLocked, true, 9 * time.Second, false},
		"it fails for 12 s":                         {errLocked, true, 12 * time.Second, true},
		"it fails, and nothing waits to be written": {errLocked, false, time.Hour, false},
		"checks are good, and nothing is recorded":  {nil, true, 12 * time.Second, true},
		"it is gone for 9 s":                        {errGone, false, checkEvery + 9*time.Second, false},
		"it is gone, and nothing waits":             {errGone, false, checkEvery + 12*time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := burning(t, someone)
				f.breaks(c.err, c.waits)
				pass(c.lasts)
				f.breaks(nil, false)
				pass(time.Minute)
				list, _ := f.heard()
				if len(list) > 1 || (len(list) == 1) != c.tells {
					t.Fatalf("told %d times, want %t", len(list), c.tells)
				}
				if text := "what is decided cannot be recorded since"; c.tells && strings.Contains(string(list[0].Facts), text) != (c.err == nil) {
					t.Errorf("says %s", list[0].Facts)
				}
				if text := "files of the store are gone (removed, moved or unmounted) since"; c.tells && strings.Contains(string(list[0].Facts), text) != errors.Is(c.err, fs.ErrNotExist) {
					t.Errorf("says %s", list[0].Facts)
				}
			})
		})
	}
}

// TestWhatIsDecidedLateIsToldAtOnce: checks have failed for long when the
// first condition has to be written.
func TestWhatIsDecidedLateIsToldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t, someone)
		f.breaks(errLocked, false)
		pass(5 * time.Minute)
		f.breaks(errLocked, true)
		pass(3 * time.Second)
		if list, _ := f.heard(); len(list) != 1 {
			t.Errorf("told %d times, want once", len(list))
		}
	})
}

func TestNobodyIsToldMoreOftenThanEach15Minutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t, channel)
		for range 40 { // it comes and goes for an hour
			f.breaks(errLocked, true)
			pass(60 * time.Second)
			f.breaks(nil, false)
			pass(30 * time.Second)
		}
		list, at := f.heard()
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < resortRepeat {
				t.Errorf("told at %v", at)
			}
		}
		if len(list) < 4 || len(list) > 5 {
			t.Errorf("told %d times in an hour, want 4 or 5", len(list))
		}
		f.breaks(errLocked, true)
		pass(2 * time.Hour)
		list, at = f.heard()
		last := list[len(list)-1]
		if at[len(at)-1]-at[len(at)-2] > resortRepeat+2*time.Second || last.IdemKey != list[len(list)-2].IdemKey || last.Attempts != 1 {
			t.Errorf("in one outage: told at %v, with keys %s and %s", at, list[len(list)-2].IdemKey, last.IdemKey)
		}
		if f.prevs[len(f.prevs)-1].Root != "root-"+channel.Lane {
			t.Errorf("the second of an outage is given %+v, want the first's thread", f.prevs[len(f.prevs)-1])
		}
	})
}

func TestAReceiverThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		hangs bool
		lane  string
		tries int // in ten minutes
		class string
	}{
		"for a moment":         {err: &alerting.SendError{Class: alerting.ClassTransient, Err: errors.New("503")}, tries: 20, class: "transient"},
		"it asks for a minute": {err: &alerting.SendError{Class: alerting.ClassLimited, RetryAfter: time.Minute, Err: errors.New("429")}, tries: 10, class: "limited"},
		"it asks for a day":    {err: &alerting.SendError{Class: alerting.ClassLimited, RetryAfter: 24 * time.Hour, Err: errors.New("429")}, tries: 1, class: "limited"},
		"our token is refused": {err: &alerting.SendError{Class: alerting.ClassAuth, Err: errors.New("401")}, tries: 1, class: "auth"},
		"it gives no reason":   {err: errors.New("a text that may hold anything"), tries: 20, class: "ambiguous"},
		"it hangs":             {hangs: true, tries: 10, class: "ambiguous"},
		"it panics":            {lane: "panics/x", tries: 20, class: "transient"},
		"it is not there":      {lane: "gone/x", tries: 0, class: "destination"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				to := someone
				if c.lane != "" {
					to.Lane = c.lane
				}
				f := burning(t, to, channel)
				if c.err != nil {
					f.refuses[to.Lane] = c.err
				}
				f.hangs[to.Lane] = c.hangs
				f.breaks(errLocked, true)
				pass(resortAfter + 10*time.Minute)
				tries, others := 0, 0
				list, _ := f.heard()
				for _, n := range list {
					if n.Lane != to.Lane {
						others++
						continue
					}
					if tries++; n.Attempts != tries || n.IdemKey != list[0].IdemKey {
						t.Errorf("try %d: attempts %d, key %s", tries, n.Attempts, n.IdemKey)
					}
				}
				if tries < c.tries-1 || tries > c.tries+1 || others != 1 {
					t.Errorf("tried %d times, want %d; the other was told %d times, want once", tries, c.tries, others)
				}
				if want := alerting.ReceiverOf(to.Lane) + " could not be told (" + c.class + "), and is tried again"; !strings.Contains(f.duty(), want) {
					t.Errorf("duty: %s; want %s", f.duty(), want)
				}
				if strings.Contains(f.said.String(), "may hold anything") {
					t.Errorf("log: %s", f.said.String())
				}
			})
		})
	}
}

func TestWithoutARouteNobodyIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t)
		f.breaks(errLocked, true)
		pass(time.Minute)
		if !strings.HasSuffix(f.duty(), "nobody is told: no route leads a critical incident of hookvigil itself to a receiver") {
			t.Errorf("duty: %s", f.duty())
		}
	})
}

// TestTheReserveIsLetGoBeforeAnybodyIsTold and made again once the store has
// worked for a minute.
func TestTheReserveIsLetGoBeforeAnybodyIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t, someone)
		there := func() bool {
			_, err := os.Stat(filepath.Join(f.dir, "reserve"))
			return err == nil
		}
		pass(time.Second)
		if !there() {
			t.Fatal("there is no reserve after the start")
		}
		f.breaks(errLocked, true)
		pass(5 * time.Second)
		if !there() {
			t.Error("let go within 5 s")
		}
		pass(3 * time.Second)
		if list, _ := f.heard(); there() || len(list) > 0 {
			t.Errorf("after 8 s the reserve is there: %t; told %d times; want it gone, and nobody told", there(), len(list))
		}
		f.breaks(nil, false) // that helped
		pass(50 * time.Second)
		if list, _ := f.heard(); there() || len(list) > 0 {
			t.Errorf("mended: reserve there %t, told %d times; want neither", there(), len(list))
		}
		pass(15 * time.Second)
		if !there() || !slices.Equal(f.meter.reserved, []bool{true, false, true}) {
			t.Errorf("a minute later the reserve is there: %t; the metrics heard %v", there(), f.meter.reserved)
		}
	})
}

package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// lines collects what is logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.b.String(), func(r rune) bool { return r == '\n' })
}

// follower is a consumer that notes what it is told.
type follower struct {
	mu       sync.Mutex // guards the fields below
	took     []string
	idle     []time.Time
	at       []time.Time
	position ingest.Position
}

func (f *follower) Took(_ context.Context, g ingest.Group, v []ingest.Verdict, replay bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	said := strings.Join(eventsOf(g), " ")
	if replay {
		said += " (replay)"
	}
	if len(v) != len(g.Entries) {
		said += " without verdicts"
	}
	f.took, f.at = append(f.took, said), append(f.at, time.Now())
}

func (f *follower) Idle(_ context.Context, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, now)
}

func (f *follower) Position() ingest.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position
}

// told returns what the consumer was told so far, and how often it was idle.
func (f *follower) told() (took []string, idle []time.Time) {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.took), slices.Clone(f.idle)
}

// savedUpTo moves the consumer's checkpoint.
func (f *follower) savedUpTo(p ingest.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = p
}

// applying runs an applier until stop is called, or the end of the test.
func applying(tb testing.TB, cfg ingest.ApplierConfig, log *slog.Logger) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := ingest.NewApplier(cfg, log).Run(ctx); err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	tb.Cleanup(stop)
	return stop
}

// scene is a log with a ledger and a follower, in a bubble.
type scene struct {
	log    *ingest.Log
	ledger *memory
	follow *follower
	said   lines
}

func newScene(tb testing.TB, opts ingest.Options) *scene {
	tb.Helper()
	return &scene{log: start(tb, tb.TempDir(), opts), ledger: newMemory(), follow: &follower{}}
}

func (s *scene) config() ingest.ApplierConfig {
	return ingest.ApplierConfig{Log: s.log, Ledger: s.ledger, Consumer: s.follow}
}

func TestABatchInAQuietLogIsAppliedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		applying(t, s.config(), quiet())
		for i := range 3 {
			time.Sleep(5 * time.Second)
			began := time.Now()
			add(t, s.log, fmt.Sprint(i), 3)
			synctest.Wait()
			s.follow.mu.Lock()
			at := slices.Clone(s.follow.at)
			s.follow.mu.Unlock()
			if len(at) != i+1 || !at[i].Equal(began) {
				t.Fatalf("batch %d was applied at %v, want at once, %v", i, at, began)
			}
		}
	})
}

func TestABusyLogIsGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		applying(t, s.config(), quiet())
		for i := range 100 {
			add(t, s.log, fmt.Sprint(i), 3)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := len(s.ledger.applied()); got < 5 || got > 7 {
			t.Errorf("%d groups in a second, want one each 200 ms", got)
		}
		var all []string
		for _, g := range s.ledger.applied() {
			all = append(all, g...)
		}
		if len(all) != 100 || all[0] != "0" || all[99] != "99" {
			t.Errorf("events %v, want all in their order", all)
		}
	})
}

func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		for i, n := range []int{4, 4, 3, 1, 25, 1} {
			add(t, s.log, fmt.Sprint(i), n)
		}
		cfg := s.config()
		cfg.Most = 10
		applying(t, cfg, quiet())
		time.Sleep(time.Second)
		want := [][]string{{"0", "1"}, {"2", "3"}, {"4"}, {"5"}}
		if got := s.ledger.applied(); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("groups %v, want %v: at most 10, unless one batch has more", got, want)
		}
	})
}

func TestAReplayIsCutWhereItEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		synced, applied, from int // after so many batches
		want                  []string
		wantGroups            int
	}{
		"a first start":                     {0, 0, 0, []string{"a b c d e f"}, 1},
		"everything is known":               {6, 6, 6, nil, 0},
		"a power cut after the last sync":   {2, 4, 4, []string{"e f"}, 2},
		"a consumer that is behind":         {4, 4, 2, []string{"c d (replay)", "e f"}, 2},
		"a consumer that has nothing":       {4, 5, 0, []string{"a b c d e (replay)", "f"}, 2},
		"a consumer between both":           {1, 5, 3, []string{"d e (replay)", "f"}, 3},
		"a consumer before what was synced": {3, 4, 1, []string{"b c d (replay)", "e f"}, 2},
		"a consumer that is ahead":          {2, 3, 5, []string{"f"}, 3},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, ingest.Options{})
				after := []ingest.Position{{}}
				for _, event := range []string{"a", "b", "c", "d", "e", "f"} {
					after = append(after, add(t, s.log, event, 2).Next)
				}
				s.ledger.p = ingest.Progress{Applied: after[tc.applied], Synced: after[tc.synced]}
				cfg := s.config()
				cfg.From = after[tc.from]
				applying(t, cfg, quiet())
				time.Sleep(time.Second)
				if got, _ := s.follow.told(); !slices.Equal(got, tc.want) {
					t.Errorf("the consumer took %q, want %q", got, tc.want)
				}
				if got := s.ledger.applied(); len(got) != tc.wantGroups {
					t.Errorf("groups %v, want %d", got, tc.wantGroups)
				}
			})
		})
	}
}

func TestEntriesAreJudged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		all := usual("evt", 4)
		all[1].Duration = 6 * time.Second
		all[1].Endpoint = "hasty"
		all[2].Status, all[2].Error = 0, "canceled"
		all[3].Trigger, all[3].Duration = deliveries.Manual, 6*time.Second
		r, err := s.log.Append(t.Context(), day, all)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.config()
		cfg.Deadline = func(endpoint string) time.Duration {
			return map[string]time.Duration{"hasty": 5 * time.Second}[endpoint]
		}
		stop := applying(t, cfg, quiet())
		time.Sleep(time.Second)
		stop()
		g := s.ledger.groups[0]
		type judged struct {
			kind   deliveries.Kind
			fault  probes.Fault
			counts bool
		}
		want := []judged{
			{deliveries.KindFirst, probes.FaultNone, true}, {deliveries.KindFirst, probes.FaultTimeoutResponse, true},
			{deliveries.KindFirst, probes.FaultCanceled, false}, {deliveries.KindManual, probes.FaultNone, false},
		}
		for i, e := range g.Entries {
			if got := (judged{e.Kind, e.Fault, e.Counts}); got != want[i] || e.Attempt != all[i] || !e.Received.Equal(day) {
				t.Errorf("entry %d: %+v, want %+v", i, got, want[i])
			}
			if i > 0 && !g.Entries[i-1].Position.Before(e.Position) {
				t.Errorf("entry %d lies at %v, after %v", i, e.Position, g.Entries[i-1].Position)
			}
		}
		if g.Next != r.Next || g.Entries[0].Position != r.Position || !g.At.Equal(day) {
			t.Errorf("the group ends at %v, %v; want %v", g.Next, g.At, r.Next)
		}
	})
}

func TestNothingIsSkippedWhenTheLedgerFails(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"progress", "apply"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, ingest.Options{})
				mended := time.Now().Add(150 * time.Second)
				tries, reports := 0, 0
				s.ledger.fail = func(v string) error {
					if v != verb || time.Now().After(mended) {
						return nil
					}
					tries++
					return errors.New("the disk is away")
				}
				cfg := s.config()
				cfg.Observe = func(r ingest.ApplierReport) {
					if r.Err != nil {
						reports++
					}
				}
				stop := applying(t, cfg, s.said.logger())
				for _, event := range []string{"a", "b", "c"} {
					add(t, s.log, event, 2)
					time.Sleep(time.Second)
				}
				time.Sleep(160 * time.Second)
				stop()
				if got := strings.Join(s.follow.took, " "); got != "a b c" {
					t.Errorf("the consumer took %q, want all once in order", got)
				}
				if tries < 145 || tries > 152 || reports != tries {
					t.Errorf("%d tries and %d reports in 150 s, want one a second", tries, reports)
				}
				if got := s.said.all(); len(got) != 3 || !strings.Contains(got[0], "level=ERROR") || !strings.Contains(got[0], "the disk is away") {
					t.Errorf("logged %q, want one error a minute", got)
				}
			})
		})
	}
}

func TestStoppingWhileTheLedgerFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		s.ledger.fail = func(string) error { return errors.New("away") }
		add(t, s.log, "a", 2)
		stop := applying(t, s.config(), quiet())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if len(s.follow.took) > 0 {
			t.Errorf("the consumer took %q, which was not applied", s.follow.took)
		}
	})
}

func TestSyncAndTrim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{SegmentBytes: 4 << 10})
		var after []ingest.Position
		for i := range 20 {
			after = append(after, add(t, s.log, fmt.Sprint(i), 30).Next) // a segment each
		}
		s.follow.savedUpTo(after[4])
		stop := applying(t, s.config(), quiet())
		time.Sleep(59 * time.Second)
		if got := s.ledger.syncs(); len(got) != 0 {
			t.Errorf("synced up to %v before it was due", got)
		}
		time.Sleep(2 * time.Second)
		if got := s.ledger.syncs(); !slices.Equal(got, after[19:]) {
			t.Errorf("synced up to %v, want %v", got, after[19:])
		}
		oldest := func() string {
			all, _ := events(t, s.log, ingest.Position{})
			return all[0]
		}
		if got := oldest(); got != "4" {
			t.Errorf("the oldest batch is %s, want 4, which shares its segment with what the consumer needs", got)
		}
		s.follow.savedUpTo(after[17])
		time.Sleep(time.Minute)
		if got := oldest(); got != "17" {
			t.Errorf("the oldest batch is %s, want 17: the consumer has moved on", got)
		}
		last := add(t, s.log, "last", 1).Next
		time.Sleep(time.Second)
		stop()
		if got := s.ledger.syncs(); !slices.Equal(got, []ingest.Position{after[19], last}) {
			t.Errorf("synced up to %v, want %v at the end too", got, last)
		}
	})
}

func TestASyncThatFailsLetsNothingGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{SegmentBytes: 4 << 10})
		for i := range 5 {
			s.follow.position = add(t, s.log, fmt.Sprint(i), 30).Next
		}
		tries := 0
		s.ledger.fail = func(verb string) error {
			if verb == "sync" {
				tries++
				return errors.New("away")
			}
			return nil
		}
		stop := applying(t, s.config(), s.said.logger())
		time.Sleep(100 * time.Second)
		stop()
		if all, _ := events(t, s.log, ingest.Position{}); len(all) != 5 {
			t.Errorf("the log has %v, want all", all)
		}
		if tries < 35 || tries > 45 {
			t.Errorf("%d tries in 40 s, want one a second", tries)
		}
		if got := s.said.all(); len(got) != 1 {
			t.Errorf("logged %q, want one error a minute", got)
		}
	})
}

func TestIdleOnlyWhenNothingComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		began := time.Now()
		applying(t, s.config(), quiet())
		time.Sleep(5500 * time.Millisecond) // 2, 3, 4, 5
		add(t, s.log, "a", 1)
		time.Sleep(1900 * time.Millisecond)
		synctest.Wait()
		var first []time.Duration
		_, idle := s.follow.told()
		for _, at := range idle {
			first = append(first, at.Sub(began))
		}
		if want := []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second}; !slices.Equal(first, want) {
			t.Errorf("idle at %v, want %v", first, want)
		}
		s.ledger.failWith(func(string) error { return errors.New("away") })
		add(t, s.log, "b", 1)
		time.Sleep(time.Minute)
		if _, idle := s.follow.told(); len(idle) != 4 {
			t.Errorf("idle %d times while something waits to be applied", len(idle)-4)
		}
	})
}

func TestApplyingGoesOnBehindDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, dir, ingest.Options{})
	var at []ingest.Receipt
	for _, event := range []string{"a", "b", "c"} {
		at = append(at, add(t, l, event, 2))
	}
	f, err := os.OpenFile(segmentPath(dir, 1), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("xxxx"), int64(at[1].Position.Offset)+40); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := &scene{log: l, ledger: newMemory(), follow: &follower{}}
	done := make(chan struct{})
	cfg := s.config()
	cfg.Observe = func(r ingest.ApplierReport) {
		if r.Applied == at[2].Next {
			close(done)
		}
	}
	stop := applying(t, cfg, s.said.logger())
	<-done
	stop()
	if got := strings.Join(s.follow.took, " "); got != "a c" {
		t.Errorf("took %q, want what is behind the damage too", got)
	}
	if got := s.said.all(); len(got) != 1 || !strings.Contains(got[0], "level=ERROR") || !strings.Contains(got[0], "log is damaged") {
		t.Errorf("logged %q, want one error", got)
	}
}

func TestReportsCountVerdicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ingest.Options{})
		var got []ingest.ApplierReport
		cfg := s.config()
		cfg.Observe = func(r ingest.ApplierReport) { r.Took = 0; got = append(got, r) }
		stop := applying(t, cfg, quiet())
		r := add(t, s.log, "a", 5) // one identity
		time.Sleep(time.Second)
		stop()
		want := ingest.ApplierReport{Applied: r.Next, End: r.Next, Received: day, Counted: 1, Duplicates: 4}
		if len(got) != 1 || got[0] != want {
			t.Errorf("reports %+v, want %+v", got, want)
		}
	})
}

package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// shard is a store of conditions that keeps what is committed. It is safe for
// concurrent use.
type shard struct {
	mu       sync.Mutex
	saved    conditions.Saved
	series   map[string]conditions.SeriesState
	standing map[rules.Key]rules.Standing
	changes  []rules.Change
	known    map[string]bool
	dead     bool // nothing is written any more
}

// Conditions implements [conditions.Store].
func (s *shard) Conditions(context.Context) (conditions.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved := s.saved
	last := map[[2]string]rules.Standing{}
	for _, one := range s.standing {
		k := [2]string{string(one.Rule), string(one.Scope)}
		if before, ok := last[k]; !ok || before.Key().Episode < one.Key().Episode {
			last[k] = one
		}
	}
	for _, one := range last {
		saved.Standing = append(saved.Standing, one)
	}
	for _, one := range s.series {
		saved.Series = append(saved.Series, one)
	}
	return saved, nil
}

// CommitShard implements [conditions.Store].
func (s *shard) CommitShard(_ context.Context, c conditions.Commit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return context.Canceled
	}
	if s.series == nil {
		s.series, s.standing, s.known = map[string]conditions.SeriesState{}, map[rules.Key]rules.Standing{}, map[string]bool{}
	}
	for _, one := range c.Standing {
		s.standing[one.Key()] = one
		if one.Episode.Phase == rules.PhaseNone && one.Cleared.IsZero() {
			delete(s.standing, rules.Key{Rule: one.Rule, Scope: one.Scope, Episode: one.Episode.Number + 1})
			delete(s.standing, one.Key())
		}
	}
	for _, ch := range c.Changes {
		if k := fmt.Sprint(ch.Key, ch.Number); !s.known[k] {
			s.known[k] = true
			s.changes = append(s.changes, ch)
		}
	}
	for _, one := range c.Series {
		s.series[one.Series] = one
		if len(one.State) == 0 {
			delete(s.series, one.Series)
		}
	}
	if c.Position != 0 {
		s.saved.Position = c.Position
	}
	return nil
}

// judging returns a daemon that is as much as judges what does not come, as it
// is after a start.
func judging(t *testing.T, kept *shard) *Daemon {
	t.Helper()
	d := &Daemon{log: slog.New(slog.DiscardHandler), metrics: dashboards.New("test"), started: time.Now(), base: t.Context()}
	settings := &config.Config{}
	settings.Rules.Pack, settings.Rules.EndpointDown = rules.DefaultPack(), rules.DefaultEndpointDown()
	d.settings.Store(settings)
	d.column.senders = ingest.NewSenders(d.declared, nil)
	d.column.lately = &ingest.Lately{}
	d.column.conditions = conditions.New(conditions.Config{}, kept, d.log)
	if err := d.column.conditions.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.column.hearing.began(time.Time{}, d.started)
	return d
}

// arrived tells of an attempt a minute of source core for a day up to now.
func (d *Daemon) arrived() {
	now, g := time.Now(), ingest.Group{}
	for at := now.Add(-25 * time.Hour); !at.After(now); at = at.Add(time.Minute) {
		a := deliveries.Attempt{Source: "core", Event: at.String(), Endpoint: "ep", StartedAt: at, Trigger: deliveries.Automatic, Mode: deliveries.Live, Number: 1, Status: 200}
		g.Entries = append(g.Entries, ingest.Entry{Attempt: a, Received: at, Kind: deliveries.KindFirst, Fault: probes.FaultNone, Counts: true})
	}
	v := make([]ingest.Verdict, len(g.Entries))
	for i := range v {
		v[i] = ingest.Counted
	}
	d.column.senders.Took(g, v)
}

func (d *Daemon) silent() bool {
	_, open := d.column.conditions.Open(rules.RuleSilence, "source:core")
	return open
}

// Who sends while this process stands still is heard later: that is no silence
// of theirs, whichever job is the first to run.
func TestASourceIsNotSilentBecauseWeStoodStill(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		awake bool // this process looks each second
		then  time.Duration
		want  bool
	}{
		"it stood still":                    {false, 0, false},
		"it ran":                            {true, 0, true},
		"it stood still, and none sends on": {false, 10 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := judging(t, &shard{})
				d.arrived()
				look := func(long time.Duration) {
					for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Second) {
						d.hears(time.Now())
					}
				}
				look(2 * time.Second)
				if tt.awake {
					look(10 * time.Minute)
				} else {
					time.Sleep(10 * time.Minute)
				}
				d.judgeSources(t.Context())
				look(tt.then)
				d.judgeSources(t.Context())
				if got := d.silent(); got != tt.want {
					t.Errorf("silence is open: %t, want %t", got, tt.want)
				}
			})
		})
	}
}

// A source that is no longer configured is missed by nobody.
func TestASourceThatIsNoLongerConfiguredIsNotSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := judging(t, &shard{})
		d.arrived()
		for range 600 {
			time.Sleep(time.Second)
			d.hears(time.Now())
		}
		without := *d.settings.Load()
		without.Sources = []config.Source{{ID: "other", Grade: deliveries.GradeAll}}
		with := d.settings.Swap(&without)
		d.judgeSources(t.Context())
		if d.silent() {
			t.Fatal("it opens for a source that is not configured")
		}
		d.settings.Store(with)
		d.judgeSources(t.Context())
		if !d.silent() {
			t.Fatal("it does not open; the test tells nothing")
		}
		d.settings.Store(&without)
		d.judgeSources(t.Context())
		if d.silent() {
			t.Error("it stays open although nobody expects the source any more")
		}
	})
}

// What we did not hear because we had only just begun to listen is not over.
func TestARestartEndsNothingThatIsOneDayOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept := &shard{}
		d := judging(t, kept)
		d.column.conditions.Delayed(rules.UpstreamFact{Channel: "ID_BCA", N: 100, Late: 50}, time.Now())
		d.column.conditions.Duplicated(rules.DuplicatesFact{Source: "core", N: 1000, Duplicates: 900}, time.Now())
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.column.conditions.Run(over); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Hour)

		d = judging(t, kept)
		if n := len(d.column.conditions.Standing()); n != 2 {
			t.Fatalf("%d conditions stand after the restart, want 2", n)
		}
		d.judgeSources(t.Context())
		if n := len(d.column.conditions.Standing()); n != 2 {
			t.Errorf("%d of 2 conditions stand: a restart has ended them", n)
		}
		for range 25 * 60 * 20 {
			time.Sleep(3 * time.Second)
			d.hears(time.Now())
		}
		d.judgeSources(t.Context())
		if n := len(d.column.conditions.Standing()); n != 0 {
			t.Errorf("%d conditions stand after a day in which nothing came", n)
		}
	})
}

// While senders catch up after our absence, that nothing is known to be
// delivered opens nothing; what is open stays so.
func TestAnEventThatWaitsSinceBeforeOurAbsence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		away time.Duration
		open bool
		want bool // the fact tells of it
	}{
		"after an hour away":                  {time.Hour, false, false},
		"after a quick restart":               {20 * time.Second, false, true},
		"after an hour away, when it is open": {time.Hour, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := judging(t, &shard{})
				now := time.Now()
				w := &registry.Watched{}
				w.ID = "ep"
				memory := probes.Memory{Last: probes.Result{At: now, Verdict: probes.Healthy}}
				waits, s := conditions.NewWaits(), deliveries.Schedule{}
				e := deliveries.EventOf(deliveries.Event{Source: "core", ID: "evt", Endpoint: "ep"},
					[]deliveries.Try{{Number: 1, StartedAt: now.Add(-2 * time.Hour), Status: 503, Fault: "http_5xx"}}, s)
				waits.Add(e, s, rules.DefaultPack(), now)
				d.column.waiting.Store(waits)
				if tt.open {
					d.column.conditions.Probed(d.downFact(w, memory), now)
				}
				d.column.hearing.began(now.Add(-tt.away), now)
				if got := !d.downFact(w, memory).Oldest.IsZero(); got != tt.want {
					t.Errorf("the fact tells of what waits: %t, want %t", got, tt.want)
				}
				time.Sleep(catchUp)
				if d.downFact(w, memory).Oldest.IsZero() {
					t.Error("what waits is never told of")
				}
			})
		})
	}
}

// What senders could not send while nobody listened is late for no fault of
// theirs.
func TestWhatWasHeldBackIsNotLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		away time.Duration
		want bool
	}{
		"after an hour away":    {time.Hour, false},
		"after a quick restart": {20 * time.Second, true},
	} {
		var c column
		c.hearing.began(now.Add(-tt.away), now)
		for minute := range 4 {
			c.sawLate(100, 0, now.Add(time.Duration(minute)*time.Minute))
		}
		if got := c.lateness.problem() != ""; got != tt.want {
			t.Errorf("%s: a problem: %t, want %t", name, got, tt.want)
		}
	}
}

func TestCaughtUpIsAllThatTheLogHadAtTheStart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	at := func(offset uint32) ingest.Position { return ingest.Position{Segment: 1, Offset: offset} }
	for name, tt := range map[string]struct {
		start   ingest.Position
		applied []ingest.Position
		idle    bool
		after   time.Duration
		want    bool
	}{
		"nothing was left":                  {ingest.Position{}, nil, false, 0, true},
		"nothing is applied yet":            {at(100), nil, false, 0, false},
		"some is":                           {at(100), []ingest.Position{at(50)}, false, 0, false},
		"all is":                            {at(100), []ingest.Position{at(50), at(100)}, false, 0, true},
		"all is, and more":                  {at(100), []ingest.Position{at(120)}, false, 0, true},
		"the log is empty but for its head": {at(32), nil, true, 0, true},
		"it cannot be read for minutes":     {at(100), nil, false, catchUp, true},
	} {
		d := judging(t, &shard{})
		c := &d.column
		c.hearing.began(time.Time{}, now)
		c.progress.atStart = tt.start
		got := c.caughtUp(now.Add(tt.after))
		for _, p := range tt.applied {
			c.progress.last.Store(&ingest.ApplierReport{Applied: p})
			got = c.caughtUp(now.Add(tt.after))
		}
		if tt.idle {
			consumers{d}.Idle(t.Context(), now)
			got = c.caughtUp(now.Add(tt.after))
		}
		if got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

// What an endpoint got hours ago is remembered by the store alone: it is not
// "nothing for a day".
func TestAnEndpointThatGetsLittleGetsSomething(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ago    time.Duration
		status int
		want   bool // it got nothing
	}{
		"delivered three hours ago": {3 * time.Hour, 200, false},
		"failed three hours ago":    {3 * time.Hour, 503, true},
		"delivered two days ago":    {48 * time.Hour, 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := judging(t, &shard{})
			var err error
			if d.store, err = store.Open(t.Context(), t.TempDir(), d.log); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.store.Close() }) // a test's
			now := time.Now().UTC()
			a := deliveries.Attempt{
				Source: "core", Event: "e", Endpoint: "ep", Number: 1, Trigger: deliveries.Automatic, Mode: deliveries.Live, Status: tt.status, StartedAt: now.Add(-tt.ago),
			}
			e := ingest.Entry{
				Attempt: a, Position: ingest.Position{Segment: 1, Offset: 100}, Received: now.Add(-tt.ago), Kind: deliveries.KindFirst, Fault: a.Outcome(0), Counts: true,
			}
			g := ingest.Group{Entries: []ingest.Entry{e}, Next: ingest.Position{Segment: 1, Offset: 200}, At: e.Received}
			if _, err := d.store.Ledger().Apply(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			d.column.conditions.Slow(rules.SlowFact{Endpoint: "ep", Answered: 100, Slow: 90}, now.Add(-25*time.Hour))
			d.judgeSources(t.Context())
			if _, open := d.column.conditions.Open(rules.RuleEndpointSlow, "endpoint:ep"); open == tt.want {
				t.Errorf("endpoint_slow is open: %t, want %t", open, !tt.want)
			}
		})
	}
}

// The report of a window waits for what is still coming of it.
func TestNoDigestIsMadeWhileSomethingIsStillComing(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*Daemon){
		"senders tell what they held back": func(d *Daemon) { d.column.hearing.began(time.Now().Add(-time.Hour), time.Now()) },
		"the log is not applied yet":       func(d *Daemon) { d.column.progress.atStart = ingest.Position{Segment: 1, Offset: 100} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := judging(t, &shard{})
			made := func() (yes bool) {
				defer func() { yes = recover() != nil }() // it has no digest to make
				d.tickDigests(t.Context())
				return false
			}
			if prepare(d); made() {
				t.Error("a digest is made")
			}
			d.column.hearing = hearing{}
			d.column.progress.caughtUp.Store(true)
			if !made() {
				t.Error("none is made when all is there")
			}
		})
	}
}

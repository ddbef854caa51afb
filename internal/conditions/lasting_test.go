package conditions_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// troubled is a part of hookvigil that is in trouble for all of a test.
var troubled = rules.SelfFact{Name: "duty", Problems: []string{"something"}}

// judges has both rules that want a trouble to last judge one, each ten
// seconds, for so long.
func judges(c *conditions.Conditions, long time.Duration) {
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(10 * time.Second) {
		now := time.Now()
		c.SelfAudited(rules.MonitorSelf{For: 10 * time.Minute, Good: 6}, troubled, now)
		w := conditions.NewWaits()
		events, s := overdue(150, now)
		for _, e := range events {
			w.AddOfSource(e, s, now)
		}
		c.Waiting(w, now)
		synctest.Wait()
	}
}

// bothOpen returns when both rules have opened; the later of them.
func bothOpen(c *conditions.Conditions) (time.Time, bool) {
	self, one := c.Open(rules.RuleMonitorSelf, rules.SelfDuty)
	missing, two := c.Open(rules.RuleRetriesMissing, "source:core")
	if missing.OpenedAt.After(self.OpenedAt) {
		self = missing
	}
	return self.OpenedAt, one && two
}

// What has to last for ten minutes opens beside restarts: what it had lasted
// while we looked counts, and our absence does not.
func TestWhatHasToLastOpensBesideRestarts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		every, away time.Duration
		killed      bool          // and what came after its last checkpoint is lost
		after       time.Duration // from the first trouble, the aways included; 0: it never opens
	}{
		"each eight minutes, for a moment":    {8 * time.Minute, 0, false, 10 * time.Minute},
		"each eight minutes, for 50 s":        {8 * time.Minute, 50 * time.Second, false, 10*time.Minute + 50*time.Second},
		"each two minutes, for 10 s":          {2 * time.Minute, 10 * time.Second, false, 10*time.Minute + 40*time.Second},
		"killed each 8 min 30 s, for 20 s":    {8*time.Minute + 30*time.Second, 20 * time.Second, true, 10*time.Minute + 50*time.Second},
		"away for two minutes: two troubles":  {8 * time.Minute, 2 * time.Minute, false, 0},
		"away for an hour each eight minutes": {8 * time.Minute, time.Hour, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, begin := newMemory(), time.Now()
				c := loaded(t, conditions.Config{}, store)
				for range 7 {
					stop := running(t, c)
					judges(c, tt.every)
					if tt.killed {
						store.setFail(errDisk)
					}
					if err := stop(); err != nil && !tt.killed {
						t.Fatal(err)
					}
					store.setFail(nil)
					time.Sleep(tt.away)
					c = loaded(t, conditions.Config{}, store)
				}
				at, open := bothOpen(c)
				if open != (tt.after > 0) {
					t.Fatalf("open: %t, want %t", open, tt.after > 0)
				}
				if got := at.Sub(begin); open && (got < tt.after || got > tt.after+time.Minute+10*time.Second) {
					t.Errorf("opened after %s, want %s or at most a checkpoint later", got, tt.after)
				}
			})
		})
	}
}

// slow is a store that takes long for a commit, a minute after the last that
// did: this process stands still.
type slow struct {
	*memory
	still time.Duration
	last  time.Time
}

func (s *slow) CommitShard(ctx context.Context, c conditions.Commit) error {
	if time.Since(s.last) >= time.Minute {
		time.Sleep(s.still)
		s.last = time.Now()
	}
	return s.memory.CommitShard(ctx, c)
}

// A process that stands still now and then takes that time off, and no more.
func TestWhatHasToLastOpensBesideStandstills(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		still time.Duration
		open  bool
	}{
		"20 s each minute":        {20 * time.Second, true},
		"two minutes in between":  {2*time.Minute + time.Second, false},
		"not longer than we bear": {time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := conditions.New(conditions.Config{}, &slow{memory: newMemory(), still: tt.still}, quiet())
				running(t, c)
				judges(c, 20*time.Minute)
				if _, open := bothOpen(c); open != tt.open {
					t.Errorf("open: %t, want %t", open, tt.open)
				}
			})
		})
	}
}

// What is stored of an earlier trouble, or is no use, does not make a later one
// open sooner.
func TestWhatLastedBeforeIsNoEvidence(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*memory){
		"it is of the trouble before": func(*memory) {},
		"it cannot be read":           func(m *memory) { m.setSeries("lasting/platform", "[]") },
		"it is of a later time": func(m *memory) {
			m.setSeries("lasting/platform", `{"at":"2100-01-01T00:00:00Z","lasted":{"monitor_self/self:duty":600000000000}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, rule := newMemory(), rules.MonitorSelf{For: 10 * time.Minute, Good: 6}
				c := loaded(t, conditions.Config{}, store)
				stop := running(t, c)
				judges(c, 9*time.Minute+10*time.Second)
				c.SelfAudited(rule, rules.SelfFact{Name: "duty"}, time.Now()) // it is well for a moment
				time.Sleep(time.Second)
				c.SelfAudited(rule, troubled, time.Now())
				synctest.Wait()
				store.setFail(errDisk) // what stands is stored, and the checkpoint of the stop is not
				if err := stop(); err == nil {
					t.Fatal("the stop could write")
				}
				store.setFail(nil)
				damage(store)
				time.Sleep(40 * time.Second)
				c = loaded(t, conditions.Config{}, store)
				running(t, c)
				judges(c, 9*time.Minute)
				if s, open := c.Open(rules.RuleMonitorSelf, rules.SelfDuty); open {
					t.Errorf("%s after 9 min and a start: %s", fmt.Sprint(s.Scope, " is open"), s.Evidence.Text)
				}
			})
		})
	}
}

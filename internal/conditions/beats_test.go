package conditions_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// frozen is a store in which all stands still for a while, once, as it does in a
// process that is stopped.
type frozen struct {
	*memory
	still time.Duration
}

func (f *frozen) CommitShard(ctx context.Context, c conditions.Commit) error {
	time.Sleep(f.still)
	f.still = 0
	return f.memory.CommitShard(ctx, c)
}

// Who calls in while this process stands still is not heard; nobody is paged
// for that, and who stays away afterwards is told of.
func TestAHeartbeatIsNotSilentWhileWeStandStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := conditions.Config{Heartbeats: []conditions.Heartbeat{{ID: "am", Every: time.Minute, Grace: time.Minute}}}
		store := &frozen{newMemory(), 2 * time.Minute}
		c := conditions.New(cfg, store, quiet())
		running(t, c)
		came := time.Now().UTC()
		c.Beat("am", came)
		time.Sleep(3*time.Minute + 5*time.Second) // the checkpoint after a minute takes two
		if len(c.Standing()) != 0 {
			t.Errorf("stands %+v, want no page for our own absence", c.Standing())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s, open := c.Open(rules.RuleSilence, "heartbeat:am"); !open || s.Episode.Worst != rules.Critical {
			t.Errorf("stands %+v, want silence after two minutes in which we listened", c.Standing())
		}
		// The last beat is said as it was, and how long we could not hear one.
		told := store.told()
		if want := "no beat since " + came.Format("2006-01-02 15:04:05") + " UTC (2m"; len(told) != 1 || !strings.Contains(told[0].Evidence.Text, want) {
			t.Errorf("told %+v\nwant %q", told, want)
		}
	})
}

// A clock that is set back while this process is down makes no heartbeat's
// silence unheard of.
func TestAHeartbeatIsWatchedThoughTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := conditions.Config{Heartbeats: []conditions.Heartbeat{{ID: "am", Every: time.Minute, Grace: time.Minute}}}
		store := newMemory()
		c := loaded(t, cfg, store)
		stop := running(t, c)
		c.Beat("am", time.Now().Add(time.Hour)) // by the clock that is wrong
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		c = loaded(t, cfg, store)
		running(t, c)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if _, open := c.Open(rules.RuleSilence, "heartbeat:am"); !open {
			t.Errorf("stands %+v, want silence after three minutes without a beat", c.Standing())
		}
	})
}

// slept is t as it is when the machine slept for so long in between: the wall
// clock went on, and the monotonic one of Linux did not. Whole seconds; t has
// both, and they lie in time.Time as they have since Go 1.9.
func slept(t time.Time, long time.Duration) time.Time {
	both := (*struct {
		wall uint64
		mono int64
		loc  *time.Location
	})(unsafe.Pointer(&t))
	both.wall += uint64(long/time.Second) << 30
	return t
}

// A heartbeat that the run before heard is not silent because the machine
// slept: nobody could call in. It is when nobody does afterwards.
func TestAHeartbeatIsNotSilentBecauseTheMachineSlept(t *testing.T) {
	t.Parallel() // and in no bubble, whose clock is not monotonic
	cfg := conditions.Config{Heartbeats: []conditions.Heartbeat{{ID: "am", Every: time.Minute, Grace: time.Hour}}}
	store := newMemory()
	c := loaded(t, cfg, store)
	stop := running(t, c)
	c.Beat("am", time.Now())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	c = loaded(t, cfg, store)
	now, silent := time.Now(), 0
	for ; silent < 3720; silent++ {
		at := now.Add(time.Duration(silent) * time.Second)
		if silent > 10 {
			at = slept(at, 24*time.Hour)
		}
		c.CheckBeats(at)
		if _, open := c.Open(rules.RuleSilence, "heartbeat:am"); open {
			break
		}
	}
	// The stop and the start take up to a minute on a machine that is busy.
	if silent < 3600 || silent > 3661 {
		t.Errorf("silent after %d s in which the machine was awake, want 3660", silent)
	}
}

// What has to last does not last over an absence: a trouble before a stop and
// another after the start are two.
func TestWhatHasToLastDoesNotLastOverAnAbsence(t *testing.T) {
	t.Parallel()
	rule := rules.MonitorSelf{For: time.Minute, Good: 6}
	trouble := rules.SelfFact{Name: "duty", Problems: []string{"something"}}
	for name, restart := range map[string]bool{"it ran on": false, "it was started anew": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := newMemory()
				c := loaded(t, conditions.Config{}, store)
				stop := running(t, c)
				c.SelfAudited(rule, trouble, time.Now())
				time.Sleep(30 * time.Second)
				synctest.Wait()
				if restart {
					if err := stop(); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(2 * time.Minute)
				if restart {
					c = loaded(t, conditions.Config{}, store)
					running(t, c)
				}
				c.SelfAudited(rule, trouble, time.Now())
				synctest.Wait()
				if _, open := c.Open(rules.RuleMonitorSelf, rules.SelfDuty); open == restart {
					t.Errorf("open: %t, want %t", open, !restart)
				}
				time.Sleep(2 * time.Minute)
				c.SelfAudited(rule, trouble, time.Now())
				synctest.Wait()
				if _, open := c.Open(rules.RuleMonitorSelf, rules.SelfDuty); !open {
					t.Error("it never opens")
				}
			})
		})
	}
}

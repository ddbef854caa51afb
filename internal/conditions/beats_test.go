package conditions_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

package conditions_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// toldInWords is what a store holds of monitor_self.
func toldInWords(store *memory) []string {
	var list []string
	for _, c := range store.told() {
		list = append(list, fmt.Sprintf("%s %s %d.%d %v", c.Key.Rule, c.Key.Scope, c.Key.Episode, c.Number, c.Open))
	}
	return list
}

// stopped writes what is left.
func stopped(t *testing.T, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Errorf("run: %v", err)
	}
}

// TestSelf: a problem opens once, its end clears once, each name on its own.
func TestSelf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		c := conditions.New(conditions.Config{}, store, quiet())
		stop := running(t, c)
		for range 3 {
			c.Self("lane ops", "the silent proof failed: 503", time.Now())
			c.Self("lane mail", "", time.Now())
		}
		s, open := c.Open(rules.RuleMonitorSelf, "self:lane ops")
		if !open || s.Evidence.Text != "the silent proof failed: 503" || s.Episode.Worst != rules.Critical {
			t.Errorf("got %+v", s)
		}
		for range 3 {
			c.Self("lane ops", "", time.Now())
		}
		stopped(t, stop)
		if want := []string{"monitor_self self:lane ops 1.1 true", "monitor_self self:lane ops 1.2 false"}; !slices.Equal(toldInWords(store), want) {
			t.Errorf("told %q, want %q", toldInWords(store), want)
		}
	})
}

// TestOurSideIsOneCondition: 5,000 endpoints at once are one change, while it
// is asked each 10 s for five minutes, over a restart and a store that fails.
func TestOurSideIsOneCondition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		begun := time.Now()
		fact := func(n int) rules.OurSideFact {
			f := rules.OurSideFact{Watched: 5000}
			for i := range n {
				f.Bad = append(f.Bad, rules.BadEndpoint{Host: fmt.Sprint("h", i%900), Fault: "timeout_connect", Since: begun})
			}
			return f
		}
		asked := func(c *conditions.Conditions, n int, long time.Duration) {
			var s rules.OurSideState
			for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(10 * time.Second) {
				s = c.OurSide(rules.DefaultOurSide(), s, fact(n), time.Now())
			}
		}
		first := conditions.New(conditions.Config{}, store, quiet())
		if _, _, ok := first.InDoubt(); ok {
			t.Error("in doubt before anything was seen")
		}
		stop := running(t, first)
		store.setFail(errDisk)
		asked(first, 5000, time.Minute)
		since, why, ok := first.InDoubt()
		if want := "5,000 of 5,000 endpoints on 900 hosts turned timeout_connect within a minute"; !ok || why != want || !since.Equal(begun) {
			t.Errorf("got %v %q %v, want %v %q", since, why, ok, begun, want)
		}
		store.setFail(nil)
		asked(first, 5000, 4*time.Minute)
		stopped(t, stop)
		again := conditions.New(conditions.Config{}, store, quiet())
		if err := again.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := again.InDoubt(); !ok {
			t.Error("the doubt does not outlive a restart")
		}
		stop = running(t, again)
		asked(again, 2500, 3*time.Minute)
		if _, _, ok := again.InDoubt(); !ok {
			t.Error("over while half of them are bad")
		}
		asked(again, 2499, 3*time.Minute)
		stopped(t, stop)
		if want := []string{"monitor_self self:egress 1.1 true", "monitor_self self:egress 1.2 false"}; !slices.Equal(toldInWords(store), want) {
			t.Errorf("told %q, want %q", toldInWords(store), want)
		}
	})
}

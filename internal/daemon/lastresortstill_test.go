package daemon

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// What waited while this process stood still did not wait for the store; what
// waits on after it does.
func TestStandingStillIsNoBrokenStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := burning(t, alerting.Destination{Lane: "ops/x", Form: alerting.FormThread})
		pass(time.Minute)
		told := func() int { f.mu.Lock(); defer f.mu.Unlock(); return len(f.told) }
		f.ranSince(time.Now().Add(-40*time.Second), time.Now())
		f.mu.Lock()
		f.since = time.Now().Add(-40 * time.Second)
		f.critical, f.decided = 1, f.since
		f.mu.Unlock()
		pass(9 * time.Second)
		if n := told(); n != 0 {
			t.Errorf("told %d times of a store that is well", n)
		}
		pass(5 * time.Second)
		if n := told(); n != 1 {
			t.Errorf("told %d times, want once: it has waited for 14 s that we ran", n)
		}
		if said := f.duty(); !strings.Contains(said, "; 1 critical condition is not recorded; ") {
			t.Errorf("duty: %s; want what was decided before we stood still", said)
		}
	})
}

func TestACheckThatWeSleptThroughHasNotFailedSince(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	s := resortState{failing: now.Add(-40 * time.Second), err: "deadline exceeded"}
	if got := s.woke(now).step(time.Second, now); got.on() || got.released {
		t.Errorf("%+v, want nothing told", got)
	}
	if got := s.woke(now.Add(-20*time.Second)).step(time.Second, now); !got.on() {
		t.Errorf("%+v, want it told: it fails for 20 s that we ran", got)
	}
}

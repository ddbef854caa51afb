package daemon

import (
	"testing"
	"time"
)

// What was late once is forgotten before monitor_self would page for it, and
// what goes on being late is not.
func TestLatenessIsForgottenWithinAMinute(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1700000000, 0)
	var once, always lateness
	for s := range 180 {
		now := begin.Add(time.Duration(s) * time.Second)
		if s%20 == 0 {
			once.saw(map[bool]time.Duration{true: 39 * time.Second}[s == 60], false, now)
			always.saw(10*time.Second, false, now)
		}
		if got, want := once.report(now) > lateLimit, s >= 60 && s < 60+2*int(punctualFor.Seconds()); got && !want || s == 60 && !got {
			t.Errorf("at %d s late is %v, want %v", s, got, want)
		}
		if always.report(now) <= lateLimit {
			t.Errorf("at %d s nothing is late, and each look was", s)
		}
	}
}

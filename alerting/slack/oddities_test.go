package slack

import (
	"testing"
	"time"
)

func TestWhatWasNotLoggedIsCounted(t *testing.T) {
	t.Parallel()
	var o oddities
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for i := range 13 {
		if _, ok := o.room(now); ok != (i < maxOddities) {
			t.Errorf("line %d is logged: %t", i+1, ok)
		}
	}
	if skipped, ok := o.room(now.Add(oddEvery)); !ok || skipped != 3 {
		t.Errorf("after a minute %d were not logged, %t; want 3 and room", skipped, ok)
	}
	if skipped, ok := o.room(now.Add(-time.Hour)); !ok || skipped != 0 {
		t.Errorf("with a clock that was set back %d, %t; want room", skipped, ok)
	}
}

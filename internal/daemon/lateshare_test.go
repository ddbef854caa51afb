package daemon

import (
	"testing"
	"time"
)

func TestLateAttemptsAreAProblemWhenTheyAreMost(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		late, inTime int
		after        time.Duration // when it is asked
		want         bool
	}{
		"half of many":            {20, 20, 0, true},
		"fewer than half":         {20, 21, 0, false},
		"all of very few":         {19, 0, 0, false},
		"still after a minute":    {100, 0, 61 * time.Second, true},
		"forgotten after two":     {100, 0, 121 * time.Second, false},
		"nothing came, all right": {0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l lateShare
			l.saw(tt.late, tt.inTime, now)
			l.saw(0, 0, now.Add(tt.after))
			if got := l.problem(); (got != "") != tt.want {
				t.Errorf("got %q, want a problem: %t", got, tt.want)
			}
		})
	}
}

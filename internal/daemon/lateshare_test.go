package daemon

import (
	"testing"
	"time"
)

func TestLateAttemptsAreAProblemWhenTheyGoOn(t *testing.T) {
	t.Parallel()
	type minutes []lateMinute
	for name, tt := range map[string]struct {
		saw  minutes
		want bool
	}{
		"half of many, for two minutes":        {minutes{{20, 20}, {20, 20}, {}}, true},
		"the present minute is not judged":     {minutes{{20, 20}, {20, 20}}, false},
		"fewer than half in one of them":       {minutes{{20, 20}, {20, 21}, {}}, false},
		"all of very few":                      {minutes{{19, 0}, {19, 0}, {}}, false},
		"a sender that catches up in one go":   {minutes{{100_000, 0}, {}, {}}, false},
		"and then sends in time":               {minutes{{100_000, 0}, {0, 500}, {}}, false},
		"what goes on is told while it does":   {minutes{{20, 0}, {20, 0}, {20, 0}, {}}, true},
		"and forgotten a minute after its end": {minutes{{20, 0}, {20, 0}, {0, 20}, {}}, false},
		"nothing came, all right":              {minutes{{}, {}, {}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
			var l lateShare
			for _, m := range tt.saw {
				l.saw(m.late/2, m.inTime/2, now)
				l.saw(m.late-m.late/2, m.inTime-m.inTime/2, now.Add(59*time.Second))
				now = now.Add(time.Minute)
			}
			if got := l.problem(); (got != "") != tt.want {
				t.Errorf("got %q, want a problem: %t", got, tt.want)
			}
		})
	}
}

func TestLateAttemptsBeforeAPauseAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var l lateShare
	for range 3 {
		l.saw(100, 0, now)
		now = now.Add(time.Minute)
	}
	if l.problem() == "" {
		t.Fatal("no problem, want one")
	}
	l.saw(0, 0, now.Add(time.Hour))
	if got := l.problem(); got != "" {
		t.Errorf("got %q, want none after an hour of nothing", got)
	}
}

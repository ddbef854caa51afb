package daemon

import (
	"testing"
	"time"
)

// What began late is remembered for a minute at least, and not at all when this
// process stood still: nobody is woken for that.
func TestLatenessOfAProcessThatStoodStillIsNone(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1700000000, 0)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	var l lateness
	l.saw(at(0), 20*time.Second, false, at(20))
	if l.report(at(79)) != 20*time.Second {
		t.Error("a look that began late is forgotten within a minute")
	}
	l.saw(at(60), 39*time.Second, true, at(100)) // before it is known that all stood still
	l.woke(at(101))
	l.saw(at(70), 31*time.Second, true, at(101)) // and after
	if ours, _ := l.trouble(at(102)); l.report(at(102)) != 0 || ours != 0 {
		t.Errorf("late by %s, %d by our own trouble; want none of it", l.report(at(102)), ours)
	}
	l.saw(at(110), 20*time.Second, false, at(130))
	if l.report(at(131)) != 20*time.Second {
		t.Error("what is late afterwards counts")
	}
}

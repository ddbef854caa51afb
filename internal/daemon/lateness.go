package daemon

import (
	"sync"
	"time"
)

// punctualFor is how long a look that began late is remembered, once to twice:
// less than monitor_self waits for, so that a moment in which this process stood
// still is over before somebody is woken for it.
const punctualFor = 25 * time.Second

// lateness remembers how late looks began in the last half minute or so, and how
// many ended by trouble of our own in the last one to two minutes: the daemon's
// own punctuality, which it reports instead of paging for what it did itself. It
// is safe for concurrent use.
type lateness struct {
	mu sync.Mutex
	// guarded by mu
	span        time.Time     // begin of the present span of punctualFor
	worst, last time.Duration // in it, and in the one before
	minute      time.Time     // begin of the present minute
	looks, ours [2]int        // looks of the present and the last minute, and those that ended by our own trouble
}

// saw notes one look; ours says that it ended by trouble of our own, such as
// no descriptors left.
func (l *lateness) saw(late time.Duration, ours bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollLocked(now)
	l.worst = max(l.worst, late)
	l.looks[0]++
	if ours {
		l.ours[0]++
	}
}

// report returns the worst lateness of the last 25 to 50 s.
func (l *lateness) report(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollLocked(now)
	return max(l.worst, l.last)
}

// trouble returns how many of the looks of the last one to two minutes ended
// by our own trouble.
func (l *lateness) trouble(now time.Time) (ours, looks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollLocked(now)
	return l.ours[0] + l.ours[1], l.looks[0] + l.looks[1]
}

func (l *lateness) rollLocked(now time.Time) {
	switch since := now.Sub(l.span); {
	case since >= 2*punctualFor:
		l.span, l.worst, l.last = now, 0, 0
	case since >= punctualFor:
		l.span, l.worst, l.last = now, 0, l.worst
	}
	switch since := now.Sub(l.minute); {
	case since >= 2*time.Minute:
		l.minute, l.looks, l.ours = now, [2]int{}, [2]int{}
	case since >= time.Minute:
		l.minute, l.looks, l.ours = now, [2]int{0, l.looks[0]}, [2]int{0, l.ours[0]}
	}
}

package daemon

import (
	"sync"
	"time"
)

// lateness remembers how late looks began in the last one to two minutes: the
// daemon's own punctuality, which it reports
// instead of paging for what it did itself. What it could not do because it was
// stopped does not count. It is safe for concurrent use.
type lateness struct {
	mu sync.Mutex
	// guarded by mu
	awake       time.Time // since when this process runs without a break; zero: it always did
	minute      time.Time // begin of the present minute
	worst, last time.Duration
	looks, ours [2]int // looks of the present and the last minute, and those that ended by our own trouble
}

// woke says that this process stood still until now: what was seen before, and
// looks that were due before, are late for that alone.
func (l *lateness) woke(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awake, l.minute, l.worst, l.last, l.looks, l.ours = now, now, 0, 0, [2]int{}, [2]int{}
}

// saw notes one look that was due at a moment and began so late; ours says that
// it ended by trouble of our own, such as no descriptors left.
func (l *lateness) saw(due time.Time, late time.Duration, ours bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if due.Before(l.awake) {
		return
	}
	l.rollLocked(now)
	l.worst = max(l.worst, late)
	l.looks[0]++
	if ours {
		l.ours[0]++
	}
}

// report returns the worst lateness of the last one to two minutes.
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
	switch since := now.Sub(l.minute); {
	case since >= 2*time.Minute:
		l.minute, l.worst, l.last, l.looks, l.ours = now, 0, 0, [2]int{}, [2]int{}
	case since >= time.Minute:
		l.minute, l.worst, l.last = now, 0, l.worst
		l.looks, l.ours = [2]int{0, l.looks[0]}, [2]int{0, l.ours[0]}
	}
}

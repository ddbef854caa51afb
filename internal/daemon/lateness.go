package daemon

import (
	"sync"
	"time"
)

// lateness remembers how late looks began in the last one to two minutes: the
// daemon's own punctuality, which it reports
// instead of paging for what it did itself. It is safe for concurrent use.
type lateness struct {
	mu sync.Mutex
	// guarded by mu
	minute      time.Time // begin of the present minute
	worst, last time.Duration
}

// saw notes one look.
func (l *lateness) saw(late time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollLocked(now)
	l.worst = max(l.worst, late)
}

// report returns the worst lateness of the last one to two minutes.
func (l *lateness) report(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rollLocked(now)
	return max(l.worst, l.last)
}

func (l *lateness) rollLocked(now time.Time) {
	switch since := now.Sub(l.minute); {
	case since >= 2*time.Minute:
		l.minute, l.worst, l.last = now, 0, 0
	case since >= time.Minute:
		l.minute, l.worst, l.last = now, 0, l.worst
	}
}

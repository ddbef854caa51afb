package slack

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of what is remembered of presses. A signature counts for at most ten
// minutes: five before its time, and five after it.
const (
	rememberFor = 2*skew + time.Second
	rememberAll = 20_000 // two a press: its signature and itself
)

// mark is what is remembered of a press.
type mark = [sha256.Size]byte

// seen remembers marks, so that what comes twice has one effect. The zero seen
// is ready; it is safe for concurrent use.
type seen struct {
	mu    sync.Mutex
	until map[mark]time.Time // guarded by mu
}

// first reports whether m comes for the first time, and remembers it. It is
// false as well when there is no room left: what cannot be told from a repeat
// is taken for one.
func (s *seen) first(m mark, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until, known := s.until[m]; known && now.Before(until) {
		return false
	}
	if len(s.until) >= rememberAll {
		s.forgetLocked(now)
	}
	if len(s.until) >= rememberAll {
		return false
	}
	if s.until == nil {
		s.until = map[mark]time.Time{}
	}
	s.until[m] = now.Add(rememberFor)
	return true
}

func (s *seen) forgetLocked(now time.Time) {
	for m, until := range s.until {
		if !now.Before(until) {
			delete(s.until, m)
		}
	}
}

package deliveries

import "time"

const (
	silenceRecords = 1000 // DESIGN.md section 5.3; webhooks.md section 9.3
	silenceSpan    = 24 * time.Hour
	silenceEnd     = 10 // deliveries among 1,000 records
)

// silence tells whether a source sends what was delivered at all.
type silence struct {
	held      bool
	recent    [silenceRecords]bool // whether each of the last records was delivered, a ring
	next      int
	delivered int       // of recent
	without   int       // records since the last one that was delivered
	last      time.Time // newest start of one that was delivered
	after     int       // records since held
}

func (s *silence) knows(delivered time.Time) {
	if delivered.After(s.last) {
		s.last = delivered
	}
}

// took notes a record and decides.
func (s *silence) took(start, clock time.Time, delivered bool) {
	if s.recent[s.next] {
		s.delivered--
	}
	s.recent[s.next] = delivered
	s.next = (s.next + 1) % silenceRecords
	s.without++
	s.after++
	if delivered {
		s.delivered++
		s.without = 0
		s.knows(start)
	}
	switch {
	case !s.held && s.without >= silenceRecords && (s.last.IsZero() || clock.Sub(s.last) > silenceSpan):
		s.held, s.after = true, 0
	case s.held && s.after >= silenceRecords && s.delivered >= silenceEnd:
		s.held = false
	}
}

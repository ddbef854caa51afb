package ingest

import "time"

// Arrival is when a source sent last, and for how long it has been silent
// since: time in which nobody listened is nobody's silence. The zero value has
// sent nothing.
type Arrival struct {
	Last   time.Time     // by our clock
	Silent time.Duration // while we listened; 0 or more
}

// arrival is an [Arrival] that goes on.
type arrival struct {
	last    time.Time     // zero: none came
	excused time.Duration // since then, in which nobody listened; 0 or more
}

// took notes an arrival. One from before we listened again may be applied only
// now: the silence after it begins when we did.
func (a *arrival) took(at, listening time.Time) {
	if at.After(a.last) {
		*a = arrival{last: at, excused: max(listening.Sub(at), 0)}
	}
}

// silent is for how long nothing came up to now, while we listened.
func (a *arrival) silent(now time.Time) time.Duration {
	return max(now.Sub(a.last)-a.excused, 0)
}

// goOn takes the silence up again now, at that length, after a time in which
// nobody listened or a clock that was set: nothing arrived ahead of now.
func (a *arrival) goOn(silent time.Duration, now time.Time) {
	if a.last.IsZero() {
		return
	}
	if latest := now.Add(-silent); a.last.After(latest) {
		a.last = latest
	}
	a.excused = now.Sub(a.last) - silent
}

// Arrivals returns when each source sent last, to be saved. It is called more
// often than [Senders.Gaps], and takes less room.
func (s *Senders) Arrivals(now time.Time) map[string]Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make(map[string]Arrival, len(s.of))
	for name, one := range s.of {
		if !one.heard.last.IsZero() {
			list[name] = Arrival{Last: one.heard.last, Silent: one.heard.silent(now)}
		}
	}
	return list
}

// RecallArrivals takes up what was saved, after [Senders.RecallGaps] and before
// anything is taken: a silence goes on where it was. Of a source of which
// nothing was learnt, or that has no arrival here, it begins now.
func (s *Senders) RecallArrivals(saved map[string]Arrival, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening = now
	for name, at := range saved {
		if one := s.of[name]; one != nil && !at.Last.IsZero() {
			one.heard.last = at.Last
			one.heard.goOn(max(at.Silent, 0), now)
		}
	}
}

// Break says that nobody listened between two moments, or that the clock was
// set: then before is by the old clock. That time is nobody's silence, and the
// gap is not learned.
func (s *Senders) Break(before, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening = now
	for _, one := range s.of {
		one.heard.goOn(one.heard.silent(before), now)
		one.gap.Skip()
		one.gap.NotAfter(now)
		if one.received.After(now) {
			one.received = now
		}
	}
}

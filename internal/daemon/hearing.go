package daemon

import (
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
)

// settleIn is how long a digest waits after an absence: late rather than wrong.
// Our own choice.
const settleIn = 2 * time.Minute

// hearing finds breaks: times in which attempts could not be heard, because
// this process did not run or stood still, or the clock was set. What was tried
// in a long one, an absence, is told late, and that nothing is known of it yet
// says nothing of anybody. It is asked each second. The zero value listens to
// nobody; it is safe for concurrent use.
type hearing struct {
	mu sync.Mutex
	// guarded by mu
	started time.Time     // by the clock, which goes on while a machine sleeps
	absence store.Absence // the last one
	last    time.Time     // when it was asked last
	ran     time.Duration // and how long this process had run then, which no clock changes
}

// recall takes up the last absence of the run before, before began.
func (h *hearing) recall(a store.Absence) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.absence = a
}

// began notes that attempts are heard from now on, and were until then before
// it; zero: never.
func (h *hearing) began(until, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, now = until.Round(0), now.Round(0)
	h.started = now
	switch {
	case until.IsZero():
	case now.Before(until):
		h.absence = moved(h.absence, now.Sub(until))
	default:
		h.absence = joined(h.absence, until, now)
	}
}

// tick notes that we listen now, and that this process has run for so long.
// After a break it returns true, and when we listened last, by the clock of
// then.
func (h *hearing) tick(now time.Time, ran time.Duration) (before time.Time, broken bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now = now.Round(0)
	before, by := h.last, ran-h.ran
	h.last, h.ran = now, ran
	set := now.Sub(before) - by // so far the clock was set, or the machine slept
	if before.IsZero() || by <= looksApart && set.Abs() <= looksApart {
		return before, false
	}
	if set < -looksApart {
		h.started, h.absence = h.started.Add(set), moved(h.absence, set)
	}
	h.absence = joined(h.absence, now.Add(-max(by, now.Sub(before))), now)
	return before, true
}

// begun is when this process began to listen.
func (h *hearing) begun() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started
}

// listening is since when attempts are heard without an absence.
func (h *hearing) listening() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return later(h.started, h.absence.To)
}

// lastAbsence is what a later run has to know; zero: there was none.
func (h *hearing) lastAbsence() store.Absence {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.absence
}

// absent returns the time of which senders may still tell what was tried in it;
// false when there is none, or it is long enough ago.
func (h *hearing) absent(now time.Time) (from, to time.Time, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.absence.From, h.absence.To, now.Round(0).Before(h.absence.Until)
}

// settling reports whether a report of what was has to wait for what was held
// back.
func (h *hearing) settling(now time.Time) bool {
	_, to, absent := h.absent(now)
	return absent && now.Round(0).Sub(to) < settleIn
}

package daemon

import (
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
)

// What follows from a time in which attempts could not be heard: our own
// choice.
const (
	// absentLeast is how long that has to be for senders to hold something back
	// that matters: a retry may be that late anyway (deliveries.Schedule.Tolerance).
	absentLeast = 2 * time.Minute
	// catchUp is how long after it senders may take to tell what they held back.
	catchUp = 10 * time.Minute
	// settleIn is how long a digest waits after it: late rather than wrong.
	settleIn = 2 * time.Minute
)

// hearing knows since when attempts are heard without a break, and until when
// they were before it: what was tried in between is told late, and that nothing
// is known of it yet says nothing of anybody. A break is a start, a process
// that stood still, and a clock that was set. It is asked each second. The zero
// value listens to nobody; it is safe for concurrent use.
type hearing struct {
	mu sync.Mutex
	// guarded by mu
	since, until time.Time     // by the clock, which goes on while a machine sleeps
	last         time.Time     // when it was asked last
	ran          time.Duration // and how long this process had run then, which no clock changes
}

// began notes that attempts are heard from now on, and were until then before
// it; zero: never.
func (h *hearing) began(until, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beganLocked(until.Round(0), now.Round(0))
}

func (h *hearing) beganLocked(until, now time.Time) {
	if h.absentLocked(now) && h.until.Before(until) {
		until = h.until // what was held back before is not told yet
	}
	h.since, h.until = now, until
}

// tick notes that we listen now, and that this process has run for so long. It
// reports whether that is after a break.
func (h *hearing) tick(now time.Time, ran time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now = now.Round(0)
	last, by := h.last, ran-h.ran
	h.last, h.ran = now, ran
	if last.IsZero() || by <= looksApart && (now.Sub(last)-by).Abs() <= looksApart {
		return false
	}
	h.beganLocked(last, now)
	return true
}

// listening is since when attempts are heard without a break.
func (h *hearing) listening() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since
}

// absent returns the time of which senders may still tell what was tried in it;
// false when there is none, or it is long enough ago.
func (h *hearing) absent(now time.Time) (from, to time.Time, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until, h.since, h.absentLocked(now.Round(0))
}

func (h *hearing) absentLocked(now time.Time) bool {
	return !h.until.IsZero() && h.since.Sub(h.until) >= absentLeast && now.Sub(h.since) < catchUp
}

// settling reports whether a report of what was has to wait for what was held
// back.
func (h *hearing) settling(now time.Time) bool {
	_, since, absent := h.absent(now)
	return absent && now.Round(0).Sub(since) < settleIn
}

// hears notes that attempts are heard now. Whoever judges by what did not come
// asks first: after a break it may be the first to run.
func (d *Daemon) hears(now time.Time) {
	if d.column.hearing.tick(now, now.Sub(d.started)) {
		d.log.Warn("attempts were not heard for a while, or the clock was set: what did not come until now says nothing of their senders")
		d.column.senders.Break(now)
	}
}

// aliveUntil is when the run before this one is last known to have seen
// something; zero: there was none.
func aliveUntil(looks []store.Look, logged time.Time) time.Time {
	last := logged
	for i := range looks {
		if p := looks[i].Probe; p != nil {
			last = later(last, p.Last.At)
		}
		if r := looks[i].Report; r != nil {
			last = later(last, r.At)
		}
	}
	return last
}

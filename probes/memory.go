package probes

import (
	"net/http"
	"slices"
	"time"
)

// How an endpoint's own words slow us down.
const (
	maxRetryAfter = time.Hour      // of a 429 or 503; reference: no merchant may switch its watcher off
	goneAfter     = 3              // this many 410 in a row ...
	goneInterval  = 24 * time.Hour // ... and it is probed once a day
)

// Memory is what is remembered of an endpoint from probe to probe. It is a
// value; the zero value remembers nothing.
type Memory struct {
	Last         Result        // as judged: Unknown when its level has never been healthy here
	Proven       []Level       // levels that have been healthy on this URL at least once
	LastHealthy  time.Time     // zero: never
	FirstFailure time.Time     // of the present run of failures; zero when there is none
	Failures     int           // failures in a row with an opinion
	Unseen       time.Duration `json:",omitzero"` // of that run: how much longer than a turn and a half nobody looked
	Gone         int           // 410 in a row
}

// Step returns the memory after r, and how long to wait for the next probe
// when that is not the regular tick: a confirming probe after a failure, or
// later when the endpoint asked for it. Zero means the regular tick. It is
// pure: the same input gives the same answer.
func (m Memory) Step(r Result, p Policy) (Memory, time.Duration) {
	if r.Verdict.Opinion() && r.Verdict != Down {
		m.Proven = withLevel(m.Proven, r.Level)
	}
	if r.Verdict == Down && !slices.Contains(m.Proven, r.Level) {
		r.Verdict = Unknown
	}
	if 0 < m.Failures && m.Failures <= p.Confirm {
		r.Try = m.Failures
	}
	if m.Failures > 0 {
		m.Unseen += m.unseen(r, p)
	}
	m.Last = r
	switch r.Status {
	case 0: // no answer says nothing about it
	case http.StatusGone:
		m.Gone++
	default:
		m.Gone = 0
	}
	switch {
	case r.Verdict == Down:
		if m.Failures == 0 || r.At.Before(m.FirstFailure) { // then the clock was set back
			m.FirstFailure, m.Unseen = r.At, 0
		}
		m.Failures++
	case r.Verdict.Opinion():
		m.Failures, m.FirstFailure, m.Unseen, m.LastHealthy = 0, time.Time{}, 0, r.At
	}
	return m, m.wait(p)
}

// unseen returns for how much longer than a turn and a half nobody looked before
// r, as when this program did not run: it may have been well meanwhile.
func (m Memory) unseen(r Result, p Policy) time.Duration {
	if m.Last.At.IsZero() {
		return 0
	}
	turn := max(m.wait(p), p.Interval)
	return max(r.At.Sub(m.Last.At)-max(m.Last.Took, 0)-turn-turn/2, 0)
}

// Span returns how long the present run of failures was seen to last, up to the
// last probe: the time in which nobody looked is left out. 0: there is none.
func (m Memory) Span() time.Duration {
	if m.FirstFailure.IsZero() {
		return 0
	}
	return max(m.Last.At.Sub(m.FirstFailure)-m.Unseen, 0)
}

// wait never asks for more probes than the policy has turns, but for the
// confirming ones.
func (m Memory) wait(p Policy) time.Duration {
	confirming := m.Last.Verdict == Down && m.Failures <= p.Confirm
	switch asked := min(m.Last.RetryAfter, maxRetryAfter); {
	case m.IsGone():
		return goneInterval
	case asked > 0 && confirming:
		return max(asked, min(p.ConfirmAfter, p.Interval))
	case asked > 0:
		return max(asked, p.Interval)
	case confirming:
		return min(p.ConfirmAfter, p.Interval)
	default:
		return 0
	}
}

// Confirmed reports whether the present run of failures has outlasted the
// quick re-probes of p.
func (m Memory) Confirmed(p Policy) bool { return m.Failures > p.Confirm }

// withLevel returns levels with l in it; it never changes the slice it got.
func withLevel(levels []Level, l Level) []Level {
	if slices.Contains(levels, l) {
		return levels
	}
	return append(slices.Clip(levels), l)
}

// IsGone reports whether the endpoint has answered 410 often enough to be
// believed: it is suspended, and probed once a day.
func (m Memory) IsGone() bool { return m.Gone >= goneAfter }

package daemon

import (
	"errors"
	"io/fs"
	"time"
)

// resortState is what the last resort knows of the store: a value. The zero
// value has seen nothing, and nothing is wrong.
type resortState struct {
	failing  time.Time // start of the first write check that failed; zero: the last one was good
	err      string    // why the last one failed
	gone     bool      // it failed because files of the store are not where they were: no waiting mends that
	refused  bool      // it is the log of attempts that failed, and not the store: they are refused, all else goes on
	good     time.Time // start of the last good one
	since    time.Time // of the outage: since when nothing is recorded; zero: there is none
	released bool      // the reserve was let go in it

	lag     time.Duration // how long something has waited to be recorded
	decided time.Time     // since when it has by the clock, whether or not this process ran; zero: nothing waits
}

// on reports whether it has to be told.
func (s resortState) on() bool { return !s.since.IsZero() }

// broken reports whether the last check failed.
func (s resortState) broken() bool { return !s.failing.IsZero() }

// checked returns s after a write check that began then.
func (s resortState) checked(began time.Time, err error) resortState {
	if err == nil {
		s.failing, s.err, s.gone, s.refused, s.good = time.Time{}, "", false, false, began
		return s
	}
	if s.failing.IsZero() {
		s.failing = began
	}
	_, s.refused = errors.AsType[logError](err)
	s.err, s.gone = err.Error(), errors.Is(err, fs.ErrNotExist)
	return s
}

// woke returns s when the process has run without a break since then only: a
// check that began before may have failed for that alone.
func (s resortState) woke(at time.Time) resortState {
	if s.broken() && s.failing.Before(at) {
		s.failing = at
	}
	return s
}

// step returns s at now, when what was decided has waited for lag. It is pure.
//
// An outage begins when something has waited for longer than 10 s, or when
// something waits and checks have failed for that long; files that are gone are
// told even when nothing waits. It is over when a
// check that began in it was good and nothing has waited for so long. The
// reserve is let go at half of that time, whether or not something waits.
func (s resortState) step(lag time.Duration, now time.Time) resortState {
	s.lag = lag
	failed := time.Duration(0)
	if s.broken() {
		failed = now.Sub(s.failing)
	}
	if lag > releaseAfter || failed > releaseAfter {
		s.released = true
	} else if !s.on() && !s.broken() {
		s.released = false
	}
	bad := lag > resortAfter || (lag > 0 || s.gone) && failed > resortAfter
	switch {
	case bad && !s.on():
		s.since = now.Add(-max(lag, failed))
	case !bad && s.on() && !s.broken() && s.good.After(s.since):
		s.since = time.Time{}
	}
	return s
}

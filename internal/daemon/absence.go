package daemon

import (
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
	// absentMost is how long after the first of several absences the others are
	// still excused: who is away again and again must not stay silent for ever.
	absentMost = time.Hour
)

// joined returns the last absence after a break. One that begins while senders
// may still tell of the one before is one with it, until an hour after the
// first: then none is excused until catchUp has gone by without one. Anything
// shorter than absentLeast changes nothing.
func joined(a store.Absence, from, to time.Time) store.Absence {
	last := a.First.Add(absentMost)
	switch {
	case to.Sub(from) < absentLeast:
		return a
	case a.To.IsZero() || from.Sub(a.To) >= catchUp:
		return store.Absence{From: from, To: to, First: to, Until: to.Add(catchUp)}
	case !from.Before(a.Until) || !from.Before(last):
		a.To = to
		return a
	}
	a.To, a.Until = to, to.Add(catchUp)
	if to.Before(last) && last.Before(a.Until) {
		a.Until = last
	}
	return a
}

// moved returns an absence by a clock that was set so far.
func moved(a store.Absence, by time.Duration) store.Absence {
	if a.To.IsZero() {
		return a
	}
	return store.Absence{From: a.From.Add(by), To: a.To.Add(by), First: a.First.Add(by), Until: a.Until.Add(by)}
}

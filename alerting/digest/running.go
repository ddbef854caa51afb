package digest

import (
	"slices"
	"time"
)

// Bounds of what is too little to judge by.
const (
	enough     = 2               // data for less than one part in so many of the time is too little
	earlyPart  = 10              // a window that has run for less than one part in so many
	earlyMost  = 5 * time.Minute // and for less than this is too young for a verdict that all is well
	fewCounted = 20              // attempts: below it the window before is no comparison
)

// AsOf is when the facts are true: [Facts.Until] while the window runs, and at
// its end afterwards; of what is told as it is now, states and what waits,
// [Facts.Made] when that was later. A mail that shows the digest has it as its
// date.
func (f Facts) AsOf() time.Time {
	switch {
	case !f.runs() && f.late():
		return f.Made
	case !f.runs():
		return f.Window.End
	case f.Until.Before(f.Window.Start):
		return f.Window.Start
	default:
		return f.Until
	}
}

// runs reports whether the window is not over.
func (f Facts) runs() bool { return !f.Until.IsZero() && f.Until.Before(f.Window.End) }

// late reports whether states, and what waits, were taken after the window.
func (f Facts) late() bool { return f.Made.After(f.Window.End) }

// until is how far the window has gone.
func (f Facts) until() time.Time {
	if f.runs() {
		return f.AsOf()
	}
	return f.Window.End
}

// elapsed is how long the window has lasted.
func (f Facts) elapsed() time.Duration { return f.until().Sub(f.Window.Start) }

// early reports whether the window has only begun: that there is no data, or
// little, says nothing yet.
func (f Facts) early() bool {
	return f.runs() && f.elapsed() < min(f.Window.Length()/earlyPart, earlyMost)
}

// thin reports whether so little is known of an endpoint that nobody can call
// it healthy.
func (f Facts) thin(e Endpoint) bool {
	return !e.unseen() && f.little(e.Covered, f.watchable(e), e.First)
}

// little reports whether what was watched and counted is too little of what
// was to be watched.
func (f Facts) little(covered, of time.Duration, first Count) bool {
	return first.Total <= 0 && covered < of/enough
}

// counted reports whether there were deliveries.
func (f Facts) counted() bool {
	return f.Platform != nil && f.Platform.First.Total > 0 || slices.ContainsFunc(f.Endpoints, func(e Endpoint) bool { return e.First.Total > 0 })
}

package digest

import "time"

// Bounds of what is too little to judge by.
const (
	enough     = 2               // data for less than one part in so many of the time is too little
	earlyPart  = 10              // a window that has run for less than one part in so many
	earlyMost  = 5 * time.Minute // and for less than this is too young for a verdict that all is well
	fewCounted = 20              // attempts: below it the window before is no comparison
)

// AsOf is when the facts are true: at the end of the window, or [Facts.Until]
// while it runs. A mail that shows the digest has it as its date.
func (f Facts) AsOf() time.Time {
	switch {
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

// elapsed is how long the window has lasted.
func (f Facts) elapsed() time.Duration { return f.AsOf().Sub(f.Window.Start) }

// early reports whether the window has only begun: that there is no data, or
// little, says nothing yet.
func (f Facts) early() bool {
	return f.runs() && f.elapsed() < min(f.Window.Length()/earlyPart, earlyMost)
}

// thin reports whether so little is known of an endpoint that nobody can call
// it healthy.
func (f Facts) thin(e Endpoint) bool {
	return !e.unseen() && f.little(e.Covered, e.First)
}

// little reports whether what was watched and counted is too little.
func (f Facts) little(covered time.Duration, first Count) bool {
	return first.Total <= 0 && covered < f.elapsed()/enough
}

package digest

import "time"

// DefaultEvery is the length of a window unless told otherwise (Xendit,
// "Payout webhook": "notification via email every 6h").
const DefaultEvery = 6 * time.Hour

// Window is a span of time: Start is inside, End is not. The zero Window is
// none.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Length is how long the window lasts.
func (w Window) Length() time.Duration { return w.End.Sub(w.Start) }

// Next returns the window that follows one which ended at lastEnd: it starts
// there, also when the zone has changed in between, and ends at the next
// boundary, in UTC.
//
// When Every is a whole part of a day and at least an hour, boundaries are
// local: at 00, 06, 12 and 18 o'clock for 6 h. One that the clocks skip is the
// first instant after the gap, one that they show twice is the first of the
// two; so the windows of such a day are longer or shorter by what the clocks
// were moved. Any other Every gives plain multiples since 1970 in UTC.
//
// Offset moves all boundaries: with 1 h they are at 01, 07, 13 and 19 o'clock.
//
// A nil zone is UTC, and Every <= 0 is [DefaultEvery]. It is pure. Times from
// 1678 to 2261 are right.
func (c Config) Next(zone *time.Location, lastEnd time.Time) Window {
	return Window{Start: lastEnd.UTC(), End: c.rhythm(zone).after(lastEnd)}
}

// rhythm is a series of boundaries: local times of day (or week) in a zone,
// or, with a nil zone, plain multiples since 1970 in UTC.
type rhythm struct {
	zone   *time.Location
	every  time.Duration
	offset time.Duration // of all boundaries, from those that begin with 1970
}

// day is what local boundaries divide.
const day = 24 * time.Hour

func (c Config) rhythm(zone *time.Location) rhythm {
	every := c.Every
	if zone == nil {
		zone = time.UTC
	}
	if every <= 0 {
		every = DefaultEvery
	}
	if every < time.Hour || day%every != 0 {
		zone = nil
	}
	return rhythm{zone: zone, every: every, offset: c.Offset}
}

// daily is one boundary a day, at a local time of day.
func daily(zone *time.Location, at time.Duration) rhythm {
	return rhythm{zone: zone, every: day, offset: at}
}

// weekly is one boundary a week, on Mondays: 1970 began on a Thursday.
func weekly(zone *time.Location, at time.Duration) rhythm {
	return rhythm{zone: zone, every: 7 * day, offset: 4*day + at}
}

var epoch = time.Unix(0, 0).UTC() // read-only

// after returns the first boundary after t.
func (r rhythm) after(t time.Time) time.Time {
	if r.zone == nil {
		return r.later(t.UTC())
	}
	// What the clocks show now was reached by now, so that the first boundary
	// can only be one that they do not show yet.
	for wall := r.later(wallOf(t, r.zone)); ; wall = wall.Add(r.every) {
		if b := reached(wall, r.zone); b.After(t) {
			return b
		}
	}
}

// from returns the first boundary that is not before t.
func (r rhythm) from(t time.Time) time.Time { return r.after(t.Add(-1)) }

// later returns the first multiple after t.
func (r rhythm) later(t time.Time) time.Time {
	since := t.Sub(epoch) - r.offset
	rest := since % r.every
	if rest < 0 {
		rest += r.every
	}
	return t.Add(r.every - rest)
}

// wallOf is what the clocks of a zone show at t, written as if it were UTC.
func wallOf(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// widest is more than any zone is away from UTC.
const widest = 26 * time.Hour

// reached returns the first instant at which the clocks of a zone show wall or
// later. It rises with wall, whatever the clocks do: time.Date does not, in
// the gaps of a dozen zones.
func reached(wall time.Time, zone *time.Location) time.Time {
	for t := wall.Add(-widest); ; {
		local := t.In(zone)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		if !end.IsZero() && !end.After(t) {
			end = t.Add(day) // package time says so on the last day of a leap year after 2037: it would never end
		}
		at := wall.Add(-time.Duration(offset) * time.Second)
		if at.Before(t) {
			at = t // skipped
		}
		if end.IsZero() || at.Before(end) {
			return at.UTC()
		}
		t = end
	}
}

package alerting

import "time"

// Wall is what the clocks of a zone show at t, written as if it were UTC. It
// is pure.
func Wall(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// widest is more than any zone is away from UTC.
const widest = 26 * time.Hour

// Reached returns the first instant, in UTC, at which the clocks of a zone
// show wall (see [Wall]) or later: of a time that they skip the first instant
// after the gap, of one that they show twice the first of the two. It rises
// with wall, whatever the clocks do; time.Date does not. It is pure.
func Reached(wall time.Time, zone *time.Location) time.Time {
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

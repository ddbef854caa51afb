package rules

import (
	"errors"
	"fmt"
	"time"
)

// EventsLost opens, high, when events of an endpoint were exhausted: their last
// automatic try is over, and nobody has delivered them since. More losses while
// it is open are not told again, and within Within of its opening it does not
// open anew. It is a value and safe for concurrent use; the zero value is
// refused by Validate. Source: reference webhooks.md section 8.1, R6 (one for an
// endpoint and hour).
type EventsLost struct {
	Within time.Duration // losses so long ago count; it opens at most once in this; default 1h
}

// DefaultEventsLost returns the default of reference webhooks.md section 8.1.
func DefaultEventsLost() EventsLost { return EventsLost{Within: time.Hour} }

// LostFact is what one endpoint lost.
type LostFact struct {
	Endpoint string
	Merchant string
	Host     string
	Lately   int       // events exhausted within Within, and not delivered since
	Lost     int       // all that are exhausted and not delivered since
	Last     time.Time // when the last of them was exhausted; zero: not known
}

// Validate reports every fault of the settings at once, each with its key.
func (l EventsLost) Validate() error {
	var f faultList
	needSpan(&f, "within", l.Within)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure.
func (l EventsLost) Step(e Episode, f LostFact, now time.Time) (Episode, *Change) {
	told := false
	switch {
	case f.Lately <= 0:
		e, told = e.good(1)
	case e.Phase != PhaseOpen && e.Number > 0 && now.Sub(e.Since) < l.Within:
		return e, nil // one was told of within the hour; what is new counts until it is over
	default:
		e, told = e.pend(now.UTC().Truncate(time.Microsecond), "").open(now, High) // as it is stored
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleEventsLost, ScopeOf(ScopeEndpoint, f.Endpoint), now)
	c.Merchant, c.Host = f.Merchant, f.Host
	c.Evidence = Evidence{
		Text: l.said(f), From: now.UTC().Add(-l.Within), To: now.UTC(), Numerator: max(f.Lately, 0), Denominator: max(f.Lately, f.Lost, 0),
		Clears: fmt.Sprintf("%s without a further loss, or all of that time delivered by hand", short(l.Within)),
	}
	return e, &c
}

func (l EventsLost) said(f LostFact) string {
	all := countGrouped(max(f.Lately, f.Lost, 0), "is", "are") + " lost within a day"
	if f.Lately <= 0 {
		return fmt.Sprintf("no event of the last %s is lost; %s", short(l.Within), all)
	}
	text := fmt.Sprintf("%s last automatic try in vain within %s", countGrouped(f.Lately, "event had its", "events had their"), short(l.Within))
	if !f.Last.IsZero() {
		text += ", the last at " + clock(f.Last)
	}
	return text + "; " + all
}

package rules

import (
	"errors"
	"fmt"
	"time"
)

// LossComing opens, high, when undelivered events of an endpoint get their
// last automatic try soon: if that fails too, nobody sends them any more. What is
// soon for a schedule that is short, who counts them says. It
// is told once more, as loud as before, when little time is left, and clears
// when no event is at risk. It is a value and safe for concurrent use; the
// zero value is refused by Validate. Source: reference webhooks.md section
// 8.1, R5.
type LossComing struct {
	Within time.Duration // events with their last try within this are at risk; default 6h, the time between two digests
	Urgent time.Duration // it is told again when some have it within this, at most Within; default 1h
}

// DefaultLossComing returns the defaults of reference webhooks.md section 8.1.
func DefaultLossComing() LossComing { return LossComing{Within: 6 * time.Hour, Urgent: time.Hour} }

// LossFact is the backlog of one endpoint, counted by the rule's Within and
// Urgent, and by the schedule (deliveries.Backlog counts 1, 6 and 24 h).
type LossFact struct {
	Endpoint     string
	Merchant     string
	Host         string
	Within       time.Duration // what the rule's Within comes to by the schedule, when that is short; zero: itself
	AtRisk       int           // undelivered events with their last automatic try within that
	AtRiskUrgent int           // of these, within Urgent
	NextAt       time.Time     // the earliest last try; zero: not known
	NextEvents   int           // how many have theirs then or within minutes
	Undelivered  int           // events that wait, at risk or not
}

// Validate reports every fault of the settings at once, each with its key.
func (l LossComing) Validate() error {
	var f faultList
	needSpan(&f, "within", l.Within)
	needSpan(&f, "urgent", l.Urgent)
	f.when(l.Urgent > l.Within, "urgent: %s is longer than within (%s)", l.Urgent, l.Within)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure. An episode that opens when it
// is urgent already is told once in all.
func (l LossComing) Step(e Episode, f LossFact, now time.Time) (Episode, *Change) {
	if f.AtRisk <= 0 {
		e, cleared := e.good(1)
		if !cleared {
			return e, nil
		}
		c := l.tell(e, f, now)
		c.Evidence.Text = fmt.Sprintf("no event gets its last automatic try within %s; %s", short(l.within(f)), f.waiting())
		return e, &c
	}
	e, told := e.pend(now.UTC(), "").open(now, High)
	said := e
	if f.AtRiskUrgent > 0 {
		more := false
		if e, more = e.again(); more && !told {
			said, told = e, true
		}
	}
	if !told {
		return e, nil
	}
	c := l.tell(said, f, now)
	c.Evidence.Text = l.said(f)
	return e, &c
}

func (l LossComing) tell(e Episode, f LossFact, now time.Time) Change {
	c := e.change(RuleLossComing, ScopeOf(ScopeEndpoint, f.Endpoint), now)
	c.Merchant, c.Host = f.Merchant, f.Host
	c.Evidence = Evidence{
		From: e.Since, To: now.UTC(), Numerator: max(f.AtRisk, 0), Denominator: max(f.AtRisk, f.Undelivered),
		Clears: fmt.Sprintf("no event that gets its last automatic try within %s", short(l.within(f))),
	}
	return c
}

// said is the line for people: how many, how soon, and of how many.
func (l LossComing) said(f LossFact) string {
	text := fmt.Sprintf("%s last automatic try within %s", countGrouped(f.AtRisk, "event gets its", "events get their"), short(l.within(f)))
	if f.AtRiskUrgent > 0 && l.Urgent < l.within(f) {
		text += fmt.Sprintf(", %s within %s", grouped(f.AtRiskUrgent), short(l.Urgent))
	}
	if !f.NextAt.IsZero() && f.NextEvents > 0 {
		text += fmt.Sprintf(", the first %s by %s UTC", grouped(f.NextEvents), f.NextAt.UTC().Format("15:04"))
	}
	return text + "; " + f.waiting()
}

// within is how soon a last try has to come to be a risk there.
func (l LossComing) within(f LossFact) time.Duration {
	if f.Within > 0 {
		return min(f.Within, l.Within)
	}
	return l.Within
}

func (f LossFact) waiting() string {
	return countGrouped(max(f.AtRisk, f.Undelivered, 0), "waits", "wait") + " in all"
}

// countGrouped is count for numbers that may be large: "1,204 events".
func countGrouped(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// needSpan wants a span over 0 of at most a year.
func needSpan(f *faultList, key string, d time.Duration) {
	f.when(d <= 0 || d > detectorLongest, "%s: %s is outside (0s, %s]", key, d, detectorLongest)
}

// needShare wants a ratio over 0 and below 1; NaN is neither.
func needShare(f *faultList, key string, r Ratio) {
	f.when(!(r > 0 && r < 1), "%s: %s is outside (0%%, 100%%)", key, r)
}

// needCount wants a number of at least 1 that a tick may count.
func needCount(f *faultList, key string, n int) {
	f.when(n < 1 || n > TickAttempts, "%s: %d is outside [1, %d]", key, n, TickAttempts)
}

package deliveries

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// Words of [Event.DeliveredBy].
const (
	deliveredByAutomatic = string(Automatic)
	deliveredByNobody    = string(Manual) // a manual try without a name
)

// EventOf returns the event that the tries make under the schedule. It is
// pure, and the order of the tries does not matter. Of base it takes the
// identity (source, id, endpoint, merchant), the facets (type, product,
// channel, key) and the times of the event itself; the rest is computed. Each
// attempt may be among the tries once; those of test mode and synthetic ones
// do not belong there.
//
//   - A good try delivers, whoever asked for it and whatever came before or
//     after. sender_error and canceled are not delivered.
//   - An automatic try without a number has the one after the highest that
//     started before it. The highest number decides what is due next: numbers
//     that are missing in between change nothing.
//   - Retries are due at their offsets from the original attempt. A try so late
//     that the next one would have been due before it moves what is left by
//     its lateness.
//   - A manual try that failed changes nothing, unless the platform's manual
//     tries cancel the chain: then no automatic try is left.
//   - An event is exhausted when its last automatic try failed. Should its
//     sender try again beyond the schedule, that can only deliver it: a loss
//     that was told is not taken back by a failure.
//   - By a schedule that is not known, or whose end is not, nothing is
//     exhausted, and no next retry is known behind its end.
func EventOf(base Event, tries []Try, s Schedule) Event {
	e := Event{
		Source: base.Source, ID: base.ID, Endpoint: base.Endpoint, Merchant: base.Merchant,
		Type: base.Type, Product: base.Product, Channel: base.Channel, Key: base.Key,
		Schedule: s.Name, State: EventPending,
		OccurredAt: plainUTC(base.OccurredAt), CreatedAt: plainUTC(base.CreatedAt), ExpiresAt: plainUTC(base.ExpiresAt),
	}
	if len(tries) == 0 {
		return e
	}
	c := chainOf(tries)
	e.count(c)
	e.FirstAttemptAt = c.origin(s, e.CreatedAt)
	switch {
	case e.deliver(c):
		e.State = EventDelivered
	case len(c.automatic) == 0:
	case c.ended(s):
		e.State, e.ExhaustsAt = EventExhausted, c.newest().StartedAt
	case c.newest().Fault == probes.FaultCanceled:
		e.State = EventCanceled
	default:
		e.State = EventRetrying
		e.NextRetryAt, e.ExhaustsAt = c.due(s, e.FirstAttemptAt)
	}
	return e
}

// count fills what the tries say one by one.
func (e *Event) count(c chain) {
	e.Attempts, e.ManualAttempts = len(c.automatic), len(c.all)-len(c.automatic)
	first, last := c.all[0], c.all[len(c.all)-1]
	if len(c.automatic) > 0 {
		first = c.automatic[0]
	}
	e.FirstFault = first.Fault
	e.LastAttemptAt, e.LastFault, e.LastStatus = last.StartedAt, last.Fault, last.Status
}

// deliver looks for the earliest good try, and is false when there is none.
func (e *Event) deliver(c chain) bool {
	for _, t := range c.all {
		at := t.StartedAt.Add(max(t.Duration, 0))
		if t.Fault != probes.FaultNone || !e.DeliveredAt.IsZero() && !at.Before(e.DeliveredAt) {
			continue
		}
		e.DeliveredAt, e.DeliveredBy = at, deliveredByAutomatic
		if t.Manual {
			e.DeliveredBy = cmp.Or(t.Actor, deliveredByNobody)
		}
	}
	return !e.DeliveredAt.IsZero()
}

// chain is the tries of one event by their starts; the automatic ones all
// have a number.
type chain struct{ all, automatic []Try }

func chainOf(tries []Try) chain {
	all := slices.Clone(tries)
	for i := range all {
		all[i].StartedAt = plainUTC(all[i].StartedAt)
		all[i].Number = min(max(all[i].Number, 0), maxNumber)
		all[i].Fault = cmp.Or(all[i].Fault, probes.FaultUnknown)
	}
	slices.SortFunc(all, compareTries)
	c, highest := chain{all: all}, 0
	for _, t := range all {
		if t.Manual {
			continue
		}
		if t.Number == 0 {
			t.Number = highest + 1
		}
		highest = max(highest, t.Number)
		c.automatic = append(c.automatic, t)
	}
	return c
}

// compareTries orders by start. The rest only makes the order total, so that
// tries of the same moment count alike however they come.
func compareTries(a, b Try) int {
	return cmp.Or(
		a.StartedAt.Compare(b.StartedAt),
		cmp.Compare(a.Number, b.Number),
		cmp.Compare(btoi(a.Manual), btoi(b.Manual)),
		cmp.Compare(a.Duration, b.Duration),
		cmp.Compare(a.Status, b.Status),
		strings.Compare(string(a.Fault), string(b.Fault)),
		strings.Compare(a.Actor, b.Actor),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// newest returns the automatic try that started last.
func (c chain) newest() Try { return c.automatic[len(c.automatic)-1] }

// lowest and highest return the automatic try with that number: of several
// the earliest, and the latest.
func (c chain) lowest() Try {
	return slices.MinFunc(c.automatic, func(a, b Try) int { return cmp.Compare(a.Number, b.Number) })
}

func (c chain) highest() Try {
	high := c.automatic[0]
	for _, t := range c.automatic {
		if t.Number >= high.Number {
			high = t
		}
	}
	return high
}

// origin returns when the original attempt started, or must have.
func (c chain) origin(s Schedule, created time.Time) time.Time {
	if len(c.automatic) == 0 {
		return c.all[0].StartedAt
	}
	low := c.lowest()
	origin := low.StartedAt.Add(-s.offsetOf(low.Number))
	if origin.Before(created) && !low.StartedAt.Before(created) {
		return created
	}
	return origin
}

// ended reports whether the last automatic try of the schedule was seen, or
// the rest was cancelled by a manual one.
func (c chain) ended(s Schedule) bool {
	if !s.Known() || s.Open {
		return false
	}
	for _, t := range c.automatic {
		if t.Number > len(s.Offsets) && t.Fault != probes.FaultCanceled {
			return true
		}
	}
	if s.ManualEffect() != ManualCancels {
		return false
	}
	start := c.automatic[0].StartedAt
	return slices.ContainsFunc(c.all, func(t Try) bool { return t.Manual && !t.StartedAt.Before(start) })
}

// due returns when the next and the last automatic try are due; zero where
// the schedule does not tell.
func (c chain) due(s Schedule, origin time.Time) (next, last time.Time) {
	high := c.highest()
	switch {
	case high.Number <= len(s.Offsets):
	case s.Known() && !s.Open: // the last one was cancelled, and another came after it
		return time.Time{}, high.StartedAt
	default:
		return time.Time{}, time.Time{}
	}
	wait := s.Offsets[high.Number-1]
	if !origin.Add(wait).After(high.StartedAt) {
		origin = high.StartedAt.Add(-s.offsetOf(high.Number))
	}
	if !s.Open {
		last = origin.Add(s.Offsets[len(s.Offsets)-1])
	}
	return origin.Add(wait), last
}

// offsetOf returns how long after the original attempt the one with that
// number is due: 0 for the original, the last offset for what is beyond.
func (s Schedule) offsetOf(number int) time.Duration {
	if i := min(number-2, len(s.Offsets)-1); i >= 0 {
		return s.Offsets[i]
	}
	return 0
}

// plainUTC returns t as it compares with ==: in UTC, without a monotonic
// reading.
func plainUTC(t time.Time) time.Time { return t.Round(0).UTC() }

package alerting

import (
	"slices"
	"time"
)

// Span is a stretch of time: from From until Until, which is outside. The zero
// Span is empty.
type Span struct{ From, Until time.Time }

// Within returns the part of s that lies in another span; false when there is
// none. It is pure.
func (s Span) Within(o Span) (Span, bool) {
	if s.From.Before(o.From) {
		s.From = o.From
	}
	if s.Until.After(o.Until) {
		s.Until = o.Until
	}
	return s, s.From.Before(s.Until)
}

// Spans returns when the work is done within a stretch of time, oldest first:
// its occurrences, cut where the stretch ends, where the plan was made, and
// where somebody dropped it. It is as the plan stands today: what an earlier
// version said is not known. It looks at each day of the stretch and ten more,
// and is pure; of maintenance that is not settled it reads the zone.
func (m Maintenance) Spans(in Span) []Span {
	end := in.Until
	if !m.RemovedAt.IsZero() && m.RemovedAt.Before(end) {
		end = m.RemovedAt
	}
	m.RemovedAt = time.Time{} // it was in force until then
	m, ok := m.ready()
	in, some := Span{in.From, end}.Within(Span{m.Created, end})
	if !ok || !some {
		return nil
	}
	var list []Span
	last := dateOf(Wall(in.Until, m.plan.zone)) + 1
	for date := max(dateOf(Wall(in.From, m.plan.zone))-int(m.Length/day)-2, m.plan.first); date <= last; date++ {
		from, until, ok := m.occurs(date)
		if !ok {
			continue
		}
		if s, ok := (Span{from, until}).Within(in); ok {
			list = append(list, s)
		}
	}
	return list
}

// Joined returns spans in order and without overlap: those that touch are one.
// It is pure.
func Joined(spans []Span) []Span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
	var list []Span
	for _, s := range spans {
		switch n := len(list); {
		case !s.From.Before(s.Until):
		case n > 0 && !s.From.After(list[n-1].Until):
			if s.Until.After(list[n-1].Until) {
				list[n-1].Until = s.Until
			}
		default:
			list = append(list, s)
		}
	}
	return list
}

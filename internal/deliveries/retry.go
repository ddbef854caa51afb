package deliveries

import "time"

// Retry says when an automatic try after the original one was made.
type Retry struct {
	Number int           // 2 is the first retry
	Offset time.Duration // since the original attempt started
}

// RetriesOf returns the retries among the tries of one event that are fresh,
// which holds one word for each try: what a [Learner] learns from when they
// are first heard of. The tries come in the order of their starts; what has no
// number has the one after the highest before it. Manual tries are left out,
// and nothing is told while the original one is not known.
func RetriesOf(tries []Try, fresh []bool) (retries []Retry) {
	var origin time.Time
	highest := 0
	for i, t := range tries {
		if t.Manual {
			continue
		}
		n := t.Number
		if n <= 0 {
			n = highest + 1
		}
		highest = max(highest, n)
		switch {
		case n == 1 && origin.IsZero():
			origin = t.StartedAt
		case n > 1 && fresh[i] && !origin.IsZero():
			retries = append(retries, Retry{n, t.StartedAt.Sub(origin)})
		}
	}
	return retries
}

// EndedBy returns when an event that is still open counts as given up by a
// sender whose schedule is not known: no other try came for twice as long as
// all its tries lie apart, and an hour. Zero: it has no retry, was sent by
// hand too, or is not open. No preset ever waits for so long.
func (e Event) EndedBy() time.Time {
	if !e.Open() || e.Attempts < 2 || e.ManualAttempts > 0 {
		return time.Time{}
	}
	return e.LastAttemptAt.Add(2*e.LastAttemptAt.Sub(e.FirstAttemptAt) + time.Hour)
}

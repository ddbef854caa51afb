package deliveries

import (
	"slices"
	"time"
)

// How late a retry may be before it is missing: max(2 min, 10 %) of its
// offset, 20 % for Svix (its jitter is +-20 % a step), 10 % and 15 min for
// hook0 (its jitter adds 10 %, at most 15 min a step).
const (
	leastTolerance = 2 * time.Minute
	hook0Jitter    = 15 * time.Minute
)

// Tolerance returns by how much a try may come later than offset says, offset
// being its distance from the original attempt. It is never under 2 min.
//
// A learnt offset tolerates at least its own spread. Where the spread is not
// at hand, because all that is left of the schedule is its name, half of the
// offset stands for it: the [Learner] takes up no offset with a wider one.
func (s Schedule) Tolerance(offset time.Duration) time.Duration {
	offset = max(offset, 0)
	switch s.Name {
	case "svix":
		return max(leastTolerance, offset/5)
	case "hook0":
		return offset/10 + hook0Jitter
	case Learnt:
		return max(leastTolerance, offset/10, s.spreadAt(offset))
	default:
		return max(leastTolerance, offset/10)
	}
}

// spreadAt returns the spread of the learnt offset next to offset. A try that
// was itself late moves those after it, so that offset need not be one of the
// learnt ones.
func (s Schedule) spreadAt(offset time.Duration) time.Duration {
	if len(s.Offsets) == 0 || len(s.Spread) != len(s.Offsets) {
		return widestSpread(offset)
	}
	i, exact := slices.BinarySearch(s.Offsets, offset)
	if exact {
		return s.Spread[i]
	}
	// Between two of them the wider one holds.
	return max(s.Spread[max(i-1, 0)], s.Spread[min(i, len(s.Spread)-1)])
}

// widestSpread is the most that the samples of a learnt offset may lie apart.
func widestSpread(offset time.Duration) time.Duration { return max(leastTolerance, offset/2) }

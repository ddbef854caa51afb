package rules

import (
	"errors"
	"fmt"
	"time"
)

// TickLength is how long a tick lasts by default: the detector was measured
// with 10 s (DESIGN.md section 6, reference/ingest-storage.md section 1.2).
const TickLength = 10 * time.Second

// TickAttempts is the most attempts that one tick may count: ten million, a
// million a second in one series. It keeps every sum far from overflowing.
const TickAttempts = 10_000_000

// A tick lies in these years: nanoseconds since 1970, a year less and a year
// more, are then whole numbers over 0 that fit an int64.
const (
	tickFirstYear = 1972
	tickLastYear  = 2260
)

// ErrTickPassed says that a tick is not newer than the last one counted: it
// came twice, or too late to be decided on.
var ErrTickPassed = errors.New("tick has passed")

// Tick is what one tick of one series counted: first attempts by the time of
// their completion. The zero value is no tick: it lacks a time.
type Tick struct {
	At time.Time // begin of the tick, a whole number of ticks after 1970 in UTC
	N  int       // counted first attempts that were completed in it, at most TickAttempts
	K  int       // of them failed
}

// TickOf gives the begin, in UTC, of the tick of a length that t lies in; t
// itself when the length is not positive. It serves times from 1970 to 2262.
func TickOf(t time.Time, length time.Duration) time.Time {
	if length <= 0 {
		return t.UTC()
	}
	ns := t.UnixNano()
	return time.Unix(0, ns-ns%int64(length)).UTC()
}

// fault says what is wrong with the tick itself; nil when nothing is.
func (t Tick) fault(length time.Duration) error {
	switch {
	case t.At.UTC().Year() < tickFirstYear || t.At.UTC().Year() > tickLastYear:
		return fmt.Errorf("tick.at: %s is outside the years %d to %d", t.At.UTC().Format(time.RFC3339), tickFirstYear, tickLastYear)
	case t.At.UnixNano()%int64(length) != 0:
		return fmt.Errorf("tick.at: %s is not the begin of a tick of %s", t.At.UTC().Format(time.RFC3339Nano), length)
	case t.N < 0 || t.N > TickAttempts:
		return fmt.Errorf("tick.n: %d is outside [0, %d]", t.N, TickAttempts)
	case t.K < 0 || t.K > t.N:
		return fmt.Errorf("tick.k: %d is outside [0, %d], the attempts of the tick", t.K, t.N)
	default:
		return nil
	}
}

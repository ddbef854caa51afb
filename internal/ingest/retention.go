package ingest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// MaxKept is the longest that anything is kept: ten years of 365 days, as far
// as a configuration can say.
const MaxKept = 3650 * day

// Retention is how long history is kept, in whole UTC days that have ended. It
// is comparable. The zero value is refused; begin with [DefaultRetention].
type Retention struct {
	Successes time.Duration // every attempt; 24h to 3650d, default 7d (DESIGN section 9.1)
	Failures  time.Duration // failed attempts, and all attempts of events one of which failed; at least Successes, default 90d
	Rollups   time.Duration // counts in quarters of an hour; at least Failures, default 400d
}

// DefaultRetention returns 7, 90 and 400 days (DESIGN section 9.1).
func DefaultRetention() Retention {
	return Retention{Successes: 7 * day, Failures: 90 * day, Rollups: 400 * day}
}

// Validate returns every fault at once, joined, each with its field as the
// configuration spells it, or nil.
func (r Retention) Validate() error {
	var list []error
	fault := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	if r.Successes < day || r.Successes > MaxKept {
		fault("successes: %s is outside [1d, 3650d]; repeats of an attempt are known for as long as it is kept", days(r.Successes))
	}
	switch {
	case r.Failures > MaxKept:
		fault("failures: %s is outside [successes, 3650d]", days(r.Failures))
	case r.Failures < r.Successes:
		fault("failures: %s is less than successes, %s; what failed is kept at least as long", days(r.Failures), days(r.Successes))
	}
	switch {
	case r.Rollups > MaxKept:
		fault("rollups: %s is outside [failures, 3650d]", days(r.Rollups))
	case r.Rollups < r.Failures:
		fault("rollups: %s is less than failures, %s; counts are kept at least as long as what they count", days(r.Rollups), days(r.Failures))
	}
	return errors.Join(list...)
}

// days writes a span as a configuration does.
func days(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if d != 0 && d%time.Minute == 0 {
		s = strings.TrimSuffix(s, "0s")
	}
	if d != 0 && d%time.Hour == 0 {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Refusal says why an attempt is not taken that started and was received then,
// or "" when it is: it [Outlies], or started before floor, the first moment of
// which attempts are kept ([Ledger].Floor; zero: of all). It begins with the
// field of the record that it is about.
func Refusal(started, received, floor time.Time) string {
	at := started.UTC().Format(time.RFC3339)
	switch age := received.Sub(started); {
	case age < -maxAhead:
		return fmt.Sprintf("started_at: %s is more than an hour ahead of the clock here", at)
	case age > MaxAge:
		return fmt.Sprintf("started_at: %s is more than %d days ago, which is too old to be kept", at, MaxAge/day)
	case started.Before(floor):
		return fmt.Sprintf("started_at: %s is before %s: the attempts of that day are no longer kept, and a repeat could not be told from a new one (retention.successes)",
			at, floor.UTC().Format(time.RFC3339))
	default:
		return ""
	}
}

package alerting

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// The bounds of a silence and of one occurrence of maintenance: what is quiet
// for longer is forgotten (reference alerting.md section 3).
const (
	LongestQuiet  = 7 * 24 * time.Hour
	longestReason = 500 // characters
)

// Silence keeps what matches quiet from one moment to another. What happens
// meanwhile is recorded, and what is still bad at the end is told then. It is a
// value; the zero Silence is refused by Faults.
type Silence struct {
	ID        string    `json:"id"`
	Matcher   Matcher   `json:"matcher"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"` // not inside any more; at most LongestQuiet after From
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Created   time.Time `json:"created_at"`
	RemovedAt time.Time `json:"removed_at,omitzero"` // ended before its time; zero: it was not
	RemovedBy string    `json:"removed_by,omitempty"`
}

// SilenceState says whether a silence is in force.
type SilenceState string

// The states of a silence.
const (
	SilencePending SilenceState = "pending" // From has not come
	SilenceActive  SilenceState = "active"
	SilenceEnded   SilenceState = "ended" // by time, or by a person
)

// State returns how the silence stands at a moment. It is pure.
func (s Silence) State(now time.Time) SilenceState {
	switch {
	case !s.RemovedAt.IsZero() || !now.Before(s.Until):
		return SilenceEnded
	case now.Before(s.From):
		return SilencePending
	default:
		return SilenceActive
	}
}

// Faults returns all that is wrong with a silence that is to begin at From,
// seen from now; none when it is good.
func (s Silence) Faults(now time.Time) []registry.Fault {
	found := append(s.Matcher.Faults(), saidFaults(s.By, s.Reason)...)
	bad := func(path, message, hint string) {
		found = append(found, registry.Fault{Path: path, Message: message, Hint: hint})
	}
	switch length := s.Until.Sub(s.From); {
	case s.Until.IsZero():
		bad("until", "is missing", "say how long: a silence always ends")
	case !s.Until.After(now):
		bad("until", "is over: "+utc(s.Until), "give a moment that is to come")
	case length <= 0:
		bad("until", "is not after from", "")
	case length > LongestQuiet:
		bad("until", fmt.Sprintf("is %s after from; a silence lasts at most %s", registry.Duration(length.Round(time.Minute)), registry.Duration(LongestQuiet)),
			"what is to be quiet for longer is not watched any more: change the rule or the route, or suspend the endpoint")
	}
	return found
}

// saidFaults says what is wrong with who says why.
func saidFaults(by, reason string) (found []registry.Fault) {
	switch n := utf8.RuneCountInString(reason); {
	case tidy(reason) == "":
		found = append(found, registry.Fault{Path: "reason", Message: "is missing", Hint: "whoever is on call next reads it"})
	case n > longestReason:
		found = append(found, registry.Fault{Path: "reason", Message: fmt.Sprintf("has %d characters, at most %d are kept", n, longestReason)})
	}
	switch n := utf8.RuneCountInString(by); {
	case tidy(by) == "":
		found = append(found, registry.Fault{Path: "by", Message: "is missing"})
	case n > longestName:
		found = append(found, registry.Fault{Path: "by", Message: fmt.Sprintf("has %d characters, at most %d are kept", n, longestName)})
	}
	return found
}

// Tidied returns s as it is stored: texts of one line without signs that
// cannot be seen, moments in UTC to the microsecond, and no earlier than now.
func (s Silence) Tidied(now time.Time) Silence {
	s.By, s.Reason = tidy(s.By), tidy(s.Reason)
	if s.From.Before(now) {
		s.From = now
	}
	s.From, s.Until, s.Created = moment(s.From), moment(s.Until), moment(s.Created)
	return s
}

// SilenceFilter selects silences. The zero filter selects all.
type SilenceFilter struct {
	State     SilenceState // at Now; empty: any
	Now       time.Time    // zero: the present
	Merchants []string     // only those whose matcher names merchants, and these alone; empty: all
	Before    string       // ID of a silence: only those made before it, to page on; empty: from the newest
	Limit     int          // cut to 1..1000; 0: 100
}

// ErrNoSilence says that there is no silence with that ID.
var ErrNoSilence = errors.New("there is no such silence")

// SilenceOverError says that a silence has ended already.
type SilenceOverError struct {
	ID string
	At time.Time
	By string // who ended it; empty: its time was over
}

// Error implements error, in one line.
func (e *SilenceOverError) Error() string {
	text := fmt.Sprintf("silence %s ended at %s", e.ID, utc(e.At))
	if e.By != "" {
		text += ", by " + e.By
	}
	return text
}

// TooQuietError says that there are too many silences, or plans of
// maintenance, at once: each decision of the desk looks at all of them.
type TooQuietError struct {
	What string // "silences", "maintenance plans"
	Most int
}

// Error implements error, in one line.
func (e *TooQuietError) Error() string {
	return fmt.Sprintf("there are %d %s already, which is the most; remove what is not needed, or let one match more", e.Most, e.What)
}

// utc writes a moment for a person, with its seconds when it has some.
func utc(t time.Time) string {
	if t = t.UTC(); t.Second() != 0 {
		return t.Format("2006-01-02 15:04:05 UTC")
	}
	return t.Format("2006-01-02 15:04 UTC")
}

package deliveries

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// Grade says how complete the attempts of a source are, and so what may be
// made of them. The zero value is no grade.
type Grade string

// The grades.
const (
	GradeAll      Grade = "A" // every attempt, those that succeeded too: all ratios
	GradeFinal    Grade = "B" // each event's final result: ratios of events alone
	GradeFailures Grade = "C" // failures and changes of state alone: counts, no ratio
	GradeSample   Grade = "D" // a sample: shown, never alerted on
)

// Known reports whether g is one of the four.
func (g Grade) Known() bool {
	switch g {
	case GradeAll, GradeFinal, GradeFailures, GradeSample:
		return true
	default:
		return false
	}
}

// Audit checks whether a source sends what it is declared to send. It lowers
// the grade of one that does not, and raises it again; never over the one
// declared. Our own choice are all figures but the 1,000 records.
//
//   - No record delivered (A and B): lowered to C when none of 1,000 records
//     in a row was delivered, and no delivery of the source is known or the
//     last one started over 24 h before the newest record. So a source that
//     is known to send successes is not taken for one of failures only while
//     an outage lasts, when its ratio is needed most. Raised when 1,000 more
//     records have come and at least 10 of the last 1,000 were delivered.
//   - Attempts missing (A): lowered to B when over 1 % of at least 100 retried
//     events lack an attempt before one that was seen. An event is judged
//     once over 10 min (to the minute) have passed since its first retry was
//     seen, which leaves time for records out of order. Raised when a further span of at least 1,000 records and 100
//     judged events holds at most 0.5 % such events; a span that holds more
//     is followed by the next.
//
// C stands when both hold. A record is an automatic attempt in live mode, not
// a ping, that reached the endpoint; others are passed over. C and D are not
// audited.
//
// An Audit remembers up to 32,768 events, under 3 MiB. Where more come within
// a day, it looks at a half, a quarter, ... of them, by a hash of the event.
// It judges an event only if it has been watching since the event was
// created, or, where that is not said, after its first 25 h. Its clock is the
// newest start of an attempt: the same attempts in the same order give the
// same grades. Make one with [NewAudit]. It is not safe for concurrent use.
type Audit struct {
	declared Grade
	clock    time.Time
	silence  silence
	gaps     gaps
}

// NewAudit returns an audit of a source that is declared to be of a grade.
func NewAudit(declared Grade) *Audit {
	return &Audit{declared: declared, gaps: newGaps()}
}

// Recall tells of a delivery of this source that is known from before the
// audit began: its start. Without it, an audit that begins amid an outage
// takes the source for one of failures only. The zero time tells nothing.
func (a *Audit) Recall(delivered time.Time) { a.silence.knows(delivered) }

// AuditHeld is what an audit holds against a source: it outlives a restart, or
// the source would be believed for 1,000 records more each time. The zero value
// is nothing.
type AuditHeld struct {
	Undelivered    bool `json:"undelivered,omitzero"` // no record was delivered
	Judged, Gapped int  `json:",omitzero"`            // retried events, and those that lack an attempt; 0: none is held against it
}

// Held returns what is held against the source.
func (a *Audit) Held() AuditHeld {
	h := AuditHeld{Undelivered: a.silence.held}
	if a.gaps.held {
		h.Judged, h.Gapped = a.gaps.shown.judged, a.gaps.shown.gapped
	}
	return h
}

// Hold takes up what an audit of the same source and grade held against it,
// before anything is taken. It is raised as ever.
func (a *Audit) Hold(h AuditHeld) {
	if a.declared != GradeAll && a.declared != GradeFinal {
		return
	}
	a.silence.held = h.Undelivered
	if a.declared == GradeAll && h.Judged > 0 {
		a.gaps.held, a.gaps.shown = true, gapCounts{h.Judged, h.Gapped}
	}
}

// Took notes an attempt, with its [Attempt.Outcome]. Each attempt is handed
// in once, in any order, its endpoint resolved.
func (a *Audit) Took(at Attempt, fault probes.Fault) {
	if a.declared != GradeAll && a.declared != GradeFinal ||
		at.Mode == Test || at.Synthetic() || at.StartedAt.IsZero() {
		return
	}
	if at.StartedAt.After(a.clock) {
		a.clock = at.StartedAt
	}
	reached := fault != probes.FaultSenderError && fault != probes.FaultCanceled
	record := reached && at.Trigger != Manual
	if record {
		a.silence.took(at.StartedAt, a.clock, fault == probes.FaultNone)
	}
	if a.declared == GradeAll {
		a.gaps.took(at, a.clock, record)
	}
}

// Grade returns the grade that the source is treated as, and why, when it is
// not the one declared: a sentence without a full stop for a log line, a
// notice and a page. It gives the figures of the moment at which the grade was
// lowered, so that it stays the same until the grade changes.
func (a *Audit) Grade() (effective Grade, why string) {
	switch {
	case a.silence.held:
		return GradeFailures, fmt.Sprintf("declared %s, but none of the last 1,000 records was delivered: "+
			"treated as C, no ratio is made of it; send successes too or declare grade: C", a.declared)
	case a.gaps.held:
		return GradeFinal, fmt.Sprintf("declared A, but %d of the last %d retried events lack an attempt before one that came: "+
			"treated as B, no ratio of attempts is made of it; send every attempt or declare grade: B",
			a.gaps.shown.gapped, a.gaps.shown.judged)
	default:
		return a.declared, ""
	}
}

package rules

import "time"

// Phase says where a condition stands.
type Phase string

// The phases. Pending is not told to anybody: its first bad facts are there,
// and what would confirm them is not.
const (
	PhaseNone    Phase = ""
	PhasePending Phase = "pending"
	PhaseOpen    Phase = "open"
)

// Episode is the state of one rule in one scope: the present episode, or the
// last one. It is a value; the zero value has seen nothing.
type Episode struct {
	Number  int       `json:"number"`          // of the episode: 1, 2, ...
	Changes int       `json:"changes"`         // made in it
	Phase   Phase     `json:"phase,omitempty"` // none: not met
	Since   time.Time `json:"since,omitzero"`  // first bad fact
	Good    int       `json:"good,omitempty"`  // good facts in a row while open
	Worst   Severity  `json:"worst,omitempty"` // severity told last
	Fault   string    `json:"fault,omitempty"`
	Told    string    `json:"told,omitempty"`    // fault told last
	Other   int       `json:"other,omitempty"`   // bad facts in a row with another fault than that
	OtherAt time.Time `json:"other_at,omitzero"` // the first of them
}

// When another fault than the one that was told is told: seen so often in a row,
// while the episode has less than so many changes.
const (
	otherAfter  = 2
	mostChanges = 20
)

// pend notes bad facts that are not confirmed yet.
func (e Episode) pend(since time.Time, fault string) Episode {
	if e.Phase == PhaseNone {
		e.Phase, e.Since = PhasePending, since
	}
	e.Fault, e.Good = fault, 0
	return e
}

// open begins an episode, or says it again when it has become louder.
func (e Episode) open(now time.Time, severity Severity) (Episode, bool) {
	switch {
	case e.Phase != PhaseOpen:
		e.Number, e.Changes, e.Phase, e.Worst, e.Told, e.Other = e.Number+1, 1, PhaseOpen, severity, e.Fault, 0
		if e.Since.IsZero() {
			e.Since = now
		}
		return e, true
	case severity.Worse(e.Worst):
		e.Changes, e.Worst, e.Told, e.Other = e.Changes+1, severity, e.Fault, 0
		return e, true
	default:
		return e, false
	}
}

// again says an open episode a second time, at the severity that it has, and
// reports whether it did: not when more than its opening was said. One that
// says at once what this would say uses it up, so that the number after the
// opening's is never told.
func (e Episode) again() (Episode, bool) {
	if e.Phase != PhaseOpen || e.Changes != 1 {
		return e, false
	}
	e.Changes++
	return e, true
}

// otherwise says an open episode again when it goes on with another fault than
// the one that was told: who looks for what it began with looks in vain.
// at is the time of the bad fact; OtherAt is when the fault that is told began.
func (e Episode) otherwise(at time.Time) (Episode, bool) {
	if e.Phase != PhaseOpen || e.Fault == e.Told {
		e.Other, e.OtherAt = 0, time.Time{}
		return e, false
	}
	if e.Other == 0 {
		e.OtherAt = at
	}
	if e.Other++; e.Other < otherAfter || e.Changes >= mostChanges {
		e.Other = min(e.Other, otherAfter)
		return e, false
	}
	e.Changes, e.Told, e.Other = e.Changes+1, e.Fault, 0
	return e, true
}

// good notes a good fact: a pending condition is dropped, an open one clears
// after enough of them, and one that is neither stays as it is.
func (e Episode) good(enough int) (Episode, bool) {
	if e.Phase == PhasePending {
		e.Phase, e.Since, e.Fault, e.Good = PhaseNone, time.Time{}, "", 0
	}
	if e.Phase != PhaseOpen {
		return e, false
	}
	if e.Good++; e.Good < enough {
		return e, false
	}
	e.Changes++
	e.Phase, e.Good = PhaseNone, 0
	return e, true
}

// change makes the Change that e has just gone through.
func (e Episode) change(rule Rule, scope Scope, now time.Time) Change {
	return Change{
		Key: Key{Rule: rule, Scope: scope, Episode: e.Number}, Number: e.Changes, Open: e.Phase == PhaseOpen,
		Since: e.Since, At: now, Severity: e.Worst, Fault: e.Fault,
	}
}

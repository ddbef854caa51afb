package deliveries

import (
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// EventState says where an event stands at one endpoint.
type EventState string

// The states. They only move forward: pending, then retrying, then one of the
// other three. What is exhausted or canceled may still be delivered, and a
// canceled event goes on when its sender does.
const (
	EventPending   EventState = "pending"   // no automatic try is known yet, and nothing was delivered
	EventRetrying  EventState = "retrying"  // failed, and automatic tries are left, or may be
	EventDelivered EventState = "delivered" // by whatever try; final
	EventExhausted EventState = "exhausted" // failed, and no automatic try is left: lost unless a person resends it
	EventCanceled  EventState = "canceled"  // its sender gave it up: the newest automatic try ended that way
)

// Event is what is known of one event at one endpoint: who and what it is,
// and where its delivery stands. It is a comparable value; its times are in
// UTC, and the zero time stands for "not known" or "none". [EventOf] makes
// one.
type Event struct {
	Source, ID, Endpoint, Merchant string
	Type, Product, Channel, Key    string

	Schedule string // name of the schedule by which the times below were computed
	State    EventState

	OccurredAt time.Time // what the event tells of happened
	CreatedAt  time.Time // the event was created
	ExpiresAt  time.Time // of no use to anyone afterwards

	// FirstAttemptAt is the start of the original attempt. Where only later
	// tries are known it is reckoned back from the lowest of them by the
	// schedule, not before CreatedAt. Where no automatic try is known, it is
	// the start of the earliest manual one.
	FirstAttemptAt time.Time
	LastAttemptAt  time.Time // start of the newest try, manual ones included
	// NextRetryAt is when the next automatic try is due. Zero: none is left, or
	// the schedule does not tell.
	NextRetryAt time.Time
	// ExhaustsAt is when the last automatic try is due, and when the newest one
	// was once the event is exhausted. Zero: the schedule does not tell, or the
	// event is delivered or canceled.
	ExhaustsAt  time.Time
	DeliveredAt time.Time // the complete head of the earliest good try arrived

	DeliveredBy string // "automatic", or who asked for the manual try ("manual" when nobody is named); empty until then

	Attempts       int // automatic tries known, the good one included
	ManualAttempts int

	FirstFault probes.Fault // of the earliest automatic try known; of the earliest at all when there is none
	LastFault  probes.Fault // of the newest try, manual ones included
	LastStatus int          // of the newest try; 0: no complete head arrived
}

// Open reports whether the event still waits to be delivered by its sender:
// it is pending or retrying. It goes by the tries alone; [Event.StateAt] goes
// by the clock too.
func (e Event) Open() bool { return e.State == EventPending || e.State == EventRetrying }

// StateAt returns the state at now: an event whose last automatic try is
// overdue by more than the tolerance of its schedule is exhausted, although
// that try was never heard of. Should it be heard of after all, then the tries
// decide again.
func (e Event) StateAt(now time.Time) EventState {
	if lost := e.LostAt(); e.State == EventRetrying && !lost.IsZero() && now.After(lost) {
		return EventExhausted
	}
	return e.State
}

// LostAt is the instant after which [Event.StateAt] calls the event exhausted
// unless it is told of another attempt: that of the newest attempt when it is,
// and of the last automatic try with its tolerance while it retries. Zero: it is
// in neither state, or its last try is not known.
func (e Event) LostAt() time.Time {
	switch {
	case e.ExhaustsAt.IsZero(), e.State != EventRetrying && e.State != EventExhausted:
		return time.Time{}
	case e.State == EventExhausted:
		return e.ExhaustsAt
	default:
		return e.ExhaustsAt.Add(Schedule{Name: e.Schedule}.Tolerance(e.ExhaustsAt.Sub(e.FirstAttemptAt)))
	}
}

// MissingRetry reports whether the next automatic try is overdue at now by
// more than the tolerance of s: the sender is late, not the endpoint. It holds
// for the last automatic try too, also once [Event.StateAt] calls the event
// exhausted.
func (e Event) MissingRetry(s Schedule, now time.Time) bool {
	if !e.Open() || e.NextRetryAt.IsZero() {
		return false
	}
	return now.After(e.NextRetryAt.Add(s.Tolerance(e.NextRetryAt.Sub(e.FirstAttemptAt))))
}

// Of a schedule shorter than a day the last tries come soon whatever happens:
// only the last part of it says that an event may be lost. A quarter makes 6 h
// of the 24 h that are documented most often; a minute is how often it is looked.
const (
	riskPart  = 4
	leastRisk = time.Minute
)

// RiskWithin returns how soon the last try of an event has to come for the event
// to be at risk: within, or less where the schedule is short.
func (s Schedule) RiskWithin(within time.Duration) time.Duration {
	if n := len(s.Offsets); n > 0 {
		return min(within, max(s.Offsets[n-1]/riskPart, leastRisk))
	}
	return within
}

// AtRisk reports whether the event may soon be lost: its last automatic try
// comes within so long of now, or less where s is short (see
// [Schedule.RiskWithin]), and its first retry did not deliver it: it failed, or is missing. A
// schedule of a single retry puts nothing at risk before that is missing. False
// when the last try is not known, or it waits for none.
func (e Event) AtRisk(s Schedule, within time.Duration, now time.Time) bool {
	if !e.Open() || e.ExhaustsAt.IsZero() {
		return false
	}
	if e.ExhaustsAt.Sub(now) > s.RiskWithin(within) {
		return false
	}
	return e.NextRetryAt.IsZero() || triesLeft(e, s) < len(s.Offsets) || e.MissingRetry(s, now)
}

// Try is one attempt as far as its event needs it.
type Try struct {
	Number    int           // 1 is the original, as [Attempt.Number]; 0 or less: not said
	Manual    bool          // a person asked for it; its Number then says nothing
	Actor     string        // who asked for a manual one; may be empty
	StartedAt time.Time     // as [Attempt.StartedAt]
	Duration  time.Duration // until the complete head or the error; 0: not said
	Status    int           // 0: no complete head arrived
	Fault     probes.Fault  // as [Attempt.Outcome] gives it; empty stands for [probes.FaultUnknown]
}

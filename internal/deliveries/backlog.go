package deliveries

import (
	"iter"
	"time"
)

// DefaultDigestEvery is how often a merchant is told (seed: mail every 6 h on
// webhook health).
const DefaultDigestEvery = 6 * time.Hour

// lossCluster is how close together losses are told as one: "18 events get
// their last automatic try at 03:10".
const lossCluster = 10 * time.Minute

// Backlog is what waits to be delivered at one moment: of one endpoint, of a
// merchant, of all. Counts are exact.
type Backlog struct {
	Undelivered    int       // events that are open at that moment: automatic tries are left, or may be
	Oldest         time.Time // first attempt of the oldest of them; zero when there is none
	NextRetryAt    time.Time // the earliest; in the past when it is overdue, zero when none is known
	MissingRetries int       // events whose sender is late, see [Event.MissingRetry]; some of these may count as Lost

	// AtRisk counts the undelivered whose last automatic try comes within 1,
	// 6 and 24 h (exactly then included); each count includes the one before.
	AtRisk1h, AtRisk6h, AtRisk24h int
	// NextLoss is the earliest last automatic try and how many have theirs
	// within 10 min from it. It may lie in the past by the tolerance.
	NextLoss Loss
	Lost     int // exhausted at that moment, and not delivered since
	// DigestsLeft is how many whole digest periods fit before NextLoss; 0 when
	// there is none.
	DigestsLeft int

	// RecoveryP50 and RecoveryMax say how long the undelivered wait for their
	// next automatic try, should their endpoints recover at that moment: the
	// median (the lower one of two) and the longest. An overdue try is due at
	// once. Events without a known next retry are left out.
	RecoveryP50, RecoveryMax time.Duration
	OverAnHour               int // how many of them wait for more than an hour

	Wave Wave // the retries of that recovery
	// WorkerSeconds is for how long the automatic tries to come occupy workers
	// of the sender if every one of them times out. A lower bound where the
	// schedule is open or not known.
	WorkerSeconds float64
}

// Loss is the moment at which events get their last automatic try. The zero
// value is none.
type Loss struct {
	At     time.Time
	Events int
}

// BacklogOptions says how a [Backlog] is reckoned.
type BacklogOptions struct {
	Now         time.Time     // the moment; required
	DigestEvery time.Duration // 0 or less: [DefaultDigestEvery]
	// NormalPerMinute is the usual rate of first attempts of the same endpoints.
	// 0 or less: not known, and the wave has no factor.
	NormalPerMinute float64
	Deadline        time.Duration // of one try; 0 or less: [DefaultDeadline]
	// Schedule returns the schedule of an event. Nil: the preset that the event
	// names, or the offsets that are its name, which serves for all but learnt ones.
	Schedule func(Event) Schedule
}

// BacklogOf returns the backlog that the events make. It ranges over them
// once, holds at most some 40 bytes for each that is open (while its lists
// grow), and takes O(n log n): half a second for a million.
func BacklogOf(events iter.Seq[Event], o BacklogOptions) Backlog {
	c := NewBacklogCounter(o)
	for e := range events {
		c.Add(e)
	}
	return c.Backlog()
}

// byPreset returns a function that finds the schedule by an event's own word.
func byPreset() func(Event) Schedule {
	known := map[string]Schedule{}
	return func(e Event) Schedule {
		s, ok := known[e.Schedule]
		if !ok {
			s, _ = ParseSchedule(e.Schedule) // not known: nothing is forecast by it
			known[e.Schedule] = s
		}
		return s
	}
}

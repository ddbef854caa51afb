package alerting

import (
	"context"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// KindSummary is one notice in place of all those that a lane held back in a
// storm.
const KindSummary Kind = "summary"

// Queue is where notices wait. Every method is one transaction, and safe for
// concurrent use, also by several processes.
type Queue interface {
	// Recover makes notices wait again that a dead or stalled sender left
	// behind, and starts lanes.
	Recover(ctx context.Context, r Recovery) error
	// Lanes returns the lanes with a notice that is due, and those in trouble.
	Lanes(ctx context.Context, now time.Time) (Work, error)
	// Claim marks notices of one lane as being sent, and hands them out. None
	// comes from a lane that is paused or stopped.
	Claim(ctx context.Context, r ClaimRequest) ([]Claimed, error)
	// Finish records how a try ended. It reports false, and has changed
	// nothing, when the claim was no longer the caller's. When a lane works
	// again, the alarms that it had stopped end, as [AlarmOver] tells it, in the
	// lanes that had them, or may have; those that never left are withheld. What
	// waits there for its back-off then goes in order, not before [LetGoStep] and
	// [LetGoMost] allow; what the receiver limited waits as it did.
	Finish(ctx context.Context, o Outcome) (bool, error)
	// FallBack tells the newest critical notice of each subject that a failing
	// lane holds, as [Relay] makes it, in the first lane of to that does not
	// fail, unless that one knows of it ([Relays]). It returns how many were
	// inserted.
	FallBack(ctx context.Context, lane string, to []Address, now time.Time) (int, error)
}

// Address is a lane and who is behind it.
type Address struct {
	Lane      string // "<receiver>/<destination>"
	Recipient string // as the receiver understands it
}

// Recovery says what to recover. Notices whose lease has ended by Now wait
// again in any case, with what they said and ClassAmbiguous: they may have
// arrived.
type Recovery struct {
	Now   time.Time
	Owner string // also everything that this sender left behind: it has just started; empty: none
	Lanes bool   // also start the lanes that stopped: their credentials may be mended
	// Gone, with Lanes, reports whether a lane's receiver is no longer
	// configured: the alarms that such a lane has stopped end as in Finish, but
	// for those whose own receiver is gone too. Nil: none is.
	Gone func(lane string) bool
}

// Work is what there is to do.
type Work struct {
	Lanes []LaneState // the most urgent first, bounded
	Next  time.Time   // when more becomes due; zero: nothing waits
}

// LaneState is one lane with something to do, or in trouble.
type LaneState struct {
	Lane         string
	Oldest       time.Time // since when its oldest notice is due; zero: none is
	Waiting      int       // notices that are due
	Critical     bool      // one that is due, being sent or to be tried again is critical
	FailingSince time.Time // no success since; zero: the last try was good
	PausedUntil  time.Time // the receiver asked for a pause
	StoppedAt    time.Time // nothing is tried until a person or a reload starts it again
}

// open reports whether something can be sent in l now.
func (l LaneState) open(now time.Time) bool {
	return l.StoppedAt.IsZero() && !l.PausedUntil.After(now) && !l.Oldest.IsZero() && !l.Oldest.After(now)
}

// failing reports whether what is critical must not wait for l any longer.
func (l LaneState) failing(now time.Time) bool {
	return !l.StoppedAt.IsZero() || !l.FailingSince.IsZero() && now.Sub(l.FailingSince) >= FallBackAfter
}

// ClaimRequest asks for at most Limit notices of a lane that are due by Now.
//
// At most one notice of a subject is out at a time. Events of a subject go in
// the order of their IDs; while nothing of the subject stands in the lane yet,
// a state goes before them, because it starts the thread. A state is replaced
// by a newer one of its subject, which then goes when the old one would have, unless an earlier try of it may have arrived:
// then it goes again with its key before the newer one does, so that the
// receiver finds what it left behind.
type ClaimRequest struct {
	Lane  string
	Owner string
	Now   time.Time
	Limit int
	Lease time.Duration // then the notices wait again, by Recover
}

// Claimed is a notice that is being sent. Attempts counts this try.
type Claimed struct {
	Notice
	Fence int64     // names this claim
	Until time.Time // end of the lease
	Prev  Ref       // of the last notice of the subject in the lane
	Storm Storm     // of the lane
}

// Result is what a try made of a notice. The words are stored.
type Result string

// The results.
const (
	ResultSent    Result = "sent"
	ResultWaiting Result = "waiting"  // to be tried again
	ResultSending Result = "sending"  // on its way: no end of a try, but what [OutboxRow.State] says meanwhile
	ResultDead    Result = "dead"     // will not be tried again
	ResultDropped Result = "dropped"  // will not be tried again, and nobody misses it: a test that failed, a proof of a receiver that is gone
	ResultHeld    Result = "replaced" // told by the summary of a storm
	ResultHushed  Result = "withheld" // its receiver would have woken somebody for nothing
)

// Outcome is how a try ended.
type Outcome struct {
	ID     string // of the notice
	Fence  int64  // of the claim
	Lane   string
	Kind   string // of the receiver
	Began  time.Time
	Ended  time.Time
	Result Result
	Ref    Ref       // with ResultSent
	Due    time.Time // with ResultWaiting
	Class  Class     // of the failure; empty: there was none
	Text   string    // of the failure, bounded; holds no secret
	// Reduced asks for the plain form from now on.
	Reduced bool
	// Failing says that the lane, not the notice alone, failed.
	Failing    bool
	PauseUntil time.Time // of the lane; zero: leave it
	Stop       bool      // the lane
	Storm      Storm     // of the lane, from now on
	// Extra is inserted too: a dead letter, an alarm, or the summary that
	// replaces the notice. The same summary grows with each version, by [Gathered].
	Extra *Notice
}

// ReceiverOf returns the receiver's name in a lane.
func ReceiverOf(lane string) string {
	name, _, _ := strings.Cut(lane, "/")
	return name
}

func (n Notice) critical() bool { return n.Severity == rules.Critical }

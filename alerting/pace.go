package alerting

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// The bounds of what a receiver may ask for with Retry-After.
const (
	longestWaitCritical = 15 * time.Minute // by then the fall-back has long spoken
	longestWait         = 24 * time.Hour   // more is a mistake of the receiver, and would be silence
)

// Pace says how a notice is tried again. Back-off doubles from First to Most,
// with jitter over the whole range. The zero Pace stands for [PaceOf] the
// receiver's kind.
type Pace struct {
	First    time.Duration // the least wait
	Most     time.Duration // the longest
	For      time.Duration // a failure that long after the notice was decided is the last; 0: there is no last
	Critical bool          // For is not meant for what is critical: it is tried for ever
}

// PaceOf returns the pace of a kind of receiver (reference: alerting, 4.5).
// What wakes people is tried every 1 s to 30 s, for ever while it is critical
// and for 48 h otherwise; Slack every 1 s to 5 min; mail every 1 min to 1 h,
// for 48 h.
func PaceOf(kind string) Pace {
	switch kind {
	case "slack":
		return Pace{First: time.Second, Most: 5 * time.Minute}
	case "email":
		return Pace{First: time.Minute, Most: time.Hour, For: 48 * time.Hour}
	default:
		return Pace{First: time.Second, Most: 30 * time.Second, For: 48 * time.Hour, Critical: true}
	}
}

// NextTry says when n is tried again after it failed with e at now, and false
// when it is not: it is dead. n.Attempts counts the try that failed. It is
// pure, and its jitter comes from the notice's key and Attempts, so that a
// restart decides alike.
//
// Retry-After is obeyed to the tick, up to 15 min for what is critical and up
// to a day for the rest. A refused form is tried once more, at once, as plain
// text. After ClassAuth the notice is due at once: it waits for its lane. A
// test is tried once: somebody is looking.
func (p Pace) NextTry(n Notice, e *SendError, now time.Time) (time.Time, bool) {
	switch {
	case n.Kind == KindTest, e.Class == ClassDestination:
		return time.Time{}, false
	case e.Class == ClassMessage && n.Reduced:
		return time.Time{}, false
	case e.Class == ClassMessage, e.Class == ClassAuth:
		return now, true
	case p.over(n, now):
		return time.Time{}, false
	case e.Class == ClassLimited && e.RetryAfter > 0:
		return now.Add(asked(n, e)), true
	default:
		return now.Add(p.backOff(n)), true
	}
}

func (p Pace) over(n Notice, now time.Time) bool {
	if p.For <= 0 || p.Critical && n.critical() {
		return false
	}
	return now.Sub(n.Created) >= p.For
}

// asked returns what the receiver asked for, within bounds.
func asked(n Notice, e *SendError) time.Duration {
	if n.critical() {
		return min(e.RetryAfter, longestWaitCritical)
	}
	return min(e.RetryAfter, longestWait)
}

// backOff returns a wait between First and First doubled with each attempt, at
// most Most.
func (p Pace) backOff(n Notice) time.Duration {
	most := p.First
	for range n.Attempts {
		if most >= p.Most/2 {
			most = p.Most
			break
		}
		most *= 2
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(n.IdemKey)) // never fails
	dice := rand.New(rand.NewPCG(h.Sum64(), uint64(n.Attempts)))
	return p.First + time.Duration(dice.Int64N(int64(max(most-p.First, 0))+1))
}

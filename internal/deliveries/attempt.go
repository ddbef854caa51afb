package deliveries

import (
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// Attempt is one HTTP request of one event to one endpoint, as its sender
// reports it. It is a comparable value: its times are in UTC. An empty string
// and a zero time stand for "not said". [Decode] is the usual way to one; the
// bounds below are what it lets through.
type Attempt struct {
	Source   string // where the record comes from; Decode leaves it empty when the record does
	ID       string // of the attempt, in its source
	Merchant string
	Endpoint string // empty only beside Merchant and URL, which then name the endpoint
	URL      string // at most 2048 bytes; may hold secrets: neither log nor show it
	Event    string
	Type     string // of the event: "payout.succeeded"
	Product  string
	Channel  string // payment channel: "ID_BCA"
	Key      string // business key: what the event is about
	Actor    string // who asked for a manual attempt; at most 256 bytes
	Error    string // the sender's own word for a transport error, secrets masked; at most 256 bytes

	OccurredAt time.Time // what the event tells of happened
	CreatedAt  time.Time // the event was created
	ExpiresAt  time.Time // of no use to anyone afterwards
	StartedAt  time.Time // first byte of connection work, name resolution included

	Duration time.Duration // until the complete head or the error, 0 to 24 h; 0: not said
	Number   int           // 1 is the first attempt, at most 1000; 0: not said
	Status   int           // 100 to 999; 0: no complete head arrived, Error says why
	Trigger  Trigger
	Mode     Mode
}

// Trigger says what started an attempt. The zero value counts as automatic.
type Trigger string

// The triggers.
const (
	Automatic Trigger = "automatic" // the sender's own schedule
	Manual    Trigger = "manual"    // a person, or a batch that a person started
)

// Mode says whether an attempt is about real business. The zero value counts
// as live.
type Mode string

// The modes.
const (
	Live Mode = "live"
	Test Mode = "test"
)

// Kind says which of an event's attempts one is.
type Kind string

// The kinds.
const (
	KindFirst     Kind = "first"     // number 1, automatic
	KindRetry     Kind = "retry"     // a later number, automatic
	KindManual    Kind = "manual"    // whatever its number
	KindSynthetic Kind = "synthetic" // a probe's ping, seen from the sender's side
	KindUnknown   Kind = "unknown"   // automatic without a number: the event's other attempts decide
)

// Kind returns the kind as far as the attempt alone tells.
func (a Attempt) Kind() Kind {
	switch {
	case a.Synthetic():
		return KindSynthetic
	case a.Trigger == Manual:
		return KindManual
	case a.Number == 1:
		return KindFirst
	case a.Number > 1:
		return KindRetry
	default:
		return KindUnknown
	}
}

// Synthetic reports whether the attempt carries one of the marks of our own
// ping. One is enough.
func (a Attempt) Synthetic() bool {
	return a.Type == probes.PingType || strings.HasPrefix(a.Event, probes.PingIDPrefix)
}

// Ordinary reports whether the attempt is of the kind that ratios are made
// of: automatic, in live mode, and not synthetic.
func (a Attempt) Ordinary() bool {
	return a.Trigger != Manual && a.Mode != Test && !a.Synthetic()
}

// Counts reports whether the attempt belongs into the denominator of an error
// ratio: it is ordinary, and its outcome under deadline says something about
// the endpoint. The sender's own trouble and a cancelled attempt do not.
func (a Attempt) Counts(deadline time.Duration) bool {
	if !a.Ordinary() {
		return false
	}
	outcome := a.Outcome(deadline)
	return outcome != probes.FaultSenderError && outcome != probes.FaultCanceled
}

// Completed returns when the attempt ended: its start when no duration is known.
func (a Attempt) Completed() time.Time { return a.StartedAt.Add(a.Duration) }

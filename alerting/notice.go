package alerting

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Kind says what a notice is for. The words are stored.
type Kind string

// The kinds of notice.
const (
	KindRoot     Kind = "root"     // the incident as it stands: one message, kept up to date
	KindUpdate   Kind = "update"   // something happened: a reply in the thread
	KindPage     Kind = "page"     // wakes somebody
	KindResolve  Kind = "resolve"  // it is over
	KindMail     Kind = "mail"     // something happened: a mail of its own
	KindState    Kind = "state"    // the incident as it stands, for a system that keeps one by its key
	KindHook     Kind = "hook"     // something happened: a call of a program
	KindMerchant Kind = "merchant" // something happened, in words for the merchant whose endpoint it is
	KindTest     Kind = "test"     // notify test RECEIVER
	KindPulse    Kind = "pulse"    // silent proof that the lane works: nobody should notice it
	KindDead     Kind = "dead_letter"
)

// Flow says how notices of one subject follow each other.
type Flow string

// The flows. An event goes, each of them, in order. Of a state only the newest
// goes: after an hour's outage of a receiver one message, not forty.
const (
	FlowEvent Flow = "event"
	FlowState Flow = "state"
)

// Notice is one message to one recipient. It carries facts, not text: the
// receiver words them.
type Notice struct {
	ID        string // rises: the order within (Lane, Subject)
	IdemKey   string // the same on every try: Message-ID, dedup key, Slack metadata
	Lane      string // "<receiver>/<destination>"
	Recipient string // as the receiver understands it
	Subject   string // what it is about: an incident's ID
	Version   int    // of the state that Facts tell
	Kind      Kind
	Flow      Flow
	Severity  rules.Severity
	Facts     json.RawMessage // [Facts]
	Created   time.Time       // decided
	Due       time.Time       // not before
	Attempts  int             // tries so far
	Reduced   bool            // plain text: the full form was refused
	Late      bool            // more than a minute after it was decided: say so
}

// Ref is what a message left behind at its receiver: a Slack ts, an SMTP
// queue id. The zero Ref starts a thread.
type Ref struct {
	Root string // of the thread's first message
	Last string // of the last one
}

// Receiver sends one notice to one destination. It makes a single attempt,
// obeys ctx, and puts no secret into its error. prev is what the last notice
// of the same subject in the same lane left behind. A failure is a
// *SendError, whose Class the outbox acts on.
type Receiver interface {
	Send(ctx context.Context, n Notice, prev Ref) (Ref, error)
}

// Class says what a failed send means for the next one. The words are stored.
type Class string

// The classes. ClassWithheld is never stored: there was no failure.
const (
	ClassTransient   Class = "transient"   // again, with back-off
	ClassLimited     Class = "limited"     // again, not before RetryAfter; the lane waits
	ClassAmbiguous   Class = "ambiguous"   // it may have arrived: again, with the same key
	ClassDestination Class = "destination" // this address will not work: dead letter
	ClassMessage     Class = "message"     // this form was refused: once more as plain text
	ClassAuth        Class = "auth"        // the lane is broken: stop it, keep its notices, alarm elsewhere
	ClassWithheld    Class = "withheld"    // not tried: nobody is to be woken for it now. It ends untold, and its lane is as it was
)

// SendError is a failed attempt. Err holds no secret.
type SendError struct {
	Class      Class
	RetryAfter time.Duration // with ClassLimited: what the receiver asked for; 0: it did not say
	Err        error
}

// Error implements error.
func (e *SendError) Error() string { return fmt.Sprintf("%s: %v", e.Class, e.Err) }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

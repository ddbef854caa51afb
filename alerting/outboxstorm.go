package alerting

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// StormCap bounds the new messages in one lane: people stop reading long
// before it. The zero StormCap is 20 in 10 min (reference: alerting, 4.10).
type StormCap struct {
	Most  int
	Every time.Duration
}

// Storm is how far the present window of a lane has come. The zero Storm has
// none.
type Storm struct {
	At   time.Time // start of the window
	Sent int       // messages in it
	Held int       // messages that its summary counts
}

func (c StormCap) orDefault() StormCap {
	if c.Most <= 0 {
		c.Most = 20
	}
	if c.Every <= 0 {
		c.Every = 10 * time.Minute
	}
	return c
}

// window returns s, or a new one when s is over.
func (c StormCap) window(s Storm, now time.Time) Storm {
	if s.At.IsZero() || now.Before(s.At) || now.Sub(s.At) >= c.Every {
		return Storm{At: now}
	}
	return s
}

// holds reports whether c must not be sent in window w: the cap is reached,
// and it is one of those that a count can stand for. What is critical goes,
// and so does what ends or changes a message that people already have.
func (c StormCap) holds(n Claimed, w Storm) bool {
	if w.Sent < c.Most || n.critical() || !n.counts() {
		return false
	}
	return n.Kind != KindResolve || n.Prev == Ref{}
}

// counts reports whether n is one more message for its reader, as opposed to a
// change of an earlier one, a digest with its own rhythm, a summary or a test.
// What a merchant is told has no summary: that speaks to operators, and of
// incidents that are none of the merchant's business.
func (n Claimed) counts() bool {
	switch n.Kind {
	case KindUpdate:
		return n.Prev.Root == "" // in a thread it is no message of the channel
	case KindRoot, KindPage, KindResolve, KindMail, KindDead:
		return n.Flow != FlowState || n.Prev.Root == ""
	default:
		return false
	}
}

// summary returns the notice that stands for the w.Held messages of window w,
// of which n is the last. It goes when the window is over, as a message of the
// next one.
func (c StormCap) summary(n Claimed, w Storm) Notice {
	end := w.At.Add(c.Every)
	key := fmt.Sprintf("storm:%s:%d:%s", n.Lane, w.At.UnixMicro(), n.Recipient)
	return Notice{
		IdemKey: key, Subject: key, Lane: n.Lane, Recipient: n.Recipient,
		Kind: KindSummary, Flow: FlowEvent, Severity: rules.High, Version: w.Held,
		Created: w.At, Due: end,
		Facts: pack(Facts{
			Title:       fmt.Sprintf("%d more %s held back", w.Held, oneOrMany(w.Held, "message was", "messages were")),
			Severity:    rules.High,
			MemberCount: w.Held,
			Held:        []HeldBack{heldBack(n.Notice)},
			Happened: fmt.Sprintf("more than %d messages came here in %s, from %s to %s; the rest are recorded, and were not sent",
				c.Most, short(c.Every), clock(w.At), clock(end)),
			At: end,
		}),
	}
}

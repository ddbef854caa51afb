package rules

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// EndpointSlow opens, low, when too many answers of an endpoint are slower than
// the ack budget or the slowest come near the deadline, and high when these are
// about to become timeouts. It clears when both are at most half of what opens
// it; in between, and with too few answers, it stays as it is. Whoever fails is
// not slow: timeouts are no answers. It is a value and safe for concurrent use;
// the zero value is refused by Validate. Source: reference webhooks.md section
// 8.1, R7; the least number is that of R3.
type EndpointSlow struct {
	Window     time.Duration // answers of so long are looked at; default 1h
	Least      int           // answers without which it has no opinion; default 20
	Share      Ratio         // more than this share of the answers is slow; default 20 %
	Budget     time.Duration // an answer that takes longer is slow; default 5s (DESIGN section 5.1)
	OfDeadline Ratio         // the p99 is over this share of the deadline; default 50 %
	Urgent     Ratio         // and over this one it is high; default 80 %
}

// DefaultEndpointSlow returns the defaults of reference webhooks.md section 8.1.
func DefaultEndpointSlow() EndpointSlow {
	return EndpointSlow{Window: time.Hour, Least: 20, Share: 0.20, Budget: 5 * time.Second, OfDeadline: 0.5, Urgent: 0.8}
}

// SlowFact is how quickly one endpoint answered real deliveries.
type SlowFact struct {
	Endpoint string
	Merchant string
	Host     string
	From, To time.Time     // the window that was counted
	Answered int           // attempts that were delivered
	Slow     int           // of these, that took longer than Budget
	P99      time.Duration // of their durations
	Deadline time.Duration // of one attempt; 0: not known, and the share alone decides
}

// Validate reports every fault of the settings at once, each with its key.
func (s EndpointSlow) Validate() error {
	var f faultList
	needSpan(&f, "window", s.Window)
	needCount(&f, "least", s.Least)
	needShare(&f, "share", s.Share)
	needSpan(&f, "budget", s.Budget)
	needShare(&f, "of_deadline", s.OfDeadline)
	f.when(!(s.Urgent >= s.OfDeadline && s.Urgent < 1), "urgent: %s is outside [%s, 100%%); wanted at least of_deadline", s.Urgent, s.OfDeadline)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure.
func (s EndpointSlow) Step(e Episode, f SlowFact, now time.Time) (Episode, *Change) {
	told := false
	switch severity := s.judge(f); {
	case f.Answered < s.Least:
		return e, nil
	case severity != "":
		e, told = e.pend(now.UTC(), "").open(now, severity)
	case s.quick(f):
		e, told = e.good(1)
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleEndpointSlow, ScopeOf(ScopeEndpoint, f.Endpoint), now)
	c.Merchant, c.Host = f.Merchant, f.Host
	c.Evidence = Evidence{
		Text: s.said(f), From: f.From.UTC(), To: f.To.UTC(), Numerator: f.Slow, Denominator: f.Answered, Threshold: s.Share, Clears: s.clears(f),
	}
	if e.Phase != PhaseOpen {
		c.Evidence.Text = "answers quickly again: " + c.Evidence.Text
	}
	return e, &c
}

// judge says how loud a fact is; empty: not slow.
func (s EndpointSlow) judge(f SlowFact) Severity {
	switch {
	case f.Deadline > 0 && f.P99 > fractionOf(s.Urgent, f.Deadline):
		return High
	case f.Deadline > 0 && f.P99 > fractionOf(s.OfDeadline, f.Deadline), ratioOf(f.Slow, f.Answered) > s.Share:
		return Low
	default:
		return ""
	}
}

// quick reports whether both are at most half of what opens.
func (s EndpointSlow) quick(f SlowFact) bool {
	return ratioOf(f.Slow, f.Answered) <= s.Share/2 && (f.Deadline <= 0 || f.P99 <= fractionOf(s.OfDeadline/2, f.Deadline))
}

func (s EndpointSlow) said(f SlowFact) string {
	text := fmt.Sprintf("%s of %s answers took longer than %s (%s)",
		grouped(f.Slow), grouped(f.Answered), short(s.Budget), ratioOf(f.Slow, f.Answered).Short())
	if !f.From.IsZero() {
		text += " since " + clock(f.From)
	}
	exact := time.Millisecond
	if f.P99 >= time.Second {
		exact = 100 * time.Millisecond
	}
	text += ", p99 " + short(f.P99.Round(exact))
	if f.Deadline > 0 {
		text += " of a deadline of " + short(f.Deadline)
	}
	return text
}

func (s EndpointSlow) clears(f SlowFact) string {
	text := fmt.Sprintf("at most %s slower than %s", (s.Share / 2).Short(), short(s.Budget))
	if f.Deadline > 0 {
		text += " and a p99 of at most " + short(fractionOf(s.OfDeadline/2, f.Deadline))
	}
	return text + fmt.Sprintf(", in at least %s within %s", count(s.Least, "answer", "answers"), short(s.Window))
}

// fractionOf is a share of a span, to the nanosecond.
func fractionOf(r Ratio, d time.Duration) time.Duration {
	return time.Duration(math.Round(float64(r) * float64(d)))
}

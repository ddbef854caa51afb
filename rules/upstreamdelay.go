package rules

import (
	"errors"
	"fmt"
	"time"
)

// UpstreamDelay opens, high, when a payment channel confirms late: too many of
// its events were created long after what they tell of (class D1 of the lag
// classes, deliveries.LagChannel). No endpoint and no delivery is to blame for
// these. It clears at half of what opens it or less; with too few events it
// stays as it is. It is a value and safe for concurrent use; the zero value is
// refused by Validate. Source: reference webhooks.md section 8.1, R11.
type UpstreamDelay struct {
	Share  Ratio         // more than this share of the events is late; default 10 %
	Least  int           // events without which it has no opinion; default 20
	Window time.Duration // events of so long are looked at; default 15m
}

// DefaultUpstreamDelay returns the defaults of reference webhooks.md section 8.1.
func DefaultUpstreamDelay() UpstreamDelay {
	return UpstreamDelay{Share: 0.10, Least: 20, Window: 15 * time.Minute}
}

// UpstreamFact is what one channel confirmed within the window.
type UpstreamFact struct {
	Channel string
	N       int // events whose source lag is known
	Late    int // of these, of class D1
}

// Validate reports every fault of the settings at once, each with its key.
func (u UpstreamDelay) Validate() error { return u.share().faults() }

func (u UpstreamDelay) share() shareOver { return shareOver{u.Share, u.Least, u.Window} }

// Step takes what is known at a time. It is pure.
func (u UpstreamDelay) Step(e Episode, f UpstreamFact, now time.Time) (Episode, *Change) {
	e, told := u.share().step(e, f.N, f.Late, now)
	if !told {
		return e, nil
	}
	c := e.change(RuleUpstreamDelay, ScopeOf(ScopeChannel, f.Channel), now)
	c.Evidence = u.share().evidence(f.N, f.Late, now)
	c.Evidence.Text = fmt.Sprintf("channel %s: %s of %s events of the last %s or so were confirmed late by the channel (%s)",
		f.Channel, grouped(f.Late), grouped(f.N), short(u.Window), ratioOf(f.Late, f.N).Short())
	if e.Phase == PhaseOpen {
		c.Evidence.Text += "; deliveries and endpoints are not to blame"
	} else {
		c.Evidence.Text += ": in time again"
	}
	return e, &c
}

// shareOver is what the rules have in common that look at a share of a window.
type shareOver struct {
	share  Ratio
	least  int
	window time.Duration
}

func (s shareOver) faults() error {
	var f faultList
	needShare(&f, "share", s.share)
	needCount(&f, "least", s.least)
	needSpan(&f, "window", s.window)
	return errors.Join(f...)
}

// step opens when k of n is over the share, and clears at half of it or less.
func (s shareOver) step(e Episode, n, k int, now time.Time) (Episode, bool) {
	switch ratio := ratioOf(k, n); {
	case n < s.least:
		return e, false
	case ratio > s.share:
		return e.pend(now.UTC(), "").open(now, High)
	case ratio <= s.share/2:
		return e.good(1)
	default:
		return e, false
	}
}

// evidence holds the numbers, and what would clear it.
func (s shareOver) evidence(n, k int, now time.Time) Evidence {
	return Evidence{
		From: now.UTC().Add(-s.window), To: now.UTC(), Numerator: k, Denominator: n, Threshold: s.share,
		Clears: fmt.Sprintf("at most %s of at least %d within %s", (s.share / 2).Short(), s.least, short(s.window)),
	}
}

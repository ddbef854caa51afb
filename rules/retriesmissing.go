package rules

import (
	"errors"
	"fmt"
	"time"
)

// RetriesMissing opens, high, when automatic tries of a source stay out though
// the schedule wants them: over Missing, or over Share of what waits, for For.
// It is the sender that is late, not an endpoint. It clears when none is missing;
// in between an open one stays open, and one that is pending is dropped. It is
// a value and safe for concurrent use; the zero value is refused by Validate.
// Source: reference webhooks.md section 8.1, R10.
type RetriesMissing struct {
	Missing int           // more than so many tries are overdue; default 100
	Share   Ratio         // or more than this share of the events that wait; default 1 %
	Least   int           // events must wait for the share to count; default 100, so that one late try is none
	For     time.Duration // so long without a break; 0 or more; default 10m
}

// DefaultRetriesMissing returns the defaults of reference webhooks.md section
// 8.1; Least is our own choice.
func DefaultRetriesMissing() RetriesMissing {
	return RetriesMissing{Missing: 100, Share: 0.01, Least: 100, For: 10 * time.Minute}
}

// RetriesFact is what one source owes.
type RetriesFact struct {
	Source  string
	Missing int // events whose next automatic try is overdue beyond its tolerance
	Waiting int // undelivered events with automatic tries left
}

// Validate reports every fault of the settings at once, each with its key.
func (r RetriesMissing) Validate() error {
	var f faultList
	needCount(&f, "missing", r.Missing)
	needShare(&f, "share", r.Share)
	needCount(&f, "least", r.Least)
	f.when(r.For < 0 || r.For > detectorLongest, "for: %s is outside [0s, %s]", r.For, detectorLongest)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure.
func (r RetriesMissing) Step(e Episode, f RetriesFact, now time.Time) (Episode, *Change) {
	told := false
	switch {
	case r.over(f):
		e = e.pend(now.UTC(), "")
		if e.Phase == PhasePending && now.Sub(e.Since) < r.For {
			return e, nil
		}
		e, told = e.open(now, High)
	case f.Missing <= 0 || e.Phase == PhasePending:
		e, told = e.good(1)
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleRetriesMissing, ScopeOf(ScopeSource, f.Source), now)
	c.Evidence = Evidence{
		Text: r.said(e, f, now), From: e.Since, To: now.UTC(), Numerator: max(f.Missing, 0), Denominator: max(f.Waiting, f.Missing, 0),
		Threshold: r.Share, Clears: "no automatic try that is overdue",
	}
	return e, &c
}

func (r RetriesMissing) over(f RetriesFact) bool {
	return f.Missing > r.Missing || f.Waiting >= r.Least && ratioOf(f.Missing, f.Waiting) > r.Share
}

func (r RetriesMissing) said(e Episode, f RetriesFact, now time.Time) string {
	long := short(now.Sub(e.Since).Round(time.Second))
	if e.Phase != PhaseOpen {
		return fmt.Sprintf("source %s: no automatic try is overdue any more, after %s", f.Source, long)
	}
	text := fmt.Sprintf("source %s: %s overdue", f.Source, countGrouped(f.Missing, "automatic try is", "automatic tries are"))
	if f.Waiting > 0 && f.Missing <= f.Waiting {
		text += fmt.Sprintf(", %s of %s that wait", ratioOf(f.Missing, f.Waiting).Short(), countGrouped(f.Waiting, "event", "events"))
	}
	return text + fmt.Sprintf("; over %s or %s for %s: the sender is late", grouped(r.Missing), r.Share.Short(), long)
}

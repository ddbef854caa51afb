package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// SourceSilence opens when a source, or a busy endpoint, has no attempts for
// longer than it ordinarily is quiet at that hour: critical for a source, for
// whoever stands still cannot say so itself; low for an endpoint, which may
// just sell nothing. It clears with the next arrival. It is a value and safe
// for concurrent use; the zero value is refused by Validate. Source: reference
// webhooks.md section 8.1, R9.
type SourceSilence struct {
	Factor float64       // times the learned p99 gap; in [1, 100]; default 3
	Least  time.Duration // at least so long; default 5m
}

// DefaultSourceSilence returns the defaults of reference webhooks.md section 8.1.
func DefaultSourceSilence() SourceSilence { return SourceSilence{Factor: 3, Least: 5 * time.Minute} }

// QuietFact is what is known of one source or endpoint.
type QuietFact struct {
	Scope     Scope // source:... or endpoint:...
	Merchant  string
	Host      string
	Last      time.Time     // arrival, by our clock; zero: none is known
	Gap       time.Duration // what is ordinary at this hour, as a [GapLearner] expects it
	Known     bool          // false: nothing is ordinary yet, and nothing opens
	Excused   time.Duration // since Last, in which nobody here listened: no silence; 0 or more
	Listening time.Time     // since when anything is known: what came before may have come later; zero: Last is
}

// Validate reports every fault of the settings at once, each with its key.
func (s SourceSilence) Validate() error {
	var f faultList
	f.when(!(s.Factor >= 1 && s.Factor <= 100), "factor: %v is outside [1, 100]", s.Factor)
	needSpan(&f, "least", s.Least)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure. What is open stays open until
// something arrives, whenever we began to listen.
func (s SourceSilence) Step(e Episode, f QuietFact, now time.Time) (Episode, *Change) {
	last := f.Last.UTC().Truncate(time.Microsecond) // as Since is stored: the same arrival is not after itself
	told, text := false, ""
	if e.Phase == PhaseOpen {
		if !last.After(e.Since) {
			return e, nil
		}
		e, told = e.good(1)
		text = "attempts come again, after " + short(now.Sub(e.Since).Round(time.Second))
	} else {
		heard := f.Listening.UTC().Truncate(time.Microsecond)
		text = "no attempt since we began to listen at "
		excused, away := time.Duration(0), ""
		if last.After(heard) {
			heard, excused, text = last, f.Excused, "no attempt since "
		}
		if !f.Known || heard.IsZero() || now.Sub(heard)-excused < s.wait(f.Gap) {
			return e, nil
		}
		e, told = e.pend(heard, "").open(now, s.severity(f.Scope))
		if round := excused.Round(time.Second); round > 0 {
			away = fmt.Sprintf(" (%s of it this process stood still or did not run)", short(round))
		}
		text += fmt.Sprintf("%s%s; at this hour up to %s between two are ordinary, and %s are silence", clock(heard), away, short(f.Gap), short(s.wait(f.Gap)))
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleSilence, f.Scope, now)
	c.Merchant, c.Host = f.Merchant, f.Host
	c.Evidence = Evidence{Text: strings.Replace(string(f.Scope), ":", " ", 1) + ": " + text, From: e.Since, To: now.UTC(), Clears: "the next attempt that arrives"}
	return e, &c
}

func (SourceSilence) severity(scope Scope) Severity {
	if kind, _ := scope.Split(); kind == ScopeSource {
		return Critical
	}
	return Low
}

// wait is how long it has to be quiet.
func (s SourceSilence) wait(gap time.Duration) time.Duration {
	long := detectorLongest
	if times := s.Factor * float64(gap); times < float64(long) { // NaN is not
		long = time.Duration(times)
	}
	return max(s.Least, long)
}

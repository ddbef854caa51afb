package rules

import (
	"fmt"
	"time"
)

// Duplicates opens, high, when a source sends too much twice: automatic
// attempts of what was delivered already, or another event about the same. A
// retry after a failure is none, and what a person sends again is none: whoever
// makes the fact sees to it. It clears at half of what opens it or less; with
// too few attempts it stays as it is. It is a value and safe for concurrent
// use; the zero value is refused by Validate. Source: reference webhooks.md
// section 8.1, R12.
type Duplicates struct {
	Share  Ratio         // more than this share is sent twice; default 1 %
	Least  int           // attempts without which it has no opinion; default 100, our own choice
	Window time.Duration // attempts of so long are looked at; default 15m
}

// DefaultDuplicates returns the defaults of reference webhooks.md section 8.1;
// Least is our own choice: one in 100 is not over 1 %.
func DefaultDuplicates() Duplicates {
	return Duplicates{Share: 0.01, Least: 100, Window: 15 * time.Minute}
}

// DuplicatesFact is what one source sent within the window.
type DuplicatesFact struct {
	Source     string
	N          int // automatic attempts
	Duplicates int // of these, after success or semantic (reference webhooks.md section 10.3)
}

// Validate reports every fault of the settings at once, each with its key.
func (d Duplicates) Validate() error { return d.share().faults() }

func (d Duplicates) share() shareOver { return shareOver{d.Share, d.Least, d.Window} }

// Step takes what is known at a time. It is pure.
func (d Duplicates) Step(e Episode, f DuplicatesFact, now time.Time) (Episode, *Change) {
	e, told := d.share().step(e, f.N, f.Duplicates, now)
	if !told {
		return e, nil
	}
	c := e.change(RuleDuplicates, ScopeOf(ScopeSource, f.Source), now)
	c.Evidence = d.share().evidence(f.N, f.Duplicates, now)
	c.Evidence.Text = fmt.Sprintf("source %s: %s of %s automatic attempts of the last %s sent again what was delivered (%s)",
		f.Source, grouped(f.Duplicates), grouped(f.N), short(d.Window), ratioOf(f.Duplicates, f.N).Short())
	if e.Phase == PhaseOpen {
		c.Evidence.Text += "; merchants that do not check for it act twice"
	}
	return e, &c
}

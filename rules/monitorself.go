package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ScopeSelf is the kind of scope of what the monitor says of itself.
const ScopeSelf = "self"

// The scopes of monitor_self that are there always; others are named by whoever
// finds something out.
const (
	SelfEgress Scope = ScopeSelf + ":egress" // our way to the endpoints: see [OurSide]
	SelfDuty   Scope = ScopeSelf + ":duty"   // what the self-audit says
)

// selfText bounds the text of one problem, in bytes.
const selfText = 300

// MonitorSelf opens, critical, when something of our own is broken for so
// long, and clears when it was not at some facts in a row. It is a value and
// safe for concurrent use; the zero value is refused by Validate. Source:
// reference webhooks.md section 8.1, R13.
type MonitorSelf struct {
	For  time.Duration // it is broken for so long; 0: it opens with the first fact; default 1m, our own choice
	Good int           // facts without a problem in a row that clear it; default 6, a minute of audits, our own choice
}

// DefaultMonitorSelf returns the defaults, for facts that come each 10 s.
func DefaultMonitorSelf() MonitorSelf { return MonitorSelf{For: time.Minute, Good: 6} }

// SelfFact is what is known of one part of the monitor.
type SelfFact struct {
	Name     string   // of the part: the ID of the scope
	Problems []string // what is wrong, for people; no secret; none: it is well
}

// Validate reports every fault of the settings at once, each with its key.
func (m MonitorSelf) Validate() error {
	var f faultList
	f.when(m.For < 0 || m.For > detectorLongest, "for: %s is outside [0s, %s]", m.For, detectorLongest)
	needCount(&f, "good", m.Good)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure. What is wrong may change
// while it is open: it is told once.
func (m MonitorSelf) Step(e Episode, f SelfFact, now time.Time) (Episode, *Change) {
	told, text := false, ""
	if len(f.Problems) == 0 {
		since := e.Since
		e, told = e.good(m.Good)
		text = fmt.Sprintf("%s of hookvigil itself is well again, after %s", f.Name, short(now.Sub(since).Round(time.Second)))
	} else {
		if e = e.pend(now.UTC(), ""); e.Phase == PhasePending && now.Sub(e.Since) < m.For {
			return e, nil
		}
		e, told = e.open(now, Critical)
		text = problemsText(f.Problems)
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleMonitorSelf, ScopeOf(ScopeSelf, f.Name), now)
	c.Evidence = Evidence{Text: text, From: e.Since, To: now.UTC(), Clears: m.clears()}
	return e, &c
}

func (m MonitorSelf) clears() string {
	if m.Good == 1 {
		return "the next look at it without a problem"
	}
	return fmt.Sprintf("%d looks at it in a row without a problem", m.Good)
}

// problemsText names three of the problems.
func problemsText(problems []string) string {
	const most = 3
	named := make([]string, 0, most)
	for _, p := range problems[:min(len(problems), most)] {
		named = append(named, cutText(p, selfText))
	}
	text := strings.Join(named, "; ")
	if more := len(problems) - len(named); more > 0 {
		text += "; and " + count(more, "further problem", "further problems")
	}
	return text
}

// cutText shortens a text to about so many bytes, at the end of a character.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

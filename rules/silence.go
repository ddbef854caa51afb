package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Silence opens when a heartbeat stays away: a dead man's switch. It is
// critical at once, for whoever is watched this way cannot say so itself. The
// zero value is refused by Validate.
type Silence struct {
	Every time.Duration // between two beats; over 0, at most 366 days
	Grace time.Duration // how late one may be; 0 or more, at most 366 days
}

// SilenceFact is what is known of one heartbeat.
type SilenceFact struct {
	Scope   Scope         // heartbeat:...
	Last    time.Time     // beat; zero: none came since Started
	Started time.Time     // when the watch began
	Excused time.Duration // since the last of both, in which nobody here could have heard a beat: no silence; 0 or more
}

// heard is the last beat or, when none came, the begin of the watch; and how
// much of the time since is excused.
func (f SilenceFact) heard() (since time.Time, excused time.Duration) {
	if f.Last.IsZero() {
		return f.Started, f.Excused
	}
	return f.Last, f.Excused + max(f.Started.Sub(f.Last), 0)
}

// Validate reports every fault of the settings at once, each with its key.
func (s Silence) Validate() error {
	var f faultList
	f.when(s.Every <= 0 || s.Every > detectorLongest, "every: %s is outside (0s, %s]", s.Every, detectorLongest)
	f.when(s.Grace < 0 || s.Grace > detectorLongest, "grace: %s is outside [0s, %s]", s.Grace, detectorLongest)
	return errors.Join(f...)
}

// Step takes what is known at a time. It is pure. What is open stays open
// until a beat comes, whenever the watch began.
func (s Silence) Step(e Episode, f SilenceFact, now time.Time) (Episode, *Change) {
	heard, excused := f.heard()
	silent := now.Sub(heard)-excused >= s.Every+s.Grace
	if e.Phase == PhaseOpen && f.Last.IsZero() {
		silent = true
	}
	told := false
	if silent {
		e, told = e.pend(heard.UTC(), "").open(now, Critical)
	} else {
		e, told = e.good(1)
	}
	if !told {
		return e, nil
	}
	c := e.change(RuleSilence, f.Scope, now)
	c.Evidence = Evidence{From: e.Since, To: now.UTC(), Clears: "the next beat"}
	where := strings.Replace(string(f.Scope), ":", " ", 1)
	away := ""
	if excused = excused.Round(time.Second); excused > 0 {
		away = fmt.Sprintf(" (%s of it this process stood still or did not run)", short(excused))
	}
	switch {
	case !silent:
		c.Evidence.Text = fmt.Sprintf("%s: beats again, after %s", where, short(f.Last.Sub(e.Since).Round(time.Second)))
	case f.Last.IsZero():
		c.Evidence.Text = fmt.Sprintf("%s: no beat since the watch began at %s%s; wanted every %s, at most %s late", where, clock(e.Since), away, short(s.Every), short(s.Grace))
	default:
		c.Evidence.Text = fmt.Sprintf("%s: no beat since %s%s; wanted every %s, at most %s late", where, clock(e.Since), away, short(s.Every), short(s.Grace))
	}
	return e, &c
}

package alerting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// lively is a desk with all that the clock does.
func lively() alerting.Desk {
	d := desk()
	whole := alerting.DefaultDesk()
	d.Settle, d.Ladder = whole.Settle, whole.Ladder
	return d
}

// platform makes the change of the platform's ratio.
func platform(open bool, since, when time.Time) rules.Change {
	c := down("x", "", open, since, when)
	c.Key = rules.Key{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Episode: 1}
	c.Severity, c.Fault, c.Merchant = rules.Critical, "", ""
	c.Evidence = rules.Evidence{Text: "4.2 % of 1,000 first attempts failed"}
	return c
}

// failing is a level of so many failures in a thousand.
func failing(n int) alerting.Level {
	low, high := rules.ExactInterval(n, 1000, 0.95)
	return alerting.Level{Evidence: rules.Evidence{Numerator: n, Denominator: 1000, Low: low, High: high}, Below: n < 10}
}

// loud returns the notices that people notice: all but changes of a message
// that is there.
func (h *house) loud() (list []string) {
	for _, n := range h.notices {
		if n.Kind != alerting.KindRoot {
			list = append(list, n.Lane+":"+string(n.Kind))
		}
	}
	return list
}

// kinds returns what stands in the timeline.
func (h *house) kinds() (list []string) {
	for _, e := range h.entries {
		list = append(list, string(e.Kind))
	}
	return list
}

func (h *house) only(t *testing.T) alerting.Incident {
	t.Helper()
	if len(h.world.Incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(h.world.Incidents))
	}
	return h.world.Incidents[0]
}

// through lets the desk look every ten seconds, from one minute to another.
func (h *house) through(from, to float64) {
	for m := from; m <= to; m += 1.0 / 6 {
		h.decide(at(m))
	}
}

func TestAnIncidentIsOverOnceItStaysSo(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	h.decide(at(5), down("a", "h", false, at(0), at(5)))
	if in := h.only(t); in.State != alerting.StateRecovering || !in.NextAt.Equal(at(7)) || !in.RecoveringAt.Equal(at(5)) {
		t.Errorf("after the first good probes it is %s since %s, looked at again at %s", in.State, in.RecoveringAt, in.NextAt)
	}
	h.decide(at(6.9))
	if in := h.only(t); in.State != alerting.StateRecovering {
		t.Errorf("before its time it is %s", in.State)
	}
	h.decide(at(7))
	in := h.only(t)
	if last := h.entries[len(h.entries)-1]; in.State != alerting.StateResolved || !strings.HasPrefix(last.Text, "recovered after 5m: ") {
		t.Errorf("it is %s: %q", in.State, last.Text)
	}
	if got, want := fmt.Sprint(h.loud()), "[mail/sre@x.example:mail ops/C1:resolve mail/sre@x.example:resolve]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestBadAgainWhileItRecoversIsNoNews(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	before := len(h.loud())
	h.decide(at(5), down("a", "h", false, at(0), at(5)))
	c := down("a", "h", true, at(5.5), at(6))
	c.Key.Episode = 2
	h.decide(at(6), c)
	if in := h.only(t); in.State != alerting.StateOpen || !in.RecoveringAt.IsZero() {
		t.Errorf("it is %s, recovering since %s", in.State, in.RecoveringAt)
	}
	if n := len(h.loud()); n != before {
		t.Errorf("told %v", h.loud()[before:])
	}
}

// Source of the figure: at most 3 messages when an endpoint flaps once a
// minute for two hours.
func TestFlappingOnceAMinuteForTwoHoursIsThreeMessages(t *testing.T) {
	h := &house{d: lively()}
	for m := range 120 {
		c := down("a", "h", m%2 == 0, at(float64(m)), at(float64(m)))
		c.Key.Episode = m/2 + 1
		h.decide(at(float64(m)), c)
		h.through(float64(m)+1.0/6, float64(m)+0.9)
	}
	if in := h.only(t); in.Story.FlappingSince.IsZero() || !in.Live() {
		t.Errorf("after two hours it is %s, flapping since %s", in.State, in.Story.FlappingSince)
	}
	h.through(120, 150)
	if in := h.only(t); in.State != alerting.StateResolved {
		t.Errorf("half an hour after the last time it is %s", in.State)
	}
	mails := slices.DeleteFunc(h.loud(), func(s string) bool { return !strings.HasPrefix(s, "mail/") })
	if len(mails) > 3 {
		t.Errorf("%d mails: %v", len(mails), mails)
	}
	replies := slices.DeleteFunc(h.loud(), func(s string) bool { return strings.HasPrefix(s, "mail/") })
	if len(replies) > 2 { // and the first message
		t.Errorf("%d replies: %v", len(replies), replies)
	}
}

// What comes and goes and then stays bad is told again, as it is.
func TestWhatFlapsAndThenStaysBadIsToldAgain(t *testing.T) {
	h := &house{d: lively()}
	for m := range 7 {
		c := down("a", "h", m%2 == 0, at(float64(m)), at(float64(m)))
		c.Key.Episode = m/2 + 1
		h.decide(at(float64(m)), c)
	}
	before := len(h.loud())
	h.through(7, 37)
	if got := h.kinds(); got[len(got)-1] != "stable" {
		t.Errorf("timeline %v", got)
	}
	if n := len(h.loud()) - before; n != 2 { // a reply, a mail
		t.Errorf("told %v", h.loud()[before:])
	}
}

// The first fix is said once, when half of what failed for certain is well,
// and that it is worse again too.
func TestTheFirstFix(t *testing.T) {
	h := &house{d: lively()}
	level := func(n int) { h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(n)} }
	level(45)
	h.decide(at(4), platform(true, at(0), at(4)))
	level(40)
	h.through(5, 40)
	level(26) // noise: not half of what is certain
	h.through(40.5, 42)
	if in := h.only(t); in.State != alerting.StateOpen || in.SharePeak != 0.045 {
		t.Fatalf("before the fix it is %s, at worst %v", in.State, in.SharePeak)
	}
	level(12)
	h.decide(at(43))
	in := h.only(t)
	if in.State != alerting.StateMitigated || !in.MitigatedAt.Equal(at(43)) {
		t.Fatalf("after the fix it is %s since %s", in.State, in.MitigatedAt)
	}
	if last := h.entries[len(h.entries)-1]; last.Kind != alerting.EntryMitigated || last.Text != "1.2% fails now, 4.5% at worst: 73.3% of what failed is well again" {
		t.Errorf("%s: %q", last.Kind, last.Text)
	}
	level(44)
	h.decide(at(50))
	if in := h.only(t); in.State != alerting.StateOpen {
		t.Errorf("worse again it is %s", in.State)
	}
	level(3)
	h.decide(at(60))
	if in := h.only(t); in.State != alerting.StateRecovering {
		t.Errorf("below what clears it is %s", in.State)
	}
	h.decide(at(70), platform(false, at(0), at(70)))
	if in := h.only(t); in.State != alerting.StateResolved || !in.RecoveringAt.Equal(at(60)) || !in.MitigatedAt.Equal(at(43)) {
		t.Errorf("in the end it is %s, fixed at %s, well at %s", in.State, in.MitigatedAt, in.RecoveringAt)
	}
	var said []string
	for _, kind := range h.kinds() {
		if kind != "escalated" {
			said = append(said, kind)
		}
	}
	if got, want := fmt.Sprint(said), "[opened first_fix worse first_fix recovering resolved]"; got != want {
		t.Errorf("timeline %s, want %s", got, want)
	}
}

// A fix is dated by the figures and not by the look at them, which comes a
// minute later.
func TestTheFirstFixIsDatedByTheFigures(t *testing.T) {
	for name, c := range map[string]struct {
		to, want float64
		seen     string
	}{
		"a tick that closed a minute ago": {42, 42, "; seen at 12:43:00 UTC"},
		"a tick from before it opened":    {3, 43, ""},
		"a tick that is not known":        {-1e6, 43, ""},
		"a clock that was set back":       {44, 43, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{d: lively()}
			h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(45)}
			h.decide(at(4), platform(true, at(0), at(4)))
			fixed := failing(12)
			fixed.Evidence.To = at(c.to)
			h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: fixed}
			h.decide(at(43))
			i := slices.IndexFunc(h.entries, func(e alerting.Entry) bool { return e.Kind == alerting.EntryMitigated })
			if i < 0 {
				t.Fatalf("timeline %v", h.kinds())
			}
			last := h.entries[i]
			if in := h.only(t); !in.MitigatedAt.Equal(at(c.want)) || !last.At.Equal(at(c.want)) {
				t.Errorf("fixed at %s; in the timeline at %s; want %s", in.MitigatedAt, last.At, at(c.want))
			}
			if want := "73.3% of what failed is well again" + c.seen; !strings.HasSuffix(last.Text, want) {
				t.Errorf("says %q, want %q at its end", last.Text, want)
			}
		})
	}
}

// Half of the endpoints of a common cause that are up again are a first fix.
func TestTheFirstFixOfACommonCause(t *testing.T) {
	h := &house{d: lively()}
	var all []rules.Change
	for i := range 10 {
		all = append(all, down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3)))
	}
	for _, c := range all {
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
	}
	h.decide(at(3), all...)
	for i := range 5 {
		h.decide(at(4+float64(i)), down(fmt.Sprint("e", i), fmt.Sprint("h", i), false, at(0), at(4)))
	}
	if in := h.only(t); in.State != alerting.StateMitigated || in.ShareNow != 0.5 {
		t.Errorf("with half of them up it is %s (%v)", in.State, in.ShareNow)
	}
}

// Whatever the clock does, nothing is lost and nobody is flooded.
func TestTheClockJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"an hour on": time.Hour, "an hour back": -time.Hour, "twenty-five hours on": 25 * time.Hour, "a day back": -24 * time.Hour, "ten years on": 87600 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{d: lively()}
			c := down("a", "h", true, at(0), at(3))
			c.Severity = rules.Critical
			h.decide(at(3), c)
			before, now := len(h.loud()), at(4).Add(jump)
			for range 12 {
				h.decide(now)
				now = now.Add(10 * time.Second)
			}
			if n := len(h.loud()) - before; n > 2 { // a reply and a mail, when the clock says that nobody has answered
				t.Errorf("told %v", h.loud()[before:])
			}
			c = down("a", "h", false, at(0), now)
			c.Severity = rules.Critical
			h.decide(now, c)
			h.decide(now.Add(2 * time.Minute))
			if in := h.only(t); in.State != alerting.StateResolved {
				t.Errorf("in the end it is %s, recovering since %s, now %s", in.State, in.RecoveringAt, now)
			}
		})
	}
	t.Run("a day back while it recovers", func(t *testing.T) {
		h := &house{d: lively()}
		h.decide(at(3), down("a", "h", true, at(0), at(3)))
		h.decide(at(5), down("a", "h", false, at(0), at(5)))
		back := at(5).Add(-24 * time.Hour)
		h.decide(back)
		h.decide(back.Add(2 * time.Minute))
		if in := h.only(t); in.State != alerting.StateResolved {
			t.Errorf("it is %s", in.State)
		}
	})
}

// After a time in which nobody looked, what was recovering is not over before it
// was looked at.
func TestNothingSettlesWhileNobodyLooks(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(0), down("x", "", true, at(-4), at(0)))
	h.decide(at(5), down("x", "", false, at(-4), at(5)))
	h.world.Absent = true
	h.decide(at(120))
	if in := h.only(t); in.State != alerting.StateRecovering {
		t.Errorf("it is %s with the first turn, want recovering", in.State)
	}
	h.world.Absent = false
	h.decide(at(122))
	if in := h.only(t); in.State != alerting.StateResolved {
		t.Errorf("it is %s when it was looked at, want resolved", in.State)
	}
}

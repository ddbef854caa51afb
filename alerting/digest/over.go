package digest

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// over reports whether what failed in a window has ended, and since when
// nothing has failed: the end of the last part of the strip with a failure, up
// to the next full second. After it there must be a part with data, so of six
// hours in twelve parts the last half-hour was clean; parts without data prove
// nothing. An endpoint that is down, suspended or without data now is not over,
// nor is one whose certificate needs action. The state "failing" does not
// hinder: it is a ratio of the last 15 to 30 minutes, and follows the strip
// late. It is pure.
func (e Endpoint) over(w Window) (since time.Time, yes bool) {
	switch {
	case e.State == rules.StateDown, e.State == rules.StateSuspended, e.State == rules.StateNoData, e.Certificate.need(w.End) == Act:
		return time.Time{}, false
	}
	last := -1
	for i, c := range e.Strip {
		if c.Failed > 0 {
			last = i
		}
	}
	if last < 0 || !slices.ContainsFunc(e.Strip[last+1:], func(c Count) bool { return c.Total > 0 }) {
		return time.Time{}, false
	}
	since = w.Start.Add(w.Length() / time.Duration(len(e.Strip)) * time.Duration(last+1))
	return since.Add(time.Second - 1).Truncate(time.Second), true
}

// passed reports whether an endpoint asks to be looked at for nothing but
// failures that are over.
func (e Endpoint) passed(w Window) bool {
	_, over := e.over(w)
	return over && (e.failing() || e.shaky()) && e.State != rules.StateDegraded && e.Certificate.need(w.End) == OK
}

// renewed reports whether a certificate is good as of now, however long it
// still lasts.
func (c *Certificate) renewed(now time.Time) bool {
	return c != nil && c.NotAfter.After(now) && (c.Verdict != certificate.Fail || c.Fault.Unreached())
}

// adviceOn says what to do about the worst fault of requests to e. A
// certificate that expired is no matter of today once a good one is served.
func (f Facts) adviceOn(e Endpoint) Advice {
	worst, _ := e.worstFault()
	word := adviceOf(worst.Word)
	_, over := e.over(f.Window)
	if word == AdviseExpired && (over || e.State != rules.StateDown && e.Certificate.renewed(f.Window.End)) {
		return AdviseRenewed
	}
	return word
}

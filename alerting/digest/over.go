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
	last := e.lastBad()
	if last < 0 || !slices.ContainsFunc(e.Strip[last+1:], func(c Count) bool { return c.Total > 0 }) {
		return time.Time{}, false
	}
	_, since = e.part(w, last)
	return since, true
}

// again reports whether an endpoint answers now although what failed lasted into
// the end of the window, so that no part after it is clean: probes met the
// fault, and its state says that they meet it no more. What failed is told as
// past, and asks for as much as before. It is pure.
func (e Endpoint) again(w Window) bool {
	worst, _ := e.worstFault()
	_, over := e.over(w)
	return !over && worst.Looks > 0 && e.answering() && e.Certificate.need(w.End) != Act
}

// answering reports whether the state says that the endpoint answers now.
func (e Endpoint) answering() bool {
	return e.State == rules.StateHealthy || e.State == rules.StateRecovering
}

// cleanUntil is how far the claim goes that nothing has failed again: a strip
// ends with its window, and a state that was taken later may tell otherwise.
// Zero: until now.
func (f Facts) cleanUntil(e Endpoint) time.Time {
	if f.runs() || !f.late() || e.answering() {
		return time.Time{}
	}
	return f.Window.End
}

// lastBad is the last part of the strip with a failure; -1: none.
func (e Endpoint) lastBad() int {
	for i, c := range slices.Backward(e.Strip) {
		if c.Failed > 0 {
			return i
		}
	}
	return -1
}

// part is where one part of the strip lies, to full seconds: never less than it
// is.
func (e Endpoint) part(w Window, i int) (from, to time.Time) {
	step := w.Length() / time.Duration(len(e.Strip))
	from, to = w.Start.Add(step*time.Duration(i)), w.Start.Add(step*time.Duration(i+1))
	return from.Truncate(time.Second), to.Add(time.Second - 1).Truncate(time.Second)
}

// FailsNow reports whether deliveries to the endpoint fail at the end of a
// window: it is down or failing, not in planned work, and what failed is not over. It is what
// [Merchant] counts as Failing. It is pure.
func (e Endpoint) FailsNow(w Window) bool {
	_, over := e.over(w)
	return e.bad() && !over
}

// recovered reports whether an endpoint had failures that count, which are
// over: whatever its state says, nothing fails now.
func (e Endpoint) recovered(w Window) bool {
	_, over := e.over(w)
	return over && (e.failing() || e.shaky()) && e.State != rules.StateDegraded
}

// passed reports whether an endpoint asks to be looked at for nothing but
// failures that are over.
func (e Endpoint) passed(w Window) bool {
	return e.recovered(w) && e.Certificate.need(w.End) == OK
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
	if word == AdviseExpired && (over || e.again(f.Window) || e.State != rules.StateDown && e.Certificate.renewed(f.AsOf())) {
		return AdviseRenewed
	}
	return word
}

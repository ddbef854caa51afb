package digest

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// What a verdict is made of. Ratio and deadline come from the platform's
// contract (an incident from 4 % on, 30 s for an answer); shares of a lifetime
// from DESIGN.md section 9.1, because fixed days lie about short certificates.
const (
	limitRatio  = rules.Ratio(0.04)
	sure        = 0.90             // of the interval: its lower end holds with 95 %
	steady      = rules.Ratio(.99) // availability below it deserves a look
	tooSlow     = 10 * time.Second // a third of the deadline
	warnBelow   = 0.25             // of a certificate's lifetime is left, at most warnDays
	warnDays    = 30 * day
	actBelow    = 0.10
	actDays     = 7 * day
	mostActions = 3
	oneFailure  = 1 // asks for nothing, of however few attempts: it is sent again
)

// Judge returns f with its verdict, its actions and its endpoints in order,
// worst first. It is pure, does not change what f points to, and judges alike
// what has been judged before.
func Judge(f Facts) Facts {
	f.Endpoints = slices.Clone(f.Endpoints)
	slices.SortStableFunc(f.Endpoints, func(a, b Endpoint) int {
		return cmp.Or(f.need(b).rank()-f.need(a).rank(), rankOf(a.State)-rankOf(b.State), b.First.Failed-a.First.Failed, cmp.Compare(a.ID, b.ID))
	})
	f.Platform = f.Platform.bounded(f.AsOf())
	f.Actions = actions(f)
	f.Verdict = f.verdict()
	return f
}

func (f Facts) verdict() Verdict {
	if f.Kind == KindPlatform {
		return f.platformVerdict()
	}
	v := OK
	if len(f.Endpoints) == 0 || slices.ContainsFunc(f.Incidents, func(i Incident) bool { return !i.Ours && !i.Maintenance }) {
		v = Attention
	}
	for _, e := range f.Endpoints {
		if n := f.need(e); n.rank() > v.rank() {
			v = n
		}
	}
	if v == OK && f.early() {
		v = Attention // no data is never healthy
	}
	if v == OK && slices.ContainsFunc(f.Parts, func(p Part) bool { return p.Verdict != OK }) {
		v = Attention // what had to be done in a window that is past is over
	}
	return v
}

func (v Verdict) rank() int { return slices.Index([]Verdict{OK, Attention, Act}, v) }

// rankOf is the place of a state, worst first.
func rankOf(w rules.Word) int {
	if i := slices.Index(rules.Words(), w); i >= 0 {
		return i
	}
	return len(rules.Words())
}

// need says what one endpoint asks of its merchant. What failed and is over
// asks for a look, no more. In the first minutes nobody asks for data.
func (f Facts) need(e Endpoint) Verdict {
	_, over := e.over(f.Window)
	switch {
	case f.stake(e) == Act:
		return Act
	case e.State == rules.StateSuspended && !e.gone(), f.planned(e) && e.Certificate.need(f.AsOf()) == OK && f.stake(e) == OK && !e.Backlog.lost():
		return OK // switched off, or worked at, on purpose
	case e.failing() && !over, e.gone(), e.Certificate.need(f.AsOf()) == Act:
		return Act
	case f.troubled(e), !f.early() && (e.unseen() || f.thin(e)):
		return Attention
	default:
		return OK
	}
}

// troubled reports whether something that is known asks for a look.
func (f Facts) troubled(e Endpoint) bool {
	return e.Certificate.need(f.AsOf()) != OK || e.failing() || e.shaky() || e.slow() || f.stake(e) != OK || e.Backlog.lost()
}

// failing reports whether deliveries fail, or failed in the window, beyond
// doubt. While it is worked at, that was to be expected: what its events ask
// for, the loss clock says.
func (e Endpoint) failing() bool {
	return !e.InMaintenance && (e.bad() || proven(e.First))
}

// proven reports whether a ratio is over the limit beyond chance: one failure
// in ten is not.
func proven(c Count) bool {
	low, _ := rules.ExactInterval(c.Failed, c.Total, sure)
	return c.Failed > oneFailure && low >= limitRatio
}

// overLimit reports whether a ratio is over the limit, though perhaps by
// chance.
func overLimit(c Count) bool {
	ratio, known := c.Ratio()
	return known && c.Failed > oneFailure && ratio >= limitRatio
}

// gone reports whether the endpoint says itself that it is no more.
func (e Endpoint) gone() bool {
	worst, ok := e.worstFault()
	return ok && worst.Word == probes.FaultHTTP410 && e.State == rules.StateSuspended
}

// shaky reports whether something failed, or may have.
func (e Endpoint) shaky() bool {
	available, known := e.Availability()
	troubled := e.State == rules.StateDegraded || e.State == rules.StateRecovering || e.State == rules.StateFailing
	return !e.InMaintenance && (troubled || known && available < steady || overLimit(e.First))
}

func (e Endpoint) slow() bool { return !e.InMaintenance && e.Answers > 0 && e.P95 > tooSlow }

// unseen reports whether nothing is known of the window.
func (e Endpoint) unseen() bool { return e.Covered <= 0 && e.First.Total <= 0 }

// worstFault returns what fails now where probes know it, because that is what is
// to be mended, however short it has lasted; otherwise the fault that was met most
// often.
func (e Endpoint) worstFault() (Fault, bool) {
	if e.State != rules.StateDown || e.Now == "" {
		return e.mostMet()
	}
	for _, f := range e.Faults {
		if f.Word == e.Now {
			return f, true
		}
	}
	return Fault{Word: e.Now, Looks: 1}, true // met after the window
}

// earlier returns the fault that probes met more often than what fails now;
// empty: none was.
func (e Endpoint) earlier() probes.Fault {
	now, _ := e.worstFault()
	if most, _ := e.mostMet(); most.Word != now.Word && most.Looks > now.Looks {
		return most.Word
	}
	return ""
}

// mostMet returns the fault that was met most often, by whoever saw more of
// the trouble; the first of equals.
func (e Endpoint) mostMet() (Fault, bool) {
	if len(e.Faults) == 0 {
		return Fault{}, false
	}
	probed := e.probed()
	return slices.MaxFunc(e.Faults, func(a, b Fault) int {
		attempts, looks := a.Attempts-b.Attempts, a.Looks-b.Looks
		if probed {
			attempts, looks = looks, attempts
		}
		return cmp.Or(attempts, looks, cmp.Compare(b.Word, a.Word))
	}), true
}

// probed reports whether probes say more of what fails than a few deliveries
// do: the endpoint is down, which probes decide, or it was down for a greater
// share of the time than failed of its first attempts. While it is failing,
// which deliveries decide, it is for them to say.
func (e Endpoint) probed() bool {
	switch e.State {
	case rules.StateDown:
		return true
	case rules.StateFailing:
		return false
	default:
		available, known := e.Availability()
		failed, _ := e.First.Ratio()
		return known && 1-available > failed
	}
}

// need says what a certificate asks for, as of now.
func (c *Certificate) need(now time.Time) Verdict {
	switch {
	case c == nil:
		return OK
	case c.Verdict == certificate.Fail && !c.Fault.Unreached():
		return Act
	case c.NotAfter.IsZero():
		return OK
	}
	left := c.NotAfter.Sub(now)
	switch {
	case left < c.margin(actBelow, actDays):
		return Act
	case left < c.margin(warnBelow, warnDays), c.Verdict == certificate.Warn:
		return Attention
	default:
		return OK
	}
}

// margin is a share of the lifetime, at most so much.
func (c *Certificate) margin(part float64, most time.Duration) time.Duration {
	life := c.NotAfter.Sub(c.NotBefore)
	if c.NotBefore.IsZero() || life <= 0 {
		return most
	}
	return min(time.Duration(float64(life)*part), most)
}

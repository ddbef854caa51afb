package digest

import (
	"fmt"
	"strings"
	"time"
)

// advise words one action, as of now: that it is over, what was counted, then
// what to do.
func (v voice) advise(a Action, now time.Time) string {
	words, before := v.Advice[a.Word], ""
	counted := a.First.Failed > 0 && !a.Apart
	switch was := v.Was[a.Word]; {
	case a.Word == AdviseExpiring, a.comes(), a.Word == AdviseLost: // not about attempts of the window
	case a.past() && was != "" && counted && !a.Looks:
		words, before = was, v.over(a, now)+" "+fmt.Sprintf(v.OverBefore, v.firstFailed(a.First))+" "
	case a.past() && was != "":
		words, before = was, v.over(a, now)+" "+v.OverPlain+" "
	case counted && a.partly() && was != "":
		words, before = was, v.lead(a)+": "
	case counted:
		before = v.lead(a) + ". "
	}
	text := before + strings.NewReplacer(
		"{fault}", v.plainFault(a.Fault), "{end}", v.certificateEnd(a, now), "{took}", v.seconds(a.Took), "{covered}", v.length(a.Took), "{limit}", v.seconds(a.Deadline),
		"{within}", v.within(a), "{so}", v.undelivered(a),
		"{loss}", v.loss(a.Loss, a.At, now), "{lost}", v.lost(a.Loss.Events, a.Loss.LowerBound),
	).Replace(words)
	switch {
	case a.More > 0: // whose history may be another
		text += " " + fmt.Sprintf(v.Also, a.More)
	case a.Earlier != "":
		text += " " + fmt.Sprintf(v.Earlier, v.plainFault(a.Earlier))
	}
	return text
}

// over says that nothing fails any more.
func (v voice) over(a Action, now time.Time) string {
	switch {
	case a.Since.IsZero():
		return v.Again
	case a.Until.After(a.Since):
		return fmt.Sprintf(v.OverUntil, v.recent(v.Between, Window{a.Since, a.Until}, now))
	default:
		return fmt.Sprintf(v.Over, v.near(a.Since, now))
	}
}

// lead counts what failed, and says so when that is not what the advice is
// about: probes fail now, or they alone met the fault.
func (v voice) lead(a Action) string {
	first := v.firstFailed(a.First)
	switch {
	case a.Down:
		return fmt.Sprintf(v.DownNow, first)
	case a.Looks:
		return fmt.Sprintf(v.ProbesFailed, first)
	default:
		return first
	}
}

// partly reports whether an action is about a server that was not reached, by
// less than half of the first attempts: others reach it.
func (a Action) partly() bool {
	switch a.Word {
	case AdviseConnect, AdviseDNS, AdviseTLS:
		return !a.Down && 2*a.First.Failed < a.First.Total
	default:
		return false
	}
}

// within is how long an answer was waited for. Probes wait for less than
// senders do, and nobody asks how long.
func (v voice) within(a Action) string {
	if a.Looks {
		return v.InTime
	}
	return fmt.Sprintf(v.Within, v.seconds(a.Deadline))
}

// undelivered says that nothing is delivered, unless most first attempts say
// otherwise.
func (v voice) undelivered(a Action) string {
	if a.Down || 2*a.First.Failed >= a.First.Total {
		return v.NoDelivery
	}
	return ""
}

// certificateEnd is what an action says of the end of a certificate; empty
// when it is not about it, or when its end is not where the action says.
func (v voice) certificateEnd(a Action, now time.Time) string {
	switch left := a.At.Sub(now); {
	case a.At.IsZero():
		return ""
	case a.Word == AdviseExpiring:
		return " " + fmt.Sprintf(v.CertificateEnds, v.moment(a.At), v.days(left))
	case a.Word == AdviseExpired && left <= 0:
		return " " + fmt.Sprintf(v.On, v.moment(a.At))
	case a.Word == AdviseRenewed && left > 0:
		return fmt.Sprintf(v.CertificateGood, v.moment(a.At), v.days(left))
	default:
		return ""
	}
}

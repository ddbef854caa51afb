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
	counted := a.First.Failed > 0
	switch was := v.Was[a.Word]; {
	case a.Word == AdviseExpiring, a.comes(), a.Word == AdviseLost: // not about attempts of the window
	case !a.Since.IsZero() && was != "" && counted:
		words, before = was, fmt.Sprintf(v.Over, v.near(a.Since, now))+" "+fmt.Sprintf(v.OverBefore, v.firstFailed(a.First))+" "
	case !a.Since.IsZero() && was != "":
		words, before = was, fmt.Sprintf(v.Over, v.near(a.Since, now))+" "+v.OverPlain+" "
	case counted:
		before = v.firstFailed(a.First) + ". "
	}
	text := before + strings.NewReplacer(
		"{fault}", v.plainFault(a.Fault), "{end}", v.certificateEnd(a, now), "{took}", v.seconds(a.Took), "{covered}", v.length(a.Took), "{limit}", v.seconds(a.Deadline),
		"{loss}", v.loss(a.Loss, a.At, now), "{lost}", v.lost(a.Loss.Events, a.Loss.LowerBound),
	).Replace(words)
	if a.More > 0 {
		text += " " + fmt.Sprintf(v.Also, a.More)
	}
	return text
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

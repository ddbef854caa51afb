package slack

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// standing is what a reader has to know of the message before what it says:
// that it is late, that nobody answers, that it is quiet.
func (w words) standing() string {
	return join(w.late(), w.again(), w.quiet(), w.flapping(), w.doubt())
}

// again says that this was told before, and nobody has answered.
func (w words) again() string {
	if w.f.Again <= 0 || !w.f.State.Live() {
		return ""
	}
	text := "Told for the " + ordinal(w.f.Again+1) + " time"
	if !strings.Contains(w.f.Happened, "nobody has acknowledged it") { // else that is said
		text += ": nobody has acknowledged it"
	}
	return text + "."
}

// ordinal is n, from 1, as it is spoken.
func ordinal(n int) string {
	end := "th"
	if tens := n % 100 / 10; tens != 1 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return strconv.Itoa(n) + end
}

func (w words) quiet() string {
	if w.f.QuietUntil.IsZero() || !w.f.State.Live() {
		return ""
	}
	text := "Quiet until " + utc(w.f.QuietUntil)
	if who := alerting.Line(w.f.QuietBy, maxValue); who != "" {
		text += ": " + who
	}
	return text
}

func (w words) flapping() string {
	if !w.f.Flapping || !w.f.State.Live() {
		return ""
	}
	return "It comes and goes: this is told again once it has been stable."
}

// doubt is why it may be us who fail.
func (w words) doubt() string {
	if w.f.Doubt == "" || !w.f.State.Live() {
		return ""
	}
	return "It may be our own side: " + alerting.Line(w.f.Doubt, maxWhy) + "."
}

// affects is what is broken for whom, how much of it, and since when.
func (w words) affects() string {
	if w.f.State == "" {
		return ""
	}
	whom, share := w.whom(), w.share()
	switch {
	case whom == "":
		return share
	case w.f.StartedAt.IsZero():
		return joinWith("; ", "Affects "+whom, share)
	case w.f.State.Live(), w.f.GoesOnIn != "":
		return joinWith("; ", "Affects "+whom+" since "+utc(w.f.StartedAt), share)
	}
	text := "Affected " + whom + " from " + utc(w.f.StartedAt)
	if end := w.f.WellSince(); end.After(w.f.StartedAt) {
		text += " to " + utc(end) + ", " + alerting.Between(w.f.StartedAt, end).String()
	}
	return joinWith("; ", text, share)
}

// whom names the merchant, or counts what is hit; empty when neither is known.
func (w words) whom() string {
	a, id := w.f.About, alerting.Line(w.f.Merchant, 60)
	who := alerting.Line(a.MerchantName, 80)
	switch {
	case who == "":
		who = id
	case id != "" && id != who:
		who += " (" + id + ")"
	}
	if service := alerting.Line(a.Service, 60); who == "" && service != "" {
		who = "our own service " + service
	}
	if a.Endpoints > 1 || who == "" && a.Endpoints > 0 {
		who = joinWith(": ", who, count(a.Endpoints, "endpoint"))
		if a.Merchants > 1 {
			who += " of " + count(a.Merchants, "merchant")
		}
	}
	if host := alerting.Line(a.Host, 100); host != "" {
		who = strings.TrimSpace(who + " at " + host)
	}
	return who
}

// share is how much of it fails, and did at worst.
func (w words) share() string {
	now, peak := ratio(w.f.Share), ratio(w.f.PeakShare)
	switch {
	case !w.f.State.Live() && peak != "":
		return "at worst " + peak + " failed"
	case !w.f.State.Live(), now == "" && peak == "":
		return ""
	case peak == "" || peak == now:
		return now + " fails now"
	default:
		return cmp.Or(now, "0%") + " fails now, at worst " + peak
	}
}

// ratio writes a share; empty for none, and for what is no share.
func ratio(f float64) string {
	if !(f > 0 && f <= 1) { // NaN is neither
		return ""
	}
	return rules.Ratio(f).Short()
}

// outlook is why it fails, what to do, and what is lost when nobody does.
func (w words) outlook() string {
	a := w.f.About
	var lines []string
	if why := alerting.Line(a.Why, maxWhy); why != "" {
		lines = append(lines, "Cause: "+why)
	}
	if advice := alerting.Line(a.Advice, maxWhy); advice != "" && w.f.State.Live() {
		lines = append(lines, "What to do: "+advice)
	}
	return join(append(lines, w.losses())...)
}

// losses is the clock that runs: events that are not delivered yet, and when
// the first of them is given up.
func (w words) losses() string {
	a := w.f.About
	var parts []string
	if a.Waiting > 0 {
		parts = append(parts, count(a.Waiting, "event")+" failed and "+verb(a.Waiting, "waits", "wait")+" for a retry")
	}
	if a.AtRisk > 0 {
		text := fmt.Sprintf("%s the last automatic try within 6 h", count(a.AtRisk, "event")+" "+verb(a.AtRisk, "gets", "get"))
		if !a.NextLoss.IsZero() {
			text += ", the first at " + utc(a.NextLoss)
		}
		parts = append(parts, text)
	} else if !a.NextLoss.IsZero() {
		parts = append(parts, "the first gets its last automatic try at "+utc(a.NextLoss))
	}
	if a.Lost > 0 {
		parts = append(parts, count(a.Lost, "event")+" had the last try and "+verb(a.Lost, "was", "were")+" not delivered")
	}
	if len(parts) == 0 {
		return ""
	}
	return "At stake: " + strings.Join(parts, "; ")
}

// ackUntil says when an acknowledgement runs out.
func (w words) ackUntil() string {
	if w.f.State != alerting.StateAcknowledged || w.f.AckUntil.IsZero() || w.f.AcknowledgedAt.IsZero() {
		return ""
	}
	return ", until " + utc(w.f.AckUntil)
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// joinWith puts sep between what is not empty.
func joinWith(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

package email

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// tone picks the colour of a mail.
type tone string

const (
	toneBad   tone = "bad"   // somebody is needed
	toneWatch tone = "watch" // it is in hand, or less urgent
	toneGood  tone = "good"  // it is over
	tonePlain tone = "plain"
)

func toneOf(n alerting.Notice, f alerting.Facts) tone {
	switch {
	case n.Kind == alerting.KindTest:
		return tonePlain
	case f.GoesOnIn != "":
		return toneWatch
	case f.State != "" && !f.State.Live() && n.Kind != alerting.KindDead:
		return toneGood
	case cmp.Or(f.Severity, n.Severity) != rules.Critical, f.State == alerting.StateAcknowledged, f.State == alerting.StateRecovering:
		return toneWatch
	default:
		return toneBad
	}
}

// word is what a filter and a tired reader look for first. No two mails that
// say different things of an incident begin alike: mail programs hide the
// second of two with one subject.
func word(n alerting.Notice, f alerting.Facts) string {
	loud := severity(n, f)
	switch n.Kind {
	case alerting.KindTest:
		return "test"
	case alerting.KindDead:
		return joined(loud, "not delivered")
	case alerting.KindSummary:
		return joined(loud, "held back")
	default:
	}
	switch {
	case f.State == "":
		return loud
	case f.GoesOnIn != "":
		return joined(loud, "goes on in #"+alerting.Line(f.GoesOnIn, longName))
	case !f.State.Live():
		return alerting.Line(string(f.State), longName)
	case f.State != alerting.StateOpen:
		return joined(loud, alerting.Line(string(f.State), longName))
	case reopened(f.Happened):
		return joined(loud, "open again")
	case f.Again > 0:
		return joined(loud, ordinal(f.Again+1)+" time")
	case f.At.After(f.OpenedAt) && !f.OpenedAt.IsZero():
		return joined(loud, "update")
	default:
		return loud
	}
}

// reopened reports whether a line holds what the desk says of an incident that
// is bad again.
func reopened(happened string) bool {
	return strings.HasPrefix(happened, "open again: ") || strings.Contains(happened, "; open again: ")
}

func severity(n alerting.Notice, f alerting.Facts) string {
	return alerting.Line(string(cmp.Or(f.Severity, n.Severity)), longName)
}

// joined puts a comma between two words, where there are two.
func joined(a, b string) string { return strings.Trim(a+", "+b, ", ") }

// ordinal writes 2nd, 3rd, 11th.
func ordinal(n int) string {
	end := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		end = "st"
	case n%10 == 2:
		end = "nd"
	case n%10 == 3:
		end = "rd"
	}
	return strconv.Itoa(n) + end
}

// lead says how it stands, and what is odd about this mail, in sentences.
func lead(n alerting.Notice, f alerting.Facts, now time.Time) []string {
	var list []string
	add := func(format string, args ...any) {
		list = append(list, alerting.Line(fmt.Sprintf(format, args...), longText))
	}
	if n.Kind == alerting.KindDead && f.Incident != "" {
		add("Another receiver did not get a notice of this incident, so it is told here. hookvigil outbox ls shows it.")
	}
	if s := standing(f); s != "" {
		add("%s", s)
	}
	switch {
	case n.Kind == alerting.KindDead || !live(f):
	case !f.AcknowledgedAt.IsZero():
		add("%s has it in hand%s.", cmp.Or(f.AcknowledgedBy, "Somebody"), until(f.AckUntil))
	case f.Again > 0:
		add("Told for the %s time: nobody has acknowledged it.", ordinal(f.Again+1))
	}
	if live(f) && f.Flapping {
		add("It comes and goes: once it has been stable, you are told how it ended.")
	}
	if live(f) && (f.QuietBy != "" || !f.QuietUntil.IsZero()) {
		add("It is quiet%s%s.", until(f.QuietUntil), after(": ", f.QuietBy))
	}
	if f.Doubt != "" {
		add("It may be our own side: %s.", f.Doubt)
	}
	if n.Late {
		add("This mail is late: it was decided on %s and sent on %s.", utc(n.Created), utc(now))
	}
	return list
}

// standing says what is so, for whom, since when.
func standing(f alerting.Facts) string {
	since := cmp.Or(utc(f.StartedAt), utc(f.OpenedAt))
	switch {
	case f.State == "" || since == "":
		return ""
	case f.GoesOnIn != "":
		return fmt.Sprintf("Broken%s since %s, with others: it goes on in incident #%s.", after(" for ", whom(f)), since, alerting.Line(f.GoesOnIn, longName))
	case !f.State.Live() && !f.ResolvedAt.IsZero():
		return fmt.Sprintf("Over since %s. Broken%s from %s on%s.", utc(f.WellSince()), after(" for ", whom(f)), since, after(", for ", lasted(f)))
	case f.State == alerting.StateRecovering && !f.RecoveringAt.IsZero():
		return fmt.Sprintf("Well since %s, and watched until that holds. Broken%s since %s.", utc(f.RecoveringAt), after(" for ", whom(f)), since)
	default:
		return fmt.Sprintf("Broken%s since %s.", after(" for ", whom(f)), since)
	}
}

// whom names the merchant, or counts them; empty when neither is known.
func whom(f alerting.Facts) string {
	switch {
	case f.Merchant != "" || f.About.MerchantName != "":
		return merchant(f)
	case f.About.Service != "":
		return "our own service " + alerting.Line(f.About.Service, longName)
	case f.About.Merchants > 0:
		return count(f.About.Merchants, "merchant", "merchants")
	default:
		return ""
	}
}

func merchant(f alerting.Facts) string {
	name, id := alerting.Line(f.About.MerchantName, longName), alerting.Line(f.Merchant, longName)
	if name == "" || name == id || id == "" {
		return cmp.Or(name, id)
	}
	return name + " (" + id + ")"
}

// after puts something before what is not empty.
func after(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func until(t time.Time) string { return after(" until ", utc(t)) }

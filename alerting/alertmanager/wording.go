package alertmanager

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/plain"
)

// Bounds in characters. Alertmanager has none of its own; the chats and mails
// behind it do.
const (
	maxTitle   = 300
	maxText    = 800 // one line of the description
	maxName    = 200 // a name, an ID or a label
	maxMember  = 200 // one line of the members
	maxMembers = 20
	maxLink    = 2000
)

// voice is how Alertmanager wants its strings. Read-only.
var voice = plain.Voice{Clean: clean, Name: maxName, Line: maxMember, Members: maxMembers}

// words puts one notice into words.
type words struct {
	n alerting.Notice
	f alerting.Facts
}

// wordsOf reads the facts of n. Facts that cannot be read are said to be so:
// it is an alert all the same.
func wordsOf(n alerting.Notice) words {
	return words{n: n, f: plain.Read(n)}
}

// ofState reports whether the notice is about an incident as it stands, as
// opposed to one that stands alone.
func (w words) ofState() bool {
	switch w.n.Kind {
	case alerting.KindTest, alerting.KindDead, alerting.KindSummary:
		return false
	default:
		return true
	}
}

// over reports whether the incident that the notice is about is.
func (w words) over() bool {
	return w.ofState() && (w.n.Kind == alerting.KindResolve || w.f.State != "" && !w.f.State.Live())
}

func (w words) severity() string {
	if w.n.Kind == alerting.KindTest {
		return "info"
	}
	return clean(string(w.f.Severity), maxName)
}

// summary is what is broken, and for whom.
func (w words) summary() string {
	text := clean(w.f.Title, maxTitle)
	if w.n.Kind == alerting.KindTest {
		return text + ": this is a test, nothing is wrong"
	}
	if m := voice.Merchant(w.f); m != "" && w.ofState() && !strings.Contains(text, w.f.Merchant) {
		text += ", merchant " + m
	}
	return text
}

// annotations are what may change over the life of an alert. summary,
// description and runbook_url are the names that templates look for.
func (w words) annotations() map[string]string {
	a := map[string]string{
		"summary": w.summary(), "description": w.description(), "state": clean(string(w.f.State), maxName),
		"acknowledged": voice.By(w.f.AcknowledgedAt, w.f.AcknowledgedBy), "resolved": voice.By(w.f.ResolvedAt, w.f.ResolvedBy),
		"url": alerting.Link(w.f.URL, maxLink), "runbook_url": alerting.Link(w.f.Runbook, maxLink),
	}
	maps.DeleteFunc(a, func(_, value string) bool { return value == "" })
	return a
}

// description is all there is to know, a line each, in the order in which
// somebody who was just woken asks.
func (w words) description() string {
	f := w.f
	lines := []string{w.late(), clean(f.Happened, maxText)}
	if evidence := clean(f.Evidence.Text, maxText); evidence != "" && !strings.Contains(f.Happened, f.Evidence.Text) {
		if w.over() {
			evidence = "Seen then: " + evidence
		}
		lines = append(lines, evidence)
	}
	for _, line := range []struct{ label, text string }{
		{"It may be our own side", w.doubt()},
		{"Told again", w.again()},
		{"Cause", clean(f.About.Why, maxText)},
		{"What to do", w.advice()},
		{"Affected", voice.Affected(f, w.over())},
		{"Loss", plain.Loss(f.About)},
		{"Bad since", plain.UTC(f.StartedAt)},
		{"Opened", plain.UTC(f.OpenedAt)},
		{"Acknowledged", voice.By(f.AcknowledgedAt, f.AcknowledgedBy)},
		{"Mitigated", plain.UTC(f.MitigatedAt)},
		{"Recovering since", plain.UTC(f.RecoveringAt)},
		{"Resolved", voice.By(f.ResolvedAt, f.ResolvedBy)},
		{"Flapping", w.flapping()},
		{"Clears after", w.clears()},
	} {
		if line.text != "" {
			lines = append(lines, line.label+": "+line.text)
		}
	}
	for _, item := range slices.Concat(voice.Listed(f), voice.Held(f)) {
		lines = append(lines, "- "+item)
	}
	return strings.Join(plain.Filled(lines), "\n")
}

// late says that the alert is old news.
func (w words) late() string {
	if !w.n.Late || w.n.Created.IsZero() {
		return ""
	}
	return "Sent late: decided at " + plain.UTC(w.n.Created)
}

func (w words) flapping() string {
	if !w.f.Flapping {
		return ""
	}
	return "it comes and goes: told again once it has been stable"
}

// again says that nobody has answered.
func (w words) again() string {
	if w.f.Again <= 0 || w.over() {
		return ""
	}
	return fmt.Sprintf("told %d times: nobody has acknowledged it", w.f.Again+1)
}

// doubt is why it may be us who fail.
func (w words) doubt() string {
	if w.over() {
		return ""
	}
	return clean(w.f.Doubt, maxText)
}

// advice is what to do, while there is something to do.
func (w words) advice() string {
	if w.over() {
		return ""
	}
	return clean(w.f.About.Advice, maxText)
}

func (w words) clears() string {
	if w.over() {
		return ""
	}
	return clean(w.f.Evidence.Clears, maxText)
}

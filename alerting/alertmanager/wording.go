package alertmanager

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
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

// words puts one notice into words.
type words struct {
	n alerting.Notice
	f alerting.Facts
}

// wordsOf reads the facts of n. Facts that cannot be read are said to be so:
// it is an alert all the same.
func wordsOf(n alerting.Notice) words {
	w := words{n: n}
	if err := json.Unmarshal(n.Facts, &w.f); err != nil {
		w.f = alerting.Facts{Title: "a notice about " + n.Subject + " whose facts cannot be read"}
	}
	w.f.Severity = cmp.Or(w.f.Severity, n.Severity)
	if w.f.Title == "" && n.Kind == alerting.KindTest {
		w.f.Title = "Test of a receiver"
	}
	w.f.Title = cmp.Or(w.f.Title, "notice from hookvigil")
	return w
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
	if m := w.merchant(); m != "" && w.ofState() && !strings.Contains(text, w.f.Merchant) {
		text += ", merchant " + m
	}
	return text
}

// merchant is whose it is, by ID and name.
func (w words) merchant() string {
	id, name := clean(w.f.Merchant, maxName), clean(w.f.About.MerchantName, maxName)
	if id == "" || name == "" || name == id {
		return cmp.Or(id, name)
	}
	return id + " (" + name + ")"
}

// annotations are what may change over the life of an alert. summary,
// description and runbook_url are the names that templates look for.
func (w words) annotations() map[string]string {
	a := map[string]string{
		"summary": w.summary(), "description": w.description(), "state": clean(string(w.f.State), maxName),
		"acknowledged": by(w.f.AcknowledgedAt, w.f.AcknowledgedBy), "resolved": by(w.f.ResolvedAt, w.f.ResolvedBy),
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
		{"Affected", w.affected()},
		{"Loss", loss(f.About)},
		{"Bad since", utc(f.StartedAt)},
		{"Opened", utc(f.OpenedAt)},
		{"Acknowledged", by(f.AcknowledgedAt, f.AcknowledgedBy)},
		{"Mitigated", utc(f.MitigatedAt)},
		{"Recovering since", utc(f.RecoveringAt)},
		{"Resolved", by(f.ResolvedAt, f.ResolvedBy)},
		{"Flapping", w.flapping()},
		{"Clears after", w.clears()},
	} {
		if line.text != "" {
			lines = append(lines, line.label+": "+line.text)
		}
	}
	lines = append(append(lines, members(f)...), held(f)...)
	return strings.Join(filled(lines), "\n")
}

// late says that the alert is old news.
func (w words) late() string {
	if !w.n.Late || w.n.Created.IsZero() {
		return ""
	}
	return "Sent late: decided at " + utc(w.n.Created)
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

// affected is how far it reaches, or did.
func (w words) affected() string {
	f := w.f
	var of, share string
	if f.About.Endpoints > 0 {
		of = count(f.About.Endpoints, "endpoint")
	}
	if service := clean(f.About.Service, maxName); service != "" {
		of = "our own service " + service
	}
	if f.About.Merchants > 0 {
		of = strings.TrimPrefix(of+" of "+count(f.About.Merchants, "merchant"), " of ")
	}
	if f.Share > 0 && !w.over() {
		share = rules.Ratio(f.Share).String() + " fails now"
	}
	if f.PeakShare > f.Share || w.over() && f.PeakShare > 0 {
		share = join(share, rules.Ratio(f.PeakShare).String()+" at worst")
	}
	return join(of, share)
}

// loss is what will be lost when nobody does anything.
func loss(a alerting.About) string {
	var waiting, risk, lost string
	if a.Waiting > 0 {
		waiting = count(a.Waiting, "failed event") + " waiting for a retry"
	}
	if a.AtRisk > 0 {
		risk = fmt.Sprintf("%d with the last automatic try within 6 h", a.AtRisk)
	}
	if !a.NextLoss.IsZero() {
		risk = join(risk, "the first at "+utc(a.NextLoss))
	}
	if a.Lost > 0 {
		lost = fmt.Sprintf("%d had the last automatic try and were not delivered", a.Lost)
	}
	return join(waiting, risk, lost)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// members lists the conditions of an incident that has several, open ones first.
func members(f alerting.Facts) []string {
	if f.MemberCount < 2 || f.State == "" {
		return nil
	}
	var lines []string
	for _, m := range f.Members[:min(len(f.Members), maxMembers)] {
		lines = append(lines, memberLine(m))
	}
	if more := f.MemberCount - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", more))
	}
	return lines
}

func memberLine(m alerting.Member) string {
	mark := "- cleared: "
	if m.Open {
		mark = "- open: "
	}
	_, id := m.Scope.Split()
	line := mark + clean(cmp.Or(id, string(m.Scope)), maxName)
	if m.Fault != "" && !strings.HasPrefix(m.Text, m.Fault) { // else the text says it
		line += ", " + clean(m.Fault, maxName)
	}
	line += since(m.Since)
	if m.Text != "" {
		line += ": " + clean(m.Text, maxMember)
	}
	return alerting.Cut(line, maxMember)
}

// held lists what the summary of a storm stands for, the worst first.
func held(f alerting.Facts) []string {
	var lines []string
	for _, h := range f.Held {
		lines = append(lines, "- "+h.Line(clean, maxName, maxMember))
	}
	if more := f.HeldMore(); more > 0 && len(lines) > 0 {
		lines = append(lines, "- and "+count(more, "message")+" about others: hookvigil incident ls")
	}
	return lines
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + utc(t)
}

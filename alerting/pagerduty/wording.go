package pagerduty

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// Bounds in characters. All of them together keep an event far below
// PagerDuty's 512 KB, whatever the strings of strangers are.
const (
	maxSummary = 1024 // PagerDuty's
	maxTitle   = 500  // of it
	maxText    = 1000 // one detail
	maxName    = 120  // a name or an ID
	maxMember  = 300  // one line of the members
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

// summary is what a phone reads out: what is broken, for whom, since when.
func (w words) summary() string {
	text := alerting.Line(w.f.Title, maxTitle)
	if w.n.Kind == alerting.KindTest {
		return alerting.Cut(text+": this is a test, nothing is wrong", maxSummary)
	}
	if w.n.Kind == alerting.KindPulse {
		return alerting.Cut(text+": the weekly proof that events arrive, nothing is wrong", maxSummary)
	}
	if w.n.Kind == alerting.KindDead || w.n.Kind == alerting.KindSummary {
		return alerting.Cut(join(text, alerting.Line(w.f.Happened, maxTitle)), maxSummary)
	}
	if m := w.merchant(); m != "" && !strings.Contains(text, w.f.Merchant) {
		text += ", merchant " + m
	}
	return alerting.Cut(text+since(cmp.Or(w.f.StartedAt, w.f.OpenedAt)), maxSummary)
}

// source is what is broken, as PagerDuty wants to know it.
func (w words) source() string {
	return cmp.Or(alerting.Line(w.f.About.Host, maxName), alerting.Line(string(w.f.Scope), maxName), "hookvigil")
}

func (w words) severity() string {
	if w.n.Kind == alerting.KindTest || w.n.Kind == alerting.KindPulse {
		return "info"
	}
	return severityOf(w.f.Severity)
}

// merchant is whose it is, by ID and name.
func (w words) merchant() string {
	id, name := alerting.Line(w.f.Merchant, maxName), alerting.Line(w.f.About.MerchantName, maxName)
	if id == "" || name == "" || name == id {
		return cmp.Or(id, name)
	}
	return id + " (" + name + ")"
}

// details is what PagerDuty shows as a table, in the order in which somebody
// who was just woken asks. What is not known is not there.
type details struct {
	Late         string   `json:"late,omitempty"`
	Again        string   `json:"told_again,omitempty"`
	Doubt        string   `json:"may_be_our_side,omitempty"`
	Happened     string   `json:"happened,omitempty"`
	Evidence     string   `json:"evidence,omitempty"`
	Cause        string   `json:"cause,omitempty"`
	Advice       string   `json:"what_to_do,omitempty"`
	Affected     string   `json:"affected,omitempty"`
	Loss         string   `json:"loss,omitempty"`
	BadSince     string   `json:"bad_since,omitempty"`
	Opened       string   `json:"opened,omitempty"`
	Acknowledged string   `json:"acknowledged,omitempty"`
	Mitigated    string   `json:"mitigated,omitempty"`
	Recovering   string   `json:"recovering,omitempty"`
	Clears       string   `json:"clears_after,omitempty"`
	Flapping     string   `json:"flapping,omitempty"`
	Merchant     string   `json:"merchant,omitempty"`
	State        string   `json:"state,omitempty"`
	Severity     string   `json:"severity,omitempty"`
	Members      []string `json:"members,omitempty"`
	Held         []string `json:"held_back,omitempty"`
	Incident     string   `json:"incident,omitempty"`
	Notice       string   `json:"notice,omitempty"`
}

func (w words) details() *details {
	f := w.f
	d := details{
		Happened: alerting.Line(f.News(), maxText), Evidence: alerting.Line(f.Evidence.Text, maxText), Cause: alerting.Line(f.About.Why, maxText),
		Doubt: alerting.Line(f.Doubt, maxText), Held: held(f),
		Advice: alerting.Line(f.About.Advice, maxText), Affected: affected(f), Loss: loss(f.About),
		BadSince: utc(f.StartedAt), Opened: utc(f.OpenedAt), Acknowledged: by(f.AcknowledgedAt, f.AcknowledgedBy),
		Mitigated: utc(f.MitigatedAt), Recovering: utc(f.RecoveringAt), Clears: alerting.Line(f.Evidence.Clears, maxText), Merchant: w.merchant(),
		State: alerting.Line(string(f.State), maxName), Severity: alerting.Line(string(f.Severity), maxName), Members: members(f),
		Incident: alerting.Line(f.Incident, maxName), Notice: alerting.Line(w.n.ID, maxName),
	}
	if w.n.Late && !w.n.Created.IsZero() {
		d.Late = "sent late: decided at " + utc(w.n.Created)
	}
	if f.Again > 0 && f.State.Live() {
		d.Again = fmt.Sprintf("told %d times: nobody has acknowledged it", f.Again+1)
	}
	if f.Flapping {
		d.Flapping = "it comes and goes: told again once it has been stable"
	}
	return &d
}

// affected is how far it reaches.
func affected(f alerting.Facts) string {
	var of, share string
	if f.About.Endpoints > 0 {
		of = count(f.About.Endpoints, "endpoint")
	}
	if service := alerting.Line(f.About.Service, maxName); service != "" {
		of = "our own service " + service
	}
	if f.About.Merchants > 0 {
		of = strings.TrimPrefix(of+" of "+count(f.About.Merchants, "merchant"), " of ")
	}
	if f.Share > 0 {
		share = rules.Ratio(f.Share).String() + " fails now"
	}
	if f.PeakShare > f.Share {
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
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

func memberLine(m alerting.Member) string {
	mark := "cleared"
	if m.Open {
		mark = "open"
	}
	_, id := m.Scope.Split()
	line := mark + ": " + alerting.Line(cmp.Or(id, string(m.Scope)), maxName)
	if m.Fault != "" && !strings.HasPrefix(m.Text, m.Fault) { // else the text says it
		line += ", " + alerting.Line(m.Fault, maxName)
	}
	line += since(m.Since)
	if m.Text != "" {
		line += ": " + alerting.Line(m.Text, maxMember)
	}
	return alerting.Cut(line, maxMember)
}

// held lists what the summary of a storm stands for, the worst first.
func held(f alerting.Facts) []string {
	var lines []string
	for _, h := range f.Held {
		lines = append(lines, h.Line(alerting.Line, maxName, maxMember))
	}
	if more := f.HeldMore(); more > 0 && len(lines) > 0 {
		lines = append(lines, "and "+count(more, "message")+" about others: hookvigil incident ls")
	}
	return lines
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + utc(t)
}

package pagerduty

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/plain"
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

// voice is how PagerDuty wants its strings. Read-only.
var voice = plain.Voice{Clean: alerting.Line, Name: maxName, Line: maxMember, Members: maxMembers}

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
		return alerting.Cut(plain.Join(text, alerting.Line(w.f.Happened, maxTitle)), maxSummary)
	}
	if m := voice.Merchant(w.f); m != "" && !strings.Contains(text, w.f.Merchant) {
		text += ", merchant " + m
	}
	return alerting.Cut(text+plain.Since(cmp.Or(w.f.StartedAt, w.f.OpenedAt)), maxSummary)
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
		Doubt: alerting.Line(f.Doubt, maxText), Held: voice.Held(f),
		Advice: alerting.Line(f.About.Advice, maxText), Affected: voice.Affected(f, false), Loss: plain.Loss(f.About),
		BadSince: plain.UTC(f.StartedAt), Opened: plain.UTC(f.OpenedAt), Acknowledged: voice.By(f.AcknowledgedAt, f.AcknowledgedBy),
		Mitigated: plain.UTC(f.MitigatedAt), Recovering: plain.UTC(f.RecoveringAt), Clears: alerting.Line(f.Evidence.Clears, maxText), Merchant: voice.Merchant(f),
		State: alerting.Line(string(f.State), maxName), Severity: alerting.Line(string(f.Severity), maxName), Members: voice.Listed(f),
		Incident: alerting.Line(f.Incident, maxName), Notice: alerting.Line(w.n.ID, maxName),
	}
	if w.n.Late && !w.n.Created.IsZero() {
		d.Late = "sent late: decided at " + plain.UTC(w.n.Created)
	}
	if f.Again > 0 && f.State.Live() {
		d.Again = fmt.Sprintf("told %d times: nobody has acknowledged it", f.Again+1)
	}
	if f.Flapping {
		d.Flapping = "it comes and goes: told again once it has been stable"
	}
	return &d
}

package api

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// incidentView is an incident as it is answered. Moments that have not come
// are left out.
type incidentView struct {
	ID             string         `json:"id"`
	Number         string         `json:"number" doc:"The end of the ID, for people"`
	Version        int            `json:"version" doc:"Grows with every change; a command names it"`
	State          alerting.State `json:"state" enum:"open,acknowledged,mitigated,recovering,resolved,reconciled"`
	Severity       rules.Severity `json:"severity" enum:"critical,high,low"`
	Rule           rules.Rule     `json:"rule"`
	Scope          rules.Scope    `json:"scope"`
	Merchant       string         `json:"merchant" doc:"When it concerns one alone"`
	Title          string         `json:"title"`
	Evidence       rules.Evidence `json:"evidence"`
	StartedAt      time.Time      `json:"started_at,omitzero" doc:"First bad fact"`
	DetectedAt     time.Time      `json:"detected_at,omitzero" doc:"A rule said so"`
	OpenedAt       time.Time      `json:"opened_at,omitzero"`
	AcknowledgedAt time.Time      `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string         `json:"acknowledged_by"`
	ResolvedAt     time.Time      `json:"resolved_at,omitzero"`
	ResolvedBy     string         `json:"resolved_by" doc:"Empty: by the rules"`
	Reopens        int            `json:"reopens"`
	Parent         string         `json:"parent" doc:"It was folded into that incident"`
	MemberCount    int            `json:"member_count"`
	Members        []memberView   `json:"members,omitzero" doc:"Not in lists"`
	Timeline       []entryView    `json:"timeline,omitzero" doc:"Not in lists"`
}

// memberView is one episode of a condition in an incident.
type memberView struct {
	Rule     rules.Rule  `json:"rule"`
	Scope    rules.Scope `json:"scope"`
	Merchant string      `json:"merchant"`
	Fault    string      `json:"fault"`
	Text     string      `json:"text"`
	Since    time.Time   `json:"since,omitzero"`
	LeftAt   time.Time   `json:"left_at,omitzero" doc:"Missing: it is still open"`
}

// entryView is one line of a timeline.
type entryView struct {
	Seq   int                `json:"seq"`
	At    time.Time          `json:"at"`
	Kind  alerting.EntryKind `json:"kind"`
	Actor string             `json:"actor" doc:"Empty: hookvigil"`
	Text  string             `json:"text"`
}

// viewOfIncident shows an incident as lists show it.
func viewOfIncident(in alerting.Incident) incidentView {
	return incidentView{
		ID: in.ID, Number: in.Number(), Version: in.Version, State: in.State, Severity: in.Severity, Rule: in.Rule, Scope: in.Scope,
		Merchant: in.Merchant, Title: in.Title, Evidence: in.Evidence,
		StartedAt: in.StartedAt.UTC(), DetectedAt: in.DetectedAt.UTC(), OpenedAt: in.OpenedAt.UTC(),
		AcknowledgedAt: in.AcknowledgedAt.UTC(), AcknowledgedBy: in.AcknowledgedBy,
		ResolvedAt: in.ResolvedAt.UTC(), ResolvedBy: in.ResolvedBy, Reopens: in.Reopens, Parent: in.Parent, MemberCount: len(in.Members),
	}
}

// wholeIncident shows an incident with its members and its timeline.
func wholeIncident(in alerting.Incident, entries []alerting.Entry) incidentView {
	v := viewOfIncident(in)
	v.Members, v.Timeline = make([]memberView, 0, len(in.Members)), make([]entryView, 0, len(entries))
	for _, m := range in.Members {
		v.Members = append(v.Members, memberView{
			Rule: m.Key.Rule, Scope: m.Key.Scope, Merchant: m.Merchant, Fault: m.Fault, Text: m.Text, Since: m.Since.UTC(), LeftAt: m.Left.UTC(),
		})
	}
	for _, e := range entries {
		v.Timeline = append(v.Timeline, entryView{Seq: e.Seq, At: e.At.UTC(), Kind: e.Kind, Actor: e.Actor, Text: e.Text})
	}
	return v
}

// cleanRemark makes what a person wrote fit for a line of a timeline: blanks
// for line ends, and nothing that cannot be seen.
func cleanRemark(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == utf8.RuneError || !unicode.IsGraphic(c):
			return -1
		}
		return c
	}, s))
}

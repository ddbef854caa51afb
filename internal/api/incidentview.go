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
	AlertedAt      time.Time      `json:"alerted_at,omitzero" doc:"A receiver first accepted a notice of it"`
	AcknowledgedAt time.Time      `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string         `json:"acknowledged_by"`
	AckUntil       time.Time      `json:"ack_until,omitzero" doc:"Then it is open again when it still fails"`
	MitigatedAt    time.Time      `json:"mitigated_at,omitzero" doc:"First fix: what fails fell to half of the peak, or a person said so"`
	RecoveringAt   time.Time      `json:"recovering_at,omitzero" doc:"Nothing of it fails since then"`
	ResolvedAt     time.Time      `json:"resolved_at,omitzero"`
	ResolvedBy     string         `json:"resolved_by" doc:"Empty: by the rules"`
	ReconciledAt   time.Time      `json:"reconciled_at,omitzero" doc:"What had failed is delivered or written off"`
	Share          float64        `json:"share" doc:"Of what it is about that fails: of the traffic, or of its endpoints; 0..1"`
	SharePeak      float64        `json:"share_peak" doc:"At worst"`
	Flapping       bool           `json:"flapping" doc:"It comes and goes: told again once it is stable"`
	Quiet          *quietView     `json:"quiet,omitempty" doc:"What keeps it quiet; missing: nothing"`
	AgainAt        time.Time      `json:"again_at,omitzero" doc:"When it is told again unless somebody acknowledges it"`
	OverAt         time.Time      `json:"over_at,omitzero" doc:"When it is over unless something fails until then"`
	Reopens        int            `json:"reopens"`
	Parent         string         `json:"parent" doc:"It was folded into that incident"`
	MemberCount    int            `json:"member_count"`
	Members        []memberView   `json:"members,omitzero" doc:"Not in lists"`

	Reconciliation []reconciliationView `json:"reconciliation,omitempty" doc:"By payment channel, of events whose first attempt failed; not in lists"`
	Timeline       []entryView          `json:"timeline,omitzero" doc:"Not in lists"`
}

// quietView is what keeps an incident quiet.
type quietView struct {
	ID     string            `json:"id"`
	Kind   alerting.HushKind `json:"kind" enum:"silence,maintenance"`
	By     string            `json:"by"`
	Reason string            `json:"reason"`
	Until  time.Time         `json:"until"`
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
	v := incidentView{
		ID: in.ID, Number: in.Number(), Version: in.Version, State: in.State, Severity: in.Severity, Rule: in.Rule, Scope: in.Scope,
		Merchant: in.Merchant, Title: in.Title, Evidence: in.Evidence,
		StartedAt: in.StartedAt.UTC(), DetectedAt: in.DetectedAt.UTC(), OpenedAt: in.OpenedAt.UTC(),
		AlertedAt: in.AlertedAt.UTC(), AcknowledgedAt: in.AcknowledgedAt.UTC(), AcknowledgedBy: in.AcknowledgedBy, AckUntil: in.AckUntil.UTC(),
		MitigatedAt: in.MitigatedAt.UTC(), RecoveringAt: in.RecoveringAt.UTC(), ResolvedAt: in.ResolvedAt.UTC(), ResolvedBy: in.ResolvedBy,
		ReconciledAt: in.ReconciledAt.UTC(), Share: in.ShareNow, SharePeak: in.SharePeak, Flapping: !in.Story.FlappingSince.IsZero(),
		Reopens: in.Reopens, Parent: in.Parent, MemberCount: len(in.Members),
		AgainAt: in.Story.AgainAt.UTC(), OverAt: in.Story.OverAt.UTC(),
	}
	if h := in.Story.Hush; h.ID != "" && !h.Until.IsZero() { // else it is over, and nothing fails
		v.Quiet = &quietView{ID: h.ID, Kind: h.Kind, By: h.By, Reason: h.Reason, Until: h.Until.UTC()}
	}
	return v
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

package webhook

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// envelope is the body, as Standard Webhooks has it.
type envelope struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened, UTC
	Data      any       `json:"data"`
}

// data is what happened. docs/webhook-receiver.md promises each name: one may
// be added, none is renamed. What is not known is left out.
type data struct {
	Notice      alerting.Kind  `json:"notice"`
	Title       string         `json:"title"`
	Severity    rules.Severity `json:"severity"`
	Happened    string         `json:"happened,omitempty"`
	DecidedAt   time.Time      `json:"decided_at,omitzero"`
	Incident    *incident      `json:"incident,omitempty"`
	Evidence    evidence       `json:"evidence,omitzero"`
	Cause       cause          `json:"cause,omitzero"`
	Impact      impact         `json:"impact,omitzero"`
	Members     []member       `json:"members,omitempty"`
	MemberCount int            `json:"member_count,omitempty"`
	Held        []held         `json:"held_back,omitempty"`
}

// held is an incident that the summary of a storm stands for.
type held struct {
	Incident string         `json:"incident,omitempty"`
	Number   string         `json:"number,omitempty"`
	Title    string         `json:"title"`
	Severity rules.Severity `json:"severity"`
	State    alerting.State `json:"state,omitempty"`
	URL      string         `json:"url,omitempty"`
	Messages int            `json:"messages"`
}

type incident struct {
	ID                string         `json:"id"`
	Number            string         `json:"number"`
	Key               string         `json:"key,omitempty"`
	Version           int            `json:"version"`
	Rule              rules.Rule     `json:"rule"`
	Scope             rules.Scope    `json:"scope"`
	State             alerting.State `json:"state"`
	Merchant          string         `json:"merchant,omitempty"`
	MerchantName      string         `json:"merchant_name,omitempty"`
	Host              string         `json:"host,omitempty"`
	StartedAt         time.Time      `json:"started_at,omitzero"`
	OpenedAt          time.Time      `json:"opened_at,omitzero"`
	AcknowledgedAt    time.Time      `json:"acknowledged_at,omitzero"`
	AcknowledgedBy    string         `json:"acknowledged_by,omitempty"`
	AcknowledgedUntil time.Time      `json:"acknowledged_until,omitzero"`
	MitigatedAt       time.Time      `json:"mitigated_at,omitzero"`
	RecoveringAt      time.Time      `json:"recovering_at,omitzero"`
	ResolvedAt        time.Time      `json:"resolved_at,omitzero"`
	ResolvedBy        string         `json:"resolved_by,omitempty"`
	QuietUntil        time.Time      `json:"quiet_until,omitzero"`
	QuietBy           string         `json:"quiet_by,omitempty"`
	Doubt             string         `json:"doubt,omitempty"`
	Flapping          bool           `json:"flapping,omitempty"`
	ToldAgain         int            `json:"told_again,omitempty"`
	URL               string         `json:"url,omitempty"`
	Runbook           string         `json:"runbook,omitempty"`
}

type evidence struct {
	Text        string    `json:"text,omitempty"`
	From        time.Time `json:"from,omitzero"`
	To          time.Time `json:"to,omitzero"`
	Numerator   int       `json:"numerator,omitempty"`
	Denominator int       `json:"denominator,omitempty"`
	Threshold   float64   `json:"threshold,omitempty"`
	Baseline    float64   `json:"baseline,omitempty"`
	Where       place     `json:"where,omitzero"`
	How         place     `json:"how,omitzero"`
	Clears      string    `json:"clears,omitempty"`
}

type place struct {
	Dimension string  `json:"dimension"`
	Value     string  `json:"value"`
	Share     float64 `json:"share"`
}

type cause struct {
	Word   string `json:"word,omitempty"`
	Why    string `json:"why,omitempty"`
	Advice string `json:"advice,omitempty"`
}

type impact struct {
	Share     float64   `json:"share,omitempty"`
	PeakShare float64   `json:"peak_share,omitempty"`
	Endpoints int       `json:"endpoints,omitempty"`
	Merchants int       `json:"merchants,omitempty"`
	Waiting   int       `json:"events_waiting,omitempty"`
	AtRisk    int       `json:"events_at_risk,omitempty"`
	NextLoss  time.Time `json:"next_loss_at,omitzero"`
	Lost      int       `json:"events_lost,omitempty"`
}

type member struct {
	Rule  rules.Rule  `json:"rule"`
	Scope rules.Scope `json:"scope"`
	Fault string      `json:"fault,omitempty"`
	Text  string      `json:"text,omitempty"`
	Open  bool        `json:"open"`
	Since time.Time   `json:"since,omitzero"`
}

// encode returns the body of n: the same bytes on every try, but for a reduced
// one, which leaves out what only explains. The facts of kinds that are not
// about incidents, such as digests, go as they are.
func encode(n alerting.Notice) ([]byte, error) {
	if !told(n.Kind) {
		body, err := json.Marshal(envelope{Type: string(n.Kind), Timestamp: n.Created.UTC(), Data: n.Facts})
		if err != nil {
			return nil, fmt.Errorf("write the facts of kind %q: no valid JSON", clip(string(n.Kind)))
		}
		return body, nil
	}
	var f alerting.Facts
	if err := json.Unmarshal(n.Facts, &f); err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	at := f.At
	if at.IsZero() {
		at = n.Created
	}
	body, err := json.Marshal(envelope{Type: typeOf(n.Kind, f), Timestamp: at.UTC(), Data: newData(n, f)})
	if err != nil {
		return nil, fmt.Errorf("write the body: %w", err)
	}
	return body, nil
}

// told reports whether the facts of a kind are [alerting.Facts].
func told(k alerting.Kind) bool {
	switch k {
	case alerting.KindRoot, alerting.KindUpdate, alerting.KindPage, alerting.KindResolve, alerting.KindMail, alerting.KindState,
		alerting.KindHook, alerting.KindMerchant, alerting.KindTest, alerting.KindDead, alerting.KindSummary:
		return true
	default:
		return false
	}
}

// typeOf names what happened. The names are documented, and stable.
func typeOf(k alerting.Kind, f alerting.Facts) string {
	switch k {
	case alerting.KindTest:
		return "receiver.test"
	case alerting.KindDead:
		return "notice.dead_letter"
	case alerting.KindSummary:
		return "notice.held_back"
	default:
	}
	entered := map[alerting.State]time.Time{
		alerting.StateOpen: f.OpenedAt, alerting.StateAcknowledged: f.AcknowledgedAt, alerting.StateMitigated: f.MitigatedAt,
		alerting.StateRecovering: f.RecoveringAt, alerting.StateResolved: f.ResolvedAt,
	}[f.State]
	switch {
	case f.State == alerting.StateReconciled:
		return "incident.reconciled"
	case !entered.IsZero() && !entered.Equal(f.At):
		if f.State == alerting.StateOpen && reopened(f.Happened) {
			return "incident.reopened"
		}
		return "incident.updated"
	case f.State == alerting.StateOpen:
		return "incident.opened"
	case f.State == "":
		return "incident.updated"
	default:
		return "incident." + string(f.State)
	}
}

// reopened reports whether a line holds what the desk says of an incident that
// is bad again.
func reopened(happened string) bool {
	return strings.HasPrefix(happened, "open again: ") || strings.Contains(happened, "; open again: ")
}

func newData(n alerting.Notice, f alerting.Facts) data {
	d := data{Notice: n.Kind, Title: f.Title, Severity: f.Severity, Happened: f.Happened, DecidedAt: n.Created.UTC()}
	if d.Severity == "" {
		d.Severity = n.Severity
	}
	if f.Incident != "" {
		d.Incident = newIncident(n, f)
	}
	if n.Reduced {
		return d
	}
	a, e := f.About, f.Evidence
	d.Evidence = evidence{
		e.Text, e.From.UTC(), e.To.UTC(), e.Numerator, e.Denominator, float64(e.Threshold), float64(e.Baseline), placeOf(e.Where), placeOf(e.How), e.Clears,
	}
	d.Cause = cause{a.Cause, a.Why, a.Advice}
	d.Impact = impact{f.Share, f.PeakShare, a.Endpoints, a.Merchants, a.Waiting, a.AtRisk, a.NextLoss.UTC(), a.Lost}
	d.MemberCount = f.MemberCount
	for _, h := range f.Held {
		d.Held = append(d.Held, held(h))
	}
	for _, m := range f.Members {
		d.Members = append(d.Members, member{m.Rule, m.Scope, m.Fault, m.Text, m.Open, m.Since.UTC()})
	}
	return d
}

func placeOf(a rules.Attribution) place {
	return place{string(a.Dimension), a.Value, float64(a.Share)}
}

func newIncident(n alerting.Notice, f alerting.Facts) *incident {
	return &incident{
		ID: f.Incident, Number: f.Number, Key: f.Key, Version: n.Version, Rule: f.Rule, Scope: f.Scope, State: f.State,
		Merchant: f.Merchant, MerchantName: f.About.MerchantName, Host: f.About.Host,
		StartedAt: f.StartedAt.UTC(), OpenedAt: f.OpenedAt.UTC(), AcknowledgedAt: f.AcknowledgedAt.UTC(), AcknowledgedBy: f.AcknowledgedBy,
		AcknowledgedUntil: f.AckUntil.UTC(), MitigatedAt: f.MitigatedAt.UTC(), RecoveringAt: f.RecoveringAt.UTC(),
		ResolvedAt: f.ResolvedAt.UTC(), ResolvedBy: f.ResolvedBy, QuietUntil: f.QuietUntil.UTC(), QuietBy: f.QuietBy,
		Doubt: f.Doubt, Flapping: f.Flapping, ToldAgain: f.Again, URL: f.URL, Runbook: f.Runbook,
	}
}

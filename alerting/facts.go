package alerting

import (
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// State is where an incident stands. The words are stored.
type State string

// The states of an incident.
const (
	StateOpen         State = "open"
	StateAcknowledged State = "acknowledged"
	StateMitigated    State = "mitigated"
	StateRecovering   State = "recovering"
	StateResolved     State = "resolved"
	StateReconciled   State = "reconciled"
)

// Live reports whether somebody still has to do something.
func (s State) Live() bool { return s != StateResolved && s != StateReconciled }

// Facts is what a notice tells, as of its version: everything a receiver
// needs to word it, nothing rendered. Texts that come from strangers are
// cleaned but not escaped: that is for the receiver.
type Facts struct {
	Incident       string         `json:"incident"`      // ID; empty for a test
	Number         string         `json:"number"`        // short, for people: the ID's last 6
	Key            string         `json:"key,omitempty"` // group key and generation: names the incident to other systems, at most 255 bytes
	Title          string         `json:"title"`
	Rule           rules.Rule     `json:"rule"`
	Scope          rules.Scope    `json:"scope"`
	State          State          `json:"state"`
	Severity       rules.Severity `json:"severity"`
	Merchant       string         `json:"merchant,omitempty"`
	Evidence       rules.Evidence `json:"evidence"`
	StartedAt      time.Time      `json:"started_at"`
	OpenedAt       time.Time      `json:"opened_at"`
	AcknowledgedAt time.Time      `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string         `json:"acknowledged_by,omitempty"`
	AckUntil       time.Time      `json:"ack_until,omitzero"` // then it counts as open again
	MitigatedAt    time.Time      `json:"mitigated_at,omitzero"`
	RecoveringAt   time.Time      `json:"recovering_at,omitzero"`
	QuietUntil     time.Time      `json:"quiet_until,omitzero"` // silenced, or in maintenance; zero: neither
	QuietBy        string         `json:"quiet_by,omitempty"`   // whose silence, and why
	Flapping       bool           `json:"flapping,omitempty"`   // comes and goes: told again once it has been stable
	Doubt          string         `json:"doubt,omitempty"`      // why it may be our own side that fails; empty: it is not in doubt
	Again          int            `json:"again,omitempty"`      // the so-manieth time that this is told to somebody who has not answered; 0: the first, and in a reply or a mail also any other news
	Share          float64        `json:"share,omitempty"`      // of what it is about that fails now, 0..1: of traffic, or of its endpoints
	PeakShare      float64        `json:"peak_share,omitempty"` // at worst
	ResolvedAt     time.Time      `json:"resolved_at,omitzero"`
	ResolvedBy     string         `json:"resolved_by,omitempty"`
	GoesOnIn       string         `json:"goes_on_in,omitempty"` // number of the incident that this one goes on in: it is not over
	Members        []Member       `json:"members"`              // worst and oldest first, at most 20
	MemberCount    int            `json:"member_count"`         // all, live or not
	Happened       string         `json:"happened"`             // the one line that this notice is about
	At             time.Time      `json:"at"`                   // when that was
	URL            string         `json:"url,omitempty"`        // of the incident's page; empty without server.public_url
	Runbook        string         `json:"runbook,omitempty"`
	About          About          `json:"about,omitzero"`
	Held           []HeldBack     `json:"held,omitempty"` // of a summary: what it stands for, the worst first, at most 10
}

// WellSince is since when nothing of an incident that is over fails; zero: it
// is not over.
func (f Facts) WellSince() time.Time {
	if f.ResolvedAt.IsZero() || f.RecoveringAt.IsZero() || f.RecoveringAt.After(f.ResolvedAt) {
		return f.ResolvedAt
	}
	return f.RecoveringAt
}

// News is Happened without the title, which stands above it in every message.
func (f Facts) News() string {
	if f.Title == "" {
		return f.Happened
	}
	return strings.Replace(strings.TrimPrefix(f.Happened, f.Title+": "), "; "+f.Title+": ", "; ", 1)
}

// About is what is known around an incident: why it fails, for whom, what to
// do, and what will be lost. What is not known is empty.
type About struct {
	MerchantName string    `json:"merchant_name,omitempty"` // as the merchant writes it: hostile
	Language     string    `json:"language,omitempty"`      // of the merchant: en, id
	Zone         string    `json:"zone,omitempty"`          // of the merchant: an IANA name
	Host         string    `json:"host,omitempty"`          // of the endpoint it is about
	Service      string    `json:"service,omitempty"`       // ID of the service of one's own that it is about; empty: it is about merchants
	Cause        string    `json:"cause,omitempty"`         // a word of the cause matrix, as in "auth_changed"
	Why          string    `json:"why,omitempty"`           // that cause in a sentence
	Now          string    `json:"now,omitempty"`           // what is seen of its one endpoint now, with since when, in a line
	Advice       string    `json:"advice,omitempty"`        // what to do, in a sentence or two
	Endpoints    int       `json:"endpoints,omitempty"`     // that are bad now
	Merchants    int       `json:"merchants,omitempty"`     // of those
	Waiting      int       `json:"waiting,omitempty"`       // events that failed and wait for a retry
	AtRisk       int       `json:"at_risk,omitempty"`       // of these, with their last automatic try within 6 h
	NextLoss     time.Time `json:"next_loss,omitzero"`      // when the first of them gets it
	Lost         int       `json:"lost,omitempty"`          // had it, and were not delivered
}

// Member is one condition of an incident as notices show it.
type Member struct {
	Rule  rules.Rule  `json:"rule"`
	Scope rules.Scope `json:"scope"`
	Fault string      `json:"fault,omitempty"`
	Text  string      `json:"text"`
	Open  bool        `json:"open"`
	Since time.Time   `json:"since"`
}

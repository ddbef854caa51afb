package alerting

import (
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
	Incident       string         `json:"incident"` // ID; empty for a test
	Number         string         `json:"number"`   // short, for people: the ID's last 6
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
	ResolvedAt     time.Time      `json:"resolved_at,omitzero"`
	ResolvedBy     string         `json:"resolved_by,omitempty"`
	Members        []Member       `json:"members"`       // worst and oldest first, at most 20
	MemberCount    int            `json:"member_count"`  // all, live or not
	Happened       string         `json:"happened"`      // the one line that this notice is about
	At             time.Time      `json:"at"`            // when that was
	URL            string         `json:"url,omitempty"` // of the incident's page; empty without server.public_url
	Runbook        string         `json:"runbook,omitempty"`
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

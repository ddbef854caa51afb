package rules

import (
	"strings"
	"time"
)

// Rule names a rule. The words are stable: they are stored, and labels.
type Rule string

// The rules of this version.
const (
	RuleEndpointDown       Rule = "endpoint_down"
	RuleCertificate        Rule = "certificate"
	RulePlatformErrorRatio Rule = "platform_error_ratio"
	RuleProductErrorRatio  Rule = "product_error_ratio"
	RuleChannelErrorRatio  Rule = "channel_error_ratio"
	RuleTypeErrorRatio     Rule = "type_error_ratio"
	RuleMerchantErrorRatio Rule = "merchant_error_ratio"
	RuleEndpointFailing    Rule = "endpoint_failing"
	RuleEndpointSlow       Rule = "endpoint_slow"
	RuleLossComing         Rule = "loss_coming"
	RuleEventsLost         Rule = "events_lost"
	RuleRetriesMissing     Rule = "retries_missing"
	RuleUpstreamDelay      Rule = "upstream_delay"
	RuleDuplicates         Rule = "duplicates"
	RuleSilence            Rule = "silence"
	RuleMonitorSelf        Rule = "monitor_self"
)

// Rules returns the rules of this version, by name. The desk has one more:
// common_cause.
func Rules() []Rule {
	return []Rule{
		RuleCertificate, RuleChannelErrorRatio, RuleDuplicates, RuleEndpointDown, RuleEndpointFailing, RuleEndpointSlow, RuleEventsLost,
		RuleLossComing, RuleMerchantErrorRatio, RuleMonitorSelf, RulePlatformErrorRatio, RuleProductErrorRatio, RuleRetriesMissing,
		RuleSilence, RuleTypeErrorRatio, RuleUpstreamDelay,
	}
}

// Scope says where a rule is met: "platform", "channel:ID_BCA",
// "endpoint:ep_9", "target:ledger".
type Scope string

// ScopePlatform is all traffic.
const ScopePlatform Scope = "platform"

// The kinds of scope.
const (
	ScopeChannel   = "channel"
	ScopeProduct   = "product"
	ScopeType      = "type" // of event
	ScopeSource    = "source"
	ScopeMerchant  = "merchant"
	ScopeEndpoint  = "endpoint"
	ScopeTarget    = "target"
	ScopeHeartbeat = "heartbeat"
)

// ScopeOf makes a scope of a kind and an ID.
func ScopeOf(kind, id string) Scope { return Scope(kind + ":" + id) }

// Split gives a scope's kind and ID; "platform" has no ID.
func (s Scope) Split() (kind, id string) {
	kind, id, _ = strings.Cut(string(s), ":")
	return kind, id
}

// Severity says how loud a condition is: only critical pages at night.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Low      Severity = "low"
)

// Worse reports whether s is louder than o.
func (s Severity) Worse(o Severity) bool { return s.rank() > o.rank() }

func (s Severity) rank() int {
	switch s {
	case Critical:
		return 3
	case High:
		return 2
	case Low:
		return 1
	default:
		return 0
	}
}

// Key names one episode of one rule in one scope.
type Key struct {
	Rule    Rule  `json:"rule"`
	Scope   Scope `json:"scope"`
	Episode int   `json:"episode"` // 1, 2, ...
}

// Change says that a condition opened, changed its severity while open, or
// cleared. It is what the desk reads.
type Change struct {
	Key      Key
	Number   int  // 1, 2, ... within the episode: a replay that decides again meets the same key
	Open     bool // false: it cleared
	Since    time.Time
	At       time.Time
	Severity Severity
	Fault    string // probes.Fault or certificate.Fault that decides, when one does
	Merchant string // whom the scope belongs to, when to one
	Host     string // of the endpoint, when the scope is one: for the common cause
	Evidence Evidence
}

// Evidence is why: every notice shows it.
type Evidence struct {
	Text        string    `json:"text"`                  // one line for people
	From        time.Time `json:"from,omitzero"`         // the window
	To          time.Time `json:"to,omitzero"`           //
	Numerator   int       `json:"numerator,omitempty"`   // failed
	Denominator int       `json:"denominator,omitempty"` // of
	Low         Ratio     `json:"low,omitempty"`         // exact 95 % interval
	High        Ratio     `json:"high,omitempty"`        //
	Threshold   Ratio     `json:"threshold,omitempty"`   //
	Baseline    Ratio     `json:"baseline,omitempty"`    // its own ordinary ratio
	Clears      string    `json:"clears,omitempty"`      // what would clear it
	Ended       bool      `json:"ended,omitempty"`       // it was ended, not found to be good: nobody looks any more

	Where Attribution `json:"where,omitzero"` // what explains most of the excess failures
	How   Attribution `json:"how,omitzero"`   // the fault that most of them have
}

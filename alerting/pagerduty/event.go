package pagerduty

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// action is what an event does to its alert.
type action string

const (
	trigger     action = "trigger"
	acknowledge action = "acknowledge"
	resolve     action = "resolve"
	nothing     action = "" // the alert stays as it is
)

// event is the body of a request (developer.pagerduty.com, Events API v2,
// "Send an alert event").
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     action   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	ClientURL  string   `json:"client_url,omitempty"`
	Links      []link   `json:"links,omitempty"`
	Payload    *payload `json:"payload,omitempty"` // of a trigger alone
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type payload struct {
	Summary   string   `json:"summary"`
	Source    string   `json:"source"`
	Severity  string   `json:"severity"` // critical | error | warning | info
	Timestamp string   `json:"timestamp,omitempty"`
	Component string   `json:"component,omitempty"`
	Group     string   `json:"group,omitempty"`
	Class     string   `json:"class,omitempty"`
	Details   *details `json:"custom_details,omitempty"`
}

// maxDedup is PagerDuty's bound of a dedup_key, in characters.
const maxDedup = 255

// dedup makes a key fit for PagerDuty: the same key gives the same one.
func dedup(key string) string {
	if len(key) <= maxDedup && alerting.Line(key, maxDedup) == key {
		return key
	}
	return fmt.Sprintf("hookvigil:%x", sha256.Sum256([]byte(key)))
}

// severityOf gives PagerDuty's word.
func severityOf(s rules.Severity) string {
	switch s {
	case rules.Critical:
		return "critical"
	case rules.High:
		return "error"
	default:
		return "warning"
	}
}

// actionOf says what the state of an incident asks for. Who has taken it on has
// it until it is open again, also while it gets better. One that recovers is
// left alone: a trigger would wake somebody when the alert never came to be, or
// a person has closed it, and nothing fails now.
func actionOf(kind alerting.Kind, f alerting.Facts) action {
	expired := !f.AckUntil.IsZero() && !f.At.Before(f.AckUntil)
	switch {
	case kind == alerting.KindResolve, f.State != "" && !f.State.Live():
		return resolve
	case f.State == alerting.StateAcknowledged, !f.QuietUntil.IsZero(): // a silence asks that nobody is woken
		return acknowledge
	case (f.State == alerting.StateMitigated || f.State == alerting.StateRecovering) && !f.AcknowledgedAt.IsZero() && !expired:
		return acknowledge
	case f.State == alerting.StateRecovering:
		return nothing
	default:
		return trigger
	}
}

// event is one event about the alert with that key; only a trigger has words.
func (r *Receiver) event(a action, key string, w words) event {
	e := event{RoutingKey: r.keyFor(w.n.Kind).Reveal(), Action: a, DedupKey: key}
	if a != trigger {
		return e
	}
	e.Payload = &payload{Summary: w.summary(), Source: w.source(), Severity: w.severity()}
	if w.n.Reduced {
		return e
	}
	e.Client, e.ClientURL = r.cfg.Client, alerting.Link(w.f.URL, maxLink)
	for _, l := range []link{{alerting.Link(w.f.URL, maxLink), "Incident " + alerting.Line(w.f.Number, maxName)}, {alerting.Link(w.f.Runbook, maxLink), "Runbook"}} {
		if l.Href != "" {
			e.Links = append(e.Links, l)
		}
	}
	_, id := w.f.Scope.Split()
	e.Payload.Component = alerting.Line(cmp.Or(id, string(w.f.Scope)), maxName)
	e.Payload.Group, e.Payload.Class = alerting.Line(w.f.Merchant, maxName), alerting.Line(string(w.f.Rule), maxName)
	e.Payload.Details = w.details()
	if at := cmp.Or(w.f.At, w.n.Created); !at.IsZero() {
		e.Payload.Timestamp = at.UTC().Format(time.RFC3339)
	}
	return e
}

package hooktest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// MaxPagerDutyCalls is how many calls a fake PagerDuty keeps, the latest.
const MaxPagerDutyCalls = 16_384

// PagerDutyState is where an alert stands.
type PagerDutyState string

// The states of an alert.
const (
	PagerDutyTriggered    PagerDutyState = "triggered"
	PagerDutyAcknowledged PagerDutyState = "acknowledged"
	PagerDutyResolved     PagerDutyState = "resolved"
)

// PagerDutyAlert is what has become of one dedup_key.
type PagerDutyAlert struct {
	Key      string // the dedup_key
	State    PagerDutyState
	Summary  string // of the latest trigger
	Severity string
	Pages    int // how often it was opened: each time somebody was woken
	Triggers int // that it has had; those while it was open woke nobody
	Changed  time.Time
}

// PagerDutyCall is a call as it arrived, and what became of it. It is a value
// of the caller's, but what it points to is shared: do not change that.
type PagerDutyCall struct {
	At     time.Time // when it was complete
	Action PagerDutyAction
	Key    string // the dedup_key as sent
	KeyOK  bool   // the routing key is known
	Body   json.RawMessage

	Fault   PagerDutyFault // what the script made of it
	Early   bool           // came before the Retry-After of an earlier answer was over
	Changed bool           // an alert was opened, or its state changed
	Status  int            // of the answer; 0: there is none
	Error   string         // what the answer says is wrong; empty: nothing
}

// pagerEvent is the body of a call.
type pagerEvent struct {
	RoutingKey string          `json:"routing_key"`
	Action     PagerDutyAction `json:"event_action"`
	Key        string          `json:"dedup_key"`
	Payload    struct {
		Summary  string `json:"summary"`
		Source   string `json:"source"`
		Severity string `json:"severity"`
	} `json:"payload"`
}

// fault is what PagerDuty says is wrong with an event; empty: nothing
// (developer.pagerduty.com, Events API v2, "Send an alert event").
func (e pagerEvent) fault() string {
	p := e.Payload
	switch {
	case !slices.Contains(pagerDutyActions(), e.Action):
		return "'event_action' is invalid (must be one of trigger, acknowledge, resolve)"
	case len([]rune(e.Key)) > 255:
		return "Length of 'dedup_key' is incorrect (should be at most 255 characters)"
	case e.Action != PagerDutyTrigger && e.Key == "":
		return "'dedup_key' is missing or blank"
	case e.Action != PagerDutyTrigger:
		return ""
	case p.Summary == "":
		return "'payload.summary' is missing or blank"
	case len([]rune(p.Summary)) > 1024:
		return "Length of 'payload.summary' is incorrect (should be at most 1024 characters)"
	case p.Source == "":
		return "'payload.source' is missing or blank"
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity):
		return "'payload.severity' is invalid (must be one of critical, warning, error, info)"
	default:
		return ""
	}
}

// pagerBook is what a fake PagerDuty remembers; its methods need the server's
// mutex held.
type pagerBook struct {
	alerts map[string]*PagerDutyAlert // by dedup_key
	order  []string                   // of the keys, as they came
	stats  PagerDutyStats
	calls  []PagerDutyCall
	bell   bell
}

// apply does what a sound event asks for, and reports whether something
// changed. Without an open alert an acknowledge or a resolve is dropped; a
// trigger while there is one is noted, and wakes nobody.
func (b *pagerBook) apply(e pagerEvent, now time.Time) bool {
	a := b.alerts[e.Key]
	open := a != nil && a.State != PagerDutyResolved
	b.stats.Events++
	switch {
	case e.Action == PagerDutyTrigger:
		if a == nil {
			a = &PagerDutyAlert{Key: e.Key}
			b.alerts[e.Key], b.order = a, append(b.order, e.Key)
		}
		a.Triggers++
		a.Summary, a.Severity = e.Payload.Summary, e.Payload.Severity
		if !open {
			a.State, a.Changed = PagerDutyTriggered, now
			a.Pages++
			b.stats.Pages++
		}
		return !open
	case !open, e.Action == PagerDutyAcknowledge && a.State == PagerDutyAcknowledged:
		return false
	case e.Action == PagerDutyAcknowledge:
		a.State = PagerDutyAcknowledged
	default:
		a.State = PagerDutyResolved
	}
	a.Changed = now
	return true
}

// note keeps a call.
func (b *pagerBook) note(c PagerDutyCall) {
	b.stats.Calls++
	if c.Early {
		b.stats.Early++
	}
	b.calls = keepLatest(b.calls, c, MaxPagerDutyCalls)
	b.bell.ring()
}

// ownKey is the dedup_key of a trigger that names none.
func ownKey(body []byte, calls int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%d %s", calls, body)))[:32]
}

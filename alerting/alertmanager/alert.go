package alertmanager

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// eventStands is how long an alert fires that is told once and not again: a
// page in place of another receiver, an alarm about one, a summary. It is
// longer than the group_wait and group_interval of any route and than the two
// hours after which an open page is repeated, and not longer than
// Alertmanager's default repeat_interval.
const eventStands = 4 * time.Hour

// Names of labels.
const (
	labelAlert    = "alertname"          // the rule in CamelCase: endpoint_down is EndpointDown
	labelSeverity = "severity"           // critical | high | low; info: a test
	labelIncident = "hookvigil_incident" // ID
	labelNotice   = "hookvigil_notice"   // of what is about no incident's state
	labelRule     = "rule"               // as it stands in the configuration
	labelScope    = "scope"              // platform | channel | product | event_type | source | merchant | endpoint | target | heartbeat
)

// ours are the names of all labels that hookvigil sets.
func ours() []string {
	return []string{
		labelAlert, labelSeverity, labelIncident, labelNotice, labelRule, labelScope,
		rules.ScopeChannel, rules.ScopeProduct, "event_type", rules.ScopeSource, rules.ScopeMerchant, rules.ScopeEndpoint,
		rules.ScopeTarget, rules.ScopeHeartbeat,
	}
}

// alert is one element of the body of a request (Alertmanager's
// api/v2/openapi.yaml, postableAlert).
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// labels name an alert. Those of an incident change with its severity, because
// people route by it, and when what leads it changes.
func (r *Receiver) labels(w words) map[string]string {
	l := maps.Clone(r.cfg.Labels)
	if l == nil {
		l = map[string]string{}
	}
	l[labelAlert], l[labelSeverity], l[labelIncident] = w.name(), w.severity(), clean(w.f.Incident, maxName)
	if !w.ofState() {
		l[labelNotice] = fmt.Sprintf("%x", sha256.Sum256([]byte(w.n.IdemKey)))[:16]
	} else {
		l[labelIncident] = clean(cmp.Or(w.f.Incident, w.n.Subject), maxName)
		l[labelRule] = clean(string(w.f.Rule), maxName)
		kind, id := w.f.Scope.Split()
		if kind == rules.ScopeType {
			kind = "event_type"
		}
		l[labelScope], l[rules.ScopeMerchant] = clean(kind, maxName), clean(w.f.Merchant, maxName)
		if id != "" && isScope(kind) {
			l[kind] = clean(id, maxName)
		}
	}
	maps.DeleteFunc(l, func(_, value string) bool { return value == "" })
	return l
}

func isScope(kind string) bool {
	switch kind {
	case rules.ScopeChannel, rules.ScopeProduct, "event_type", rules.ScopeSource, rules.ScopeMerchant, rules.ScopeEndpoint, rules.ScopeTarget, rules.ScopeHeartbeat:
		return true
	default:
		return false
	}
}

// name is the alertname.
func (w words) name() string {
	switch {
	case w.n.Kind == alerting.KindTest:
		return "ReceiverTest"
	case w.n.Kind == alerting.KindDead:
		return "NoticeNotDelivered"
	case w.n.Kind == alerting.KindSummary:
		return "NoticesHeldBack"
	case w.f.Rule == "":
		return "Incident"
	}
	var b strings.Builder
	for part := range strings.SplitSeq(clean(string(w.f.Rule), maxName), "_") {
		first, size := utf8.DecodeRuneInString(part)
		if size > 0 {
			b.WriteString(string(unicode.ToUpper(first)) + part[size:])
		}
	}
	return b.String()
}

// alerts is the body for one notice: the alert, and before it the one that the
// incident was before its labels changed, which is over.
func (r *Receiver) alerts(w words, prev alerting.Ref) ([]alert, map[string]string) {
	now := r.now().UTC().Truncate(time.Millisecond)
	a := alert{Labels: r.labels(w), Annotations: w.annotations(), GeneratorURL: alerting.Link(w.f.URL, maxLink)}
	if w.n.Reduced {
		a.Annotations, a.GeneratorURL = map[string]string{"summary": w.summary()}, ""
	}
	a.StartsAt, a.EndsAt = r.spell(w, now)
	before := labelsOf(prev)
	if !w.ofState() || before == nil || before[labelIncident] != a.Labels[labelIncident] || maps.Equal(before, a.Labels) {
		return []alert{a}, a.Labels
	}
	old := alert{Labels: before, Annotations: map[string]string{"summary": w.summary()}, StartsAt: a.StartsAt, EndsAt: now, GeneratorURL: a.GeneratorURL}
	if a.EndsAt.Before(now) {
		old.EndsAt = a.EndsAt
	}
	return []alert{old, a}, a.Labels
}

// spell is from when until when an alert fires. Alertmanager refuses one that
// ends before it starts.
func (r *Receiver) spell(w words, now time.Time) (start, end time.Time) {
	start = cmp.Or(w.f.StartedAt, w.f.OpenedAt, w.f.At, w.n.Created).UTC().Truncate(time.Millisecond)
	if !w.ofState() { // it is about now, even when its facts are of an incident
		start = cmp.Or(w.f.At, w.n.Created).UTC().Truncate(time.Millisecond)
	}
	if start.IsZero() || start.After(now) {
		start = now
	}
	switch {
	case w.over():
		end = cmp.Or(w.f.ResolvedAt, w.f.At, w.n.Created).UTC().Truncate(time.Millisecond)
		if end.IsZero() || end.After(now) {
			end = now
		}
	case w.n.Flow == alerting.FlowState, w.n.Kind == alerting.KindTest:
		end = now.Add(r.cfg.ResolveAfter)
	default:
		end = now.Add(max(eventStands, r.cfg.ResolveAfter))
	}
	if end.Before(start) {
		end = start
	}
	return start, end
}

// refOf remembers the labels under which an incident was told.
func refOf(w words, labels map[string]string) alerting.Ref {
	last, err := json.Marshal(labels)
	if err != nil {
		last = nil // texts are always JSON
	}
	return alerting.Ref{Root: cmp.Or(clean(w.f.Incident, maxName), clean(w.n.Subject, maxName)), Last: string(last)}
}

// labelsOf is what refOf remembered; nil when prev is from elsewhere.
func labelsOf(prev alerting.Ref) map[string]string {
	var labels map[string]string
	if json.Unmarshal([]byte(prev.Last), &labels) != nil || labels[labelAlert] == "" {
		return nil
	}
	return labels
}

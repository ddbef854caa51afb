package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// RuleCommonCause leads an incident that many endpoints share.
const RuleCommonCause rules.Rule = "common_cause"

// What group keys begin with.
const (
	keyCommon = "v1:common_cause:" // and the fault
	keyHost   = "v1:host:"         // and the host
	keyOwn    = "v1:"              // and the scope
)

// GroupKeys returns the keys of all groups that a change may come to belong
// to: whoever reads a [World] for it needs their generations.
func GroupKeys(c rules.Change) []string {
	own := keyOwn + string(c.Key.Scope)
	if !shared(c.Key.Rule) {
		return []string{own}
	}
	return []string{own, keyCommon + causeOf(c.Key.Rule, c.Fault), keyHost + c.Host}
}

// shared reports whether many may meet a rule for one cause.
func shared(rule rules.Rule) bool {
	return rule == rules.RuleEndpointDown || rule == rules.RuleCertificate
}

// group is the incident that a condition belongs to.
type group struct {
	key      string
	rule     rules.Rule
	scope    rules.Scope
	merchant string
	severity rules.Severity
	name     string
	crowd    int // of a common cause: endpoints that fail now
}

// evidence is what an incident says that c opens.
func (g group) evidence(c rules.Change) rules.Evidence {
	e := c.Evidence
	if g.rule == RuleCommonCause {
		_, id := c.Key.Scope.Split()
		e.Text = "first " + phrase(id, e.Text)
	}
	return e
}

// group says where a condition belongs: an endpoint's conditions together,
// many failing endpoints with one fault together, a ratio by its scope.
func (t *turn) group(c rules.Change) group {
	if shared(c.Key.Rule) {
		if g, ok := t.besides(c); ok {
			return g
		}
		if g, ok := t.common(c); ok {
			return g
		}
	}
	if g, ok := t.ofThePlatform(c); ok {
		return g
	}
	return group{
		key: keyOwn + string(c.Key.Scope), rule: c.Key.Rule, scope: c.Key.Scope, merchant: c.Merchant, severity: c.Severity,
		name: nameOf(c),
	}
}

// nameOf says what one condition is, for people.
func nameOf(c rules.Change) string {
	_, id := c.Key.Scope.Split()
	switch c.Key.Rule {
	case rules.RuleEndpointDown:
		return phrase(id+" is down", c.Fault)
	case rules.RuleCertificate:
		return phrase("certificate of "+id, c.Fault)
	case rules.RulePlatformErrorRatio:
		return "webhook failures are up on the whole platform"
	case rules.RuleChannelErrorRatio:
		return "webhook failures are up on channel " + id
	case rules.RuleSilence:
		return "no heartbeat from " + id
	default:
		return fmt.Sprintf("%s: %s", c.Key.Rule, c.Key.Scope)
	}
}

// ofThePlatform returns the platform's own incident for the ratio of a channel:
// while failures are up everywhere, each channel is a line of that, and one
// that was a line comes back to it.
func (t *turn) ofThePlatform(c rules.Change) (group, bool) {
	if c.Key.Rule != rules.RuleChannelErrorRatio {
		return group{}, false
	}
	for _, in := range t.groups[keyOwn+string(rules.ScopePlatform)] {
		_, live := t.seats[met{rules.RulePlatformErrorRatio, rules.ScopePlatform}]
		if in.Live() && live || !in.Live() && t.recent(in) && in.had(metOf(c.Key)) {
			return group{key: in.GroupKey, rule: in.Rule, scope: in.Scope, severity: c.Severity, name: in.Title}, true
		}
	}
	return group{}, false
}

// had reports whether a rule in a scope was ever a member of an incident.
func (in Incident) had(m met) bool {
	return slices.ContainsFunc(in.Members, func(o Membership) bool { return metOf(o.Key) == m })
}

// besides returns the common cause that the other signal of the same endpoint
// is part of already, when one explains the other: a probe fails for TLS as
// the certificate does, or the certificate cannot be looked at because nobody
// answers.
func (t *turn) besides(c rules.Change) (group, bool) {
	other, down, cert := rules.RuleCertificate, c.Fault, ""
	if c.Key.Rule == rules.RuleCertificate {
		other, down, cert = rules.RuleEndpointDown, "", c.Fault
	}
	s, ok := t.seats[met{other, c.Key.Scope}]
	if !ok || s.in.Rule != RuleCommonCause {
		return group{}, false
	}
	if m := s.in.Members[s.i]; other == rules.RuleEndpointDown {
		down = m.Fault
	} else {
		cert = m.Fault
	}
	if !strings.HasPrefix(down, "tls_") && down != string(probes.FaultTimeoutTLS) && !certificate.Fault(cert).Unreached() {
		return group{}, false
	}
	return commonGroup(s.in.GroupKey, 0), true
}

// common returns the common cause that a failing endpoint is part of. It
// counts endpoints that fail without being confirmed yet, so that the first
// of fifty opens the one incident and not one of its own.
func (t *turn) common(c rules.Change) (group, bool) {
	fold := t.desk.Fold
	if fold.Endpoints < 2 {
		return group{}, false // nothing is to be folded
	}
	all, hosts, same := t.crowd.like(c, fold.Within, fold.Hosts)
	switch {
	case all >= fold.Endpoints && hosts >= fold.Hosts:
		return commonGroup(keyCommon+causeOf(c.Key.Rule, c.Fault), all), true
	case same >= fold.Endpoints && c.Host != "":
		return commonGroup(keyHost+c.Host, same), true
	}
	// A late member of one that runs.
	for _, key := range GroupKeys(c)[1:] {
		for _, in := range t.groups[key] {
			if in.Live() && apart(in.StartedAt, c.Since) <= fold.Within && in.explains(Membership{Key: c.Key, Host: c.Host, Fault: c.Fault}) {
				return commonGroup(key, 0), true
			}
		}
	}
	return group{}, false
}

func commonGroup(key string, crowd int) group {
	g := group{key: key, rule: RuleCommonCause, scope: rules.ScopePlatform, severity: rules.Critical, crowd: crowd}
	if host, ok := strings.CutPrefix(key, keyHost); ok {
		g.scope = rules.ScopeOf("host", host)
	}
	if fault, ok := strings.CutPrefix(key, keyCommon+causeOf(rules.RuleCertificate, "")); ok && certificate.Fault(fault).Usual() != certificate.Fail {
		g.severity = rules.High // works today: nobody is woken
	}
	return g
}

// commonTitle says how many endpoints share what: those that are bad now, and
// at first those that were seen to fail at once: the mail that wakes somebody
// says fifty when fifty fail and the first of them is confirmed. One that is
// over says how many there ever were.
func (in Incident) commonTitle() string {
	now, ever, faults := map[rules.Scope]bool{}, map[rules.Scope]bool{}, map[string]int{}
	for _, m := range in.Members {
		ever[m.Key.Scope] = true
		faults[m.Fault]++
		if m.Left.IsZero() {
			now[m.Key.Scope] = true
		}
	}
	n := len(now)
	switch {
	case !in.Live():
		n = max(len(ever), in.Failing)
	case len(now) == len(ever): // nobody is well again yet
		n = max(n, in.Failing)
	}
	noun := "endpoints"
	if n == 1 {
		noun = "endpoint"
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return fmt.Sprintf("%d %s of %s: %s", n, noun, host, mostOf(faults))
	}
	return fmt.Sprintf("%d %s: %s", n, noun, strings.TrimPrefix(in.GroupKey, keyCommon))
}

// mostOf returns the word that was counted most often, the first of equals.
func mostOf(counts map[string]int) string {
	words := slices.Sorted(maps.Keys(counts))
	if len(words) == 0 {
		return ""
	}
	return slices.MaxFunc(words, func(a, b string) int { return cmp.Or(counts[a]-counts[b], strings.Compare(b, a)) })
}

// fold takes the single incidents of the same cause into one that they are
// part of: a common cause, or the failures of the whole platform.
func (t *turn) fold(into *Incident, g group) {
	if g.rule != RuleCommonCause && g.rule != rules.RulePlatformErrorRatio {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		s, ok := t.alone(in)
		if !ok || in == into || !into.explains(in.Members[s.i]) || apart(in.StartedAt, into.StartedAt) > t.desk.Fold.Within {
			continue
		}
		m := in.Members[s.i]
		t.leave(s)
		m.Joined = t.now
		t.sit(into, m)
		in.State, in.ResolvedAt, in.Parent = StateResolved, t.now, into.ID
		in.ResolvedBy = "folded into " + into.Number()
		t.happened(in, EntryFolded, "one of many with the same cause: it goes on in "+into.Number(), tellThread)
	}
}

// alone returns the seat of the one open member of an incident that is about
// that member.
func (t *turn) alone(in *Incident) (seat, bool) {
	if !in.Live() || in.Rule == RuleCommonCause || t.open[in.ID] != 1 {
		return seat{}, false
	}
	s, ok := t.seats[met{in.Rule, in.Scope}]
	return s, ok && s.in == in
}

// explains reports whether a condition has the cause of an incident.
func (in Incident) explains(m Membership) bool {
	if in.Rule == rules.RulePlatformErrorRatio {
		return m.Key.Rule == rules.RuleChannelErrorRatio
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return m.Host == host && slices.ContainsFunc(in.Members, func(o Membership) bool {
			return causeOf(o.Key.Rule, o.Fault) == causeOf(m.Key.Rule, m.Fault)
		})
	}
	return shared(m.Key.Rule) && causeOf(m.Key.Rule, m.Fault) == strings.TrimPrefix(in.GroupKey, keyCommon)
}

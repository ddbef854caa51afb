package alerting

import (
	"strings"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// RuleCommonCause leads an incident that many endpoints share.
const RuleCommonCause rules.Rule = "common_cause"

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

package alerting

import (
	"slices"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// ofService completes what is known around an incident of a service of one's
// own: which it is and where, and while its certificate is bad what that means
// and what to do, as of a merchant's endpoint.
func (a About) ofService(in Incident) About {
	kind, id := in.Scope.Split()
	if in.Rule != rules.RuleCertificate || kind != rules.ScopeTarget {
		return a
	}
	a.Service = id
	i := slices.IndexFunc(in.Members, func(m Membership) bool { return metOf(m.Key) == met{in.Rule, in.Scope} && m.Left.IsZero() })
	if i < 0 || a.Advice != "" || !in.Live() {
		return a
	}
	found := rules.CauseOf(seenAtService(certificate.Fault(in.Members[i].Fault)))
	if found.Cause != rules.CauseNoData {
		a.Host, a.Cause, a.Advice = in.Members[i].Host, string(found.Cause), found.Advice.English
	}
	return a
}

// seenAtService is what a look at a service found: its certificate, or that
// nobody gets there.
func seenAtService(f certificate.Fault) rules.CauseFact {
	way := map[certificate.Fault]probes.Fault{
		certificate.FaultDNSNotFound: probes.FaultDNSNotFound, certificate.FaultDNSNoAddress: probes.FaultDNSNoAddress,
		certificate.FaultConnectRefused: probes.FaultRefused, certificate.FaultConnectFailed: probes.FaultUnreachable,
		certificate.FaultHandshakeTimeout: probes.FaultTimeoutTLS, certificate.FaultHandshakeClosed: probes.FaultClosed,
	}
	if fault, unreached := way[f]; unreached {
		return rules.CauseFact{Reach: rules.Look{Verdict: probes.Down, Fault: fault}}
	}
	return rules.CauseFact{Certificate: f.Usual(), Finding: f}
}

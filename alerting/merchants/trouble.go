package merchants

import (
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// trouble is what is wrong with an endpoint, as its owner sees it. The order
// says which is told when there are several.
type trouble int

const (
	troubleExpired trouble = iota
	troubleCertificate
	troubleTLS
	troubleDNS
	troubleConnect
	troubleTimeout
	troubleServer
	troubleToken
	troubleGone
	troublePath
	troubleRedirect
	troubleLimit
	troubleRefused
	troubleBroken
	troubleOther
	// From here on webhooks are taken, or the trouble is with what waits.
	troubleExpiring
	troubleSlow
	troubleLoss
	troubles // how many there are
)

// mild reports whether the endpoint takes webhooks.
func (t trouble) mild() bool { return t >= troubleExpiring }

// troubleOf says what a condition comes to for its merchant.
func troubleOf(rule rules.Rule, fault string) trouble {
	switch rule {
	case rules.RuleEndpointSlow:
		return troubleSlow
	case rules.RuleLossComing, rules.RuleEventsLost:
		return troubleLoss
	case rules.RuleCertificate:
		return ofCertificate(certificate.Fault(fault))
	default:
		return ofRequest(probes.Fault(fault))
	}
}

func ofRequest(f probes.Fault) trouble {
	switch f {
	case probes.FaultTLSExpired:
		return troubleExpired
	case probes.FaultTLSNotYetValid, probes.FaultTLSUntrusted, probes.FaultTLSHostname, probes.FaultTLSUsage:
		return troubleCertificate
	case probes.FaultTLSHandshake, probes.FaultTLSVersion, probes.FaultTLSClientCert, probes.FaultTimeoutTLS:
		return troubleTLS
	case probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed, probes.FaultTimeoutDNS:
		return troubleDNS
	case probes.FaultRefused, probes.FaultUnreachable, probes.FaultTimeoutConnect:
		return troubleConnect
	case probes.FaultTimeoutResponse:
		return troubleTimeout
	case probes.FaultHTTP5xx:
		return troubleServer
	case probes.FaultHTTP401:
		return troubleToken
	case probes.FaultHTTP410:
		return troubleGone
	case probes.FaultHTTP404:
		return troublePath
	case probes.FaultHTTP3xx:
		return troubleRedirect
	case probes.FaultHTTP429:
		return troubleLimit
	case probes.FaultHTTP4xx:
		return troubleRefused
	case probes.FaultReset, probes.FaultClosed, probes.FaultMalformed, probes.FaultHeadTooLarge:
		return troubleBroken
	default:
		return troubleOther
	}
}

func ofCertificate(f certificate.Fault) trouble {
	switch f {
	case certificate.FaultExpiredLeaf:
		return troubleExpired
	case certificate.FaultExpiring, certificate.FaultExpiringIntermediate, certificate.FaultExpiringRoot:
		return troubleExpiring
	case certificate.FaultDNSNotFound, certificate.FaultDNSNoAddress, certificate.FaultDNSFailed, certificate.FaultTimeoutDNS:
		return troubleDNS
	case certificate.FaultConnectRefused, certificate.FaultConnectFailed:
		return troubleConnect
	case certificate.FaultHandshakeTimeout, certificate.FaultHandshakeClosed, certificate.FaultHandshakeFailed, certificate.FaultNotTLS,
		certificate.FaultTLSVersion, certificate.FaultClientCertRequired, certificate.FaultClientCertRejected:
		return troubleTLS
	default:
		return troubleCertificate
	}
}

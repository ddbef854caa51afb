package rules

import (
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// The bits of a sight. Of each group one is set; a row of the matrix has those
// that it is met by, and none when it does not ask.
type (
	flowBits   uint8
	lookBits   uint8
	kindBits   uint16
	servedBits uint16
)

const (
	flowUnknown flowBits = 1 << iota
	flowOK
	flowFailing
	flowSilent
	flowRecovered
)

const (
	lookNone    lookBits = 1 << iota // not looked, or no opinion
	lookOK                           //
	lookSlow                         // answered, later than it should
	lookPending                      // failed, and not confirmed
	lookBadTLS                       // failed in the handshake
	lookFailed                       // failed elsewhere

	lookBad    = lookBadTLS | lookFailed
	lookGood   = lookOK | lookSlow
	lookNotBad = lookNone | lookGood | lookPending
)

const (
	kindUnknown         kindBits = 1 << iota // no fault, or one that says nothing of the endpoint
	kindDNS                                  //
	kindConnect                              //
	kindExpired                              // its certificate
	kindCertificate                          // something else of it
	kindTLS                                  // the handshake
	kindBroken                               // the connection, before a complete answer
	kindTimeout                              // of the answer
	kindServer                               // 5xx
	kindAuth                                 // 401, 403, 407
	kindPath                                 // 404
	kindGone                                 // 410
	kindLimit                                // 429
	kindRefused                              // another 4xx
	kindRedirect                             // 3xx
	kindUnauthenticated                      // a wrong token was accepted

	kindClient = kindAuth | kindPath | kindRefused
)

const (
	servedUnknown  servedBits = 1 << iota // not looked at, or not reached
	servedOK                              //
	servedExpiring                        //
	servedWarned                          // about something else than its end
	servedExpired                         //
	servedChain                           // an intermediate is missing or has run out
	servedName                            // for another name
	servedBad                             // refused for something else
	servedTLS                             // not the certificate, but the handshake
)

// sight is a fact as the matrix sees it.
type sight struct {
	suspended, crowd    bool
	flow                flowBits
	fault               kindBits // of deliveries that fail or failed
	reach, ping         lookBits
	reachKind, pingKind kindBits
	served              servedBits
}

func sightOf(f CauseFact) sight {
	s := sight{suspended: f.Suspended, crowd: f.Crowd, flow: flowUnknown, fault: kindUnknown, served: servedOf(f)}
	switch f.Flow {
	case FlowOK:
		s.flow = flowOK
	case FlowFailing:
		s.flow, s.fault = flowFailing, kindOf(f.Fault, f.Status)
	case FlowSilent:
		s.flow = flowSilent
	case FlowRecovered:
		s.flow, s.fault = flowRecovered, kindOf(f.Fault, f.Status)
	default: // no data, or no word of ours
	}
	s.reach, s.reachKind = f.Reach.bits()
	s.ping, s.pingKind = f.Ping.bits()
	return s
}

// bits is what a look says, and of which kind its fault is.
func (l Look) bits() (lookBits, kindBits) {
	kind := kindOf(l.Fault, 0)
	switch {
	case l.Verdict == probes.Healthy:
		return lookOK, kindUnknown
	case l.Verdict == probes.Degraded && kind == kindUnauthenticated:
		return lookOK, kind
	case l.Verdict == probes.Degraded:
		return lookSlow, kindUnknown
	case l.Verdict != probes.Down:
		return lookNone, kindUnknown
	case l.Pending:
		return lookPending, kind
	case kind&(kindExpired|kindCertificate|kindTLS) != 0:
		return lookBadTLS, kind
	default:
		return lookFailed, kind
	}
}

// kindOf sorts the faults of requests. The status tells a 403 from other
// refusals; 0: not known.
func kindOf(f probes.Fault, status int) kindBits {
	switch f {
	case probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed, probes.FaultTimeoutDNS:
		return kindDNS
	case probes.FaultRefused, probes.FaultUnreachable, probes.FaultTimeoutConnect:
		return kindConnect
	case probes.FaultTLSExpired:
		return kindExpired
	case probes.FaultTLSNotYetValid, probes.FaultTLSUntrusted, probes.FaultTLSHostname, probes.FaultTLSUsage:
		return kindCertificate
	case probes.FaultTLSHandshake, probes.FaultTLSVersion, probes.FaultTLSClientCert, probes.FaultTimeoutTLS:
		return kindTLS
	case probes.FaultReset, probes.FaultClosed, probes.FaultMalformed, probes.FaultHeadTooLarge:
		return kindBroken
	case probes.FaultTimeoutResponse:
		return kindTimeout
	case probes.FaultAcceptsUnauthenticated:
		return kindUnauthenticated
	default:
		return kindOfAnswer(f, status)
	}
}

func kindOfAnswer(f probes.Fault, status int) kindBits {
	switch f {
	case probes.FaultHTTP3xx:
		return kindRedirect
	case probes.FaultHTTP401:
		return kindAuth
	case probes.FaultHTTP404:
		return kindPath
	case probes.FaultHTTP410:
		return kindGone
	case probes.FaultHTTP429:
		return kindLimit
	case probes.FaultHTTP4xx:
		if status == 403 || status == 407 { // forbidden, proxy authentication
			return kindAuth
		}
		return kindRefused
	case probes.FaultHTTP5xx:
		return kindServer
	default: // none, and what is ours or the sender's
		return kindUnknown
	}
}

// expiresSoon counts for what no verdict judges by its lifetime (reference
// webhooks.md section 11.3); a certificate that was looked at is expiring when
// its verdict says so, because 14 days are the whole life of some.
const expiresSoon = 14 * 24 * time.Hour

// servedOf sorts the verdicts of the second signal.
func servedOf(f CauseFact) servedBits {
	switch f.Certificate {
	case certificate.OK:
		return servedOK
	case certificate.Warn:
		switch f.Finding {
		case certificate.FaultExpiring, certificate.FaultExpiringIntermediate, certificate.FaultExpiringRoot:
			return servedExpiring
		default:
			return servedWarned
		}
	case certificate.Fail:
		return refusedOf(f.Finding)
	default: // nobody could look, or it is no verdict
	}
	switch {
	case f.Left < 0:
		return servedExpired
	case f.Left > 0 && f.Left < expiresSoon:
		return servedExpiring
	default:
		return servedUnknown
	}
}

func refusedOf(f certificate.Fault) servedBits {
	if f.Unreached() {
		return servedUnknown
	}
	switch f {
	case certificate.FaultExpiredLeaf:
		return servedExpired
	case certificate.FaultChainIncomplete, certificate.FaultExpiredIntermediate, certificate.FaultExpiredRoot:
		return servedChain
	case certificate.FaultHostnameMismatch, certificate.FaultNoSAN:
		return servedName
	case certificate.FaultTLSVersion, certificate.FaultWeakCipher, certificate.FaultNotTLS, certificate.FaultHandshakeFailed,
		certificate.FaultClientCertExpired, certificate.FaultClientCertWrongEKU, certificate.FaultClientCertRejected, certificate.FaultClientCertRequired:
		return servedTLS
	default:
		return servedBad
	}
}

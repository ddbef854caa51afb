package probes

import "slices"

// Fault says why a request (a probe, or a real attempt) failed: one word for
// each way to fail. The set is closed, the words are stable: they are metric
// labels and stored. The zero value is not a fault word; a healthy result
// carries [FaultNone].
type Fault string

// The faults of a request, in the order of the request's life.
const (
	FaultNone Fault = "none"

	FaultDNSNotFound  Fault = "dns_not_found"  // the name does not exist (NXDOMAIN)
	FaultDNSNoAddress Fault = "dns_no_address" // the name exists and has neither A nor AAAA
	FaultDNSFailed    Fault = "dns_failed"     // the resolver refused or broke (SERVFAIL, REFUSED)
	FaultTimeoutDNS   Fault = "timeout_dns"

	FaultBlocked    Fault = "blocked"     // the guard refused an address or a port; nothing was sent
	FaultInvalidURL Fault = "invalid_url" // the URL policy refused the spelling; nothing was sent

	FaultRefused        Fault = "refused"
	FaultUnreachable    Fault = "unreachable"
	FaultTimeoutConnect Fault = "timeout_connect"

	FaultTimeoutTLS     Fault = "timeout_tls"
	FaultTLSHandshake   Fault = "tls_handshake" // anything of the handshake without a word of its own
	FaultTLSVersion     Fault = "tls_version"
	FaultTLSExpired     Fault = "tls_expired"
	FaultTLSNotYetValid Fault = "tls_not_yet_valid"
	FaultTLSUntrusted   Fault = "tls_untrusted"
	FaultTLSHostname    Fault = "tls_hostname"
	FaultTLSUsage       Fault = "tls_usage"
	FaultTLSClientCert  Fault = "tls_client_cert"

	FaultReset           Fault = "reset"  // connection reset before a complete head
	FaultClosed          Fault = "closed" // connection closed before a complete head
	FaultMalformed       Fault = "malformed"
	FaultHeadTooLarge    Fault = "head_too_large"
	FaultTimeoutResponse Fault = "timeout_response"

	FaultHTTP3xx Fault = "http_3xx"
	FaultHTTP4xx Fault = "http_4xx"
	FaultHTTP401 Fault = "http_401"
	FaultHTTP404 Fault = "http_404"
	FaultHTTP410 Fault = "http_410"
	FaultHTTP429 Fault = "http_429"
	FaultHTTP5xx Fault = "http_5xx"

	FaultAcceptsUnauthenticated Fault = "accepts_unauthenticated" // a 2xx for a wrong token (level refuse)

	FaultSenderError Fault = "sender_error" // the sender's own trouble; in no ratio
	FaultCanceled    Fault = "canceled"     // given up by us, at shutdown
	FaultInternal    Fault = "internal"     // our own trouble: a panic, no descriptors left
	FaultUnknown     Fault = "unknown"
)

var faults = []Fault{
	FaultNone,
	FaultDNSNotFound, FaultDNSNoAddress, FaultDNSFailed, FaultTimeoutDNS,
	FaultBlocked, FaultInvalidURL,
	FaultRefused, FaultUnreachable, FaultTimeoutConnect,
	FaultTimeoutTLS, FaultTLSHandshake, FaultTLSVersion, FaultTLSExpired, FaultTLSNotYetValid,
	FaultTLSUntrusted, FaultTLSHostname, FaultTLSUsage, FaultTLSClientCert,
	FaultReset, FaultClosed, FaultMalformed, FaultHeadTooLarge, FaultTimeoutResponse,
	FaultHTTP3xx, FaultHTTP4xx, FaultHTTP401, FaultHTTP404, FaultHTTP410, FaultHTTP429, FaultHTTP5xx,
	FaultAcceptsUnauthenticated,
	FaultSenderError, FaultCanceled, FaultInternal, FaultUnknown,
}

// Faults returns the closed set, [FaultNone] first. The slice is the caller's.
func Faults() []Fault { return slices.Clone(faults) }

// Known reports whether f is a word of the closed set.
func (f Fault) Known() bool { return slices.Contains(faults, f) }

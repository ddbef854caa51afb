package alerting

import "github.com/hookvigil/hookvigil/probes"

// FaultInWords is a fault of a request in plain English, without its word from
// the closed set; "" for a word that is none of [probes.Faults], and for
// [probes.FaultNone]. It is pure, and safe for concurrent use.
func FaultInWords(f probes.Fault) string {
	switch f {
	case probes.FaultDNSNotFound:
		return "the host name does not exist"
	case probes.FaultDNSNoAddress:
		return "the host name has no address"
	case probes.FaultDNSFailed:
		return "the host name could not be resolved"
	case probes.FaultTimeoutDNS:
		return "the host name was not resolved in time"
	case probes.FaultBlocked:
		return "the address is not allowed"
	case probes.FaultInvalidURL:
		return "the URL is not allowed"
	case probes.FaultRefused:
		return "the connection is refused"
	case probes.FaultUnreachable:
		return "the server cannot be reached"
	case probes.FaultTimeoutConnect:
		return "no connection can be made in time"
	case probes.FaultReset:
		return "the connection is reset"
	case probes.FaultClosed:
		return "the connection is closed without an answer"
	case probes.FaultMalformed:
		return "the answer cannot be understood"
	case probes.FaultHeadTooLarge:
		return "the header of the answer is too large"
	case probes.FaultTimeoutResponse:
		return "no answer comes in time"
	case probes.FaultSenderError:
		return "trouble of the sender"
	case probes.FaultCanceled:
		return "given up by us"
	case probes.FaultInternal:
		return "trouble on our side"
	case probes.FaultUnknown:
		return "nobody knows why"
	default:
		return tlsInWords(f) + answerInWords(f) // one of them is empty
	}
}

func tlsInWords(f probes.Fault) string {
	switch f {
	case probes.FaultTimeoutTLS:
		return "the TLS handshake does not end in time"
	case probes.FaultTLSHandshake:
		return "the TLS handshake fails"
	case probes.FaultTLSVersion:
		return "the TLS version is too old"
	case probes.FaultTLSExpired:
		return "the certificate has expired"
	case probes.FaultTLSNotYetValid:
		return "the certificate is not valid yet"
	case probes.FaultTLSUntrusted:
		return "the certificate is not trusted"
	case probes.FaultTLSHostname:
		return "the certificate is for another host name"
	case probes.FaultTLSUsage:
		return "the certificate is not for servers"
	case probes.FaultTLSClientCert:
		return "a client certificate is wanted"
	default:
		return ""
	}
}

func answerInWords(f probes.Fault) string {
	switch f {
	case probes.FaultHTTP3xx:
		return "the answer is a redirect, which is not followed"
	case probes.FaultHTTP4xx:
		return "the endpoint refuses the request"
	case probes.FaultHTTP401:
		return "the token is not accepted"
	case probes.FaultHTTP404:
		return "the path does not exist"
	case probes.FaultHTTP410:
		return "the endpoint says that it is gone for good"
	case probes.FaultHTTP429:
		return "the endpoint says that it gets too many requests"
	case probes.FaultHTTP5xx:
		return "the answer is a server error"
	case probes.FaultAcceptsUnauthenticated:
		return "a wrong token is accepted"
	default:
		return ""
	}
}

package dashboards

import "github.com/hookvigil/hookvigil/probes"

// The values of the label result of attempts.
const (
	resultAccepted  = "accepted"
	resultDuplicate = "duplicate"
	resultRejected  = "rejected"
)

func results() []string { return []string{resultAccepted, resultDuplicate, resultRejected} }

// refusals are why a batch is refused: what waits for the disk is too much,
// there is no space, the batch is too large, the log is closed.
func refusals() []string { return []string{"busy", "full", "too_large", "closed"} }

// The values of the label outcome (reference ecosystem.md section 4).
const (
	outcomeSuccess     = "success"
	outcomeClientError = "client_error" // 4xx
	outcomeServerError = "server_error" // 5xx
	outcomeTimeout     = "timeout"      // in whichever phase
	outcomeTLS         = "tls"
	outcomeDNS         = "dns"
	outcomeRefused     = "refused" // no connection: refused, or no way there
	outcomeOther       = "other"
)

func outcomes() []string {
	return []string{
		outcomeSuccess, outcomeClientError, outcomeServerError, outcomeTimeout, outcomeTLS, outcomeDNS, outcomeRefused, outcomeOther,
	}
}

// outcomeOf puts a fault into its class.
func outcomeOf(f probes.Fault) string {
	switch f {
	case probes.FaultNone:
		return outcomeSuccess
	case probes.FaultHTTP4xx, probes.FaultHTTP401, probes.FaultHTTP404, probes.FaultHTTP410, probes.FaultHTTP429:
		return outcomeClientError
	case probes.FaultHTTP5xx:
		return outcomeServerError
	case probes.FaultTimeoutDNS, probes.FaultTimeoutConnect, probes.FaultTimeoutTLS, probes.FaultTimeoutResponse:
		return outcomeTimeout
	case probes.FaultTLSHandshake, probes.FaultTLSVersion, probes.FaultTLSExpired, probes.FaultTLSNotYetValid,
		probes.FaultTLSUntrusted, probes.FaultTLSHostname, probes.FaultTLSUsage, probes.FaultTLSClientCert:
		return outcomeTLS
	case probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed:
		return outcomeDNS
	case probes.FaultRefused, probes.FaultUnreachable:
		return outcomeRefused
	default:
		return outcomeOther
	}
}

package deliveries

import (
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// DefaultDeadline is how long a sender waits for a complete head ("Payout
// webhook": "marks webhook event as failed if there is no response within
// 30s").
const DefaultDeadline = 30 * time.Second

// Outcome says how the attempt ended: [probes.FaultNone] when it was
// delivered, that is when a complete head with a status from 200 to 299
// arrived within deadline; otherwise why not. A 2xx after the deadline is
// [probes.FaultTimeoutResponse]. A deadline of zero or less stands for
// [DefaultDeadline], a duration that is not known for one in time.
//
// A status decides before an error does, because an error after the head
// concerns only the body. There is one exception: a status other than 2xx
// beside an error that is the sender's own (its proxy, its cancellation) did
// not come from the endpoint.
func (a Attempt) Outcome(deadline time.Duration) probes.Fault {
	if deadline <= 0 {
		deadline = DefaultDeadline
	}
	switch {
	case a.Status == 0:
		return FaultOf(a.Error)
	case a.Status < 200 || a.Status > 299:
		if f := FaultOf(a.Error); f == probes.FaultSenderError || f == probes.FaultCanceled {
			return f
		}
		return statusFault(a.Status)
	case a.Duration > deadline:
		return probes.FaultTimeoutResponse
	default:
		return probes.FaultNone
	}
}

// statusFault says why a status that is not 2xx is a failure. A redirect is
// one too: followed, a POST would arrive empty.
func statusFault(status int) probes.Fault {
	switch {
	case status < 200 || status > 599:
		return probes.FaultMalformed
	case status < 400:
		return probes.FaultHTTP3xx
	case status >= 500:
		return probes.FaultHTTP5xx
	}
	switch status {
	case 401:
		return probes.FaultHTTP401
	case 404:
		return probes.FaultHTTP404
	case 410:
		return probes.FaultHTTP410
	case 429:
		return probes.FaultHTTP429
	default:
		return probes.FaultHTTP4xx
	}
}

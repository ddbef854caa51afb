package hooktest

import "github.com/hookvigil/hookvigil/probes"

// half is where a head breaks off.
const half = "HTTP/1.1 200 OK\r\nContent-Ty"

// cuts are connections that end before a complete head.
func cuts() []spec {
	return []spec{
		{name: CloseAfterAccept, Description: bad(probes.FaultClosed, "closes as soon as it has accepted"),
			accept: func(*exchange) {}},
		{name: ResetAfterAccept, Description: bad(probes.FaultReset, "resets as soon as it has accepted"),
			accept: (*exchange).reset},
		{name: CloseAfterAsk, Description: bad(probes.FaultClosed, "reads the request and closes"),
			serve: func(*exchange) {}},
		{name: ResetAfterAsk, Description: bad(probes.FaultReset, "reads the request and resets"),
			serve: (*exchange).reset},
		{name: CloseInHead, Description: bad(probes.FaultClosed, "closes in the middle of the head"),
			serve: func(x *exchange) { x.write(half) }},
		{name: ResetInHead, Description: bad(probes.FaultReset, "resets in the middle of the head"),
			serve: func(x *exchange) { x.write(half); x.reset() }},
	}
}

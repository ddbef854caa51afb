package probes

import (
	"net/netip"
	"time"
)

// Result is what one probe saw: a comparable value. A failed probe is data,
// not an error.
type Result struct {
	EndpointID string
	At         time.Time     // start of the probe, UTC
	Took       time.Duration // until the verdict: the complete head, or the failure
	Level      Level
	Verdict    Verdict
	Fault      Fault // FaultNone when healthy
	Notes      NoteSet
	Status     int // HTTP status; 0 without a complete head
	Phases     Phases
	Addr       netip.AddrPort // the address that was dialled; zero when none was
	RetryAfter time.Duration  // what a 429 or 503 asked for, at most 1 h; 0 when it asked nothing
	Try        int            // 0 for a regular probe, 1.. for a confirming one
	Detail     string         // one line for the operator: no secret, no query, at most 200 bytes

	Method       string // of the request that decided: OPTIONS, HEAD, POST; empty at level tls
	Location     string // the host that a 3xx pointed to; never more than the host
	HTTPMajor    int    // 1, or 0 without a complete head
	HTTPMinor    int
	BodyBytes    int64 // raw bytes of body that were read, at most 64 KiB + 1
	TLSVersion   uint16
	CipherSuite  uint16
	LeafExpiry   time.Time // not_after of the certificate served; set even when it was refused
	ServedExpiry time.Time // earliest not_after of all certificates served
	ChainExpiry  time.Time // not_after of the longest-lived verified chain; zero when none verified
}

// Phases says where the time of a probe went. A phase that was not reached is
// zero; one that did not end has lasted until the verdict. Their sum is at
// most Took plus Read.
type Phases struct {
	Resolve time.Duration // DNS
	Connect time.Duration // TCP
	TLS     time.Duration // handshake and our judgement of it
	Wait    time.Duration // request sent, until the head is complete
	Read    time.Duration // body
}

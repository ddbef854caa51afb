package rules

import (
	"errors"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// OurSide asks whether it is us or them: it opens, critical, when a canary (an
// address that is well when we are) fails, or when many endpoints turn bad at
// once as they do when our own way out is cut. It ends when neither is seen
// for a while. While it is open, merchants' mails wait. It is a value and safe
// for concurrent use; the zero value is refused by Validate. Source: DESIGN
// section 5.4; reference alerting.md section 3, "Self gate".
type OurSide struct {
	Endpoints int           // at least so many turn bad; default 20
	Hosts     int           // at no fewer hosts, and at most as many as endpoints; default 5
	Share     Ratio         // they are more than this share of all that are watched; default 30 %
	Within    time.Duration // all of them within so long; default 1m
	Failures  int           // failures of a canary in a row that count; default 2
	Canaries  Ratio         // at least this share of the outside canaries fails; at most 100 %; default 50 %, our own choice
	Clear     time.Duration // it is over after so long without doubt; default 1m
}

// DefaultOurSide returns the defaults of DESIGN section 5.4.
func DefaultOurSide() OurSide {
	return OurSide{Endpoints: 20, Hosts: 5, Share: 0.3, Within: time.Minute, Failures: 2, Canaries: 0.5, Clear: time.Minute}
}

// OurSideFact is what is known at a time, of all endpoints and all canaries.
type OurSideFact struct {
	Watched  int           // endpoints that are probed
	Bad      []BadEndpoint // those that are bad now, in any order; faults that are none of [OurSideFault] do not count
	Canaries []CanaryFact
}

// BadEndpoint is an endpoint that was well and is bad now. One that was never
// seen to be well has not turned: it is none.
type BadEndpoint struct {
	Host  string
	Fault string
	Since time.Time // start of the first probe that failed
}

// CanaryFact is what is known of one canary.
type CanaryFact struct {
	ID       string
	Known    bool      // it was well once: until then it has no opinion
	Alone    bool      // it needs no other to agree: it is on this machine
	Failures int       // in a row, by a fault of [CanaryFault]
	Since    time.Time // the first of these
	Fault    string    // of the last of these
}

// OurSideState is the state of the rule. The zero value has seen nothing. Only
// Episode outlives a restart: see Recall.
type OurSideState struct {
	Episode Episode
	Turned  int       // while open: the most endpoints that were bad at a time since they turned; 0: they did not
	Well    time.Time // while open: since when nothing speaks for it; zero: something does
	Decided time.Time // turns until then were decided on, and open nothing again
}

// Recall returns the state of a condition as it stands, as after a restart;
// what s knows beyond it stays.
func (s OurSideState) Recall(stands Standing) OurSideState {
	s.Episode = stands.Episode
	if s.Episode.Phase == PhaseOpen {
		s.Turned = max(s.Turned, stands.Evidence.Numerator)
	}
	return s
}

// Validate reports every fault of the settings at once, each with its key.
func (o OurSide) Validate() error {
	var f faultList
	needCount(&f, "endpoints", o.Endpoints)
	needCount(&f, "hosts", o.Hosts)
	f.when(o.Hosts > o.Endpoints, "hosts: %d hosts need as many endpoints, and endpoints is %d", o.Hosts, o.Endpoints)
	needShare(&f, "share", o.Share)
	needSpan(&f, "within", o.Within)
	needCount(&f, "failures", o.Failures)
	f.when(!(o.Canaries > 0 && o.Canaries <= 1), "canaries: %s is outside (0%%, 100%%]", o.Canaries)
	needSpan(&f, "clear", o.Clear)
	return errors.Join(f...)
}

// OurSideFault reports whether an endpoint with that fault may be well, and our
// own way to it cut: dns_failed, timeout_dns, unreachable, timeout_connect.
// While our side is in doubt, such an endpoint is explained by that.
func OurSideFault(fault string) bool {
	switch probes.Fault(fault) {
	case probes.FaultDNSFailed, probes.FaultTimeoutDNS, probes.FaultUnreachable, probes.FaultTimeoutConnect:
		return true
	default:
		return false
	}
}

// CanaryFault reports whether a canary with that fault was not reached. More
// faults say so than of an endpoint, because a canary was chosen for being
// well. Whatever it answers, it was reached: its own 503, or a certificate that
// has ended, is no doubt about us.
func CanaryFault(fault string) bool {
	switch probes.Fault(fault) {
	case probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultRefused, probes.FaultTimeoutTLS, probes.FaultReset,
		probes.FaultClosed, probes.FaultTimeoutResponse:
		return true
	default:
		return OurSideFault(fault)
	}
}

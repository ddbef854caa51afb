package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Word is the state of an endpoint in one word.
type Word string

// The words; worst wins, in this order.
const (
	StateSuspended  Word = "suspended" // disabled, answers 410, opted out
	StateDown       Word = "down"      // confirmed by the probe
	StateFailing    Word = "failing"   // the ratio of real deliveries
	StateDegraded   Word = "degraded"  // slow, a failure not confirmed yet, or the certificate alone
	StateRecovering Word = "recovering"
	StateHealthy    Word = "healthy"
	StateNoData     Word = "no_data" // never healthy
)

// Words returns the closed set, worst first.
func Words() []Word {
	return []Word{StateSuspended, StateDown, StateFailing, StateDegraded, StateRecovering, StateHealthy, StateNoData}
}

// Reason is one remark that explains a state: which signal, which word of
// that signal, and a line for people.
type Reason struct {
	Signal string `json:"signal"` // probe | certificate | deliveries | registry
	Word   string `json:"word"`
	Text   string `json:"text"`
}

// EndpointView is what is known of one endpoint, by signal.
type EndpointView struct {
	Suspended   bool // by its record
	Probe       ProbeView
	Certificate CertificateView
	Deliveries  DeliveryView
}

// ProbeView is the first signal. A zero Result.At says that there is none yet.
type ProbeView struct {
	Result    probes.Result
	Confirmed bool      // the failures outlasted the quick re-probes
	Failures  int       // in a row
	Since     time.Time // of the first of them
	Gone      bool      // 410 again and again
	Stale     bool      // older than three intervals: no opinion
}

// CertificateView is the second signal. A zero Report.At says that there is
// none yet.
type CertificateView struct {
	Report certificate.Report
	Stale  bool
}

// DeliveryView is the third signal: first attempts in the window that ends
// now. A zero Window says that there is none.
type DeliveryView struct {
	FirstAttempts int
	FailedFirst   int
	Window        time.Duration
	Failing       bool // the ratio rule is met
	Backlog       int  // events that wait for a retry
}

// Ratio returns failed over all first attempts, and false without any: no
// data is neither 0 nor 1.
func (d DeliveryView) Ratio() (Ratio, bool) {
	if d.FirstAttempts == 0 {
		return 0, false
	}
	return Ratio(float64(d.FailedFirst) / float64(d.FirstAttempts)), true
}

// EndpointState gives the one word, worst wins, and what explains it. Signals
// without an opinion (blocked, unknown, stale) explain and do not decide.
func EndpointState(v EndpointView) (Word, []Reason) {
	words, reasons := []Word{StateNoData}, []Reason{}
	for _, signal := range []func(EndpointView) (Word, *Reason){registryState, probeState, certificateState, deliveryState} {
		word, reason := signal(v)
		words = append(words, word)
		if reason != nil {
			reasons = append(reasons, *reason)
		}
	}
	return worst(words), reasons
}

func worst(words []Word) Word {
	for _, w := range Words() {
		if slices.Contains(words, w) {
			return w
		}
	}
	return StateNoData
}

func registryState(v EndpointView) (Word, *Reason) {
	if v.Suspended {
		return StateSuspended, &Reason{Signal: "registry", Word: "suspended", Text: "switched off in its record"}
	}
	return StateNoData, nil
}

func probeState(v EndpointView) (Word, *Reason) {
	p, r := v.Probe, v.Probe.Result
	reason := func(format string, args ...any) *Reason {
		return &Reason{Signal: "probe", Word: string(r.Fault), Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case r.At.IsZero():
		return StateNoData, &Reason{Signal: "probe", Word: "no_data", Text: "not probed yet"}
	case p.Gone:
		return StateSuspended, &Reason{Signal: "probe", Word: string(probes.FaultHTTP410), Text: "answers 410 Gone: probed once a day"}
	case p.Stale:
		return StateNoData, &Reason{Signal: "probe", Word: "stale", Text: fmt.Sprintf("last probed %s: too long ago to say", clock(r.At))}
	case r.Verdict == probes.Down && p.Confirmed:
		return StateDown, reason("%s since %s, %s in a row", r.Fault, clock(p.Since), count(p.Failures, "failure", "failures"))
	case r.Verdict == probes.Down:
		return StateDegraded, reason("%s at %s, being confirmed", r.Fault, clock(r.At))
	case r.Verdict == probes.Degraded && r.Fault == probes.FaultNone:
		return StateDegraded, &Reason{Signal: "probe", Word: "slow", Text: fmt.Sprintf("answered after %s, over its ack budget", r.Took.Round(time.Millisecond))}
	case r.Verdict == probes.Degraded:
		return StateDegraded, reason("%s", r.Fault)
	case r.Verdict == probes.Healthy:
		return StateHealthy, nil
	case r.Verdict == probes.Blocked:
		return StateNoData, reason("refused to connect: %s", r.Detail)
	case r.Fault == probes.FaultUnknown:
		return StateNoData, reason("no opinion: it failed in a way that has no word of its own")
	case r.Fault == probes.FaultInternal || r.Fault == probes.FaultCanceled || r.Fault == probes.FaultSenderError:
		return StateNoData, reason("no opinion: %s on our side", r.Fault)
	default:
		return StateNoData, reason("no opinion: %s, and level %s has never been healthy here", r.Fault, r.Level)
	}
}

func certificateState(v EndpointView) (Word, *Reason) {
	rep := v.Certificate.Report
	if rep.At.IsZero() || v.Certificate.Stale || len(rep.Faults) == 0 || rep.Verdict == certificate.OK {
		return StateNoData, nil
	}
	reason := &Reason{Signal: "certificate", Word: string(speaking(rep)), Text: rep.Detail}
	if rep.Verdict == certificate.Warn || rep.Verdict == certificate.Fail {
		return StateDegraded, reason
	}
	return StateNoData, reason
}

// speaking returns the worst fault of the addresses that gave the report its
// verdict: its detail is about that one. An address where nobody could look
// has faults too, and says nothing of the certificate.
func speaking(rep certificate.Report) certificate.Fault {
	for _, f := range rep.Faults { // worst first
		for _, a := range rep.Addresses {
			if a.Verdict == rep.Verdict && len(a.Faults) > 0 && a.Faults[0] == f {
				return f
			}
		}
	}
	return rep.Faults[0]
}

// tooMany is the ratio from which on a few attempts say no good of an endpoint,
// though they are too few to call it failing (reference webhooks.md section
// 8.1, R3).
const tooMany = Ratio(0.20)

func deliveryState(v EndpointView) (Word, *Reason) {
	d := v.Deliveries
	ratio, known := d.Ratio()
	switch {
	case known && d.Failing:
		return StateFailing, &Reason{Signal: "deliveries", Word: "failing",
			Text: fmt.Sprintf("%d of %d first attempts failed (%s)", d.FailedFirst, d.FirstAttempts, ratio.Short())}
	case known && ratio >= tooMany:
		return StateNoData, &Reason{Signal: "deliveries", Word: "few",
			Text: fmt.Sprintf("%d of %d first attempts failed (%s): too few to judge", d.FailedFirst, d.FirstAttempts, ratio.Short())}
	case d.Backlog > 0:
		return StateRecovering, &Reason{Signal: "deliveries", Word: "backlog", Text: count(d.Backlog, "event waits", "events wait") + " for a retry"}
	case known:
		return StateHealthy, nil
	default:
		return StateNoData, nil
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

package rules

import (
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// AttemptsFact is what the attempts of one endpoint say beyond their ratio.
// The zero value knows nothing.
type AttemptsFact struct {
	Fault  probes.Fault // of most first attempts that failed lately; empty: not known
	Status int          // HTTP status of the last of those; 0: none, or not known
	Since  time.Time    // the first of those
	Failed time.Time    // the last that failed, whatever its fault

	Delivered time.Time // the last that was delivered, lately
	Silent    bool      // none came, although some were expected
	Outage    time.Time // until when the probe may have failed too; zero: it did not
	Crowd     bool      // see CauseFact
}

// overAfter is how long an endpoint must have had deliveries and no failure
// before its failing ratio is history: longer than the intervals of ordinary
// traffic and shorter than the first retry (15 min, reference webhooks.md).
const overAfter = 5 * time.Minute

// CauseFactOf puts together what [CauseOf] asks, as [EndpointState] reads the
// same view: what is stale or has no opinion is not known.
func CauseFactOf(v EndpointView, a AttemptsFact) CauseFact {
	f := CauseFact{Suspended: v.Suspended, Crowd: a.Crowd, Fault: a.Fault, Status: a.Status}
	f.look(v.Probe)
	if c := v.Certificate; !c.Report.At.IsZero() && !c.Stale {
		f.Certificate = c.Report.Verdict
		if len(c.Report.Faults) > 0 {
			f.Finding = speaking(c.Report)
		}
	}
	if r := v.Probe.Result; f.Certificate == "" && !v.Probe.Stale && !r.LeafExpiry.IsZero() {
		f.Left = r.LeafExpiry.Sub(r.At)
	}
	down := v.Probe.Result.Verdict == probes.Down && !v.Probe.Stale
	f.Flow = flowOf(v, a, down)
	switch {
	case f.Flow == FlowFailing && f.Reach.Verdict != probes.Down && !a.Since.IsZero():
		f.Since = a.Since
	case down:
		f.Since = v.Probe.Since
	}
	if f.Flow == FlowFailing {
		f.Reach.Pending, f.Ping.Pending = false, false // two signals agree
	}
	return f
}

// flowOf says how deliveries go now. A window reaches back to before a probe
// began to fail, or to be answered again: what lies on the other side of that
// says nothing of the present.
func flowOf(v EndpointView, a AttemptsFact, down bool) Flow {
	ratio, known := v.Deliveries.Ratio()
	failing, over := known && v.Deliveries.Failing, a.over()
	switch {
	case !known && a.Silent:
		return FlowSilent
	case failing && over && !down:
		return FlowRecovered
	case failing && (!over || !a.Delivered.After(a.Failed)):
		return FlowFailing
	case !known, ratio >= tooMany && !failing:
		return FlowUnknown
	case down && !a.Delivered.After(v.Probe.Since):
		return FlowUnknown
	default:
		return FlowOK
	}
}

// over reports whether failures are history: deliveries have got through for a
// while, or they failed to connect while the probe did too.
func (a AttemptsFact) over() bool {
	const way = kindDNS | kindConnect | kindExpired | kindCertificate | kindTLS
	switch {
	case a.Failed.IsZero():
		return false // nobody knows when
	case a.Delivered.Sub(a.Failed) >= overAfter:
		return true
	default:
		return kindOf(a.Fault, a.Status)&way != 0 && !a.Failed.After(a.Outage)
	}
}

// look fills in what the probe saw. Only the level ping asks the handler; what
// it meets on its way there is what the other levels would have met.
func (f *CauseFact) look(p ProbeView) {
	r := p.Result
	if r.At.IsZero() || p.Stale {
		return
	}
	seen := Look{Verdict: r.Verdict, Fault: r.Fault, Pending: r.Verdict == probes.Down && !p.Confirmed && !p.Gone}
	if r.Level != probes.LevelPing {
		f.Reach = seen
		return
	}
	f.Ping = seen
	switch kind := kindOf(r.Fault, r.Status); {
	case r.Verdict == probes.Healthy, r.Verdict == probes.Degraded:
		f.Reach = Look{Verdict: probes.Healthy}
	case r.Verdict != probes.Down:
	case kind&(kindClient|kindGone|kindLimit|kindRedirect|kindServer|kindTimeout|kindUnauthenticated) != 0:
		f.Reach = Look{Verdict: probes.Healthy} // it was reached, and took the request
	default:
		f.Reach = seen
	}
}

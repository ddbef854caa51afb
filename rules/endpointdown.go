package rules

import (
	"fmt"
	"math"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// EndpointDown opens when the probe of an endpoint fails, its quick re-probes
// fail too, and the failures span long enough; a real delivery that succeeded
// meanwhile vetoes it, and the span begins anew with it. (Independent stray failures of 0.5 % on 100,000 endpoints
// would open 716,000 false alarms a day unconfirmed: reference alerting.md.)
type EndpointDown struct {
	Span time.Duration // failures must span this; default 2m
	Good int           // healthy probes in a row that clear it; default 2
}

// DefaultEndpointDown returns the defaults of DESIGN sections 5.1 and 9.1.
func DefaultEndpointDown() EndpointDown { return EndpointDown{Span: 2 * time.Minute, Good: 2} }

// DownFact is what the rule looks at: one endpoint after one probe.
type DownFact struct {
	Endpoint  string
	Merchant  string
	Host      string
	Memory    probes.Memory
	Policy    probes.Policy
	Delivered time.Time // start of the last real delivery that succeeded; zero: none known, or most of them fail as the probe does
}

// Step takes one probe's fact. It is pure: the same input gives the same
// answer, so that a restart or a replay decides alike.
func (d EndpointDown) Step(e Episode, f DownFact, now time.Time) (Episode, *Change) {
	r := f.Memory.Last
	if !r.Verdict.Opinion() {
		return e, nil // blocked, unknown: neither opens nor clears
	}
	scope := ScopeOf(ScopeEndpoint, f.Endpoint)
	if r.Verdict != probes.Down {
		e, cleared := e.good(d.Good)
		if !cleared {
			return e, nil
		}
		c := d.tell(e, f, scope, now)
		c.Evidence.Text = fmt.Sprintf("answers again: %s after %s", answer(r), r.Took.Round(time.Millisecond))
		return e, &c
	}
	e = e.pend(f.Memory.FirstFailure, string(r.Fault))
	span := r.At.Sub(f.Memory.FirstFailure)
	if e.Phase == PhasePending && (!f.Memory.Confirmed(f.Policy) || min(span, f.undelivered()) < d.Span) {
		return e, nil
	}
	e, told := e.open(now, High)
	if !told {
		return e, nil
	}
	c := d.tell(e, f, scope, now)
	c.Evidence.Text = fmt.Sprintf("%s at level %s since %s, %d probes in a row over %s", r.Fault, r.Level, clock(f.Memory.FirstFailure), f.Memory.Failures, span.Round(time.Second))
	return e, &c
}

// undelivered is how long before the last probe the last real delivery
// succeeded; longer than any span when none is known. A sender's clock may run
// ahead of ours: that counts as now.
func (f DownFact) undelivered() time.Duration {
	if f.Delivered.IsZero() {
		return math.MaxInt64
	}
	return max(f.Memory.Last.At.Sub(f.Delivered), 0)
}

func (d EndpointDown) tell(e Episode, f DownFact, scope Scope, now time.Time) Change {
	c := e.change(RuleEndpointDown, scope, now)
	c.Merchant, c.Host = f.Merchant, f.Host
	c.Evidence.From, c.Evidence.To = e.Since, f.Memory.Last.At
	c.Evidence.Numerator, c.Evidence.Denominator = f.Memory.Failures, f.Memory.Failures
	c.Evidence.Clears = fmt.Sprintf("%d healthy probes in a row", d.Good)
	return c
}

func answer(r probes.Result) string {
	if r.Status == 0 {
		return string(r.Verdict)
	}
	return fmt.Sprintf("%s with %d", r.Verdict, r.Status)
}

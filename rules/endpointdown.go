package rules

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// EndpointDown opens when the probe of an endpoint fails, its quick re-probes
// fail too, and the failures span long enough; a real delivery that succeeded
// meanwhile vetoes it, and the span begins anew with it. (Independent stray failures of 0.5 % on 100,000 endpoints
// would open 716,000 false alarms a day unconfirmed: reference alerting.md.)
// It opens, too, when the probe is well and events wait for long without any
// delivery: an endpoint of few events never has enough for a ratio. The zero
// value is refused by Validate.
type EndpointDown struct {
	Span      time.Duration // failures must span this; 0 or more; default 2m
	Good      int           // healthy probes in a row that clear it; default 2
	OldestFor time.Duration // an event waits so long, and none was delivered since; default 1h; 0: that opens nothing
}

// DefaultEndpointDown returns the defaults of DESIGN sections 5.1 and 9.1, and
// of reference webhooks.md section 8.1, R4.
func DefaultEndpointDown() EndpointDown {
	return EndpointDown{Span: 2 * time.Minute, Good: 2, OldestFor: time.Hour}
}

// DownFact is what the rule looks at: one endpoint after one probe.
type DownFact struct {
	Endpoint  string
	Merchant  string
	Host      string
	Memory    probes.Memory
	Policy    probes.Policy
	Delivered time.Time // start of the last real delivery that succeeded; zero: none known, or most of them fail as the probe does

	Oldest    time.Time // first attempt of the oldest event that waits to be delivered; zero: none waits
	Waiting   int       // events that wait
	LastFault string    // outcome of the oldest's last attempt

	DeliveredAtAll time.Time // start of the last real delivery that succeeded, also when most of them fail; zero: none is known since Oldest
}

// Validate reports every fault of the settings at once, each with its key.
func (d EndpointDown) Validate() error {
	var f faultList
	f.when(d.Span < 0 || d.Span > detectorLongest, "span: %s is outside [0s, %s]", d.Span, detectorLongest)
	needCount(&f, "good", d.Good)
	f.when(d.OldestFor < 0 || d.OldestFor > detectorLongest, "oldest_for: %s is outside [0s, %s]", d.OldestFor, detectorLongest)
	return errors.Join(f...)
}

// Step takes one probe's fact. It is pure: the same input gives the same
// answer, so that a restart or a replay decides alike.
func (d EndpointDown) Step(e Episode, f DownFact, now time.Time) (Episode, *Change) {
	r := f.Memory.Last
	if !r.Verdict.Opinion() {
		return e, nil // blocked, unknown: neither opens nor clears
	}
	scope := ScopeOf(ScopeEndpoint, f.Endpoint)
	if r.Verdict != probes.Down && d.waits(f, now) {
		return d.undelivering(e, f, now)
	}
	if r.Verdict != probes.Down {
		e, cleared := e.good(d.Good)
		if !cleared {
			return e, nil
		}
		c := d.tell(e, f, scope, now)
		c.Evidence.Text = fmt.Sprintf("answers again: %s after %s", answer(r), r.Took.Round(time.Millisecond))
		if f.Waiting > 0 {
			c.Evidence.Text += "; " + countGrouped(f.Waiting, "event waits", "events wait") + " to be delivered"
		}
		return e, &c
	}
	e = e.pend(f.Memory.FirstFailure, string(r.Fault))
	span := f.Memory.Span()
	if e.Phase == PhasePending && (!f.Memory.Confirmed(f.Policy) || min(span, f.undelivered()) < d.Span) {
		return e, nil
	}
	e, told := e.open(now, High)
	with := f.Memory.FirstFailure
	if !told {
		e, told = e.otherwise(r.At)
		with = e.OtherAt
	}
	if !told {
		return e, nil
	}
	c := d.tell(e, f, scope, now)
	c.Evidence.Text = fmt.Sprintf("%s at level %s since %s", r.Fault, r.Level, clock(with))
	if !with.Equal(f.Memory.FirstFailure) {
		c.Evidence.Text += ", down since " + clock(f.Memory.FirstFailure)
	}
	c.Evidence.Text += fmt.Sprintf(", %d probes in a row over %s", f.Memory.Failures, short(span.Round(time.Second)))
	return e, &c
}

// Again returns how soon another probe is wanted, so that an outage is told once
// it spans long enough and not at the turn after that: zero, the regular turn,
// unless failures are confirmed and span too little yet, and the rest is over
// before the regular turn can be.
func (d EndpointDown) Again(f DownFact, now time.Time) time.Duration {
	if f.Memory.Last.Verdict != probes.Down || !f.Memory.Confirmed(f.Policy) || f.Memory.Span() >= d.Span {
		return 0
	}
	rest := max(f.Memory.FirstFailure.Add(f.Memory.Unseen+d.Span).Sub(now), time.Millisecond) // a slow probe may have outlasted it
	if rest > f.Policy.Interval {
		return 0
	}
	return rest
}

// waits reports whether an event waits too long, and none was delivered since
// its first attempt: one that is rejected alone is no fault of the endpoint.
func (d EndpointDown) waits(f DownFact, now time.Time) bool {
	return d.OldestFor > 0 && !f.Oldest.IsZero() && now.Sub(f.Oldest) >= d.OldestFor && f.Delivered.Before(f.Oldest) && f.DeliveredAtAll.Before(f.Oldest)
}

// undelivering takes a fact with a good probe and events that wait too long.
// Such probes count, so that an open episode clears as soon as none waits so.
func (d EndpointDown) undelivering(e Episode, f DownFact, now time.Time) (Episode, *Change) {
	if e.Phase == PhaseOpen {
		e.Good = min(e.Good+1, max(d.Good-1, 0))
		return e, nil
	}
	e, _ = e.good(1) // what a probe that failed before has left pending
	e, told := e.pend(f.Oldest.UTC(), f.LastFault).open(now, High)
	if !told {
		return e, nil
	}
	c := d.tell(e, f, ScopeOf(ScopeEndpoint, f.Endpoint), now)
	c.Evidence.To, c.Evidence.Numerator, c.Evidence.Denominator = now.UTC(), 0, 0 // no probes that failed
	c.Evidence.Text = fmt.Sprintf("nothing was delivered since %s, while the probe is well (%s): %s",
		clock(f.Oldest), answer(f.Memory.Last), countGrouped(max(f.Waiting, 1), "event waits", "events wait"))
	if f.LastFault != "" {
		c.Evidence.Text += ", the last attempt of the oldest ended with " + f.LastFault
	}
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
	if d.OldestFor > 0 {
		c.Evidence.Clears += fmt.Sprintf(", and no event that waits for %s without a delivery since", short(d.OldestFor))
	}
	return c
}

func answer(r probes.Result) string {
	if r.Status == 0 {
		return string(r.Verdict)
	}
	return fmt.Sprintf("%s with %d", r.Verdict, r.Status)
}

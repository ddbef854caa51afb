package traffic

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Config says what traffic is like. Begin with [DefaultConfig]: the zero value
// is refused by Validate. Times are of any zone; attempts carry UTC.
type Config struct {
	Seed   uint64
	Start  time.Time     // the first attempt starts after it; years 2000 to 2199
	Length time.Duration // what starts within it is made; over 0, at most 400 days
	Rate   float64       // first attempts a second, on average over a day; over 0, at most 1,000,000
	Source string        // of the records

	Platform Platform
	Schedule deliveries.Schedule // when a failed event is tried again; zero: never
	Healthy  float64             // share of attempts that fails while nothing is wrong; 0.003 is 0.3 %
	Rough    Rough               // on top of it; zero: smooth
	Delay    time.Duration       // from completion to receipt; see [Generator.Received]

	Incidents      []Incident
	Dead           []string  // endpoints that refuse every attempt
	Slow           []Slow    // endpoints that need long to answer
	LateChannels   []Late    // channels that confirm late: D1 of deliveries.LagClass
	Bursts         []Burst   // more first attempts than usual
	Silent         []Span    // the dispatcher stands still: nothing starts, what was due waits for the end
	MissingRetries []Span    // a retry that is due here is forgotten, and with it all later ones of its event
	Repeated       float64   // share of records that come twice, the same in every field
	Duplicated     float64   // share of delivered events that are sent again a minute later, with the next number
	Failures       []Failure // how the healthy ratio's attempts fail; nil: [DefaultFailures]
}

// Platform is who sends what to whom. Merchants are m-0001, m-0002, ... and
// endpoints ep-00001, ...; endpoint i belongs to merchant i modulo the number
// of merchants, and the low numbers are the busy ones.
type Platform struct {
	Merchants int      // 1 to Endpoints
	Endpoints int      // 1 to 1,000,000
	Skew      float64  // Zipf: endpoint i gets 1/i^Skew of the traffic; 0: all alike, at most 3
	Products  []string // each goes over each channel; at least one
	Channels  []string // as with Products, the first is the busiest (1/i)
	Types     []string // of events; at least one, all alike
}

// Span is from From to before To.
type Span struct{ From, To time.Time }

// Has reports whether t lies in the span.
func (s Span) Has(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Burst multiplies the rate of first attempts; by 0 to 1000.
type Burst struct {
	Span
	By float64
}

// Slow makes an endpoint take about so long (log-normal, 0.25) in a span. What
// would take over 30 s ends there as a timeout (deliveries.DefaultDeadline).
type Slow struct {
	Span
	Endpoint string
	Took     time.Duration // median; over 0, at most 1 h
}

// Late makes what a channel's events tell of lie so long before they were
// created; at most 30 days.
type Late struct {
	Span
	Channel string
	By      time.Duration
}

// DefaultConfig returns an hour of smooth traffic from 2023-11-11 12:00 UTC at
// 10 first attempts a second: 2,000 endpoints of 1,000 merchants, 10 products
// over 6 channels (the shape of reference/ingest-storage.md section 1.4), a
// healthy ratio of 0.3 %, and retries by the preset "xendit".
func DefaultConfig(seed uint64) Config {
	schedule, _ := deliveries.Preset("xendit")
	return Config{
		Seed: seed, Start: time.Date(2023, 11, 11, 12, 0, 0, 0, time.UTC), Length: time.Hour, Rate: 10, Source: "core",
		Platform: Platform{
			Merchants: 1000, Endpoints: 2000, Skew: 1,
			Products: []string{"PAYOUT", "VIRTUAL_ACCOUNT", "EWALLET", "QR", "OTC", "DIRECT_DEBIT", "INVOICE", "PAYLATER", "CARD", "REPORT"},
			Channels: []string{"ID_BCA", "ID_BNI", "ID_MANDIRI", "ID_OVO", "PH_GCASH", "ID_ALFAMART"},
			Types:    []string{"payment.succeeded", "payment.failed", "payout.succeeded", "payout.failed", "invoice.paid"},
		},
		Schedule: schedule, Healthy: 0.003, Delay: 200 * time.Millisecond,
	}
}

// faults gathers what is wrong with a configuration.
type faults []error

func (f *faults) unless(good bool, format string, args ...any) {
	if !good {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// share reports whether v is a share; NaN is not.
func share(v float64) bool { return v >= 0 && v <= 1 }

// Validate reports every fault at once, each with its field; nil when there is
// none. What an incident, a slow endpoint or a late channel names has to exist.
func (c Config) Validate() error {
	var f faults
	f.unless(c.Start.Year() >= 2000 && c.Start.Year() < 2200, "Start: %s is outside the years 2000 to 2199", c.Start)
	f.unless(c.Length > 0 && c.Length <= 400*day, "Length: %s is outside (0s, 400 days]", c.Length)
	f.unless(c.Rate > 0 && c.Rate <= 1e6, "Rate: %v is outside (0, 1000000] attempts a second", c.Rate)
	f.unless(share(c.Healthy), "Healthy: %v is outside [0, 1]", c.Healthy)
	f.unless(share(c.Repeated), "Repeated: %v is outside [0, 1]", c.Repeated)
	f.unless(share(c.Duplicated), "Duplicated: %v is outside [0, 1]", c.Duplicated)
	f.unless(c.Delay >= 0 && c.Delay <= time.Hour, "Delay: %s is outside [0s, 1h]", c.Delay)
	c.Rough.check(&f)
	c.Platform.check(&f)
	checkFailures(&f, "Failures", c.Failures)
	for i, in := range c.Incidents {
		in.check(&f, fmt.Sprintf("Incidents[%d]", i), c.Platform)
	}
	c.checkSpans(&f)
	return errors.Join(f...)
}

func (r Rough) check(f *faults) {
	f.unless(r.Sigma >= 0 && r.Sigma <= 3, "Rough.Sigma: %v is outside [0, 3]", r.Sigma)
	f.unless(r.Memory >= 0 && r.Memory <= day, "Rough.Memory: %s is outside [0s, 24h]", r.Memory)
	f.unless(r.Restarts >= 0 && r.Restarts <= 1000, "Rough.Restarts: %v is outside [0, 1000] a day", r.Restarts)
	f.unless(r.RestartFor >= 0 && r.RestartFor <= day, "Rough.RestartFor: %s is outside [0s, 24h]", r.RestartFor)
	f.unless(share(r.Swing), "Rough.Swing: %v is outside [0, 1]", r.Swing)
}

func (p Platform) check(f *faults) {
	f.unless(p.Endpoints >= 1 && p.Endpoints <= 1e6, "Platform.Endpoints: %d is outside [1, 1000000]", p.Endpoints)
	f.unless(p.Merchants >= 1 && p.Merchants <= p.Endpoints, "Platform.Merchants: %d is outside [1, Endpoints]", p.Merchants)
	f.unless(p.Skew >= 0 && p.Skew <= 3, "Platform.Skew: %v is outside [0, 3]", p.Skew)
	f.unless(len(p.Products) > 0 && len(p.Channels) > 0 && len(p.Types) > 0, "Platform: wanted at least one product, channel and type")
}

// checkSpans checks what holds for a time.
func (c Config) checkSpans(f *faults) {
	for i, s := range c.Slow {
		f.unless(c.Platform.endpoint(s.Endpoint) >= 0, "Slow[%d].Endpoint: %q is not on the platform", i, s.Endpoint)
		f.unless(s.Took > 0 && s.Took <= time.Hour, "Slow[%d].Took: %s is outside (0s, 1h]", i, s.Took)
	}
	for i, l := range c.LateChannels {
		f.unless(slices.Index(c.Platform.Channels, l.Channel) >= 0, "LateChannels[%d].Channel: %q is not on the platform", i, l.Channel)
		f.unless(l.By >= 0 && l.By <= 30*day, "LateChannels[%d].By: %s is outside [0s, 30 days]", i, l.By)
	}
	for i, b := range c.Bursts {
		f.unless(b.By >= 0 && b.By <= 1000 && !math.IsNaN(b.By), "Bursts[%d].By: %v is outside [0, 1000]", i, b.By)
	}
	for i, id := range c.Dead {
		f.unless(c.Platform.endpoint(id) >= 0, "Dead[%d]: %q is not on the platform", i, id)
	}
}

package conditions

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// The defaults that are this package's own.
const (
	// DefaultGrace is how long after its end a tick closes: DESIGN.md section 6.
	DefaultGrace = time.Minute
	// DefaultMostValues bounds the series of each of product, channel and type.
	DefaultMostValues = 1000
	// DefaultMostSeries bounds those of merchants, and those of endpoints, that
	// had a failure lately: about 1 KB each.
	DefaultMostSeries = 100_000
)

// Config is what the conditions are decided by. A rule, a grace or a bound
// that is zero is the default one.
type Config struct {
	EndpointDown rules.EndpointDown
	Certificate  rules.Certificate
	Platform     rules.Detector // of platform_error_ratio
	Product      rules.Detector // of product_error_ratio
	Channel      rules.Detector // of channel_error_ratio
	Type         rules.Detector // of type_error_ratio
	Merchant     rules.Detector // of merchant_error_ratio
	Endpoint     rules.Detector // of endpoint_failing
	Paging       []string       // IDs of the merchants whose ratio pages; of others nobody is told
	Pack         rules.Pack     // of what follows deliveries beyond their ratios
	Grace        time.Duration  // after its end a tick closes; default 60 s, at most 1 h
	Heartbeats   []Heartbeat    // dead man's switches
	MostValues   int            // series of products, of channels, of types; default 1,000; further ones count for the others alone
	MostSeries   int            // of merchants, of endpoints; default 100,000

	// Place returns who issued the certificate of an endpoint, and the range of
	// addresses that it is in; empty: not known. It is called for each counted
	// attempt with the endpoint's ID, and serves to say where failures come from. It may
	// be nil, and must not block.
	Place func(endpoint string) (issuer, network string)

	// Owner returns the merchant and the host of an endpoint, for what is told of
	// it. It may be nil, and must not block.
	Owner func(endpoint string) (merchant, host string)

	named map[string]bool // Paging

	// Committed is called after each commit that held changes, with these: the
	// desk is poked by it. It may be nil, and must not block.
	Committed func(changes []rules.Change)
}

// Heartbeat is one dead man's switch.
type Heartbeat struct {
	ID    string
	Every time.Duration // between two beats
	Grace time.Duration // how late one may be
}

func (h Heartbeat) rule() rules.Silence { return rules.Silence{Every: h.Every, Grace: h.Grace} }

// DefaultConfig returns the defaults, without heartbeats.
func DefaultConfig() Config { return Config{}.withDefaults() }

func (c Config) withDefaults() Config {
	if c.EndpointDown == (rules.EndpointDown{}) {
		c.EndpointDown = rules.DefaultEndpointDown()
	}
	if c.Certificate == (rules.Certificate{}) {
		c.Certificate = rules.DefaultCertificate()
	}
	for _, d := range []*rules.Detector{&c.Platform, &c.Product, &c.Channel, &c.Type, &c.Merchant, &c.Endpoint} {
		if *d == (rules.Detector{}) {
			*d = rules.DefaultDetector()
		}
	}
	if c.Pack == (rules.Pack{}) {
		c.Pack = rules.DefaultPack()
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.MostValues == 0 {
		c.MostValues = DefaultMostValues
	}
	if c.MostSeries == 0 {
		c.MostSeries = DefaultMostSeries
	}
	c.named = make(map[string]bool, len(c.Paging))
	for _, id := range c.Paging {
		c.named[id] = true
	}
	return c
}

// Validate reports every fault at once, each with its path.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	when := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	when(c.EndpointDown.Span < 0, "endpoint_down.span: %s is negative", c.EndpointDown.Span)
	when(c.EndpointDown.Good < 1, "endpoint_down.good: %d is less than 1", c.EndpointDown.Good)
	when(c.Certificate.Rounds < 1, "certificate.rounds: %d is less than 1", c.Certificate.Rounds)
	when(c.Certificate.Good < 1, "certificate.good: %d is less than 1", c.Certificate.Good)
	when(c.Grace < 0 || c.Grace > time.Hour, "grace: %s is outside [0s, 1h]", c.Grace)
	when(c.MostValues < 1 || c.MostValues > 100_000, "most_values: %d is outside [1, 100000]", c.MostValues)
	when(c.MostSeries < 1 || c.MostSeries > 1_000_000, "most_series: %d is outside [1, 1000000]", c.MostSeries)
	for _, d := range dimensions() {
		detector, _ := c.settingsOf(d.rule)
		err := detector.Validate()
		when(err != nil, "%s: %w", d.rule, err)
	}
	if err := c.Pack.Validate(); err != nil {
		faults = append(faults, err)
	}
	seen := map[string]bool{}
	for i, h := range c.Heartbeats {
		err := h.rule().Validate()
		when(err != nil, "heartbeats[%d] %q: %w", i, h.ID, err)
		when(h.ID == "", "heartbeats[%d].id: is empty", i)
		when(seen[h.ID], "heartbeats[%d].id: %q is there twice", i, h.ID)
		seen[h.ID] = true
	}
	return errors.Join(faults...)
}

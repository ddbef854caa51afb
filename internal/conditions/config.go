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
	// DefaultMostChannels bounds the channel series, about 2 KB each.
	DefaultMostChannels = 1000
)

// Config is what the conditions are decided by. A rule, a grace or a bound
// that is zero is the default one.
type Config struct {
	EndpointDown rules.EndpointDown
	Certificate  rules.Certificate
	Platform     rules.Detector // of platform_error_ratio
	Channel      rules.Detector // of channel_error_ratio
	Grace        time.Duration  // after its end a tick closes; default 60 s, at most 1 h
	Heartbeats   []Heartbeat    // dead man's switches
	MostChannels int            // series of channels; default 1,000; further ones count for the platform alone

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
	if c.Platform == (rules.Detector{}) {
		c.Platform = rules.DefaultDetector()
	}
	if c.Channel == (rules.Detector{}) {
		c.Channel = rules.DefaultDetector()
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.MostChannels == 0 {
		c.MostChannels = DefaultMostChannels
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
	when(c.MostChannels < 1 || c.MostChannels > 100_000, "most_channels: %d is outside [1, 100000]", c.MostChannels)
	for _, d := range []struct {
		path     string
		detector rules.Detector
	}{{"platform_error_ratio", c.Platform}, {"channel_error_ratio", c.Channel}} {
		err := d.detector.Validate()
		when(err != nil, "%s: %w", d.path, err)
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

package digest

import (
	"errors"
	"fmt"
	"time"
)

// Config is how digests are made. [DefaultConfig] has the defaults; the zero
// Config is refused. It is read-only once in use.
type Config struct {
	Every   time.Duration // length of a window, in [1s, 7 days]
	Offset  time.Duration // of the boundaries of windows, from local midnight; in [0, Every)
	Spread  time.Duration // a merchant's notices go within it after the close, by a hash of its ID, so that not all go at once; in [0, Every)
	Delay   time.Duration // from the end of a window to its close: results that are late, answers that take their 30 s; in [0, Every)
	DailyAt time.Duration // since local midnight, in [0, 24h): daily digests end then, and weekly ones on Mondays
	PerTick int           // windows that a tick gathers at most, more or less; 0: 5,000
	AtOnce  int           // merchants in one transaction; 0: 500
}

// DefaultConfig returns the defaults: windows of six hours, closed after three
// minutes and told within 45, so that 100,000 mails are 37 a second; daily
// ones at nine in the morning.
func DefaultConfig() Config {
	return Config{Every: DefaultEvery, Spread: 45 * time.Minute, Delay: 3 * time.Minute, DailyAt: 9 * time.Hour, PerTick: 5_000, AtOnce: 500}
}

// Validate returns every fault at once, joined, each with its path, or nil.
func (c Config) Validate() error {
	var list []error
	fault := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	if c.Every < time.Second || c.Every > 7*day {
		fault("every: %s is outside [1s, 168h]; wanted 6h or another part of a day", c.Every)
	}
	if c.Offset < 0 || c.Offset > 0 && c.Offset >= c.Every {
		fault("offset: %s is outside [0s, %s); it moves the boundaries of windows", c.Offset, c.Every)
	}
	if c.Spread < 0 || c.Spread >= c.Every {
		fault("spread: %s is outside [0s, %s); notices would go after the next window has ended", c.Spread, c.Every)
	}
	if c.Delay < 0 || c.Delay >= c.Every {
		fault("delay: %s is outside [0s, %s)", c.Delay, c.Every)
	}
	if c.DailyAt < 0 || c.DailyAt >= day {
		fault("daily_at: %s is outside [0s, 24h); it is a time of day", c.DailyAt)
	}
	if c.PerTick < 0 || c.AtOnce < 0 {
		fault("per_tick: %d and at_once: %d cannot be below 0", c.PerTick, c.AtOnce)
	}
	return errors.Join(list...)
}

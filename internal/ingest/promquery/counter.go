package promquery

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// maxGap is how long a series may be away, or the server silent, and still go
// on where it was. It is how far back Prometheus looks for a value.
const maxGap = 5 * time.Minute

// What a counter that fell may have at most to count from zero: twice the most
// that it ever rose by in the time between two asks, and a bit, because most
// counters begin low.
const (
	resetFactor = 2
	resetFloor  = 100
)

// counter is one series as it was seen last.
type counter struct {
	at    time.Time // of its value, by the server's clock
	seen  time.Time // of the ask
	value float64
	peak  float64 // the most that it rose by from one ask to the next
}

// motion is what a counter did since the ask before.
type motion struct {
	rose    float64
	fresh   bool // there is a new value, and rose says by how much; also by nothing
	first   bool // it was not there before: it is where counting begins
	reset   bool // it began again at zero
	unclear bool // it fell or rose by more than can be: rose is of no use
}

// step takes the values of one ask, and says what they mean.
func (c *counter) step(points []pair, asked time.Time, every time.Duration) motion {
	var m motion
	if c.seen.IsZero() || asked.Sub(c.seen).Abs() > maxGap { // also when the clock was set back
		*c = counter{peak: c.peak}
		m.first = true
	}
	asks := 1.0
	if !m.first {
		asks = max(1, float64(asked.Sub(c.seen))/float64(every))
	}
	for _, p := range points {
		switch {
		case !p.at.After(c.at) && !c.at.IsZero():
			continue
		case m.first:
			m.rose = 0 // of a matrix the last value counts
		case p.value >= c.value:
			m.rose += p.value - c.value
			m.fresh = true
		default:
			m.reset, m.fresh = true, true
			m.unclear = m.unclear || p.value > resetFactor*c.peak*asks+resetFloor
			m.rose += p.value
		}
		c.at, c.value = p.at, p.value
	}
	c.seen = asked
	m.unclear = m.unclear || m.rose > rules.TickAttempts
	if m.fresh && !m.unclear {
		c.peak = max(c.peak, m.rose/asks)
	}
	return m
}

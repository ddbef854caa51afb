package conditions

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	// censusTicks is how many ticks are remembered: as many as the longest
	// window of a detector has.
	censusTicks = 30
	// mostInCensus bounds the values, half a KB each; further ones explain nothing.
	mostInCensus = 4096
)

// census counts first attempts by what has no rule of its own: how they
// failed, who issued the certificate of the endpoint, and its address range. It
// only serves to say where failures come from. Faults are stored; issuers and
// ranges, which follow from looks, begin anew with a start.
type census struct {
	place  func(endpoint string) (issuer, network string)
	tick   int64 // as the platform's
	values map[censusKey]*[censusTicks]count
}

type censusKey struct {
	dimension rules.Dimension
	value     string
}

func newCensus() *census { return &census{tick: 1, values: map[censusKey]*[censusTicks]count{}} }

func (c *census) set(cfg Config) {
	if tick := max(int64(cfg.Platform.Tick), 1); tick != c.tick {
		c.tick = tick
		clear(c.values)
	}
	c.place = cfg.Place
}

// count takes a first attempt that ended at a moment.
func (c *census) count(a *deliveries.Attempt, fault probes.Fault, done int64) {
	k := 0
	if fault != probes.FaultNone {
		k = 1
		c.add(censusKey{rules.DimensionFault, string(fault)}, done, 0, k)
	}
	if c.place == nil || a.Endpoint == "" {
		return
	}
	issuer, network := c.place(a.Endpoint)
	c.add(censusKey{rules.DimensionIssuer, issuer}, done, 1, k)
	c.add(censusKey{rules.DimensionNetwork, network}, done, 1, k)
}

func (c *census) add(key censusKey, done int64, n, k int) {
	if key.value == "" {
		return
	}
	ring := c.values[key]
	if ring == nil {
		if len(c.values) >= mostInCensus {
			c.drop(done - censusTicks*c.tick)
			if len(c.values) >= mostInCensus {
				return
			}
		}
		ring = new([censusTicks]count)
		c.values[censusKey{key.dimension, strings.Clone(key.value)}] = ring
	}
	begin := done - done%c.tick
	at := &ring[begin/c.tick%censusTicks]
	if at.begin > begin {
		return // of long ago
	}
	if at.begin < begin {
		*at = count{begin: begin}
	}
	at.add(n, k)
}

// drop forgets the values that have nothing after a moment.
func (c *census) drop(before int64) {
	for key, ring := range c.values {
		idle := true
		for _, at := range ring {
			idle = idle && at.begin < before
		}
		if idle {
			delete(c.values, key)
		}
	}
}

// parts tells what each value got between two moments. A place is taken to be
// as good as all ordinarily are.
func (c *census) parts(from, to int64, usual rules.Ratio) iter.Seq[rules.Part] {
	return func(yield func(rules.Part) bool) {
		for key, ring := range c.values {
			p := rules.Part{Dimension: key.dimension, Value: key.value, Usual: usual}
			for _, at := range ring {
				if at.begin >= from && at.begin < to {
					p.N, p.K = p.N+int(at.n), p.K+int(at.k)
				}
			}
			if key.dimension == rules.DimensionFault {
				p.Usual = 0
			}
			if !yield(p) {
				return
			}
		}
	}
}

// censusAtRest is what is stored: of each fault, when a tick began and how many
// failed so in it.
type censusAtRest struct {
	Tick   int64                 `json:"tick"`
	Faults map[string][][2]int64 `json:"faults,omitempty"`
}

func (c *census) rest() censusAtRest {
	at := censusAtRest{Tick: c.tick, Faults: map[string][][2]int64{}}
	for key, ring := range c.values {
		if key.dimension != rules.DimensionFault {
			continue
		}
		for _, t := range ring {
			if t.k > 0 {
				at.Faults[key.value] = append(at.Faults[key.value], [2]int64{t.begin, int64(t.k)})
			}
		}
	}
	return at
}

// load takes up what was stored. What is of other settings is left out.
func (c *census) load(state []byte) error {
	var at censusAtRest
	if err := json.Unmarshal(state, &at); err != nil {
		return fmt.Errorf("decode its state: %w", err)
	}
	if at.Tick != c.tick {
		return nil
	}
	for fault, ticks := range at.Faults {
		for _, t := range ticks {
			if begin, k := t[0], t[1]; begin >= 0 && k > 0 && k <= rules.TickAttempts {
				c.add(censusKey{rules.DimensionFault, fault}, begin, 0, int(k))
			}
		}
	}
	return nil
}

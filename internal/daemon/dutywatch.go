package daemon

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/config"
)

// proofsEvery is how often it is looked whether a silent proof is due.
const proofsEvery = 10 * time.Second

// watch watches the pager: it calls somebody outside while all is well, lets
// each lane prove that it works, and tells past the outbox that the store
// cannot be written (reference alerting.md section 4.9; DESIGN section 7).
type watch struct {
	deadman *deadman
	pulses  *pulses
	resort  *lastResort
}

// watchMeter is what the metrics hear of it. Safe for concurrent use.
type watchMeter interface {
	Pinged(result dashboards.PingResult, at time.Time)
	Proved(last map[string]time.Time)
	LastResort()
	Reserve(held bool)
}

// newWatch returns the watch of d, which has done nothing yet. settings
// returns what is in force; it must not block.
func newWatch(d *Daemon, settings func() config.Deadman, m watchMeter) *watch {
	return &watch{
		deadman: newDeadman(&deadman{
			settings: settings, duty: duties{d}.Duty, clock: clockSince(time.Now()), count: m.Pinged,
			agent: "hookvigil/" + d.opts.Version, log: d.log,
		}),
		pulses: &pulses{d: d, settings: settings, meter: m},
		resort: d.newLastResort(m),
	}
}

// jobs returns the duties that are done again and again.
func (w *watch) jobs() []job {
	return []job{
		{"dead-man ping", time.Second, w.deadman.tick},
		{"silent proofs", proofsEvery, w.pulses.tick},
	}
}

// run looks after the store until ctx ends; then it ends what is on the wire,
// and returns ctx's error.
func (w *watch) run(ctx context.Context) error { return w.resort.run(ctx) }

// problems says what the watch found. It does not block.
func (w *watch) problems(now time.Time) []string {
	problems := w.resort.problems(now)
	problems = append(problems, w.deadman.problems()...)
	return append(problems, w.pulses.problems(now)...)
}

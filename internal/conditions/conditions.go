package conditions

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// Conditions steps the rules over facts and commits what changes. All methods
// are safe for concurrent use; none but Load and Run waits for the store.
// Call Load before all others, then Run.
type Conditions struct {
	store Store
	log   *slog.Logger
	wake  chan struct{} // one place: there is something to write

	mu       sync.Mutex // guards the fields below
	cfg      Config
	standing map[met]rules.Standing
	badRuns  map[rules.Scope]int // bad rounds of looks in a row, where there are any
	beats    map[string]*beat
	beatsNew bool      // heartbeats may have gone since the last check
	beatsAt  time.Time // of the last check; zero: there was none
	ratios   *ratios
	queue    *batch          // not written yet
	writing  time.Time       // how long the batch that is being written has waited; zero: none is
	saved    ingest.Position // of the last checkpoint that was committed

	lastingKept bool // the row of what has to last is stored, or about to be
}

// met names the conditions of one rule in one scope.
type met struct {
	rule  rules.Rule
	scope rules.Scope
}

// New returns conditions that have seen nothing. cfg is taken as it is: ask
// its Validate first.
func New(cfg Config, store Store, log *slog.Logger) *Conditions {
	c := &Conditions{
		store: store, log: log, wake: make(chan struct{}, 1), cfg: cfg.withDefaults(),
		standing: map[met]rules.Standing{}, badRuns: map[rules.Scope]int{}, beats: map[string]*beat{},
		queue: newBatch(),
	}
	c.ratios = newRatios(c.cfg)
	c.setBeatsLocked()
	return c
}

// SetConfig goes on by other settings. Series keep their state; when the
// length of a detector's tick changes, the ticks that are still open are not
// counted, at most those of the last Grace.
func (c *Conditions) SetConfig(cfg Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cfg = cfg.withDefaults()
	c.ratios.set(c.cfg)
	c.setBeatsLocked()
}

// Load takes up what was committed last. The series of a state that cannot be
// read begin anew, with a warning.
func (c *Conditions) Load(ctx context.Context) error {
	saved, err := c.store.Conditions(ctx)
	if err != nil {
		return fmt.Errorf("load conditions: %w", err)
	}
	position, err := ingest.PositionOf(saved.Position)
	if err != nil {
		return fmt.Errorf("load conditions: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range saved.Standing {
		c.standing[met{s.Rule, s.Scope}] = s
		if s.Rule == rules.RuleCertificate && s.Episode.Phase == rules.PhasePending {
			c.badRuns[s.Scope] = 1 // at least
		}
	}
	c.loadLastingLocked(saved.Series, time.Now())
	c.saved, c.ratios.position = position, position
	c.loadRatiosLocked(saved.Series)
	return nil
}

// Position returns how far the log needs no replay: the stored series include
// all before it.
func (c *Conditions) Position() ingest.Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.saved
}

// settleLocked keeps a condition as it stands after a step, and queues it when
// there is something to write. s is as before the step, but for Merchant and
// Host; pending is the evidence of one that is only just pending.
func (c *Conditions) settleLocked(s rules.Standing, e rules.Episode, ch *rules.Change, pending rules.Evidence) {
	before := s.Episode
	before.Good = e.Good // how many good facts were seen is not worth a write
	switch {
	case ch != nil:
		s = s.After(e, *ch)
	case e.Phase == rules.PhasePending && before.Phase != rules.PhasePending:
		s.OpenedAt, s.Cleared, s.Evidence = time.Time{}, time.Time{}, pending
	case e.Phase == rules.PhaseNone && before.Phase == rules.PhasePending:
		s.OpenedAt, s.Cleared = time.Time{}, time.Time{}
	}
	s.Episode = e
	if ch != nil || before != e {
		c.queueLocked(s, ch)
		return
	}
	c.keepLocked(s)
}

// queueLocked keeps a condition, and has it written with its change, if any.
func (c *Conditions) queueLocked(s rules.Standing, ch *rules.Change) {
	c.keepLocked(s)
	c.queue.put(s)
	if ch != nil {
		c.queue.changes = append(c.queue.changes, *ch)
	}
	c.hastenLocked()
}

// keepLocked remembers what is met, and the number of what was.
func (c *Conditions) keepLocked(s rules.Standing) {
	if s.Episode.Phase == rules.PhaseNone && s.Episode.Number == 0 {
		delete(c.standing, met{s.Rule, s.Scope})
		return
	}
	c.standing[met{s.Rule, s.Scope}] = s
}

// standingLocked returns what stands, or the beginning of it.
func (c *Conditions) standingLocked(m met) rules.Standing {
	s := c.standing[m]
	s.Rule, s.Scope = m.rule, m.scope
	return s
}

// hastenLocked has the queue written at once.
func (c *Conditions) hastenLocked() {
	if c.queue.since.IsZero() {
		c.queue.since = time.Now()
	}
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

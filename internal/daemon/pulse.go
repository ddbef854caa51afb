package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// How long a lane may go without a proof before the daemon says that it is off
// duty: three of the usual hours (reference alerting.md section 4.9), and never
// less than three proofs.
const (
	provedLimit  = 3 * time.Hour
	provedMissed = 3
)

// pulses lets each lane of the configured receivers prove that it works,
// through the ordinary outbox: one notice an hour that nobody should notice.
// It is safe for concurrent use.
type pulses struct {
	d        *Daemon
	settings func() config.Deadman
	meter    watchMeter

	mu         sync.Mutex
	asked      map[string]time.Time     // the turn that each lane was asked for last; guarded by mu, as what follows
	seen       map[string]time.Time     // since when each lane is configured, as far as this run knows
	last       map[string]time.Time     // when each lane was last known to work; zero: never
	every      map[string]time.Duration // how often each lane proves itself at the most; 0: as often as is configured
	unused     []string                 // receivers that prove nothing silently, and never took anything
	complained time.Time
}

// tick asks the lanes whose turn has come, and reads which have proved
// themselves. It blocks on the store for at most 5 s.
func (p *pulses) tick(ctx context.Context) {
	if p.d.stopping.Load() {
		return
	}
	now, prove := time.Now(), p.settings().Prove
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	var lanes []proof
	var err error
	if prove > 0 {
		lanes = p.lanes(now)
		err = p.ask(ctx, lanes, now, prove)
	} else {
		p.forget()
	}
	if err == nil {
		err = p.read(ctx, lanes)
	}
	if err != nil && p.mayComplain() {
		p.d.metrics.StoreFailed("pulse")
		p.d.log.Warn("silent proofs not asked for; will try again", "err", err)
	}
}

// lanes returns the lanes of the configured receivers that prove themselves, one
// for each, and remembers since when.
func (p *pulses) lanes(now time.Time) []proof {
	byLane := map[string]proof{}
	w := p.d.column.ways.Load()
	for _, one := range w.proofs {
		if w.proves(one) {
			byLane[one.to.Lane] = one
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen, p.asked = map[string]time.Time{}, map[string]time.Time{}
	}
	p.every = map[string]time.Duration{}
	gone := func(lane string, _ time.Time) bool { _, ok := byLane[lane]; return !ok }
	maps.DeleteFunc(p.seen, gone)
	maps.DeleteFunc(p.asked, gone)
	list := make([]proof, 0, len(byLane))
	for _, lane := range slices.Sorted(maps.Keys(byLane)) {
		list = append(list, byLane[lane])
		p.every[lane] = byLane[lane].every
		if _, known := p.seen[lane]; !known {
			p.seen[lane] = now
		}
	}
	return list
}

// ask enqueues a proof for each lane that was not asked in this turn. After a
// restart the same turn has the same key, and nothing is asked twice.
func (p *pulses) ask(ctx context.Context, lanes []proof, now time.Time, prove time.Duration) error {
	facts, err := json.Marshal(alerting.Facts{Title: "hookvigil is alive", Severity: rules.Low, Members: []alerting.Member{}, At: now})
	if err != nil {
		return err
	}
	var notices []alerting.Notice
	turns := map[string]time.Time{} // by lane
	for _, one := range lanes {
		to, turn := one.to, now.UTC().Truncate(max(prove, one.every))
		if p.wasAsked(to.Lane, turn) {
			continue
		}
		subject := "pulse/" + to.Lane
		turns[to.Lane] = turn
		notices = append(notices, alerting.Notice{
			IdemKey: subject + ":" + turn.Format(time.RFC3339), Subject: subject, Lane: to.Lane, Recipient: to.Recipient,
			Kind: alerting.KindPulse, Flow: alerting.FlowState, Severity: rules.Low, Version: int(turn.Unix()), Created: now, Due: now, Facts: facts,
		})
	}
	if len(notices) == 0 {
		return nil
	}
	if err := p.d.store.Enqueue(ctx, notices); err != nil {
		return err
	}
	p.noteAsked(turns)
	p.d.column.outbox.Poke()
	return nil
}

func (p *pulses) wasAsked(lane string, turn time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[lane].Equal(turn)
}

func (p *pulses) noteAsked(turns map[string]time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.asked, turns)
}

// read asks the store when the lanes were last known to work.
func (p *pulses) read(ctx context.Context, lanes []proof) error {
	proofs, err := p.d.store.Proofs(ctx)
	if err != nil {
		return err
	}
	last := map[string]time.Time{}
	for _, one := range lanes {
		last[one.to.Lane] = proofs[one.to.Lane].Last()
	}
	unused := unusedOf(p.d.column.ways.Load(), last, proofs)
	p.mu.Lock()
	p.unused = unused
	p.mu.Unlock()
	p.show(last)
	return nil
}

// unusedOf returns the receivers that no silent proof covers, and that have
// never taken a notice.
func unusedOf(w *ways, proved map[string]time.Time, proofs map[string]store.LaneProof) []string {
	var names []string
	for _, name := range w.names {
		if slices.ContainsFunc(w.leads[name], func(to alerting.Destination) bool {
			_, covered := proved[to.Lane]
			return !covered && proofs[to.Lane].Last().IsZero()
		}) {
			names = append(names, name)
		}
	}
	return names
}

// remarks names the receivers of which nobody knows whether they work.
func (p *pulses) remarks() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, name := range p.unused {
		list = append(list, fmt.Sprintf("receiver %q has never taken anything, and nothing proves silently that it would: hookvigil notify test %s", name, name))
	}
	return list
}

// show hands on when each lane was last known to work. The metric is of those
// that prove themselves as often as is configured: its alert counts in hours.
func (p *pulses) show(last map[string]time.Time) {
	often := maps.Clone(last)
	p.mu.Lock()
	p.last = last
	maps.DeleteFunc(often, func(lane string, _ time.Time) bool { return p.every[lane] > 0 })
	p.mu.Unlock()
	p.meter.Proved(often)
}

// forget is what becomes of all this when proofs are switched off.
func (p *pulses) forget() {
	p.mu.Lock()
	p.asked, p.seen = nil, nil
	p.mu.Unlock()
	p.show(nil)
}

// problems names the receivers with a lane that has not proved itself for too
// long. One that is new has as long to do it.
func (p *pulses) problems(now time.Time) []string {
	prove := p.settings().Prove
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := map[string]silence{} // by receiver, the lane that is longest
	for lane, last := range p.last {
		s, receiver := silence{latest(p.seen[lane], last), max(prove, p.every[lane])}, alerting.ReceiverOf(lane)
		if now.Sub(s.since) <= max(provedLimit, provedMissed*s.every) {
			continue
		}
		if was, known := silent[receiver]; !known || s.since.Before(was.since) {
			silent[receiver] = s
		}
	}
	var problems []string
	for _, receiver := range slices.Sorted(maps.Keys(silent)) {
		s := silent[receiver]
		problems = append(problems, fmt.Sprintf("outbox: receiver %q has given no proof that it works since %s, though it is asked each %s: hookvigil notify test %s",
			receiver, clockOf(s.since, now), registry.Duration(s.every), receiver))
	}
	return problems
}

// silence is how long a lane has given no proof, and how often it should.
type silence struct {
	since time.Time
	every time.Duration
}

// mayComplain reports whether a minute has passed since it said so last.
func (p *pulses) mayComplain() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.complained.IsZero() && time.Since(p.complained) < time.Minute {
		return false
	}
	p.complained = time.Now()
	return true
}

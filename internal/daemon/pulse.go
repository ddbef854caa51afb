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
	asked      map[string]time.Time // the turn that each lane was asked for last; guarded by mu, as what follows
	seen       map[string]time.Time // since when each lane is configured, as far as this run knows
	last       map[string]time.Time // when each lane was last known to work; zero: never
	complained time.Time
}

// tick asks the lanes whose turn has come, and reads which have proved
// themselves. It blocks on the store for at most 5 s.
func (p *pulses) tick(ctx context.Context) {
	if p.d.stopping.Load() {
		return
	}
	now, prove := time.Now(), p.settings().Prove
	if prove <= 0 {
		p.forget()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	lanes := p.lanes(now)
	err := p.ask(ctx, lanes, now, prove)
	if err == nil {
		err = p.read(ctx, lanes)
	}
	if err != nil && p.mayComplain() {
		p.d.metrics.StoreFailed("pulse")
		p.d.log.Warn("silent proofs not asked for; will try again", "err", err)
	}
}

// lanes returns where the configured receivers lead, one for each lane, and
// remembers since when.
func (p *pulses) lanes(now time.Time) []alerting.Destination {
	w := p.d.column.ways.Load()
	byLane := map[string]alerting.Destination{}
	for _, name := range w.names {
		if !w.prove[name] {
			continue
		}
		for _, to := range w.leads[name] {
			byLane[to.Lane] = to
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen, p.asked = map[string]time.Time{}, map[string]time.Time{}
	}
	gone := func(lane string, _ time.Time) bool { _, ok := byLane[lane]; return !ok }
	maps.DeleteFunc(p.seen, gone)
	maps.DeleteFunc(p.asked, gone)
	list := make([]alerting.Destination, 0, len(byLane))
	for _, lane := range slices.Sorted(maps.Keys(byLane)) {
		list = append(list, byLane[lane])
		if _, known := p.seen[lane]; !known {
			p.seen[lane] = now
		}
	}
	return list
}

// ask enqueues a proof for each lane that was not asked in this turn. After a
// restart the same turn has the same key, and nothing is asked twice.
func (p *pulses) ask(ctx context.Context, lanes []alerting.Destination, now time.Time, prove time.Duration) error {
	turn := now.UTC().Truncate(prove)
	facts, err := json.Marshal(alerting.Facts{Title: "hookvigil is alive", Severity: rules.Low, Members: []alerting.Member{}, At: now})
	if err != nil {
		return err
	}
	var notices []alerting.Notice
	for _, to := range lanes {
		if p.wasAsked(to.Lane, turn) {
			continue
		}
		subject := "pulse/" + to.Lane
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
	p.noteAsked(notices, turn)
	p.d.column.outbox.Poke()
	return nil
}

func (p *pulses) wasAsked(lane string, turn time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[lane].Equal(turn)
}

func (p *pulses) noteAsked(notices []alerting.Notice, turn time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range notices {
		p.asked[n.Lane] = turn
	}
}

// read asks the store when the lanes were last known to work.
func (p *pulses) read(ctx context.Context, lanes []alerting.Destination) error {
	proofs, err := p.d.store.Proofs(ctx)
	if err != nil {
		return err
	}
	p.show(lastOfLanes(lanes, proofs))
	return nil
}

func lastOfLanes(lanes []alerting.Destination, proofs map[string]store.LaneProof) map[string]time.Time {
	last := map[string]time.Time{}
	for _, to := range lanes {
		last[to.Lane] = proofs[to.Lane].Last()
	}
	return last
}

func (p *pulses) show(last map[string]time.Time) {
	p.mu.Lock()
	p.last = last
	p.mu.Unlock()
	p.meter.Proved(last)
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
	limit := max(provedLimit, provedMissed*prove)
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := map[string]time.Time{} // since when, of the lane that is longest
	for lane, last := range p.last {
		since, receiver := latest(p.seen[lane], last), alerting.ReceiverOf(lane)
		if now.Sub(since) <= limit {
			continue
		}
		if was, known := silent[receiver]; !known || since.Before(was) {
			silent[receiver] = since
		}
	}
	var problems []string
	for _, receiver := range slices.Sorted(maps.Keys(silent)) {
		problems = append(problems, fmt.Sprintf("outbox: receiver %q has given no proof that it works since %s, though it is asked each %s: hookvigil notify test %s",
			receiver, clockOf(silent[receiver], now), registry.Duration(prove), receiver))
	}
	return problems
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

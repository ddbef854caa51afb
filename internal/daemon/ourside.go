package daemon

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// oursideEvery is how often it is asked whether it is us or them, and how often
// the last self-audit is looked at: our own choice. It takes 0.1 s when all of
// 100,000 endpoints are bad.
const oursideEvery = 10 * time.Second

// ourside asks whether it is us or them.
type ourside struct {
	d        *Daemon
	canaries *canaries
	rule     rules.OurSide
	self     rules.MonitorSelf

	// configured returns the canaries that the operator named.
	configured func() []config.Canary
	// show takes whether our side is in doubt, and which canaries were reached.
	show func(inDoubt bool, up map[string]bool)

	mu    sync.Mutex // guards state
	state rules.OurSideState
}

// oursideJobs returns the duties that find out whether it is us or them. They
// keep what they saw between them: ask once.
func (d *Daemon) oursideJobs(configured func() []config.Canary, show func(inDoubt bool, up map[string]bool)) []job {
	o := newOurside(d, configured, show)
	return []job{
		{"canaries", canaryEvery, o.look},
		{"our side", oursideEvery, o.judge},
	}
}

func newOurside(d *Daemon, configured func() []config.Canary, show func(bool, map[string]bool)) *ourside {
	return &ourside{
		d: d, canaries: newCanaries(d.log), rule: rules.DefaultOurSide(), self: rules.DefaultMonitorSelf(),
		configured: configured, show: show,
	}
}

// oursideDoubt returns since when our own side is in doubt, and why; false when
// it is not. Endpoints that turn bad with a fault of [rules.OurSideFault]
// meanwhile are explained by it. It is cheap, and safe for concurrent use.
func (d *Daemon) oursideDoubt() (since time.Time, why string, ok bool) {
	return d.column.conditions.InDoubt()
}

// look makes a round of looks at the canaries, and judges at once.
func (o *ourside) look(ctx context.Context) {
	o.canaries.round(ctx, o.d.canaryLooks(o.configured()))
	if ctx.Err() == nil {
		o.step(time.Now())
	}
}

// judge asks all that is known, and looks at the last self-audit.
func (o *ourside) judge(context.Context) {
	now := time.Now()
	o.step(now)
	o.audited(now)
}

// step asks the rule.
func (o *ourside) step(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = o.d.column.conditions.OurSide(o.rule, o.state, o.d.oursideFact(o.canaries.facts()), now)
	o.show(o.state.Episode.Phase == rules.PhaseOpen, o.canaries.up())
}

// oursideFact is what the rule looks at.
func (d *Daemon) oursideFact(known []rules.CanaryFact) rules.OurSideFact {
	f := rules.OurSideFact{Canaries: known}
	for _, w := range d.registry.Snapshot().Endpoints() {
		if w.Suspended {
			continue
		}
		f.Watched++
		if b, bad := d.board.turnedBad(w); bad {
			f.Bad = append(f.Bad, b)
		}
	}
	return f
}

// turnedBad returns what the rule looks at of an endpoint that is bad now and
// was well before: of no other does the memory say that it is down.
func (b *board) turnedBad(w *registry.Watched) (rules.BadEndpoint, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p := b.probes[w.ID]
	m := &p.memory
	if p.url != w.URL || m.Last.Verdict != probes.Down {
		return rules.BadEndpoint{}, false
	}
	return rules.BadEndpoint{Host: hostOf(w.Probe.URL), Fault: string(m.Last.Fault), Since: m.FirstFailure}, true
}

// audited takes what the last self-audit found. What it says of sources is
// their senders' trouble, with runbooks of its own.
func (o *ourside) audited(now time.Time) {
	found := o.d.problems.Load()
	if found == nil || o.d.stopping.Load() {
		return // none yet, or off duty because somebody said so
	}
	_, name := rules.SelfDuty.Split()
	f := rules.SelfFact{Name: name}
	for _, p := range *found {
		if !strings.HasPrefix(p, "source ") {
			f.Problems = append(f.Problems, p)
		}
	}
	o.d.column.conditions.SelfAudited(o.self, f, now)
}

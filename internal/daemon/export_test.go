package daemon

import (
	"context"

	"github.com/hookvigil/hookvigil/probes"
)

// BreakProber makes every later probe of the daemon panic: a bug on purpose.
func (d *Daemon) BreakProber() {
	d.eyes.Store(&eyes{prober: new(probes.Prober), looker: d.eyes.Load().looker})
}

// ProbeTurns gives tests the schedule, to make a turn due now.
func (d *Daemon) ProbeTurns() *probes.Schedule { return d.probeTurns }

// CertificateTurns is the schedule of the second signal.
func (d *Daemon) CertificateTurns() *probes.Schedule { return d.certificateTurns }

// New2 returns another daemon on the same configuration.
func (d *Daemon) New2() *Daemon {
	opts := d.opts
	opts.Config = d.settings.Load()
	return New(opts)
}

// Remembers reports whether the board holds anything of an endpoint.
func (d *Daemon) Remembers(id string) bool {
	d.board.mu.RLock()
	defer d.board.mu.RUnlock()
	_, probe := d.board.probes[id]
	_, look := d.board.certs[endpointSubject(id)]
	return probe || look
}

// SaveNow does what the job does each ten seconds.
func (d *Daemon) SaveNow(ctx context.Context) { d.save(ctx) }

// CountBacklog does what the job does each minute.
func (d *Daemon) CountBacklog(ctx context.Context) { d.countBacklog(ctx) }

// JudgeSlow and JudgeSources do what their jobs do.
func (d *Daemon) JudgeSlow(ctx context.Context)    { d.judgeSlow(ctx) }
func (d *Daemon) JudgeSources(ctx context.Context) { d.judgeSources(ctx) }

// Learn does what the backlog job does with what was learnt of schedules.
func (d *Daemon) Learn(ctx context.Context) { d.learn(ctx) }

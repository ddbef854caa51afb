package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// How long each part of the column may take to stop.
const (
	drainAttempts   = 500 * time.Millisecond
	drainConditions = 600 * time.Millisecond
	drainDesk       = 300 * time.Millisecond
)

// column is the way of a fact from where it comes in to whom it is told:
// attempts are logged and applied, conditions decided, incidents grouped and
// recorded, notices sent.
type column struct {
	log        *ingest.Log
	intake     *ingest.Intake
	lately     *ingest.Lately
	applier    *ingest.Applier
	conditions *conditions.Conditions
	clerk      *alerting.Clerk
	outbox     *alerting.Outbox
	ways       atomic.Pointer[ways]
	work       atomic.Pointer[alerting.Work] // of the outbox, as it saw it last
	progress   progress
	late       atomic.Int64 // attempts that came too late for their tick, as the metrics know it
	inTime     atomic.Int64 // first attempts since the metrics asked last
	lateness   lateShare
	learners   learners
	senders    *ingest.Senders
	waiting    atomic.Pointer[conditions.Waits] // a minute ago; read-only

	counting       sync.Mutex // held while the backlog is counted
	backlogCounted time.Time  // when that was last; guarded by counting
	breaks         sync.Mutex // held until whoever has to know of a break does
	hearing        hearing
}

// openColumn opens the log and makes the parts of the column, from the store
// upwards. Nothing runs yet.
func (d *Daemon) openColumn(ctx context.Context, cfg *config.Config) error {
	c := &d.column
	ledger := d.store.Ledger()
	progress, err := ledger.Progress(ctx)
	if err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	c.senders = ingest.NewSenders(d.declared, d.graded)
	c.conditions = conditions.New(d.conditionsOf(cfg), d.store, d.log)
	if err := c.conditions.Load(ctx); err != nil {
		return fmt.Errorf("conditions: %w", err)
	}
	after := progress.Applied
	if at := c.conditions.Position(); after.Before(at) {
		after = at // facts and log may have been lost without what was decided by them
	}
	c.log, err = ingest.Open(filepath.Join(cfg.DataDir, "log"), d.log, ingest.Options{After: after})
	if err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	if end := c.log.End(); progress.Applied.Before(end) {
		c.progress.atStart = end
	}
	c.intake = ingest.NewIntake(c.log, ledger)
	c.lately, err = ingest.LoadLately(ctx, ledger, time.Now(), cfg.Rules.Failing.Window)
	if err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	w := d.waysOf(cfg)
	c.ways.Store(&w)
	d.digestConfig = cfg.Digest.Config
	d.digest.Store(digest.New(cfg.Digest.Config, d.store.Digests(), subscribers{d}, d.log))
	d.metrics.Receivers(kindsOf(cfg.Receivers))
	c.outbox = alerting.NewOutbox(alerting.OutboxConfig{Observe: d.observeOutbox()}, d.store, w.ports, d.log)
	c.clerk = alerting.NewClerk(d.store, d.desk(cfg, w), d.log)
	d.store.Alerted = d.metrics.Alerted
	c.clerk.Decided, c.clerk.Fresh, c.clerk.Level, c.clerk.Doubt = d.decided, d.stillBad, d.level, d.doubt
	c.clerk.Absent = func() bool { return d.column.hearing.settling(time.Now()) }
	c.applier = ingest.NewApplier(ingest.ApplierConfig{
		Log: c.log, Ledger: ledger, From: c.conditions.Position(), Deadline: d.deadlineOf,
		Counts: d.yieldsRatios, Consumer: consumers{d}, Observe: d.applied,
	}, d.log)
	return nil
}

// conditionsOf returns what the conditions of cfg are.
func (d *Daemon) conditionsOf(cfg *config.Config) conditions.Config {
	c := cfg.Rules.Conditions()
	c.Committed, c.Place = d.committed, d.board.place
	c.Owner = func(endpoint string) (merchant, host string) { return d.ownerOf(endpoint, "") }
	for _, h := range cfg.Heartbeats {
		c.Heartbeats = append(c.Heartbeats, conditions.Heartbeat{ID: h.ID, Every: h.Every, Grace: h.Grace})
	}
	return c
}

// deadlineOf returns how long a sender waits for an endpoint; 0: the default.
func (d *Daemon) deadlineOf(endpoint string) time.Duration {
	if w, ok := d.registry.Snapshot().Endpoint(endpoint); ok {
		return w.Deadline
	}
	return 0
}

// reloadColumn puts the column's settings of cfg in force.
func (d *Daemon) reloadColumn(cfg *config.Config) {
	w := d.waysOf(cfg)
	d.column.ways.Store(&w)
	if cfg.Digest.Config != d.digestConfig {
		d.digestConfig = cfg.Digest.Config
		d.digest.Store(digest.New(cfg.Digest.Config, d.store.Digests(), subscribers{d}, d.log))
	}
	d.metrics.Receivers(kindsOf(cfg.Receivers))
	d.column.outbox.Reload(w.ports)
	d.column.clerk.SetDesk(d.desk(cfg, w))
	d.column.conditions.SetConfig(d.conditionsOf(cfg))
}

// committed follows each commit of conditions: the desk has something to read.
func (d *Daemon) committed(changes []rules.Change) {
	d.column.clerk.Poke()
	d.metrics.Changed(changes)
}

// decided follows each turn of the desk: the outbox has something to send.
func (d *Daemon) decided(t alerting.DeskTurn) {
	d.column.outbox.Poke()
	d.metrics.Desk(t)
	for _, e := range t.Decision.Entries {
		i := slices.IndexFunc(t.Decision.Incidents, func(in alerting.Incident) bool { return in.ID == e.Incident })
		if i < 0 {
			continue
		}
		in := t.Decision.Incidents[i]
		d.log.Info("incident changed", "incident", in.Number(), "kind", e.Kind, "severity", in.Severity, "title", in.Title, "text", e.Text)
	}
}

// observeOutbox gives what the outbox sees to the metrics, and its work to the
// duty question.
func (d *Daemon) observeOutbox() alerting.Observer {
	o := d.metrics.Outbox()
	lanes := o.Lanes
	o.Lanes = func(w alerting.Work) {
		lanes(w)
		d.column.work.Store(&w)
	}
	return o
}

// consumers are those that follow the applied attempts: what is lately known of
// each endpoint, and the conditions.
type consumers struct{ d *Daemon }

// Took implements [ingest.Consumer].
func (c consumers) Took(ctx context.Context, g ingest.Group, v []ingest.Verdict, replay bool) {
	c.d.column.lately.Took(g, v)
	c.d.causes.took(g, v)
	if !replay {
		c.d.counted(g, v)
		c.d.column.senders.Took(g, v)
	}
	c.d.column.conditions.Took(ctx, g, v, replay)
}

// Idle implements [ingest.Consumer].
func (c consumers) Idle(ctx context.Context, now time.Time) {
	c.d.column.progress.caughtUp.Store(true) // it is asked when nothing is left
	c.d.column.conditions.Idle(ctx, now)
}

// Position implements [ingest.Consumer].
func (c consumers) Position() ingest.Position { return c.d.column.conditions.Position() }

// runAttempts takes attempts in and applies them. What was acknowledged and
// not applied yet is applied after the next start.
func (c *column) runAttempts(ctx context.Context) error {
	return besides(ctx, c.log.Run, c.applier.Run)
}

// close ends what openColumn began, also half-way.
func (c *column) close() error {
	if c.log == nil {
		return nil
	}
	return c.log.Close()
}

package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/store"
)

// declared returns how complete a source is declared to be. Without a list of
// sources each is taken for one of all attempts; beside a list others are
// samples, of which no ratio is made.
func (d *Daemon) declared(name string) deliveries.Grade {
	sources := d.settings.Load().Sources
	i := slices.IndexFunc(sources, func(s config.Source) bool { return s.ID == name })
	switch {
	case len(sources) == 0:
		return deliveries.GradeAll
	case i < 0:
		return deliveries.GradeSample
	default:
		return sources[i].Grade
	}
}

// yieldsRatios reports whether a source sends every attempt with its successes
// (grade A), as declared and as seen: others yield no ratio.
func (d *Daemon) yieldsRatios(name string) bool {
	return d.column.senders.Grade(name) == deliveries.GradeAll
}

// graded says loudly that a source is not what it is declared to be, and that
// it is again, and keeps it.
func (d *Daemon) graded(r ingest.SenderReport) {
	d.saveGrades(d.base)
	if r.Why == "" {
		d.log.Info("source sends what it is declared to send again", "source", r.Source, "grade", r.Grade)
		return
	}
	d.log.Error("source does not send what it is declared to send", "source", r.Source, "declared", r.Declared, "treated_as", r.Grade, "why", r.Why)
}

// saveGrades keeps what is held against sources: a restart must not make one
// of failures alone be believed again.
func (d *Daemon) saveGrades(ctx context.Context) {
	d.keep(ctx, store.LearntGrade, d.column.senders.Held)
}

// keep stores what is known of sources, of one kind of what is learnt.
func (d *Daemon) keep(ctx context.Context, kind string, known func() (map[string][]byte, error)) {
	within, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	all, err := known()
	if err == nil {
		err = d.store.Ledger().ReplaceLearnt(within, kind, all)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Error("what was learnt of sources is not kept", "kind", kind, "err", err)
		d.metrics.StoreFailed(kind + "s")
	}
}

// loadGrades takes up what was kept. What cannot be read is audited anew.
func (d *Daemon) loadGrades(ctx context.Context) error {
	saved, err := d.store.Ledger().Learnt(ctx, store.LearntGrade)
	if err != nil {
		return err
	}
	if err := d.column.senders.RecallHeld(saved); err != nil {
		d.log.Warn("what was held against a source cannot be read", "err", err)
	}
	return nil
}

// gradeProblems says of each source that is treated as less than it is
// declared to be why that is so.
func (c *column) gradeProblems(now time.Time) []string {
	var list []string
	for _, r := range c.senders.Report(now) {
		if r.Why != "" {
			list = append(list, fmt.Sprintf("source %s: %s", r.Source, r.Why))
		}
	}
	return list
}

// followEvents lets the ledger tell events, once the registry is there to say
// by which schedules, and the senders know what was delivered before.
func (d *Daemon) followEvents(ctx context.Context) error {
	c := &d.column
	ledger := d.store.Ledger()
	if err := d.loadLearnt(ctx); err != nil {
		return err
	}
	if err := errors.Join(d.loadGaps(ctx), d.loadGrades(ctx)); err != nil {
		return err
	}
	if err := ledger.Follow(ctx, d.scheduleOf, c.learners.took); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	delivered, err := ledger.DeliveredBySource(ctx)
	if err != nil {
		return fmt.Errorf("sources: %w", err)
	}
	c.senders.Recall(delivered)
	return ledger.Follow(ctx, d.scheduleOf, func(e store.Told) {
		c.learners.took(e)
		c.senders.Told(e.Event)
	})
}

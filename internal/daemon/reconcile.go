package daemon

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// How incidents are reconciled.
const (
	// reconcileFor is how long after its end an incident is looked after; most
	// schedules of platforms are over within three days, and people write off
	// the rest (reference webhooks.md section 10).
	reconcileFor = 30 * 24 * time.Hour
	// reconcileSettle is how long after its end an incident is not called
	// reconciled: sources tell late of what failed in its last minutes.
	reconcileSettle = 5 * time.Minute
	// reconcileBudget bounds what one pass counts, out of a minute.
	reconcileBudget = 20 * time.Second
)

// reconcile counts for each incident, by payment channel, what failed in it and
// what became of that, and calls those reconciled that are over and wholly
// done. The newest come first; what a pass has no time for is left to a later
// one.
func (d *Daemon) reconcile(ctx context.Context) { d.reconcileAt(ctx, time.Now()) }

func (d *Daemon) reconcileAt(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, reconcileBudget)
	defer cancel()
	list, err := d.store.Unreconciled(ctx, now.Add(-reconcileFor))
	for _, in := range list {
		if err == nil {
			err = d.reconcileOne(ctx, in, now)
		}
	}
	switch {
	case err == nil, errors.Is(ctx.Err(), context.Canceled):
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		d.log.Warn("not all incidents were counted for their reconciliation: the oldest wait", "took", reconcileBudget)
	default:
		d.log.Error("what failed in incidents is not counted", "err", err)
		d.metrics.StoreFailed("reconcile")
	}
}

// reconcileOne brings the rows of one incident up to date.
func (d *Daemon) reconcileOne(ctx context.Context, in alerting.Incident, now time.Time) error {
	rows, err := d.channelsOf(ctx, in, now)
	if err != nil || in.Live() || now.Sub(in.ResolvedAt) < reconcileSettle || !alerting.WhollyDone(rows) {
		return err
	}
	err = d.column.clerk.Reconciled(ctx, in.ID, in.Version, reconciled(rows))
	if _, changed := errors.AsType[*alerting.VersionError](err); changed || errors.Is(err, alerting.ErrNoIncident) {
		return nil // the next pass looks again
	}
	return err
}

// channelsOf returns the rows of an incident, counted anew when that is due.
func (d *Daemon) channelsOf(ctx context.Context, in alerting.Incident, now time.Time) ([]alerting.Reconciliation, error) {
	if !recountDue(in, now) || !d.countable(in, now) {
		return d.store.Reconciliation(ctx, in.ID)
	}
	counts, err := d.store.CountFailed(ctx, in, now)
	if err != nil {
		return nil, err
	}
	return d.store.SaveReconciliation(ctx, in.ID, counts, now)
}

// countable reports whether all events of an incident are still kept: counts of
// some of them would be wrong.
func (d *Daemon) countable(in alerting.Incident, now time.Time) bool {
	from, _ := in.FailedSpan(now)
	return from.After(now.Add(-d.settings.Load().Retention.Failures))
}

// recountDue reports whether an incident is counted in this minute: while it
// runs and in the hour after each minute, on its first day each ten minutes,
// later each hour, each incident at another minute.
func recountDue(in alerting.Incident, now time.Time) bool {
	every := int64(60)
	switch {
	case in.Live() || now.Sub(in.ResolvedAt) < time.Hour:
		return true
	case now.Sub(in.ResolvedAt) < 24*time.Hour:
		every = 10
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(in.ID)) // never fails
	return (now.Unix()/60+int64(h.Sum32()))%every == 0
}

// reconciled says what was made good, for the timeline.
func reconciled(rows []alerting.Reconciliation) string {
	var failed, delivered, off int
	for _, r := range rows {
		failed, delivered, off = failed+r.Failed, delivered+r.Redelivered, off+r.WrittenOff
	}
	text := fmt.Sprintf("all channels are done: of %d failed events %d were delivered since", failed, delivered)
	if off > 0 {
		text += fmt.Sprintf(", %d written off", off)
	}
	return text
}

// Reconciliation implements api.Reconciliations.
func (i incidents) Reconciliation(ctx context.Context, incident string) ([]alerting.Reconciliation, error) {
	return i.d.store.Reconciliation(ctx, incident)
}

// Reconcile implements api.Reconciliations.
func (i incidents) Reconcile(ctx context.Context, incident string, version int, c alerting.ReconcileCommand) (alerting.Incident, error) {
	return i.d.store.ReconcileIncident(ctx, incident, version, c, time.Now())
}

// FailedProducts implements api.Reconciliations.
func (i incidents) FailedProducts(ctx context.Context, in alerting.Incident) ([]alerting.FailedCount, error) {
	now := time.Now()
	if !i.d.countable(in, now) {
		return nil, nil
	}
	return i.d.store.CountFailedProducts(ctx, in, now)
}

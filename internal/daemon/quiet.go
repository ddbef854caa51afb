package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// quietKept is how long silences and maintenance are kept after their end, as
// long as rollups are unless told otherwise (DESIGN section 9.1).
const quietKept = 400 * 24 * time.Hour

// quiets is what people want to hear nothing of, as the API sees it: the
// store, and those that are told of a change.
type quiets struct{ d *Daemon }

// Silences implements api.Silences.
func (q quiets) Silences(ctx context.Context, f alerting.SilenceFilter) ([]alerting.Silence, error) {
	return q.d.store.Silences(ctx, f)
}

// Silence implements api.Silences.
func (q quiets) Silence(ctx context.Context, id string) (alerting.Silence, error) {
	return q.d.store.Silence(ctx, id)
}

// AddSilence implements api.Silences.
func (q quiets) AddSilence(ctx context.Context, s alerting.Silence) (alerting.Silence, error) {
	s, err := q.d.store.AddSilence(ctx, s)
	if err == nil {
		q.d.log.Info("silenced", "silence", s.ID, "matcher", s.Matcher.String(), "from", s.From, "until", s.Until, "by", s.By, "reason", s.Reason)
		q.d.column.clerk.Look()
	}
	return s, err
}

// RemoveSilence implements api.Silences.
func (q quiets) RemoveSilence(ctx context.Context, id, by string) error {
	err := q.d.store.RemoveSilence(ctx, id, by)
	if err == nil {
		q.d.log.Info("silence ended", "silence", id, "by", by)
		q.d.column.clerk.Look()
	}
	return err
}

// Maintenances implements api.Maintenance.
func (q quiets) Maintenances(ctx context.Context) ([]alerting.Maintenance, error) {
	return q.d.store.Maintenances(ctx)
}

// RemovedMaintenances implements api.Maintenance.
func (q quiets) RemovedMaintenances(ctx context.Context) ([]alerting.Maintenance, error) {
	return q.d.store.RemovedMaintenances(ctx)
}

// Maintenance implements api.Maintenance.
func (q quiets) Maintenance(ctx context.Context, id string) (alerting.Maintenance, error) {
	return q.d.store.Maintenance(ctx, id)
}

// PutMaintenance implements api.Maintenance.
func (q quiets) PutMaintenance(ctx context.Context, m alerting.Maintenance) (alerting.Maintenance, error) {
	m, err := q.d.store.PutMaintenance(ctx, m)
	if err == nil {
		q.d.log.Info("maintenance planned", "maintenance", m.ID, "matcher", m.Matcher.String(), "start", m.Start, "length", m.Length, "recurrence", m.Recurrence, "by", m.By, "reason", m.Reason)
		q.changed(ctx)
	}
	return m, err
}

// RemoveMaintenance implements api.Maintenance.
func (q quiets) RemoveMaintenance(ctx context.Context, id string, version int, by string) error {
	err := q.d.store.RemoveMaintenance(ctx, id, version, by)
	if err == nil {
		q.d.log.Info("maintenance dropped", "maintenance", id, "by", by)
		q.changed(ctx)
	}
	return err
}

// changed tells those who ask about maintenance.
func (q quiets) changed(ctx context.Context) {
	q.d.column.clerk.Look()
	q.d.refreshQuiet(ctx)
}

// Silence keeps an incident quiet for a while, in the name of by: what a button
// under a message does. It blocks for one transaction. An error says why not:
// [alerting.ErrNoIncident], an *alerting.CommandError of one that is over, and
// those of a silence. It is safe for concurrent use.
func (d *Daemon) Silence(ctx context.Context, incidentID, by string, length time.Duration) error {
	in, _, err := d.store.Incident(ctx, incidentID)
	if err != nil {
		return fmt.Errorf("silence incident: %w", err)
	}
	if !in.Live() {
		return fmt.Errorf("silence incident: %w", &alerting.CommandError{Do: "silence", State: in.State, Why: "it is over"})
	}
	if h := in.Story.Hush; h.ID != "" && h.Until.After(time.Now().Add(length)) {
		return nil // it is quiet for longer already
	}
	running, err := d.store.Silences(ctx, alerting.SilenceFilter{State: alerting.SilenceActive, Limit: 1000})
	if err != nil {
		return fmt.Errorf("silence incident: %w", err)
	}
	alike := alerting.Matcher{Incident: []string{in.ID}}.String()
	if slices.ContainsFunc(running, func(s alerting.Silence) bool {
		return s.Matcher.String() == alike && time.Until(s.Until) > length-pressedTwice
	}) {
		return nil // pressed twice
	}
	_, err = quiets{d}.AddSilence(ctx, alerting.Silence{
		Matcher: alerting.Matcher{Incident: []string{in.ID}}, Until: time.Now().Add(length), By: by,
		Reason: fmt.Sprintf("%s of silence, asked for under its message", registry.Duration(length)),
	})
	return err
}

// pressedTwice is how long after a silence another of the same length says
// nothing new.
const pressedTwice = 10 * time.Minute

// quietNow is the planned work that probes are not counted in. It is
// read-only.
type quietNow struct {
	turn  int64 // of the read that it comes from; a later one knows of what changed before
	plans alerting.Quiet
	owner func(endpoint string) (merchant string)
	told  plansOf
}

// covers reports whether an endpoint is in maintenance. A nil quietNow covers
// none.
func (q *quietNow) covers(endpoint string, now time.Time) bool {
	if q == nil || len(q.plans.Maintenance) == 0 {
		return false
	}
	_, quiet := q.plans.Covers(alerting.Quieted{Scope: rules.ScopeOf(rules.ScopeEndpoint, endpoint), Merchant: q.owner(endpoint)}, now)
	return quiet
}

// planned puts what was read in place, unless a read that began later was faster.
func (q *quarters) planned(next *quietNow) {
	for {
		was := q.quiet.Load()
		if was != nil && was.turn > next.turn || q.quiet.CompareAndSwap(was, next) {
			return
		}
	}
}

// refreshQuiet reads which work is planned, each few seconds. What cannot be
// read stays as it was.
func (d *Daemon) refreshQuiet(ctx context.Context) {
	turn, now := d.quarters.reads.Add(1), time.Now()
	q, err := d.store.Quiet(ctx, now)
	var since []alerting.Maintenance
	if err == nil {
		since, err = d.store.MaintenanceSince(ctx, now.Add(-plansTold))
	}
	if err != nil {
		if ctx.Err() == nil {
			d.log.Warn("planned work is not read; what was known stays", "err", err)
			d.metrics.StoreFailed("quiet")
		}
		return
	}
	d.quarters.planned(&quietNow{turn: turn, plans: alerting.Quiet{Maintenance: q.Maintenance}, owner: func(endpoint string) string {
		w, ok := d.registry.Snapshot().Endpoint(endpoint)
		if !ok {
			return ""
		}
		return w.Merchant
	}, told: newPlansOf(since, now.Add(-plansTold))})
}

// noticesKept is how long notices that have ended are kept: `incident export` and
// the outbox tell who was told so long.
const noticesKept = 90 * 24 * time.Hour

// dropQuiet lets go of what ended long ago, once an hour.
func (d *Daemon) dropQuiet(ctx context.Context) {
	if _, err := d.store.DropQuiet(ctx, time.Now().Add(-quietKept)); err != nil && ctx.Err() == nil {
		d.log.Error("silences and maintenance of long ago stay", "err", err)
		d.metrics.StoreFailed("drop_quiet")
	}
	if _, err := d.store.DropNotices(ctx, time.Now().Add(-noticesKept)); err != nil && ctx.Err() == nil {
		d.log.Error("notices of long ago stay", "err", err)
		d.metrics.StoreFailed("drop_notices")
	}
}

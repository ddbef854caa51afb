package daemon

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// intake is the way in for attempts, as the API sees it.
type intake struct{ d *Daemon }

// Take implements api.Attempts. While stopping it refuses: what is behind it
// stops first.
func (i intake) Take(ctx context.Context, received time.Time, attempts []deliveries.Attempt) (ingest.Taken, error) {
	var taken ingest.Taken
	err := ingest.ErrClosed
	if !i.d.stopping.Load() {
		taken, err = i.d.column.intake.Take(ctx, received, attempts)
	}
	i.d.metrics.AttemptsTaken(taken.Accepted, taken.Duplicate, 0)
	if err != nil && ctx.Err() == nil {
		i.d.metrics.AttemptsRefused(refusalOf(err))
	}
	return taken, err
}

// Floor implements api.Attempts.
func (i intake) Floor() time.Time { return i.d.column.intake.Floor() }

// refusalOf names why a batch was refused as a whole.
func refusalOf(err error) string {
	switch {
	case errors.Is(err, ingest.ErrBusy):
		return "busy"
	case errors.Is(err, ingest.ErrFull):
		return "full"
	case errors.Is(err, ingest.ErrTooLarge):
		return "too_large"
	case errors.Is(err, ingest.ErrClosed):
		return "closed"
	default:
		return "unknown"
	}
}

// takesSource reports whether attempts of a source are taken: those that the
// configuration lists, or all when it lists none.
func (d *Daemon) takesSource(name string) bool {
	sources := d.settings.Load().Sources
	return len(sources) == 0 || slices.ContainsFunc(sources, func(s config.Source) bool { return s.ID == name })
}

// usualSource is the source of attempts that name none: the only one that is
// configured, or "default" where that is taken; empty when neither is.
func (d *Daemon) usualSource() string {
	const usual = "default"
	switch sources := d.settings.Load().Sources; {
	case len(sources) == 1:
		return sources[0].ID
	case d.takesSource(usual):
		return usual
	default:
		return ""
	}
}

// incidents is the desk's book and people's way to it, as the API sees it.
type incidents struct{ d *Daemon }

// Incidents implements api.Incidents.
func (i incidents) Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	return i.d.store.Incidents(ctx, f)
}

// Incident implements api.Incidents.
func (i incidents) Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	return i.d.store.Incident(ctx, id)
}

// Command implements api.Incidents.
func (i incidents) Command(ctx context.Context, id string, version int, c alerting.Command) (alerting.Incident, error) {
	return i.d.column.clerk.Command(ctx, id, version, c)
}

// outbox is the notices and people's way to them, as the API sees it.
type outbox struct{ d *Daemon }

// Outbox implements api.Outbox.
func (o outbox) Outbox(ctx context.Context, f alerting.OutboxFilter) ([]alerting.OutboxRow, error) {
	return o.d.store.Outbox(ctx, f)
}

// RetryNotice implements api.Outbox.
func (o outbox) RetryNotice(ctx context.Context, id, by string) error {
	err := o.d.store.RetryNotice(ctx, id, by)
	o.d.column.outbox.Poke()
	return err
}

// DropNotice implements api.Outbox.
func (o outbox) DropNotice(ctx context.Context, id, by string) error {
	return o.d.store.DropNotice(ctx, id, by)
}

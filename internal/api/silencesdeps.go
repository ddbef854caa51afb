package api

import (
	"context"

	"github.com/hookvigil/hookvigil/alerting"
)

// Silences are what people want to hear nothing of for a while. A list is
// newest first; an unknown ID is [alerting.ErrNoSilence]. AddSilence gives it
// its ID, and returns a *registry.InvalidError or an *alerting.TooQuietError;
// RemoveSilence ends it, and returns an *alerting.SilenceOverError when it has
// ended. What is written is in force when the call returns, and the desk is
// told of it. All are safe for concurrent use.
type Silences interface {
	Silences(ctx context.Context, f alerting.SilenceFilter) ([]alerting.Silence, error)
	Silence(ctx context.Context, id string) (alerting.Silence, error)
	AddSilence(ctx context.Context, s alerting.Silence) (alerting.Silence, error)
	RemoveSilence(ctx context.Context, id, by string) error
}

// Maintenance is planned work, by ID and settled; an unknown ID, or one that
// was removed, is [alerting.ErrNoMaintenance]. What was removed is listed by
// itself: no ID is in both lists. Changes compare-and-swap the
// version: they return an *alerting.MaintenanceVersionError, and
// PutMaintenance also a *registry.InvalidError or an *alerting.TooQuietError.
// What is written is in force when the call returns, and the desk is told of
// it. All are safe for concurrent use.
type Maintenance interface {
	Maintenances(ctx context.Context) ([]alerting.Maintenance, error)
	RemovedMaintenances(ctx context.Context) ([]alerting.Maintenance, error)
	Maintenance(ctx context.Context, id string) (alerting.Maintenance, error)
	PutMaintenance(ctx context.Context, m alerting.Maintenance) (alerting.Maintenance, error)
	RemoveMaintenance(ctx context.Context, id string, version int, by string) error
}

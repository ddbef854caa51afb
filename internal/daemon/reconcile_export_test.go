package daemon

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// ReconcileAt does what the job does each minute.
func (d *Daemon) ReconcileAt(ctx context.Context, now time.Time) { d.reconcileAt(ctx, now) }

// RecountDue reports whether an incident is counted in the minute of now.
func RecountDue(in alerting.Incident, now time.Time) bool { return recountDue(in, now) }

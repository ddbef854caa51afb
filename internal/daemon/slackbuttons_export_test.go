package daemon

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/alerting/slack"
)

// RunSockets runs what the list of parts does.
func (d *Daemon) RunSockets(ctx context.Context) error { return d.runSockets(ctx) }

// SocketProblems is what the self-audit asks.
func (d *Daemon) SocketProblems() []string { return d.socketProblems(time.Now()) }

// Pressed does what somebody has pressed.
func (d *Daemon) Pressed(ctx context.Context, p slack.Press) (string, error) {
	return d.pressed(ctx, p)
}

package api

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// Attempts makes attempts durable. Take returns when they are, and does not
// keep the slice; its errors wrap [ingest.ErrBusy], [ingest.ErrFull],
// [ingest.ErrTooLarge] or [ingest.ErrClosed], and what it returns beside one is
// durable all the same. It is safe for concurrent use.
type Attempts interface {
	Take(ctx context.Context, received time.Time, attempts []deliveries.Attempt) (ingest.Taken, error)
	// Floor is the first moment of which attempts are kept; zero: of all.
	Floor() time.Time
}

// Incidents is what the desk has decided, and people's answer to it. A list is
// newest first; an unknown ID is [alerting.ErrNoIncident]. Command also
// returns an [alerting.VersionError] or an [alerting.CommandError]. All are
// safe for concurrent use.
type Incidents interface {
	Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error)
	Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error)
	Command(ctx context.Context, id string, version int, c alerting.Command) (alerting.Incident, error)
}

// Outbox is the notices, newest first. An unknown ID is [alerting.ErrNoNotice],
// a command that comes too late an [alerting.NoticeStateError]; by stands in
// the notice. All are safe for concurrent use.
type Outbox interface {
	Outbox(ctx context.Context, f alerting.OutboxFilter) ([]alerting.OutboxRow, error)
	RetryNotice(ctx context.Context, id, by string) error
	DropNotice(ctx context.Context, id, by string) error
}

// TestOutcome is what became of a test of a receiver.
type TestOutcome struct {
	Receiver string
	Notices  []TestNotice // one for each lane
}

// TestNotice is what became of one test notice.
type TestNotice struct {
	Lane  string
	State string         // as in the outbox: sent, dead, waiting, ...
	Class alerting.Class // why it was not sent; empty when it was
	Text  string         // the same for people; holds no secret
	Took  time.Duration  // from the decision to the end
}

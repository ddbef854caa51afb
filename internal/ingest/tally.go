package ingest

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Tally counts the attempts of a scope by the time they started (reference
// webhooks.md section 8). Synthetic and test-mode attempts are in none of its
// numbers.
type Tally struct {
	First         int // first attempts that count, delivered or failed
	FailedFirst   int
	Retries       int // further automatic ones that count; also those without a number, which nobody knows to be first
	FailedRetries int
	Manual        int // a person's, or a batch's
	Excluded      int // the sender's own trouble, canceled, or of a source that tells not of all: in no ratio
}

// Add adds o to t.
func (t *Tally) Add(o Tally) {
	t.First += o.First
	t.FailedFirst += o.FailedFirst
	t.Retries += o.Retries
	t.FailedRetries += o.FailedRetries
	t.Manual += o.Manual
	t.Excluded += o.Excluded
}

// Sub takes o out of t.
func (t *Tally) Sub(o Tally) {
	t.First -= o.First
	t.FailedFirst -= o.FailedFirst
	t.Retries -= o.Retries
	t.FailedRetries -= o.FailedRetries
	t.Manual -= o.Manual
	t.Excluded -= o.Excluded
}

// Share is how one attempt is counted in a [Tally]. The numbers are stored:
// none changes its meaning.
type Share uint8

// The shares.
const (
	NoShare Share = iota // synthetic or in test mode
	ShareFirst
	ShareFailedFirst
	ShareRetry
	ShareFailedRetry
	ShareManual
	ShareExcluded
)

// Tally returns the tally of a single attempt with that share.
func (s Share) Tally() Tally {
	switch s {
	case ShareFirst:
		return Tally{First: 1}
	case ShareFailedFirst:
		return Tally{First: 1, FailedFirst: 1}
	case ShareRetry:
		return Tally{Retries: 1}
	case ShareFailedRetry:
		return Tally{Retries: 1, FailedRetries: 1}
	case ShareManual:
		return Tally{Manual: 1}
	case ShareExcluded:
		return Tally{Excluded: 1}
	default:
		return Tally{}
	}
}

// Share says how e is counted once it is kept.
func (e Entry) Share() Share {
	failed := e.Fault != probes.FaultNone
	switch {
	case e.Attempt.Synthetic() || e.Attempt.Mode == deliveries.Test:
		return NoShare
	case e.Attempt.Trigger == deliveries.Manual:
		return ShareManual
	case !e.Counts:
		return ShareExcluded
	case e.Kind == deliveries.KindFirst && failed:
		return ShareFailedFirst
	case e.Kind == deliveries.KindFirst:
		return ShareFirst
	case failed:
		return ShareFailedRetry
	default:
		return ShareRetry
	}
}

// EndpointTally is what one endpoint got in one quarter of an hour.
type EndpointTally struct {
	Endpoint string
	Start    time.Time // of the quarter, UTC
	Tally
}

// TallyQuery asks for the half-open window [From, To) of some scopes together.
type TallyQuery struct {
	Scopes []rules.Scope // platform, product:..., channel:..., endpoint:...
	From   time.Time
	To     time.Time
}

// TallyAnswer is the window that was counted: From rounded down and To up to
// whole steps.
type TallyAnswer struct {
	Tally
	From time.Time
	To   time.Time
	Step time.Duration // one minute, or fifteen for endpoints and for what is older than the minutes are kept
}

package ingest

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Tally counts the attempts of a scope by the time they started (reference
// webhooks.md section 8). Synthetic and test-mode attempts are in none of its
// numbers.
type Tally struct {
	First         int // first attempts that count, delivered or failed
	FailedFirst   int
	Retries       int // further automatic ones that count
	FailedRetries int
	Manual        int // a person's, or a batch's
	Excluded      int // the sender's own trouble, canceled: in no ratio
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

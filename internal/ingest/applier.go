package ingest

import (
	"context"
	"log/slog"
	"time"
)

// Consumer makes something of what was applied, such as ticks for the rules.
// All its methods are called by the applier's one goroutine, which waits for
// them.
type Consumer interface {
	// Took tells of a group that the ledger has, in the order of the log. What
	// lies before the position from which the consumer wanted to hear
	// (ApplierConfig.From) is not told. replay means that the group was applied
	// before this start: decide as then, and tell nobody anew.
	Took(ctx context.Context, g Group, v []Verdict, replay bool)
	// Idle is called about once a second while all of the log is applied and
	// nothing has come for two seconds.
	Idle(ctx context.Context, now time.Time)
	// Position returns how far the consumer needs no replay: what it has made
	// of the log before that outlives a power cut.
	Position() Position
}

// ApplierConfig is what an applier works with. Log, Ledger and Consumer are
// required.
type ApplierConfig struct {
	Log      *Log
	Ledger   Ledger
	Consumer Consumer

	From      Position                            // where the consumer goes on; zero: the oldest batch
	Deadline  func(endpoint string) time.Duration // how long the sender waits for that endpoint; nil: deliveries.DefaultDeadline
	Counts    func(source string) bool            // whether a source tells of successes too, so that its attempts make ratios; nil: each does
	Gather    time.Duration                       // at the end of the log, between two groups; 0: 200 ms
	Most      int                                 // attempts in a group, unless a single batch has more; 0: 50,000
	SyncEvery time.Duration                       // 0: 60 s
	Observe   func(ApplierReport)                 // after each group and each failure, by the applier's goroutine; nil: nobody
}

// ApplierReport says how one group went.
type ApplierReport struct {
	Applied  Position      // Next of the last group that is applied
	End      Position      // durable end of the log: the same as Applied when nothing waits
	Received time.Time     // of the last attempt of the group
	Took     time.Duration // the ledger, and the consumer
	Replay   bool

	Counted, Replaced, Duplicates, Contradicted, Outside int // by verdict

	Err error // the group was not applied and will be tried again, or the log cannot be read; all else but Applied and End is zero
}

// Applier reads the log and applies it to the ledger, in groups, each once.
type Applier struct {
	cfg ApplierConfig
	log *slog.Logger
}

// NewApplier returns an applier. Run does the work.
func NewApplier(cfg ApplierConfig, log *slog.Logger) *Applier {
	if cfg.Deadline == nil {
		cfg.Deadline = func(string) time.Duration { return 0 }
	}
	if cfg.Counts == nil {
		cfg.Counts = func(string) bool { return true }
	}
	if cfg.Gather <= 0 {
		cfg.Gather = 200 * time.Millisecond
	}
	if cfg.Most <= 0 {
		cfg.Most = 50_000
	}
	if cfg.SyncEvery <= 0 {
		cfg.SyncEvery = time.Minute
	}
	if cfg.Observe == nil {
		cfg.Observe = func(ApplierReport) {}
	}
	return &Applier{cfg: cfg, log: log}
}

const (
	retryAfter    = time.Second            // an error of the ledger, or of reading
	complainEvery = time.Minute            // while it lasts
	idleEvery     = time.Second            // Consumer.Idle
	quietFor      = 2 * time.Second        // before the first Idle
	finishWithin  = 400 * time.Millisecond // the last sync, once ctx has ended
)

// Run applies the log from the least of ApplierConfig.From and what the ledger
// has synced, goes on with what comes in, and blocks until ctx ends; then it
// syncs once more, within 400 ms, and returns nil. What was gathered and not
// applied by then is in the log.
//
// An error of the ledger is logged once a minute and tried again each second:
// nothing is skipped. Damage of the log is logged, and reading goes on behind
// it.
func (a *Applier) Run(ctx context.Context) error {
	now := time.Now()
	r := &application{Applier: a, came: now, synced: now}
	defer r.cursor.close()
	if !r.start(ctx) {
		return nil
	}
	for ctx.Err() == nil {
		r.step(ctx)
		if ctx.Err() == nil && time.Since(r.synced) >= a.cfg.SyncEvery {
			r.sync(ctx)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin) // what was applied is worth a sync
	defer cancel()
	r.sync(last)
	return nil
}

// complaint logs what goes on failing once a minute.
type complaint struct{ at time.Time }

func (c *complaint) make(log *slog.Logger, what string, err error) {
	if now := time.Now(); c.at.IsZero() || now.Sub(c.at) >= complainEvery {
		c.at = now
		log.Error(what, "err", err) //nolint:sloglint // constant at each call
	}
}

// over makes the next failure a new one.
func (c *complaint) over() { *c = complaint{} }

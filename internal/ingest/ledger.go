package ingest

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// Ledger is where applied attempts are kept. Apply and Sync are called by one
// goroutine; the rest is safe for concurrent use.
type Ledger interface {
	// Progress returns how far the log is applied. Before Synced everything
	// outlives a power cut; between Synced and Applied attempts are read from
	// the log again at each start, and count once all the same.
	Progress(ctx context.Context) (Progress, error)

	// Apply writes a group and says of each entry what became of it. A group
	// that was applied before (its end is not after Progress.Applied) only
	// makes sure that its rows are there, and says what became of them then.
	Apply(ctx context.Context, g Group) ([]Verdict, error)

	// Known says of each attempt whether one of the same identity and the same
	// content is kept already. One that is kept with other content is not
	// known: the two have to be compared when it is applied.
	Known(ctx context.Context, attempts []deliveries.Attempt) ([]bool, error)

	// Sync makes what was applied before upTo outlive a power cut.
	Sync(ctx context.Context, upTo Position) error
}

// Progress is how far a ledger has come in the log.
type Progress struct {
	Applied Position // Next of the last batch that was applied
	Synced  Position // not after Applied
}

// Group is attempts that are applied together, in the order of the log.
type Group struct {
	Entries []Entry
	Next    Position // where the log goes on after them
	At      time.Time
}

// Entry is one attempt of the log, judged.
type Entry struct {
	Attempt  deliveries.Attempt
	Position Position // of its own: Batch.PositionOf
	Received time.Time
	Kind     deliveries.Kind
	Fault    probes.Fault // FaultNone: delivered; under the deadline of its endpoint
	Counts   bool         // it belongs into the denominator of an error ratio
}

// Verdict is what became of an entry.
type Verdict uint8

// The verdicts.
const (
	Duplicate Verdict = iota // one like it is kept already: nothing changes
	Counted                  // kept, for the first time or by a replay of the same entry
	Replaced                 // kept in place of one that contradicts it: history is corrected, nothing is decided anew
)

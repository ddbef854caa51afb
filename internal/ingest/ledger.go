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

	// Floor returns from which start on attempts are taken: those of the days
	// before were dropped, and a repeat would count as a new one. Zero: all
	// are. It is durable, only rises, and does not block.
	Floor() time.Time
}

// Progress is how far a ledger has come in the log.
type Progress struct {
	Applied Position // Next of the last batch that was applied
	Synced  Position // not after Applied
}

// Group is attempts that are applied together, in the order of the log.
type Group struct {
	Entries []Entry
	Next    Position  // where the log goes on after them
	At      time.Time // when the last of them was received: a replay has the same
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

// Verdict is what became of an entry. Ask [Verdict.Kept] rather than compare:
// all verdicts but Counted and Replaced change nothing.
type Verdict uint8

// The verdicts.
const (
	Duplicate    Verdict = iota // one like it is kept already: nothing changes
	Counted                     // kept, for the first time or by a replay of the same entry
	Replaced                    // kept in place of one that contradicts it: history is corrected, nothing is decided anew
	Contradicted                // one of the same identity and other content stays: nothing changes, and somebody told two tales
	Outside                     // it started outside of the time that is kept (see [Refusal]): nothing changes
)

// Kept reports whether the entry is in the ledger now.
func (v Verdict) Kept() bool { return v == Counted || v == Replaced }

// MaxAge is how long before it was received an attempt may have started and
// still be kept: the longest month and four days to repair what did not send.
const MaxAge = 35 * 24 * time.Hour

// maxAhead is how long after it was received an attempt may seem to have
// started. Decoding takes five minutes; the rest is for clocks that were set.
const maxAhead = time.Hour

// Outlies reports whether an attempt started more than [MaxAge] before it was
// received, or more than an hour after. Such an attempt is not kept, because
// strange years must not fill the disk with files; who takes attempts in says
// so to their sender.
func Outlies(started, received time.Time) bool {
	age := received.Sub(started)
	return age > MaxAge || age < -maxAhead
}

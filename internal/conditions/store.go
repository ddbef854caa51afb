package conditions

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Store keeps what this package decides. Each method is one transaction.
type Store interface {
	// Conditions returns what was committed last.
	Conditions(ctx context.Context) (Saved, error)
	// CommitShard writes a commit, all of it or nothing. What is there
	// already (a change with the same key and number) changes nothing.
	CommitShard(ctx context.Context, c Commit) error
}

// Saved is what a start begins with.
type Saved struct {
	Standing []rules.Standing // the last episode of each rule and scope: pending, open or cleared
	Series   []SeriesState
	Position int64 // of the log: Series include all before it; 0: they include nothing
}

// Commit is one step of the conditions of a shard.
type Commit struct {
	Standing []rules.Standing // as they stand now: pending, open, cleared, or a pending one that was dropped
	Changes  []rules.Change   // in order: what the desk reads
	Series   []SeriesState    // those that differ from what is stored
	Position int64            // all stored series include the log before it; 0: leave it as it is
	Now      time.Time
}

// SeriesState is the detector of one series at rest. It is opaque to the
// store.
type SeriesState struct {
	Series  string // rule and scope: "channel_error_ratio/channel:ID_BCA"
	Version int    // of the shape of State
	State   []byte // empty: the series is idle, and its row goes
}

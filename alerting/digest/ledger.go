package digest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// KindDigest is the kind of the notices that a digest makes. Their Facts are
// [Facts], not [alerting.Facts]: receivers need a wording for them.
const KindDigest alerting.Kind = "digest"

// State is what became of a window. The words are stored. All but
// [StateWaiting] are final.
type State string

// The states of a window.
const (
	StateWaiting    State = "waiting"       // its notices are on their way
	StateSent       State = "sent"          // each notice arrived; who finishes notices writes it
	StateSkipped    State = "skipped_green" // nothing was wrong, and that is not told
	StateMerged     State = "merged"        // told by a later row, see Row.MergedInto
	StateSuppressed State = "suppressed"    // there is nobody to tell, or no endpoint; who finishes notices writes it when all whom they are for have left
	StateStale      State = "stale"         // too long ago when we could have told it
	StateDead       State = "dead"          // a notice was not delivered; who finishes notices writes it
)

// Row is one window of one merchant in the ledger. Merchant, Kind and
// Window.Start name it. Moments that have not come are zero.
type Row struct {
	Merchant   string // empty: the platform
	Kind       string
	Window     Window
	Zone       string
	State      State
	Verdict    Verdict         // empty: not judged
	Covered    time.Duration   // of the window: we had data
	Snapshot   json.RawMessage // [Facts]; nil unless the row tells something
	MergedInto time.Time       // Window.Start of the row that tells this one
	ClosedAt   time.Time
	Due        time.Time // its notices go, not before
	Finished   time.Time // zero exactly while it waits
}

// Filter selects rows. The zero Filter selects the newest hundred.
type Filter struct {
	Merchant string    // empty: any
	Kind     string    // empty: any
	State    State     // empty: any
	From, To time.Time // windows that start in [From, To); zero: no bound
	Limit    int       // 1 to 1000; 0: 100
}

// Ledger keeps the rows: one for each window, never two. It is safe for
// concurrent use, by several processes too.
type Ledger interface {
	// Last returns the end of each merchant's last window of a kind.
	Last(ctx context.Context, kind string) (map[string]time.Time, error)

	// Close inserts rows and notices in one transaction. The rows of one
	// merchant and kind follow each other, oldest first, and stand or fall
	// together: when one of them is there already (the same merchant, kind and
	// start), none of them changes anything, and the notices about them are
	// dropped (Notice.Subject is [Row.Subject]). inserted counts rows.
	Close(ctx context.Context, rows []Row, notices []alerting.Notice) (inserted int, err error)

	// List returns rows, newest window first.
	List(ctx context.Context, f Filter) ([]Row, error)
}

// Subject is what the notices about the row have as theirs.
func (r Row) Subject() string { return subject(r.Merchant, r.Kind, r.Window) }

// The modes of a subscription.
const (
	ModeEvery    = "every"    // after each window
	ModeProblems = "problems" // when something is wrong, and a summary each week
	ModeDaily    = "daily"    // once a day
	ModeOff      = "off"      // never; there are no rows either
)

// Subscriber is somebody who gets digests.
type Subscriber struct {
	Merchant string                 // ID; empty: the platform itself, whose digest comes after every window
	Name     string                 // shown; empty: Merchant
	Zone     string                 // IANA name; empty, or unknown here: UTC
	Language string                 // en or id; empty: en
	Mode     string                 // empty: every
	To       []alerting.Destination // none: its windows are suppressed
	// Since is when the subscription began, or was switched on again: its
	// first window is the first full one after that, and what is older is not
	// told. Required.
	Since time.Time
}

// Source knows who gets digests, and what happened.
type Source interface {
	// Subscribers returns all of them.
	Subscribers(ctx context.Context) ([]Subscriber, error)

	// Gather returns what happened in a window, which may be longer than
	// ordinary ones. It is called for one merchant at a time.
	Gather(ctx context.Context, s Subscriber, w Window) (Facts, error)
}

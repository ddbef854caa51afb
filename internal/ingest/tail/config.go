package tail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Defaults and bounds of [Config].
const (
	DefaultPoll   = 500 * time.Millisecond
	DefaultLinger = 5 * time.Second

	minPoll   = time.Millisecond
	maxPoll   = 10 * time.Second // a tick closes 60 s after its end: what is read later counts for nothing
	maxLinger = time.Minute
)

// Config is one file. The zero Config is refused by Validate.
type Config struct {
	Path   string        // of the file, absolute; it need not exist yet
	Source string        // of the records that name none; one that names another is not taken
	Poll   time.Duration // between two looks at the file, in [1ms, 10s]; 0: 500 ms
	Linger time.Duration // how long a rotated file must be quiet before it is left: its writer may have it open still; in [0, 1m]; 0: 5 s

	// Observe is told how the reading goes: after each batch, each failed try to
	// hand one in, and each look at the file. It is called by Run's goroutine
	// and must not block. nil: nobody listens.
	Observe func(Progress)
}

// Validate reports every fault at once, each with its key; nil when there is
// none.
func (c Config) Validate() error {
	var faults []error
	if !filepath.IsAbs(c.Path) {
		faults = append(faults, fmt.Errorf("path: %q is not absolute; want the whole path of the file, such as /var/log/core/attempts.ndjson", c.Path))
	}
	if c.Source == "" {
		faults = append(faults, errors.New("source: is empty; want the name of the system that writes the file"))
	}
	if c.Poll != 0 && (c.Poll < minPoll || c.Poll > maxPoll) {
		faults = append(faults, fmt.Errorf("poll: %s is outside [%s, %s]; 0 means %s", c.Poll, minPoll, maxPoll, DefaultPoll))
	}
	if c.Linger < 0 || c.Linger > maxLinger {
		faults = append(faults, fmt.Errorf("linger: %s is outside [0s, %s]; 0 means %s", c.Linger, maxLinger, DefaultLinger))
	}
	return errors.Join(faults...)
}

// filled returns c with its defaults.
func (c Config) filled() Config {
	c.Poll, c.Linger = cmp.Or(c.Poll, DefaultPoll), cmp.Or(c.Linger, DefaultLinger)
	if c.Observe == nil {
		c.Observe = func(Progress) {}
	}
	return c
}

// Progress is how the reading of one file goes. The numbers of things count
// since the last call; the rest is how it stands now.
type Progress struct {
	Source string

	Lines     int // that were acknowledged or passed over; blank ones do not count
	Accepted  int // attempts: as the handler says
	Duplicate int // attempts: as the handler says
	Rejected  int // lines that are no attempt, and attempts that the handler did not take
	Overlong  int // of Rejected: lines over 1 MiB
	Refused   int // calls of the handler that ended in an error: each batch is handed in again
	Rotated   int // files that were read to their end and left
	Truncated int // files that were truncated under us
	Lost      int // files that were gone or truncated before they were read to their end, as far as we can tell

	At     time.Time     // when the last batch was acknowledged; zero: none yet
	Behind int64         // bytes of the file at hand that are not acknowledged
	Lag    time.Duration // since we last were at the end of what there is to read, or could read at all; 0: we are there
	Err    error         // what stands in the way now: of the file, or as the handler said; nil: nothing does
}

// Handler takes attempts in: it resolves their endpoints, and returns once they
// are durable. attempts is its own to change, and has at least one element.
//
// An error says that they could not be taken at this moment (the log is busy,
// full or closed): the same attempts come again after a while, until the
// handler takes them. An attempt that cannot ever be taken is none: it stands
// in [Receipt.Rejected].
type Handler func(ctx context.Context, attempts []deliveries.Attempt) (Receipt, error)

// Receipt says what became of the attempts of one call of a [Handler].
type Receipt struct {
	Accepted  int // durable now, and new as far as is known
	Duplicate int // told before
	Rejected  []Rejection
}

// Rejection says why one attempt was not taken, and will not be.
type Rejection struct {
	Index  int    // in the attempts of the call
	Reason string // for a person; a sample of them is logged, less what stands in quotes
}

package ingest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Intake takes attempts in and acknowledges them. Its methods are safe for
// concurrent use.
type Intake struct {
	log    *Log
	ledger Ledger
	recent *recent

	mu     sync.Mutex // guards warned
	warned time.Time
}

// NewIntake returns an intake that appends to l, which must run, and asks
// ledger for what it does not remember itself.
func NewIntake(l *Log, ledger Ledger) *Intake {
	return &Intake{log: l, ledger: ledger, recent: newRecent(recentAttempts)}
}

// Taken says what became of the attempts of one call.
type Taken struct {
	Accepted  int // durable now, and new as far as is known
	Duplicate int // told before with the same content, in this call or an earlier one
	Outside   int // not taken: [Refusal]
}

// Take returns once all attempts are durable that were not before: that is the
// acknowledgement. Their Source is set and their Endpoint is resolved; received
// is when we got them. attempts is not kept.
//
// An attempt of known identity with other content is accepted: which of the two
// stays is said when it is applied. So is a repeat that is neither remembered
// (the last half to whole million attempts of this process) nor applied yet; it
// counts once all the same. What another call is taking at this moment is
// waited for, and taken by this one when that one fails.
//
// The URL of an attempt whose endpoint has an ID is let go, in attempts too.
//
// An error is that of [Log.Append] (ErrBusy, ErrFull, ErrClosed, ...), wrapped,
// or ctx's. Taken then says what was durable by then, and the sender may repeat
// everything.
func (in *Intake) Take(ctx context.Context, received time.Time, attempts []deliveries.Attempt) (Taken, error) {
	var t Taken
	keys := make([]attemptKey, len(attempts))
	rest := make([]int, 0, len(attempts))
	floor := in.Floor()
	for i := range attempts {
		if Outlies(attempts[i].StartedAt, received) || attempts[i].StartedAt.Before(floor) {
			t.Outside++
			continue
		}
		if attempts[i].Endpoint != "" {
			attempts[i].URL = "" // it may hold secrets, and is of no further use
		}
		keys[i] = attempts[i].ContentHash()
		rest = append(rest, i)
	}
	c := call{Intake: in, received: received, attempts: attempts, keys: keys}
	for len(rest) > 0 {
		var err error
		if rest, err = c.round(ctx, &t, rest); err != nil {
			return t, fmt.Errorf("take %d attempts: %w", len(attempts), err)
		}
	}
	return t, nil
}

// Floor returns from which start on attempts are taken; zero: from any. See
// [Refusal].
func (in *Intake) Floor() time.Time { return in.ledger.Floor() }

// call is one call of Take.
type call struct {
	*Intake
	received time.Time
	attempts []deliveries.Attempt
	keys     []attemptKey
}

// round takes what nobody has, waits for what others are taking, and returns
// that: it is known then, or was given up.
func (c *call) round(ctx context.Context, t *Taken, which []int) (rest []int, err error) {
	f := &flight{landed: make(chan struct{})}
	mine, others, known := c.recent.claim(f, c.keys, which)
	t.Duplicate += known
	err = c.land(ctx, t, mine)
	c.recent.forget(f, c.keys, mine) // before waiting: nobody waits for one who waits
	if err != nil {
		return nil, err
	}
	for by, waiting := range others {
		select {
		case <-by.landed:
			rest = append(rest, waiting...)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	slices.Sort(rest)
	return rest, nil
}

// land makes durable what the ledger does not know.
func (c *call) land(ctx context.Context, t *Taken, which []int) error {
	fresh, err := c.unknown(ctx, t, which)
	if err != nil {
		return err
	}
	for len(fresh) > 0 {
		n := fits(c.attempts, fresh)
		if _, err := c.log.Append(ctx, c.received, chosen(c.attempts, fresh[:n])); err != nil {
			return err
		}
		c.recent.remember(c.keys, fresh[:n])
		t.Accepted += n
		fresh = fresh[n:]
	}
	return nil
}

// unknown asks the ledger. When it cannot answer, everything is taken for new:
// applying finds the duplicates.
func (c *call) unknown(ctx context.Context, t *Taken, which []int) ([]int, error) {
	if len(which) == 0 {
		return nil, nil
	}
	known, err := c.ledger.Known(ctx, chosen(c.attempts, which))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		c.warn(err)
		return which, nil
	}
	var fresh, old []int
	for n, i := range which {
		if n < len(known) && known[n] {
			old = append(old, i)
		} else {
			fresh = append(fresh, i)
		}
	}
	c.recent.remember(c.keys, old)
	t.Duplicate += len(old)
	return fresh, nil
}

// warn logs at most once a minute that the ledger does not answer.
func (in *Intake) warn(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if now := time.Now(); now.Sub(in.warned) >= complainEvery {
		in.warned = now
		in.log.log.Warn("ledger cannot tell what is known: repeats are taken for new until they are applied", "err", err)
	}
}

// chosen returns the attempts at some indices, which rise.
func chosen(attempts []deliveries.Attempt, which []int) []deliveries.Attempt {
	if n := len(which); n > 0 && which[n-1]-which[0] == n-1 {
		return attempts[which[0] : which[n-1]+1]
	}
	some := make([]deliveries.Attempt, len(which))
	for n, i := range which {
		some[n] = attempts[i]
	}
	return some
}

// attemptBytes is the most that an encoded attempt takes beside its texts:
// mask 3, fourteen lengths of up to 5, four times of up to 15, three numbers of
// up to 10.
const attemptBytes = 3 + 14*5 + 4*15 + 3*10

// fits returns how many of the attempts are below MaxBatchBytes together; one
// at least.
func fits(attempts []deliveries.Attempt, which []int) int {
	size := 64 // version, receive time, count
	for n, i := range which {
		a := &attempts[i]
		size += attemptBytes
		for _, s := range [...]string{
			a.Source, a.ID, a.Merchant, a.Endpoint, a.URL, a.Event, a.Type, a.Product, a.Channel, a.Key, a.Actor, a.Error,
			string(a.Trigger), string(a.Mode),
		} {
			size += len(s)
		}
		if size > MaxBatchBytes && n > 0 {
			return n
		}
	}
	return len(which)
}

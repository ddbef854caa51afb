package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// The clerk's own times and bounds.
const (
	deskEvery    = time.Second            // what nobody poked for is found; a store that fails is asked again
	orphansEvery = 10 * time.Second       // a look at every open condition
	deskDrain    = 250 * time.Millisecond // what is committed at the end is still decided
	deskLimit    = 500                    // changes in one turn
)

// Clerk turns what the rules have committed into incidents and notices: it
// lets the desk decide, turn by turn, and the book keep it.
type Clerk struct {
	// Decided is told of each turn that read something, once it is committed.
	// It must not block. Nil: nobody is. Set it before Run.
	Decided func(DeskTurn)
	// Level returns how much of a part of the traffic fails now; false: it is
	// not known. It must not block. Nil: nothing is. Set it before Run.
	Level func(rules.Scope) (Level, bool)
	// Doubt returns why it may be our own side that fails; empty: it is not in
	// doubt. It must not block. Nil: it never is. Set it before Run.
	Doubt func() string
	// Absent reports whether nobody looked for a while until a moment ago. It
	// must not block. Nil: somebody always did. Set it before Run.
	Absent func() bool
	// Fresh reports whether what is known of an orphan's scope is of now, and
	// bad: what nobody can see any more is not told again. It must not block.
	// Nil: all are. Set it before Run.
	Fresh func(rules.Key) bool

	book Book
	desk atomic.Pointer[Desk]
	log  *slog.Logger
	poke chan struct{}
	look atomic.Bool // at the next turn

	// Of Run's goroutine.
	looked   time.Time // when each live incident, and the orphans, were looked at last, by the monotonic clock
	complain time.Time // when the book's refusal was logged last

	mu   sync.Mutex
	upTo time.Time // when all that was committed had been read
}

// NewClerk returns a clerk that works once Run is called.
func NewClerk(book Book, desk Desk, log *slog.Logger) *Clerk {
	c := &Clerk{book: book, log: log, poke: make(chan struct{}, 1), upTo: time.Now()}
	c.SetDesk(desk)
	return c
}

// SetDesk puts a desk in place of the present one, from the next turn on. It
// does not block, and is safe for concurrent use.
func (c *Clerk) SetDesk(desk Desk) { c.desk.Store(&desk) }

// Poke says that changes were committed: they are decided at once instead of
// within a second. It does not block, and is safe for concurrent use.
func (c *Clerk) Poke() {
	select {
	case c.poke <- struct{}{}:
	default: // somebody poked already
	}
}

// Look says that something around the incidents has changed, as with a silence:
// each live one is looked at at once, not within ten seconds. It does not block, and
// is safe for concurrent use.
func (c *Clerk) Look() {
	c.look.Store(true)
	c.Poke()
}

// Lag is how long ago everything that is committed had been read; 0 while the
// clerk keeps up, which it does by reading at least each second. It is safe
// for concurrent use.
func (c *Clerk) Lag(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lag := now.Sub(c.upTo); lag > 2*deskEvery {
		return lag
	}
	return 0
}

// Command does what a person says about an incident: one transaction. It
// returns the incident as it is then; [ErrNoIncident], a *VersionError or a
// *CommandError say why not. It is safe for concurrent use.
func (c *Clerk) Command(ctx context.Context, id string, version int, cmd Command) (Incident, error) {
	now := moment(time.Now())
	var made Decision
	in, err := c.book.CommandIncident(ctx, id, version, func(in Incident, told []Destination) (Decision, error) {
		var err error
		made, err = c.desk.Load().Command(in, cmd, told, now)
		return made, err
	})
	if err == nil {
		c.report(DeskTurn{Decision: made})
	}
	return in, err
}

// Reconciled notes that what had failed in an incident is delivered or written
// off; text says so. One that lives again, or is reconciled already, is left
// alone. It is safe for concurrent use.
func (c *Clerk) Reconciled(ctx context.Context, id string, version int, text string) error {
	now := moment(time.Now())
	var made Decision
	_, err := c.book.CommandIncident(ctx, id, version, func(in Incident, told []Destination) (Decision, error) {
		made = c.desk.Load().Reconciled(in, text, told, now)
		return made, nil
	})
	if err == nil {
		c.report(DeskTurn{Decision: made})
	}
	return err
}

// Run decides until ctx ends; then it takes a quarter of a second at most for what
// is committed, and returns nil. A book that refuses is asked again each
// second, and complained of once a minute. Call it once.
func (c *Clerk) Run(ctx context.Context) error {
	tick := time.NewTicker(deskEvery)
	defer tick.Stop()
	for {
		poke := c.poke
		if !c.turns(ctx) {
			poke = nil // until the next tick: a poke does not mend a store
		}
		select {
		case <-ctx.Done():
			// The last changes are committed by those who stopped before us.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), deskDrain)
			defer cancel()
			c.turns(last)
			return nil
		case <-poke:
		case <-tick.C:
		}
	}
}

// turns takes turns until all is read, and reports whether that went well.
func (c *Clerk) turns(ctx context.Context) bool {
	for {
		t, err := c.turn(ctx)
		if err != nil {
			c.refused(ctx, err)
			return false
		}
		c.report(t)
		if !t.More {
			c.mu.Lock()
			c.upTo = time.Now()
			c.mu.Unlock()
			return true
		}
	}
}

// turn takes one turn. A desk that panics has decided nothing: its changes
// wait, and Lag says so.
func (c *Clerk) turn(ctx context.Context) (t DeskTurn, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = DeskTurn{}, fmt.Errorf("the desk panicked: %v\n%s", p, debug.Stack())
		}
	}()
	now := moment(time.Now())
	desk := *c.desk.Load()
	r := DeskRequest{Now: now, Reopen: desk.Reopen, Limit: deskLimit, Orphans: c.look.Swap(false) || c.looked.IsZero() || time.Since(c.looked) >= orphansEvery}
	t, err = c.book.CommitDesk(ctx, r, func(w World, changes []rules.Change) Decision {
		if c.Fresh != nil {
			w.Orphans = slices.DeleteFunc(w.Orphans, func(o Orphan) bool { return !c.Fresh(o.Key) })
		}
		c.around(&w)
		return desk.Decide(w, changes, now)
	})
	if err == nil && r.Orphans {
		c.looked = time.Now()
	}
	return t, err
}

// around completes the world by what is not in the book.
func (c *Clerk) around(w *World) {
	if c.Doubt != nil {
		w.Doubt = c.Doubt()
	}
	w.Absent = c.Absent != nil && c.Absent()
	if c.Level == nil {
		return
	}
	w.Levels = map[rules.Scope]Level{}
	for _, in := range w.Incidents {
		for _, m := range in.Members {
			if !in.Live() || !m.Left.IsZero() || !ofTraffic(m.Key.Rule) {
				continue
			}
			if l, ok := c.Level(m.Key.Scope); ok {
				w.Levels[m.Key.Scope] = l
			}
		}
	}
}

// report tells of a turn that did something.
func (c *Clerk) report(t DeskTurn) {
	if c.Decided != nil && (t.Changes > 0 || len(t.Decision.Incidents) > 0) {
		c.Decided(t)
	}
}

// refused logs that the book did not take a turn, at most once a minute.
func (c *Clerk) refused(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // we are to stop: the last turn says how that went
	}
	if now := time.Now(); now.Sub(c.complain) >= time.Minute {
		c.complain = now
		c.log.Error("desk cannot decide", "error", fmt.Errorf("take a turn: %w", err))
	}
}

// moment is t as it is stored: in UTC, in whole microseconds.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

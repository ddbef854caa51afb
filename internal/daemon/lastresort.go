package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// How long the store may fail (DESIGN section 7), and how often it is tried:
// the rest is our own choice.
const (
	releaseAfter  = 5 * time.Second  // then the reserve is let go
	resortAfter   = 10 * time.Second // then it is told past the outbox
	checkEvery    = 5 * time.Second
	checkAgain    = 2 * time.Second // while it fails
	checkTimeout  = 4 * time.Second
	resortTick    = time.Second
	resortAtOnce  = 16 // sends at the same time
	closeTimeout  = 5 * time.Second
	unrecordedTop = 1000            // more are not counted
	decidedBefore = time.Second     // what is decided waits from a moment later on
	looksApart    = 5 * time.Second // two looks further apart: this process was stopped (a machine that sleeps stops the clock of Linux, too)
)

// lastResort tells the one thing that cannot go through the outbox: that the
// store, in which the outbox is, cannot be written (DESIGN section 7). It first
// lets the reserve go, which mends a full disk for a while. Nothing that it
// does waits for the store, and nothing waits for it. It recovers by itself.
// It is safe for concurrent use.
type lastResort struct {
	lag        func(now time.Time) time.Duration // how long what was decided waits to be recorded
	check      func(ctx context.Context) error   // proves that the store can be written; fs.ErrNotExist: its files are gone
	unrecorded func(since time.Time) int         // critical conditions that opened since
	enqueue    func(ctx context.Context, notices []alerting.Notice) error
	messenger  *messenger
	reserve    *reserveKeeper
	woke       func(now time.Time) // told when this process stood still until now
	ticked     func(now time.Time) // told of each look
	stopping   func() bool
	log        *slog.Logger

	busy struct{ check, reserve, closing atomic.Bool }

	mu     sync.Mutex
	state  resortState
	looked time.Time // when the last check began; guarded by mu
	awake  time.Time // since when this process runs without a break; zero: it always did; guarded by mu
}

// newLastResort returns the last resort of d, which has done nothing yet.
func (d *Daemon) newLastResort(m watchMeter) *lastResort {
	l := &lastResort{
		lag: func(now time.Time) time.Duration {
			return max(d.column.conditions.Lag(now), d.column.clerk.Lag(now))
		},
		check: func(ctx context.Context) error {
			if err := d.store.Check(ctx); err != nil {
				return err
			}
			return logCheck(d.column.log.Check())
		},
		unrecorded: d.unrecordedCritical,
		enqueue: func(ctx context.Context, notices []alerting.Notice) error {
			defer d.column.outbox.Poke()
			return d.store.Enqueue(ctx, notices)
		},
		woke: func(now time.Time) {
			d.probeLateness.woke(now)
			d.certificateLateness.woke(now)
		},
		ticked:   d.hears,
		stopping: d.stopping.Load,
		log:      d.log,
	}
	l.messenger = &messenger{to: d.selfDestinations, port: d.portOf, count: m.LastResort, log: d.log}
	l.reserve = &reserveKeeper{file: store.NewReserve(d.settings.Load().DataDir, 0), held: m.Reserve, log: d.log}
	return l
}

// logError is why the log of attempts cannot be written, while the store can.
type logError struct{ error }

// Unwrap returns what the log says.
func (e logError) Unwrap() error { return e.error }

func logCheck(err error) error {
	if err == nil {
		return nil
	}
	return logError{err}
}

// unrecordedCritical counts critical conditions that opened since a moment, as
// memory has them.
func (d *Daemon) unrecordedCritical(since time.Time) int {
	n := 0
	for _, s := range d.column.conditions.Standing() {
		if s.Episode.Phase == rules.PhaseOpen && s.Episode.Worst == rules.Critical && !s.OpenedAt.Before(since.Add(-decidedBefore)) && n < unrecordedTop {
			n++
		}
	}
	return n
}

// selfDestinations returns who is told of a critical incident of hookvigil
// itself that opens now.
func (d *Daemon) selfDestinations(now time.Time) []alerting.Destination {
	return routesTo(d.settings.Load().Routes, *d.column.ways.Load())(selfIncident(now))
}

// selfIncident is the incident of which the routes are asked.
func selfIncident(since time.Time) alerting.Incident {
	return alerting.Incident{
		GroupKey: "v1:last_resort:" + string(selfStore), Rule: rules.RuleMonitorSelf, Scope: selfStore, Severity: rules.Critical,
		State: alerting.StateOpen, Title: "hookvigil cannot write its store", StartedAt: since, DetectedAt: since, OpenedAt: since,
	}
}

// selfStore is the scope of what is told past the outbox.
const selfStore rules.Scope = "self:store"

// portOf returns the receiver behind a lane.
func (d *Daemon) portOf(lane string) (alerting.Port, bool) {
	p, ok := d.column.ways.Load().ports.Named[alerting.ReceiverOf(lane)]
	return p, ok && p.Receiver != nil
}

// run looks each second until ctx ends; then it ends what is under way, and
// returns ctx's error. What blocks is done beside it: one check, one move of
// the reserve, one closing, and 16 sends at most.
func (l *lastResort) run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	tick := time.NewTicker(resortTick)
	defer tick.Stop()
	for last := time.Now(); ; {
		now := time.Now()
		l.ranSince(last, now)
		l.ticked(now)
		last = now
		if !l.stopping() {
			l.look(ctx, &beside, now)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ranSince notes that this process stood still, when it did between two looks:
// what waited meanwhile did not wait for the store.
func (l *lastResort) ranSince(last, now time.Time) {
	if now.Sub(last) <= looksApart {
		return
	}
	l.log.Warn("this process stood still", "for", now.Sub(last).Round(time.Second))
	l.woke(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awake = now
}

// look takes one step, and does what follows from it.
func (l *lastResort) look(ctx context.Context, beside *sync.WaitGroup, now time.Time) {
	l.checkIfDue(ctx, beside, now)
	lag := l.lag(now)
	l.mu.Lock()
	was := l.state
	l.state = was.woke(l.awake).step(min(lag, now.Sub(l.awake)), now)
	if l.state.decided = (time.Time{}); lag > 0 {
		l.state.decided = now.Add(-lag)
	}
	is := l.state
	l.mu.Unlock()
	switch {
	case is.released && !was.released:
		once(beside, &l.busy.reserve, l.reserve.release)
	case !is.released && l.reserve.wanted(now):
		once(beside, &l.busy.reserve, l.reserve.keep)
	}
	if is.on() {
		if !was.on() {
			l.log.Error("the store cannot be written; told past the outbox", "since", is.since, "error", is.err)
		}
		l.messenger.tell(ctx, beside, l.message(is), now)
		return
	}
	if was.on() {
		l.log.Info("the store is written again", "after", now.Sub(was.since).Round(time.Second))
		l.messenger.over()
	}
	if owed := l.messenger.owed(); len(owed) > 0 {
		once(beside, &l.busy.closing, func() { l.close(ctx, owed) })
	}
}

// message is what is told of an outage.
func (l *lastResort) message(is resortState) message {
	m := message{since: is.since, decided: is.decided, unrecorded: l.unrecorded, broken: is.broken(), gone: is.gone, waits: is.lag, err: is.err}
	m.refused = is.refused && is.lag <= resortAfter
	return m
}

// checkIfDue tries to write, beside the loop.
func (l *lastResort) checkIfDue(ctx context.Context, beside *sync.WaitGroup, now time.Time) {
	l.mu.Lock()
	every := checkEvery
	if l.state.broken() {
		every = checkAgain
	}
	due := l.looked.IsZero() || now.Sub(l.looked) >= every
	l.mu.Unlock()
	if !due {
		return
	}
	once(beside, &l.busy.check, func() {
		began := time.Now()
		l.mu.Lock()
		l.looked = began
		l.mu.Unlock()
		inner, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		err := l.check(inner)
		if ctx.Err() != nil {
			return // we are to stop
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.state = l.state.checked(began, err)
	})
}

// close ends the records that pagers keep of the outage, the ordinary way.
func (l *lastResort) close(ctx context.Context, owed []alerting.Notice) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if err := l.enqueue(ctx, owed); err != nil {
		return // asked again with the next look: the store fails anew, and that is said elsewhere
	}
	l.messenger.paid(owed)
	l.log.Info("what pagers keep of the outage is closed through the outbox", "notices", len(owed))
}

// problems says what /-/duty says of it. It does not block.
func (l *lastResort) problems(now time.Time) []string {
	l.mu.Lock()
	is := l.state
	l.mu.Unlock()
	if !is.on() {
		return nil
	}
	return []string{fmt.Sprintf("store: %s; %s", l.message(is).text(), l.messenger.said(now))}
}

// once does what do does beside the caller, unless it still does the last one.
func once(beside *sync.WaitGroup, busy *atomic.Bool, do func()) {
	if !busy.CompareAndSwap(false, true) {
		return
	}
	beside.Go(func() {
		defer busy.Store(false)
		do()
	})
}

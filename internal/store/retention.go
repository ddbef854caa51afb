package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// settleTime is how long after attempts of a day are no longer taken its slot
// may be dropped: what was taken before has been applied by then.
const settleTime = 10 * time.Minute

// The rows of the table cursor that say what is kept. Their positions are
// moments, in microseconds, and only rise.
const (
	cursorFloor    = "attempts.floor"   // attempts that started before are not taken any more
	cursorSlots    = "attempts.dropped" // the slots of days before are gone; what is kept of them is in the failures
	cursorFailures = "failures.dropped" // the files of failures of months before are gone
)

// keeping is what a ledger knows of how long attempts are kept.
type keeping struct {
	failures *slots // by month: what is carried on of slots that are dropped

	floor   atomic.Int64 // microseconds; 0: nothing was dropped yet
	rollups atomic.Int64 // seconds that rollups are kept; 0: the default

	retaining sync.Mutex // one Retain at a time; guards raised
	raised    time.Time  // when floor was raised

	first string // guarded by the ledger's mu: attempts of days before it are not applied any more
}

// Floor implements [ingest.Ledger]. It rises by whole days, survives a restart
// and never falls.
func (l *Ledger) Floor() time.Time { return moment(l.floor.Load()) }

// loadKept reads what was dropped, and takes away what a crash has left of it.
func (l *Ledger) loadKept(ctx context.Context) error {
	var floor, slots, months, at int64
	err := l.s.state.read(ctx, func(tx *sql.Tx) error {
		for name, to := range map[string]*int64{cursorFloor: &floor, cursorSlots: &slots, cursorFailures: &months} {
			var when int64
			err := tx.QueryRowContext(ctx, `SELECT position, at FROM cursor WHERE name = ?`, name).Scan(to, &when)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if name == cursorFloor {
				at = when
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what is kept: %w", err)
	}
	l.floor.Store(floor)
	l.raised = moment(at)
	if slots != 0 {
		l.first = dayOf(moment(slots))
		l.slots.dropBefore(l.first)
	}
	if months != 0 {
		l.failures.dropBefore(monthOf(moment(months)))
	}
	if err := errors.Join(l.slots.sweep(ctx), l.failures.sweep(ctx)); err != nil { // the next Retain tries again
		l.s.log.Warn("files of attempts that are not kept any more cannot be removed", "err", err)
	}
	return nil
}

// mark raises a row of cursor, durably.
func (l *Ledger) mark(ctx context.Context, name string, to, now time.Time) error {
	return l.s.state.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cursor (name, position, at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position), at = excluded.at`, name, to.UnixMicro(), now.UnixMicro())
		return err
	})
}

// Retained says what one call of [Store.Retain] did.
type Retained struct {
	Slot     string    // the day whose slot was dropped, as 2026-11-21; empty: none
	Carried  int       // attempts of that day that are kept with the failures
	Failures string    // the month whose failures were dropped, as 2026-11; empty: none
	Floor    time.Time // attempts that started before are refused; zero: none was dropped yet
	Rollups  int       // quarters of an hour of an endpoint or a scope that were deleted
	Events   int       // events that were deleted
	More     bool      // some of it is due, and was left for the next call
}

// Retain lets go of what is older than r says, and is called about once an
// hour: with nothing to do it reads two folders and asks three indexes. One
// call drops at most one slot and one file of failures, and deletes a bounded
// number of rows, each some thousand in a transaction of their own.
//
// A slot goes in two calls. The first raises [Ledger.Floor] to the end of its
// day: a repeat could not be told from a new attempt once it is gone. The
// second, at least ten minutes later, carries its failed attempts on, and with
// them all attempts of the events that are stored, to the file of the month in
// failures/, makes them durable, notes that the slot is gone, and removes it.
// A crash at any point loses and doubles nothing. Who reads the slot keeps it
// until he is done; Retain waits for him, as long as ctx lasts.
//
// now comes from the clock of the machine. One that is set years ahead costs a
// day of history an hour until it is mended, not all of it.
//
// Errors of one part do not keep the others from their work; they come back
// joined. Calls wait for each other.
func (s *Store) Retain(ctx context.Context, now time.Time, r ingest.Retention) (Retained, error) {
	if err := r.Validate(); err != nil {
		return Retained{}, fmt.Errorf("retain: %w", err)
	}
	l := s.ledger
	l.retaining.Lock()
	defer l.retaining.Unlock()
	l.rollups.Store(int64(r.Rollups / time.Second))
	var done Retained
	var errs []error
	for _, part := range []func(context.Context, time.Time, ingest.Retention, *Retained) error{
		l.retainSlots, l.retainFailures, s.retainRollups, s.retainEvents,
	} {
		err := part(ctx, now, r, &done)
		if ctx.Err() != nil {
			return done, fmt.Errorf("retain: %w", context.Cause(ctx))
		}
		errs = append(errs, err)
	}
	l.readers.dropGone()
	done.Floor = l.Floor()
	if err := errors.Join(errs...); err != nil {
		return done, fmt.Errorf("retain: %w", err)
	}
	return done, nil
}

// retainSlots drops the oldest slot when its time has come, and raises the
// floor for the next one.
func (l *Ledger) retainSlots(ctx context.Context, now time.Time, r ingest.Retention, done *Retained) error {
	if err := l.slots.sweep(ctx); err != nil {
		return err
	}
	days, err := l.slots.names(time.DateOnly)
	if err != nil || len(days) == 0 {
		return err
	}
	if l.raised.After(now) { // the clock was set back
		l.raised = now
	}
	if end := endOfDay(days[0]); !l.Floor().Before(end) && now.Sub(l.raised) >= settleTime {
		if done.Carried, err = l.dropSlot(ctx, days[0], now, r); err != nil {
			return fmt.Errorf("drop the slot %s: %w", days[0], err)
		}
		done.Slot, days = days[0], days[1:]
	}
	if len(days) == 0 || endOfDay(days[0]).After(now.Add(-r.Successes)) {
		return nil
	}
	done.More = true
	return l.raise(ctx, endOfDay(days[0]), now)
}

// raise refuses attempts that started before to from now on.
func (l *Ledger) raise(ctx context.Context, to, now time.Time) error {
	if !l.Floor().Before(to) {
		return nil
	}
	if err := l.mark(ctx, cursorFloor, to, now); err != nil {
		return fmt.Errorf("raise the floor of attempts: %w", err)
	}
	l.floor.Store(to.UnixMicro())
	l.raised = now
	return nil
}

// dropSlot carries on what is kept of a day, and drops its slot.
func (l *Ledger) dropSlot(ctx context.Context, day string, now time.Time, r ingest.Retention) (carried int, err error) {
	end := endOfDay(day)
	l.mu.Lock() // whoever applies ends first: what is carried on is all there is
	l.first = max(l.first, dayOf(end))
	l.mu.Unlock()
	month := day[:len(monthOnly)]
	if l.failures.keeps(month) && endOfMonth(month).After(now.Add(-r.Failures)) {
		carried, err = l.carry(ctx, day, month)
		if damaged, ok := errors.AsType[*DamagedError](err); ok && damaged.File == slotFile(day) {
			err = l.slots.replace(day, damaged)
		} else if ok && damaged.File == slotFile(month) {
			err = errors.Join(err, l.setFailuresAside(month, damaged)) // the next call carries into a new one
		}
		if err != nil {
			return carried, err
		}
	}
	if err := l.mark(ctx, cursorSlots, end, now); err != nil {
		return carried, err
	}
	l.slots.dropBefore(dayOf(end))
	return carried, l.slots.sweep(ctx)
}

// retainFailures drops the oldest month of failures when it is too old.
func (l *Ledger) retainFailures(ctx context.Context, now time.Time, r ingest.Retention, done *Retained) error {
	if err := l.failures.sweep(ctx); err != nil {
		return err
	}
	due := func(month string) bool { return !endOfMonth(month).After(now.Add(-r.Failures)) }
	months, err := l.failures.names(monthOnly)
	if err != nil || len(months) == 0 || !due(months[0]) {
		return err
	}
	if err := l.mark(ctx, cursorFailures, endOfMonth(months[0]), now); err != nil {
		return fmt.Errorf("drop the failures of %s: %w", months[0], err)
	}
	l.failures.dropBefore(monthOf(endOfMonth(months[0])))
	if err := l.failures.sweep(ctx); err != nil {
		return fmt.Errorf("drop the failures of %s: %w", months[0], err)
	}
	done.Failures = months[0]
	done.More = done.More || len(months) > 1 && due(months[1])
	return nil
}

// monthOf names the file of failures of an attempt.
func monthOf(started time.Time) string { return started.UTC().Format(monthOnly) }

// endOfDay is the first moment after the day that a slot is named after; zero
// for another name.
func endOfDay(name string) time.Time {
	day, err := time.Parse(time.DateOnly, name)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

// endOfMonth is the first moment after the month that a file of failures is
// named after; zero for another name.
func endOfMonth(name string) time.Time {
	month, err := time.Parse(monthOnly, name)
	if err != nil {
		return time.Time{}
	}
	return month.AddDate(0, 1, 0)
}

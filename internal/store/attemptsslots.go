package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	attemptsDir = "attempts"
	// openSlots is how many slots are open at a time, unless more are in use:
	// today's, yesterday's, and what comes late.
	openSlots = 4
	// slotPragmas set up the connection that writes a slot: a cache for the
	// index of the identities of a million attempts (KiB), and a write-ahead log
	// that is folded in at 64 MiB: small groups change the same pages again and
	// again.
	slotPragmas = "PRAGMA cache_size(-49152); PRAGMA wal_autocheckpoint(16384)"
)

// slots opens the files of days on demand and closes those that nobody needs.
type slots struct {
	dir  string       // data_dir/attempts
	home func() error // whether data_dir is the one that was opened; nil: it is
	log  *slog.Logger

	mu     sync.Mutex // guards the fields below, and uses and used of each slot
	open   map[string]*slot
	clock  int64           // rises with each use
	dirty  map[string]bool // days that were written since they were synced
	gone   string          // names below it were dropped; see dropBefore
	closed bool
}

var errSlotsClosed = errors.New("the store is closed")

// slot is the file of one day.
type slot struct {
	uses int   // at this moment
	used int64 // the last time

	mu sync.RWMutex // held to use db, and locked to open, close or replace it
	db *database    // nil: not open

	state slotState // of the applier

	left chan struct{} // guarded by slots.mu; not nil: it was dropped, and this is closed when nobody uses it any more
}

func newSlots(dir string, log *slog.Logger) *slots {
	return &slots{dir: filepath.Join(dir, attemptsDir), log: log, open: map[string]*slot{}, dirty: map[string]bool{}}
}

func slotFile(day string) string { return day + ".db" }

// take returns the slot of a day and keeps it open until it is given back. One
// that does not exist is made when create says so, otherwise it is nil.
func (s *slots) take(ctx context.Context, day string, create bool) (*slot, error) {
	sl, err := s.pin(day, create)
	if sl == nil || err != nil {
		return nil, err
	}
	if err := s.ensure(ctx, sl, day); err != nil {
		s.giveBack(sl)
		return nil, err
	}
	return sl, nil
}

func (s *slots) pin(day string, create bool) (*slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errSlotsClosed
	}
	if day < s.gone {
		if create {
			return nil, fmt.Errorf("the attempts of %s were dropped", day)
		}
		return nil, nil
	}
	if !create && missing(s.dir, slotFile(day)) && missing(s.dir, slotFile(day)+"-wal") {
		return nil, nil
	}
	sl := s.open[day]
	if sl == nil {
		s.makeRoomLocked()
		sl = &slot{}
		s.open[day] = sl
	}
	s.clock++
	sl.uses, sl.used = sl.uses+1, s.clock
	return sl, nil
}

func (s *slots) giveBack(sl *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl.uses--; sl.uses == 0 && sl.left != nil {
		close(sl.left)
	}
}

// makeRoomLocked closes the slot that was not used for longest.
func (s *slots) makeRoomLocked() {
	for len(s.open) >= openSlots {
		oldest := ""
		for day, sl := range s.open {
			if sl.uses == 0 && (oldest == "" || sl.used < s.open[oldest].used) {
				oldest = day
			}
		}
		if oldest == "" {
			return
		}
		if err := s.open[oldest].db.close(); err != nil {
			s.log.Warn("attempts slot could not be closed in good order", "slot", oldest, "err", err)
		}
		delete(s.open, oldest)
	}
}

// ensure opens the file of a slot that is taken.
func (s *slots) ensure(ctx context.Context, sl *slot, day string) error {
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if sl.db != nil {
		return nil
	}
	if err := s.atHome(); err != nil {
		return err
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("open attempts: %w", err)
	}
	db, err := openSlot(ctx, s.dir, attemptsSchema(slotFile(day)), s.log)
	if err != nil {
		return err
	}
	if err := s.atHome(); err != nil {
		return errors.Join(err, db.close()) // it was made in a folder that only has the name of ours
	}
	sl.db, sl.state = db, slotState{}
	return nil
}

// atHome returns an error while data_dir is not the one that was opened.
func (s *slots) atHome() error {
	if s.home == nil {
		return nil
	}
	return s.home()
}

// openSlot is openDatabase without reading the whole file, which is large and
// opened at any time: what is damaged in it is found when it is met.
func openSlot(ctx context.Context, dir string, s schema, log *slog.Logger) (*database, error) {
	d := &database{schema: s, path: filepath.Join(dir, s.file)}
	created, err := d.ensureFile(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.prepareSlot(ctx, created, log); err != nil {
		_ = d.close() // the first error says why
		return nil, err
	}
	return d, nil
}

func (d *database) prepareSlot(ctx context.Context, created bool, log *slog.Logger) error {
	var err error
	if d.w, err = connect(d.path, d.schema.sync, false); err != nil {
		return err
	}
	if d.r, err = connect(d.path, d.schema.sync, true); err != nil {
		return err
	}
	if err := d.inPlace(); err != nil {
		return err
	}
	if _, err := version(ctx, d.w); err != nil {
		return d.because(ctx, d.suspect(err))
	}
	if _, err := d.w.ExecContext(ctx, slotPragmas); err != nil {
		return d.because(ctx, err)
	}
	if created {
		return nil
	}
	if err := d.upgrade(ctx, log); err != nil {
		return err
	}
	return d.compare(ctx)
}

// apply brings rows into the slot of a day, in one transaction.
func (s *slots) apply(ctx context.Context, day string, rows []attemptRow) error {
	err := s.applyOnce(ctx, day, rows)
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		if err := s.replace(day, damaged); err != nil {
			return err
		}
		return s.applyOnce(ctx, day, rows)
	}
	return err
}

func (s *slots) applyOnce(ctx context.Context, day string, rows []attemptRow) error {
	sl, err := s.take(ctx, day, true)
	if err != nil {
		return err
	}
	defer s.giveBack(sl)
	s.markDirty(day) // before the slot is held: who moves it out holds both, in this order
	sl.mu.RLock()
	defer sl.mu.RUnlock()
	if sl.db == nil { // it was damaged, and moved aside just now
		return fmt.Errorf("write attempts of %s: the file was moved aside; the next try makes it anew", day)
	}
	for i := range rows {
		rows[i].gone = nil // of a try that failed
	}
	err = sl.db.write(ctx, func(tx *sql.Tx) error {
		w := slotWriter{slotState: &sl.state, ctx: ctx, tx: tx}
		return w.write(rows)
	})
	if err != nil {
		sl.state = slotState{} // some words may be of rows that were rolled back
	}
	return err
}

func (s *slots) markDirty(day string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[day] = true
}

// replace moves a damaged slot aside, so that the next use makes a new one. It
// waits for its readers.
func (s *slots) replace(day string, why *DamagedError) error {
	kept, err := s.moveOut(day)
	if err != nil {
		return err
	}
	s.log.Error("damaged attempts slot moved aside and made anew: the attempts in it are not shown, and their repeats count again",
		"slot", day, "detail", why.Detail, "kept", kept)
	return nil
}

// moveOut moves a damaged file aside once nobody reads it, and returns its new
// name.
func (s *slots) moveOut(name string) (kept string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.open[name]; sl != nil {
		sl.mu.Lock()
		_ = sl.db.close() // it is damaged
		sl.db = nil
		sl.mu.Unlock()
	}
	if kept, err = moveAside(filepath.Join(s.dir, slotFile(name)), time.Now()); err != nil {
		return "", fmt.Errorf("move the damaged slot %s aside: %w", name, err)
	}
	delete(s.dirty, name)
	return kept, nil
}

// read shows the slot of a day as it stands; one that does not exist is not
// read.
func (s *slots) read(ctx context.Context, day string, do func(tx *sql.Tx) error) error {
	sl, err := s.take(ctx, day, false)
	if err != nil || sl == nil {
		return err
	}
	defer s.giveBack(sl)
	sl.mu.RLock()
	defer sl.mu.RUnlock()
	if sl.db == nil {
		return nil // it was damaged, and moved aside just now
	}
	return sl.db.read(ctx, do)
}

// sync makes the days that were written outlive a power cut. Their write-ahead
// logs are all that is not synced: folding them in does that by itself.
func (s *slots) sync(ctx context.Context) error {
	s.mu.Lock()
	days := s.dirty
	s.dirty = map[string]bool{}
	s.mu.Unlock()
	var errs []error
	for day := range days {
		if err := errors.Join(s.inPlace(ctx, day), syncFile(filepath.Join(s.dir, slotFile(day)+"-wal"))); err != nil {
			errs = append(errs, err)
			s.markDirty(day)
		}
	}
	if len(days) > 0 {
		errs = append(errs, syncDir(s.dir))
	}
	return errors.Join(errs...)
}

// inPlace returns an error when the files of a day that was written are not
// where they were: to call it synced would let go of the log, which has its
// rows.
func (s *slots) inPlace(ctx context.Context, day string) error {
	s.mu.Lock()
	if day < s.gone {
		s.mu.Unlock()
		return nil // dropped
	}
	sl := s.open[day]
	if sl == nil { // closed, to make room for others
		defer s.mu.Unlock()
		if missing(s.dir, slotFile(day)) {
			return fmt.Errorf("attempts slot %s was removed before it was synced: %w", day, fs.ErrNotExist)
		}
		return nil
	}
	sl.uses++
	s.mu.Unlock()
	defer s.giveBack(sl)
	sl.mu.RLock()
	defer sl.mu.RUnlock()
	if sl.db == nil {
		return nil // it was damaged, and moved aside just now
	}
	return sl.db.write(ctx, func(*sql.Tx) error { return nil }) // which looks for them
}

// close waits for those who use a slot. Nothing is opened afterwards.
func (s *slots) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for day, sl := range s.open {
		sl.mu.Lock()
		errs = append(errs, sl.db.close())
		sl.db = nil
		sl.mu.Unlock()
		delete(s.open, day)
	}
	return errors.Join(errs...)
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// failuresDir holds the failed attempts of days whose slots are gone, a file
// a month with the tables of a slot: failures/2026-11.db.
const failuresDir = "failures"

const monthOnly = "2006-01"

// historyFile is a file of attempts that is searched.
type historyFile struct {
	name     string    // of the day or month
	path     string    // of the database
	from, to time.Time // what started in here, half-open, is in it
	failures bool      // failed attempts of a month, otherwise a slot
}

// compare orders files newest first: by where they begin, a slot before the
// failures of the month that begins with it.
func (f historyFile) compare(o historyFile) int {
	return cmp.Or(o.from.Compare(f.from), cmp.Compare(yes(f.failures), yes(o.failures)))
}

// key names the file in a cursor.
func (f historyFile) key() string { return f.name }

// fileOfKey returns the file with that key, whether or not it is there.
func (s *Store) fileOfKey(key string) (historyFile, error) {
	day, err := time.Parse(time.DateOnly, key)
	if err == nil {
		return historyFile{key, filepath.Join(s.ledger.slots.dir, slotFile(key)), day, day.AddDate(0, 0, 1), false}, nil
	}
	month, err := time.Parse(monthOnly, key)
	if err == nil {
		return historyFile{key, filepath.Join(s.ledger.failures.dir, slotFile(key)), month, month.AddDate(0, 1, 0), true}, nil
	}
	return historyFile{}, fmt.Errorf("%.20q is no day and no month", key)
}

// historyFiles returns the files that may hold attempts, newest first. This is
// the one place that knows which there are. A slot comes before the failures
// that its rows are carried on to: who keeps that order misses none.
func (s *Store) historyFiles() ([]historyFile, error) {
	days, err := s.ledger.slots.names(time.DateOnly)
	if err != nil {
		return nil, err
	}
	months, err := s.ledger.failures.names(monthOnly)
	if err != nil {
		return nil, err
	}
	var all []historyFile
	for _, name := range slices.Concat(days, months) {
		f, err := s.fileOfKey(name)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, historyFile.compare)
	return all, nil
}

// lookInto shows a file as it stands. do may be called twice, and begins anew
// each time; it is not called for a file that is not there any more.
//
// What the applier has open is read there, and what nobody writes by a reader
// that stays open: to open a slot as its writer does takes ten times longer, and
// would close one that the applier needs. What cannot be
// read is opened like that after all, which has the last word; when it is
// damaged it is moved aside with an error in the log, as by its writer, and not
// read.
func (s *Store) lookInto(ctx context.Context, f historyFile, do func(tx *sql.Tx) error) error {
	l := s.ledger
	files, setAside := l.slots, l.slots.replace
	if f.failures {
		files, setAside = l.failures, l.setFailuresAside
	}
	if files.isClosed() {
		return errSlotsClosed
	}
	if !files.keeps(f.name) {
		return nil
	}
	err := s.readHistory(ctx, f, files, do)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = files.read(ctx, f.name, do)
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		return setAside(f.name, damaged)
	}
	if err != nil {
		return fmt.Errorf("read attempts of %s: %w", f.name, err)
	}
	return nil
}

func (s *slots) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// readHistory shows the file. One that nobody writes is read without locks, and
// so without the two files that these need beside it; when it turns out that
// somebody did write meanwhile, it is read again.
func (s *Store) readHistory(ctx context.Context, f historyFile, files *slots, do func(tx *sql.Tx) error) error {
	if read, err := files.readIfOpen(ctx, f.name, do); read {
		return err
	}
	if state, still := f.atRest(); still {
		if read, err := s.ledger.readers.read(ctx, f, state, do); read {
			return err
		}
	}
	db, err := openToRead(f.path, url.Values{ // rw: who closes it last tidies up; it is not created
		"mode": {"rw"}, "_query_only": {"on"}, "_busy_timeout": {busyTimeout}, "_pragma": {"cell_size_check(1)"},
	})
	if err != nil {
		return err
	}
	defer db.Close()
	return readFrom(ctx, db, do)
}

// fileState tells whether a file was written.
type fileState struct {
	size    int64
	changed time.Time
}

// atRest returns the state of a file, and false when somebody has it open to
// write: there is a write-ahead log then.
func (f historyFile) atRest() (fileState, bool) {
	info, err := os.Stat(f.path)
	if err != nil || !missing(filepath.Dir(f.path), filepath.Base(f.path)+"-wal") {
		return fileState{}, false
	}
	return fileState{info.Size(), info.ModTime()}, true
}

package store

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"sync"
)

// mostReaders bounds the files that stay open to be read: all of 35 days, and
// three months of failures. One takes about half a megabyte.
const mostReaders = 40

// stillFiles are the files that nobody writes, kept open: to open one takes
// longer than to ask it. They are safe for concurrent use; the zero value is empty.
type stillFiles struct {
	mu     sync.Mutex // guards the fields below, and uses and used of each stillFile
	open   map[string]*stillFile
	clock  int64
	closed bool
}

// stillFile is one file as it was when it was opened.
type stillFile struct {
	db    *sql.DB
	state fileState
	uses  int
	used  int64
	stale bool // to be closed by the last who uses it
}

// read shows a file that is at rest in that state, and false when that is not
// what was read: then nothing was, or do has to be asked again.
func (c *stillFiles) read(ctx context.Context, f historyFile, state fileState, do func(tx *sql.Tx) error) (read bool, err error) {
	r, err := c.take(f.path, state)
	if err != nil {
		return false, err
	}
	err = readFrom(ctx, r.db, do)
	after, still := f.atRest()
	read = still && after == state
	c.giveBack(f.path, r, read && err == nil)
	return read, err
}

func (c *stillFiles) take(path string, state fileState) (*stillFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errSlotsClosed
	}
	c.clock++
	r := c.open[path]
	if r != nil && r.state != state {
		c.dropLocked(path, r)
		r = nil
	}
	if r == nil {
		db, err := openToRead(path, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_pragma": {"cell_size_check(1)", "cache_size(-384)"}})
		if err != nil {
			return nil, err
		}
		c.makeRoomLocked()
		if r = (&stillFile{db: db, state: state}); c.open == nil {
			c.open = map[string]*stillFile{}
		}
		c.open[path] = r
	}
	r.uses, r.used = r.uses+1, c.clock
	return r, nil
}

// giveBack ends a use. A reader that is not good any more goes with its last
// use.
func (c *stillFiles) giveBack(path string, r *stillFile, good bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.uses--
	if !good && c.open[path] == r {
		c.dropLocked(path, r)
		return
	}
	if r.stale && r.uses == 0 {
		_ = r.db.Close() // it was only read
	}
}

func (c *stillFiles) dropLocked(path string, r *stillFile) {
	delete(c.open, path)
	r.stale = true
	if r.uses == 0 {
		_ = r.db.Close() // it was only read
	}
}

func (c *stillFiles) makeRoomLocked() {
	for len(c.open) >= mostReaders {
		oldest := ""
		for path, r := range c.open {
			if oldest == "" || r.used < c.open[oldest].used {
				oldest = path
			}
		}
		c.dropLocked(oldest, c.open[oldest])
	}
}

// dropGone closes the files that were removed, so that their space comes free.
func (c *stillFiles) dropGone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, r := range c.open {
		if missing(filepath.Dir(path), filepath.Base(path)) {
			c.dropLocked(path, r)
		}
	}
}

// close closes those that nobody uses; the others close with their last use.
func (c *stillFiles) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for path, r := range c.open {
		c.dropLocked(path, r)
	}
}

// openToRead opens a file by one connection. Each setting costs as much as a
// small query, and so there are few.
func openToRead(path string, q url.Values) (*sql.DB, error) {
	q.Set("_error_rc", "1")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err == nil {
		db.SetMaxOpenConns(2)
		db.SetMaxIdleConns(1)
	}
	return db, err
}

// readFrom runs do on one unchanging view.
func readFrom(ctx context.Context, db *sql.DB, do func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return do(tx)
}

// readIfOpen shows the slot of a day that the applier has open, and false when
// it has not.
func (s *slots) readIfOpen(ctx context.Context, day string, do func(tx *sql.Tx) error) (read bool, err error) {
	s.mu.Lock()
	sl := s.open[day]
	if s.closed || sl == nil {
		s.mu.Unlock()
		return false, nil
	}
	sl.uses++
	s.mu.Unlock()
	defer s.giveBack(sl)
	sl.mu.RLock()
	defer sl.mu.RUnlock()
	if sl.db == nil {
		return false, nil
	}
	return true, sl.db.read(ctx, do)
}

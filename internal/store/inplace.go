package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// opened is which files a database has open. A file
// that is removed, moved or covered by another file system can be written for
// as long as it is open: each commit succeeds, and all are lost with the
// process. The zero value has seen nothing. It is safe for concurrent use.
type opened struct {
	mu   sync.Mutex
	file fs.FileInfo            // of the database itself; nil: not seen yet
	seen map[string]fs.FileInfo // what SQLite keeps beside it, by suffix; they may come later, and stay while it is open
	left bool                   // it was closed, or left to the end of the process
}

// leave reports whether it is the first to leave the files.
func (o *opened) leave() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.left
	o.left = true
	return first
}

// inPlace returns nil while the path of d leads to the file that is open. The
// first call remembers which one that is. Otherwise the error wraps
// fs.ErrNotExist, unless the file system does not say.
func (d *database) inPlace() error {
	now, err := os.Stat(d.path)
	d.opened.mu.Lock()
	defer d.opened.mu.Unlock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.lost("it is not there any more")
	case err != nil:
		return fmt.Errorf("look for %s: %w", d.schema.file, err)
	case d.opened.file == nil:
		d.opened.file = now
		return nil
	case !os.SameFile(d.opened.file, now):
		return d.lost("another file is in its place")
	default:
		return nil
	}
}

// besideInPlace is inPlace for what SQLite keeps beside the file. It may be
// called within a transaction alone: then they are open.
func (d *database) besideInPlace() error {
	d.opened.mu.Lock()
	defer d.opened.mu.Unlock()
	if d.opened.seen == nil {
		d.opened.seen = map[string]fs.FileInfo{}
	}
	for _, suffix := range besideSuffixes() {
		now, err := os.Stat(d.path + suffix)
		switch {
		case err == nil && d.opened.seen[suffix] == nil:
			d.opened.seen[suffix] = now
		case errors.Is(err, fs.ErrNotExist) && d.opened.seen[suffix] != nil:
			return d.lost("its " + d.schema.file + suffix + " is not there any more")
		}
	}
	return nil
}

// besideSuffixes names what SQLite keeps beside a database that is open.
func besideSuffixes() []string { return []string{"-wal", "-shm"} }

// clearAway renames what lies beside the path and belongs to the file that is
// open, once another one has its place: a write-ahead log is found by its name,
// and would be folded into a file that it does not belong to. What came with the
// other file stays.
func (d *database) clearAway(now time.Time) error {
	d.opened.mu.Lock()
	defer d.opened.mu.Unlock()
	kept := d.path + ".left-" + now.UTC().Format("20060102T150405Z")
	var errs []error
	for _, suffix := range besideSuffixes() {
		ours := d.opened.seen[suffix]
		there, err := os.Lstat(d.path + suffix)
		if ours == nil || err != nil || !os.SameFile(ours, there) {
			continue // not there, or not known to be ours
		}
		errs = append(errs, os.Rename(d.path+suffix, kept+suffix))
	}
	return errors.Join(errs...)
}

// lost says that the open file is not the one of its path.
func (d *database) lost(how string) error {
	return fmt.Errorf("%s was removed, moved or unmounted while it was open (%s): what is written now would end with this process; "+
		"put the same file back (mount, mv), or stop hookvigil in order: it then leaves a copy of %s in data_dir: %w",
		d.schema.file, how, stateFile, fs.ErrNotExist)
}

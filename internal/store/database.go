package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	readers     = 4        // connections that read one file at the same time
	busyTimeout = "5000"   // ms that a lock held by another process is waited for
	cacheKiB    = "-16384" // of each connection; negative: KiB
)

// database is one open file: one connection that writes, and a few that read.
type database struct {
	schema schema
	path   string
	opened opened
	w      *sql.DB
	r      *sql.DB
}

// openDatabase opens the file of s in dir, creates it when there is none, and
// brings it up to date. A *DamagedError or *NewerError says why not.
func openDatabase(ctx context.Context, dir string, s schema, log *slog.Logger) (*database, error) {
	d := &database{schema: s, path: filepath.Join(dir, s.file)}
	created, err := d.ensureFile(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.prepare(ctx, created, log); err != nil {
		_ = d.close() // the first error says why
		return nil, err
	}
	return d, nil
}

// prepare connects and leaves a database that is sound and up to date; one
// that was created just now is.
func (d *database) prepare(ctx context.Context, created bool, log *slog.Logger) error {
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
	if created {
		return nil
	}
	if err := d.inspect(ctx); err != nil {
		return err
	}
	if err := d.upgrade(ctx, log); err != nil {
		return err
	}
	return d.compare(ctx)
}

// connect returns a pool on the file at path; nothing is opened yet. The one
// that writes has a single connection and begins each transaction as a writer,
// so that none fails half-way for want of the lock.
func connect(path, sync string, readOnly bool) (*sql.DB, error) {
	q := url.Values{
		"mode":          {"rw"}, // a connection that is opened later must not make an empty file where ours was
		"_busy_timeout": {busyTimeout},
		"_foreign_keys": {"on"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {sync},
		"_dqs":          {"0"},
		"_defensive":    {"1"},
		"_error_rc":     {"1"},
		"_pragma":       {"cell_size_check(1)", "trusted_schema(0)", "temp_store(2)", "cache_size(" + cacheKiB + ")", "journal_size_limit(67108864)"},
	}
	conns := 1
	if readOnly {
		q.Set("_query_only", "on")
		conns = readers
	} else {
		q.Set("_txlock", "immediate")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// upgrade applies the migrations that the file lacks, after a copy of it.
func (d *database) upgrade(ctx context.Context, log *slog.Logger) error {
	p, err := d.schema.provider(d.w)
	if err != nil {
		return err
	}
	has, err := version(ctx, d.w)
	if err != nil {
		return d.explain(err)
	}
	switch target := knows(p); {
	case has > target:
		return &NewerError{File: d.schema.file, Has: has, Knows: target}
	case has == target:
		return nil
	case has <= 0:
		return d.damaged("it holds no schema") // a file gets its name only once it has one
	}
	if d.schema.backup {
		kept := d.path + ".bak-" + strconv.FormatInt(has, 10)
		if err := backUp(ctx, d.w, kept); err != nil {
			return fmt.Errorf("copy %s before its migration: %w", d.schema.file, err)
		}
		log.Info("database copied before its migration", "file", d.schema.file, "kept", kept, "schema", has)
	}
	return d.schema.migrate(ctx, d.w)
}

// write runs do in one transaction: all of it is kept, or nothing. When ctx
// ends first, nothing is, and the error is ctx's. Nothing is either when the
// file is not in its place any more; see inPlace.
func (d *database) write(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := d.w.BeginTx(ctx, nil)
	if err != nil {
		return d.because(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(tx); err != nil {
		return d.because(ctx, err)
	}
	if err := errors.Join(d.inPlace(), d.besideInPlace()); err != nil {
		return err
	}
	return d.because(ctx, tx.Commit())
}

// read runs do on one unchanging view of the file.
func (d *database) read(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := d.r.BeginTx(ctx, nil)
	if err != nil {
		return d.because(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return d.because(ctx, do(tx))
}

// because returns why ctx ended rather than how the driver noticed, and names
// the file when it turns out to be lost or damaged.
func (d *database) because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		if lost := d.inPlace(); errors.Is(lost, fs.ErrNotExist) {
			return lost
		}
	}
	return d.explain(err)
}

// close ends both pools; the last connection folds the write-ahead log into
// the file. d may be nil or half open. When another file is in its place the
// pools stay open until the process ends: SQLite would remove what lies beside
// that one by its name, which may be all that a restored copy holds. What of it
// is ours is moved aside.
func (d *database) close() error {
	if d == nil || !d.opened.leave() {
		return nil
	}
	if lost := d.inPlace(); d.w != nil && errors.Is(lost, fs.ErrNotExist) && !missing(filepath.Dir(d.path), d.schema.file) {
		return errors.Join(lost, d.clearAway(time.Now()))
	}
	var errs []error
	for _, db := range []*sql.DB{d.r, d.w} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close %s: %w", d.schema.file, err)
	}
	return nil
}

// ensureFile makes sure that there is a file, private to us, and reports
// whether it was created. A new one gets its name only when its tables are
// made: an empty file under that name has lost what it held.
func (d *database) ensureFile(ctx context.Context) (created bool, err error) {
	info, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(d.path + "-wal"); err == nil {
			return false, d.damaged("it is gone, but its " + d.schema.file + "-wal is there")
		}
		return true, d.create(ctx)
	case err != nil:
		return false, fmt.Errorf("open %s: %w", d.schema.file, err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("open %s: it is no regular file", d.schema.file)
	case info.Size() < minSize:
		return false, d.damaged(fmt.Sprintf("it is only %d bytes long", info.Size()))
	}
	for _, suffix := range fileSuffixes() {
		if err := os.Chmod(d.path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("open %s: %w", d.schema.file, err)
		}
	}
	return false, nil
}

// create makes the file under another name, and then gives it its own.
func (d *database) create(ctx context.Context) error {
	part := d.path + ".part"
	for _, suffix := range fileSuffixes() {
		if err := os.Remove(part + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("create %s: %w", d.schema.file, err)
		}
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite's own files take its mode
	if err != nil {
		return fmt.Errorf("create %s: %w", d.schema.file, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create %s: %w", d.schema.file, err)
	}
	db, err := connect(part, "FULL", false)
	if err != nil {
		return err
	}
	if err := errors.Join(d.schema.migrate(ctx, db), db.Close()); err != nil {
		return fmt.Errorf("create %s: %w", d.schema.file, err)
	}
	if err := errors.Join(os.Rename(part, d.path), syncDir(filepath.Dir(d.path))); err != nil {
		return fmt.Errorf("create %s: %w", d.schema.file, err)
	}
	return nil
}

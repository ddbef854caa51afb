package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// minSize is the smallest database: one page of 4 KiB.
const minSize = 4096

// fileSuffixes names the files of one database: itself and what SQLite keeps
// beside it.
func fileSuffixes() []string { return []string{"", "-wal", "-shm", "-journal"} }

func (d *database) damaged(detail string) error {
	return &DamagedError{File: d.schema.file, Detail: oneLine(detail)}
}

// explain makes a *DamagedError of what SQLite says about a broken file;
// anything else stays as it is.
func (d *database) explain(err error) error {
	if err != nil && saysDamaged(err) {
		return d.damaged(err.Error())
	}
	return err
}

// inspect reads the whole file: are its pages, rows and indexes sound?
func (d *database) inspect(ctx context.Context) error {
	rows, err := d.w.QueryContext(ctx, "PRAGMA integrity_check(1)")
	if err != nil {
		return d.suspect(err)
	}
	defer rows.Close()
	for rows.Next() {
		var found string
		if err := rows.Scan(&found); err != nil {
			return d.suspect(err)
		}
		if found != "ok" {
			return d.damaged(found)
		}
	}
	if err := rows.Err(); err != nil {
		return d.suspect(err)
	}
	if _, err := version(ctx, d.w); err != nil {
		return d.suspect(err)
	}
	return nil
}

// suspect judges an error of a statement that is right on every sound file: an
// SQL error then comes from the file too.
func (d *database) suspect(err error) error {
	primary, _ := sqlCode(err)
	if primary == sqlite3.SQLITE_ERROR || saysDamaged(err) {
		return d.damaged(err.Error())
	}
	return fmt.Errorf("open %s: %w", d.schema.file, err)
}

// compare finds a damaged table of contents: something that the migrations
// make is not there. What a person added is left alone.
func (d *database) compare(ctx context.Context) error {
	want, err := d.schema.wanted(ctx)
	if err != nil {
		return err
	}
	have, err := shape(ctx, d.w)
	if err != nil {
		return d.suspect(err)
	}
	if part := lacks(have, want); part != "" {
		return d.damaged("it lacks " + part)
	}
	return nil
}

// moveAside renames the database at path, with what SQLite keeps beside it, to
// <path>.damaged-<time>, and returns that name.
func moveAside(path string, now time.Time) (string, error) {
	kept := path + ".damaged-" + now.UTC().Format("20060102T150405.000000Z")
	for _, suffix := range fileSuffixes() {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return kept, syncDir(filepath.Dir(path))
}

package store

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// LockedError says that another running daemon uses the data directory.
type LockedError struct {
	Dir string
	PID int // of the other daemon; 0 when it is not known
}

// Error implements error, in one line.
func (e *LockedError) Error() string {
	who := "another hookvigil"
	if e.PID != 0 {
		who += fmt.Sprintf(" (pid %d)", e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s: stop it, or give this one a data_dir of its own", e.Dir, who)
}

// NewerError says that a newer hookvigil has changed the tables of a database.
type NewerError struct {
	File  string // base name
	Has   int64  // schema of the file
	Knows int64  // schema of this program
}

// Error implements error, in one line.
func (e *NewerError) Error() string {
	return fmt.Sprintf("%s has schema %d, this hookvigil knows %d: use the newer binary", e.File, e.Has, e.Knows)
}

// DamagedError says that a database cannot be trusted. An empty one in its
// place would lose notices and incidents silently, so that a person decides.
type DamagedError struct {
	File   string // base name
	Detail string // one line

	hint string // what to do about it; empty: the usual
}

// Error implements error, in one line.
func (e *DamagedError) Error() string {
	hint := cmp.Or(e.hint, "restore a backup or move it away")
	if e.File == stateFile {
		return fmt.Sprintf("%s is damaged: %s; %s; notices and incidents in it would be lost silently", e.File, e.Detail, hint)
	}
	return fmt.Sprintf("%s is damaged: %s; %s", e.File, e.Detail, hint)
}

// sqlCode returns SQLite's primary and extended result code of err; 0, 0 when
// it is none of SQLite's.
func sqlCode(err error) (primary, extended int) {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff, e.Code()
	}
	return 0, 0
}

// saysDamaged reports whether err means that the file itself is wrong, as
// opposed to the disk, its permissions or another process.
func saysDamaged(err error) bool {
	switch primary, _ := sqlCode(err); primary {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
		return true
	default:
		return false
	}
}

// breaksReference reports whether err is a violated foreign key.
func breaksReference(err error) bool {
	_, extended := sqlCode(err)
	return extended == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// oneLine makes a text of SQLite or goose fit to stand in a message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

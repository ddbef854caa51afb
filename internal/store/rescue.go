package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// rescuedMark stands in the name of a copy of state.db that [Store.Rescue] made.
const rescuedMark = ".rescued-"

// Rescue leaves a copy of state.db in the data directory when the file itself
// was removed, moved or unmounted while it was open, and returns its path; it
// makes the directory when that is gone too. Otherwise it does nothing, and the
// path is empty. It is for the end of a daemon: what was committed is in the
// open file alone, and ends with it. [Open] refuses the directory until a
// person has decided about the copy, also when another state.db is there. It blocks for the writing of it, or until
// ctx ends; then the error is ctx's.
func (s *Store) Rescue(ctx context.Context) (path string, err error) {
	if lost := s.state.inPlace(); !errors.Is(lost, fs.ErrNotExist) {
		return "", nil // it is where it was, as far as is known
	}
	if err := os.MkdirAll(filepath.Dir(s.state.path), 0o700); err != nil {
		return "", fmt.Errorf("rescue %s: %w", stateFile, err)
	}
	path = s.state.path + rescuedMark + time.Now().UTC().Format("20060102T150405Z")
	if err := backUp(ctx, s.state.w, path); err != nil {
		return "", fmt.Errorf("rescue %s: %w", stateFile, err)
	}
	// The copy holds what the write-ahead log holds, and must not get that once it is renamed.
	if err := s.state.clearAway(time.Now()); err != nil {
		s.log.Warn("what lies beside "+stateFile+" could not be moved away: remove it before the copy is renamed", "err", err)
	}
	return path, nil
}

// checkLeftovers refuses a directory in which hookvigil ran before, and which
// has no state.db any more, or one beside a copy that nobody has decided about.
func checkLeftovers(dir string) error {
	rescued, err := left(dir, stateFile+rescuedMark+"*")
	if err != nil {
		return err
	}
	switch {
	case !missing(dir, stateFile):
		return undecided(rescued)
	case rescued != "":
		return lacksState(rescued, "hookvigil left this copy when the file was taken from it: rename it to "+stateFile+" to go on with it (remove "+stateFile+"-wal and "+stateFile+
			"-shm first, if they are there), or move all of data_dir away to begin with nothing")
	case !missing(dir, stateFile+"-wal"):
		return nil // to open it says so
	}
	for _, pattern := range []string{factsFile, stateFile + ".bak-*", attemptsDir + "/*.db", failuresDir + "/*.db", logDir + "/*.wal"} {
		found, err := left(dir, pattern)
		if err != nil {
			return err
		}
		if found != "" {
			return lacksState(found, "put it back from a backup, or move all of data_dir away to begin with nothing")
		}
	}
	return nil
}

// left returns the last of the files of a pattern; empty: there are none.
func left(dir, pattern string) (string, error) {
	found, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return "", fmt.Errorf("open data directory: %w", err)
	}
	found = slices.DeleteFunc(found, func(name string) bool { return filepath.Ext(name) == ".part" }) // half a copy
	if len(found) == 0 {
		return "", nil
	}
	return found[len(found)-1], nil
}

func lacksState(found, hint string) error {
	return &DamagedError{File: stateFile, Detail: "it is missing while " + found + " is there", hint: hint}
}

// undecided refuses a rescued copy beside a state.db: one of them lacks what the
// other holds.
func undecided(rescued string) error {
	if rescued == "" {
		return nil
	}
	return fmt.Errorf("open data directory: %[1]s and %[2]s are both there: hookvigil left the second, which holds what it knew, when another file came in the place of the first; "+
		"to go on with the copy, move %[1]s, %[1]s-wal and %[1]s-shm out of data_dir and rename %[2]s to %[1]s; to go on with %[1]s as it is, move %[2]s out of data_dir", stateFile, rescued)
}

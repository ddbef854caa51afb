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
// person has decided about the copy. It blocks for the writing of it, or until
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
	return path, nil
}

// checkLeftovers refuses a directory in which hookvigil ran before, and which
// has no state.db any more.
func checkLeftovers(dir string) error {
	if !missing(dir, stateFile) || !missing(dir, stateFile+"-wal") {
		return nil
	}
	in := os.DirFS(dir)
	for _, pattern := range []string{
		stateFile + rescuedMark + "*", factsFile, stateFile + ".bak-*", attemptsDir + "/*.db", failuresDir + "/*.db", logDir + "/*.wal",
	} {
		found, err := fs.Glob(in, pattern)
		if err != nil {
			return fmt.Errorf("open data directory: %w", err)
		}
		found = slices.DeleteFunc(found, func(name string) bool { return filepath.Ext(name) == ".part" }) // half a copy
		if len(found) == 0 {
			continue
		}
		hint := "put it back from a backup, or move all of data_dir away to begin with nothing"
		if pattern == stateFile+rescuedMark+"*" {
			hint = "hookvigil left this copy when the file was taken from it: rename it to " + stateFile + " to go on with it, or move all of data_dir away to begin with nothing"
		}
		return &DamagedError{File: stateFile, Detail: "it is missing while " + found[len(found)-1] + " is there", hint: hint}
	}
	return nil
}

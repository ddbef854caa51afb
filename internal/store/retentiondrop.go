package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// dropBefore makes the files with names before name gone for those who ask
// from now on. It is called once that is durable; sweep takes them away.
func (s *slots) dropBefore(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = max(s.gone, name)
}

// keeps reports whether a file of that name may be made.
func (s *slots) keeps(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return name >= s.gone
}

// names returns the names of the files that are there, of days or of months as
// the layout says, oldest first. What a person put there is left alone.
func (s *slots) names(layout string) ([]string, error) {
	files, err := s.list()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, ok := strings.CutSuffix(file, ".db")
		if _, err := time.Parse(layout, name); ok && err == nil && s.keeps(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// list returns the names of all files in the folder, sorted.
func (s *slots) list() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", filepath.Base(s.dir), err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// sweep removes the files that are gone, after those who use them. No lock is
// held while it waits, closes and removes. The order does not matter: nobody
// looks at what is gone.
func (s *slots) sweep(ctx context.Context) error {
	files, err := s.list()
	if err != nil {
		return err
	}
	swept := false
	for _, file := range files {
		name, suffix := splitFile(file)
		if name == "" || s.keeps(name) {
			continue
		}
		if err := s.release(ctx, name); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(s.dir, name+".db"+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the attempts of %s: %w", name, err)
		}
		swept = true
	}
	if swept {
		return syncDir(s.dir)
	}
	return nil
}

// splitFile returns whose file this is, of a day or month, and which of the
// files of one database; "" for a file of nobody's.
func splitFile(file string) (name, suffix string) {
	name, suffix, ok := strings.Cut(file, ".db")
	if !ok {
		return "", ""
	}
	_, notDay := time.Parse(time.DateOnly, name)
	_, notMonth := time.Parse(monthOnly, name)
	if notDay != nil && notMonth != nil {
		return "", ""
	}
	for _, known := range fileSuffixes() {
		if suffix == known || suffix == ".part"+known {
			return name, suffix
		}
	}
	return "", ""
}

// release closes a file that is gone, once nobody uses it.
func (s *slots) release(ctx context.Context, name string) error {
	s.mu.Lock()
	sl := s.open[name]
	if sl == nil {
		s.mu.Unlock()
		return nil
	}
	delete(s.open, name)
	delete(s.dirty, name)
	if sl.uses > 0 {
		sl.left = make(chan struct{})
	}
	left := sl.left
	s.mu.Unlock()
	if left != nil {
		select {
		case <-left:
		case <-ctx.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			sl.left, s.open[name] = nil, sl // for the next sweep, or for close
			return context.Cause(ctx)
		}
	}
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if err := sl.db.close(); err != nil { // all that is wanted of it is elsewhere
		s.log.Warn("attempts that are dropped could not be closed in good order", "file", slotFile(name), "err", err)
	}
	sl.db = nil
	return nil
}

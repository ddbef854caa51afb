package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fileID says which file it is, as long as it exists: afterwards the system
// gives the number to another.
type fileID struct{ device, inode uint64 }

func identity(info fs.FileInfo) fileID {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{device: uint64(s.Dev), inode: s.Ino} //nolint:unconvert // Dev is signed on other systems
	}
	return fileID{}
}

// sibling is a regular file beside Path, or Path itself.
type sibling struct {
	path string
	info fs.FileInfo
}

func (s sibling) id() fileID { return identity(s.info) }

// errNotRegular is that Path is a folder, a pipe or a device.
var errNotRegular = errors.New("is no regular file; want a file that another program appends to")

// look returns the file at a path. What it is not allowed to see is an error.
func look(path string) (sibling, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sibling{}, err
	}
	if !info.Mode().IsRegular() {
		return sibling{}, fmt.Errorf("%s %w", path, errNotRegular)
	}
	return sibling{path: path, info: info}, nil
}

// errMoving is that files were renamed while we looked at them.
var errMoving = errors.New("files are being rotated at this moment")

// shelf is the files at Path and beside it, as they were at one moment.
type shelf struct {
	path    sibling // of no use when missing is not nil
	missing error   // why there is no file at Path
	rotated []sibling
}

// survey looks twice, so that no file can slip through under a new name.
func survey(path string) (shelf, error) {
	first, err := glance(path)
	if err != nil {
		return shelf{}, err
	}
	second, err := glance(path)
	if err != nil {
		return shelf{}, err
	}
	same := func(a, b sibling) bool { return a.path == b.path && a.id() == b.id() }
	if (first.missing == nil) != (second.missing == nil) || first.missing == nil && !same(first.path, second.path) ||
		!slices.EqualFunc(first.rotated, second.rotated, same) {
		return shelf{}, errMoving
	}
	byTime := func(a, b sibling) int { return a.info.ModTime().Compare(b.info.ModTime()) }
	slices.SortStableFunc(second.rotated, byTime)
	return second, nil
}

// glance lists Path and the files that rotation may have made of it, Path.1,
// Path.old, Path-20260102, by name. Compressed and empty ones are left out.
func glance(path string) (shelf, error) {
	var s shelf
	s.path, s.missing = look(path)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		if !rotatedName(filepath.Base(path), e.Name()) {
			continue
		}
		beside, err := look(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil || beside.info.Size() == 0 {
			continue // a folder, or gone since
		}
		s.rotated = append(s.rotated, beside)
	}
	return s, nil
}

// rotatedName reports whether name is one that rotation gives to base.
func rotatedName(base, name string) bool {
	suffix, ok := strings.CutPrefix(name, base)
	if !ok || len(suffix) < 2 || strings.HasSuffix(suffix, "~") {
		return false
	}
	if suffix[0] != '.' && (suffix[0] != '-' || suffix[1] < '0' || suffix[1] > '9') {
		return false
	}
	switch filepath.Ext(suffix) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".Z", ".swp", ".lock":
		return false
	default:
		return true
	}
}

// finished is the files that were read to their end. Their times tell whether
// one was written since.
type finished struct {
	of   map[fileID]ending
	walk int // from the file at Path through those that were rotated to the next at Path
}

type ending struct {
	modified time.Time
	walk     int
}

func newFinished() *finished { return &finished{of: map[fileID]ending{}} }

// add notes a file whose end was reached.
func (d *finished) add(info fs.FileInfo) {
	d.of[identity(info)] = ending{modified: info.ModTime(), walk: d.walk}
}

// has reports whether a file was read to its end as it is, or at all in this
// walk: one that something touches for ever must not hold up the next.
func (d *finished) has(s sibling) bool {
	e, ok := d.of[s.id()]
	return ok && (e.walk == d.walk || e.modified.Equal(s.info.ModTime()))
}

// arrived ends a walk, and forgets files that are no more.
func (d *finished) arrived(still []sibling) {
	d.walk++
	for id := range d.of {
		if !slices.ContainsFunc(still, func(s sibling) bool { return s.id() == id }) {
			delete(d.of, id)
		}
	}
}

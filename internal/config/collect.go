package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// faults collects what is wrong.
type faults struct {
	list     []Fault
	seen     map[Fault]bool  // place, key and message: an anchor used twice is reported once
	marked   map[string]bool // where an error stands, so that nothing is built on it
	excerpts map[string]int  // made so far, by file
}

func newFaults() *faults {
	return &faults{seen: map[Fault]bool{}, marked: map[string]bool{}, excerpts: map[string]int{}}
}

// add reports f at a place.
func (s *faults) add(at position, f Fault) {
	if at.src != nil {
		f.File, f.Line, f.Column = at.src.name, at.line, at.col
		if at.src.line != nil && at.line == at.src.number && at.col > 0 { // a byte offset so far
			f.Column = 1 + utf8.RuneCount(at.src.line[:min(at.col-1, len(at.src.line))])
		}
	}
	if !f.Warning {
		s.mark(at.src, f.Path)
	}
	key := Fault{File: f.File, Line: f.Line, Column: f.Column, Message: f.Message, Path: f.Path}
	if f.Line > 0 {
		key.Path = f.Path[strings.LastIndexByte(f.Path, '.')+1:]
	}
	if s.seen[key] {
		return
	}
	s.seen[key] = true
	if text, ok := lineOf(at); ok && s.excerpts[f.File] < maxPrinted {
		s.excerpts[f.File]++
		f.Excerpt = excerpt(at.src, text, f.Line, f.Column)
	}
	s.list = append(s.list, f)
}

func lineOf(at position) (string, bool) {
	if at.src == nil || at.col == 0 {
		return "", false
	}
	return at.src.text(at.line)
}

// mark notes that an error stands at path.
func (s *faults) mark(src *source, path string) {
	if src != nil {
		s.marked[markKey(src, path)] = true
	}
}

// spoilt reports whether an error stands at path or at one of its parents: a
// further one there would only repeat it.
func (s *faults) spoilt(src *source, path string) bool {
	if src == nil || len(s.marked) == 0 {
		return false
	}
	for i := len(path); i > 0; i-- {
		if (i == len(path) || path[i] == '.' || path[i] == '[') && s.marked[markKey(src, path[:i])] {
			return true
		}
	}
	return false
}

// markKey tells the lines of an NDJSON file apart: their paths are alike.
func markKey(src *source, path string) string {
	return fmt.Sprintf("%s:%d:%s", src.name, src.number, path)
}

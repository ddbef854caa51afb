package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxFile is the largest configuration file that is read: 32 MiB. An NDJSON
// file has no bound of its own, only its lines have.
const maxFile = 32 << 20

// source is a file that faults point into.
type source struct {
	name  string   // as shown: relative as it was given
	dir   string   // what relative paths in it are relative to; absolute
	lines []string // of a YAML file

	// For a file that is read line by line: the line in hand. What is known
	// of earlier ones is their number.
	number int
	line   []byte
}

// text returns a line, and false when it is not in hand.
func (s *source) text(line int) (string, bool) {
	switch {
	case s.line != nil && line == s.number:
		return string(s.line), true
	case line >= 1 && line <= len(s.lines):
		return s.lines[line-1], true
	}
	return "", false
}

// newSource opens no file: name is how it is shown, and where it is.
func newSource(name string) (*source, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	return &source{name: name, dir: filepath.Dir(abs)}, nil
}

// readSource reads a whole file, without a byte order mark.
func readSource(name string) (*source, []byte, error) {
	src, err := newSource(name)
	if err != nil {
		return nil, nil, err
	}
	data, err := readFile(name, maxFile)
	if err != nil {
		return src, nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return src, nil, fmt.Errorf("line %d is not UTF-8; save the file as UTF-8", 1+bytes.Count(data[:badByte(data)], []byte("\n")))
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n")) // a line break to YAML too
	src.lines = strings.Split(string(data), "\n")
	return src, data, nil
}

func badByte(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// errTooLarge is wrapped by readFile.
var errTooLarge = errors.New("is too large")

// readFile reads a regular file of at most limit bytes. A pipe or a device is
// refused before it is opened, because that could block for ever.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, cause(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %s", errTooLarge, bytesText(limit))
	}
	return data, nil
}

func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	return f, nil
}

// cause drops the verb and the path from an error of package os: the message
// that it goes into has them.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func bytesText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

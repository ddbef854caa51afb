package backtest

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Stdin is the path that stands for [Input.Stdin].
const Stdin = "-"

// maxWindow bounds the memory of a zstd file: what zstd itself takes without
// being told to take more.
const maxWindow = 128 << 20

// Input is what a replay reads.
type Input struct {
	// Paths are files; folders, of which every *.ndjson, *.ndjson.gz and
	// *.ndjson.zst is read; or [Stdin], alone. Whether a file is compressed shows
	// in its first bytes, whatever its name is. Several are merged by time.
	Paths []string
	Stdin io.Reader // what [Stdin] stands for
}

// files lists what there is to read, folders as their files.
func (in Input) files() ([]string, error) {
	if len(in.Paths) == 0 {
		return nil, errors.New("no file is named; wanted files of attempt records, a folder of them, or - for standard input")
	}
	var list []string
	for _, path := range in.Paths {
		if path == Stdin {
			if len(in.Paths) > 1 || in.Stdin == nil {
				return nil, errors.New("- is standard input, which is read alone; give files or -, not both")
			}
			return []string{Stdin}, nil
		}
		found, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var list []string
	for _, e := range entries {
		name := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".gz"), ".zst")
		if !e.IsDir() && strings.HasSuffix(name, ".ndjson") {
			list = append(list, filepath.Join(path, e.Name()))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: the folder has no log; wanted files named *.ndjson, *.ndjson.gz or *.ndjson.zst", path)
	}
	return list, nil
}

func unreadable(path string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	return fmt.Errorf("%s: cannot be read: %w; wanted a file of attempt records, a folder of them, or - for standard input", path, err)
}

// source is one file of the input that was not begun, and when it begins.
type source struct {
	path  string
	first time.Time
}

// sources returns the files in the order of their first records. With one
// file nobody has to know, so that it may be a pipe.
func (r *reader) sources(paths []string) error {
	for _, path := range paths {
		s := source{path: path}
		if len(paths) > 1 {
			st, err := r.open(path)
			if err != nil {
				return err
			}
			s.first = st.firstReceipt()
			st.close()
		}
		r.waiting = append(r.waiting, s)
	}
	slices.SortStableFunc(r.waiting, func(a, b source) int { return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.path, b.path)) })
	return nil
}

// open begins a file.
func (r *reader) open(path string) (*stream, error) {
	raw, name := io.NopCloser(r.stdin), "standard input"
	if path != Stdin {
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		raw, name = file, path
	}
	in, done, err := inflated(raw)
	if err != nil {
		_ = raw.Close() // it was only read
		return nil, unreadable(name, err)
	}
	return newStream(name, in, func() { done(); _ = raw.Close() }), nil // it was only read
}

// inflated undoes the compression that the first bytes tell of.
func inflated(raw io.Reader) (in io.Reader, done func(), err error) {
	buffered := bufio.NewReaderSize(raw, 64<<10)
	head, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		zip, err := gzip.NewReader(buffered)
		return zip, func() {}, err
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		zip, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return zip, zip.Close, nil
	default:
		return buffered, func() {}, nil
	}
}

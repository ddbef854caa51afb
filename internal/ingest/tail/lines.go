package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bounds of what is read at once.
const (
	maxLine  = 1 << 20   // bytes, the end included; the decoder takes 64 KiB of them
	maxLines = 1000      // of a batch
	maxBatch = 2 << 20   // bytes of a batch
	oneRead  = 128 << 10 // bytes
)

// batch is whole lines that lie one behind the other.
type batch struct {
	from int64
	text []byte // valid until the next read
	over int    // 1: instead of text, one line that is too long
	next int64  // where reading goes on
	end  int64  // how far the file was read: behind next lies the beginning of a line
}

// empty reports whether there is no whole line yet.
func (b batch) empty() bool { return len(b.text) == 0 && b.over == 0 }

// lines cuts a file into batches. It is for one goroutine.
type lines struct {
	buf  []byte
	skip int64 // how far the line that begins at the offset was seen to be too long; 0: it was not
}

// read returns the whole lines from an offset on, up to the bounds of a batch;
// an empty batch when no further line is complete.
func (l *lines) read(f io.ReaderAt, from int64) (batch, error) {
	if l.skip > 0 {
		return l.pass(f, from)
	}
	l.buf = l.buf[:0]
	for count := 0; count < maxLines && len(l.buf) < maxBatch; {
		got, err := l.more(f, from+int64(len(l.buf)))
		if err != nil {
			return batch{}, err
		}
		if got == 0 {
			break
		}
		count += bytes.Count(l.buf[len(l.buf)-got:], []byte("\n"))
	}
	n, first := cut(l.buf)
	switch {
	case first > maxLine && n > 0:
		return batch{from: from, over: 1, next: from + int64(first), end: from + int64(len(l.buf))}, nil
	case first > maxLine:
		l.skip = int64(len(l.buf))
		return l.pass(f, from)
	default:
		return batch{from: from, text: l.buf[:n], next: from + int64(n), end: from + int64(len(l.buf))}, nil
	}
}

// more appends to buf what the file has at an offset; 0 bytes at its end.
func (l *lines) more(f io.ReaderAt, at int64) (int, error) {
	had := len(l.buf)
	l.buf = slices.Grow(l.buf, oneRead)
	n, err := f.ReadAt(l.buf[had:had+oneRead], at)
	l.buf = l.buf[:had+n]
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read at byte %d: %w", at, err)
	}
	return n, nil
}

// cut returns how many bytes of text are whole lines that may be taken
// together, and how long the first one is, its end included or not. When that
// one is too long and complete, n is its length.
func cut(text []byte) (n, first int) {
	first = len(text)
	for range maxLines {
		i := bytes.IndexByte(text[n:], '\n')
		if i < 0 {
			break
		}
		if n == 0 {
			first = i + 1
		}
		if i+1 > maxLine && n > 0 {
			break // its turn comes: alone
		}
		if n += i + 1; first > maxLine {
			break
		}
	}
	return n, first
}

// pass looks for the end of a line that is too long.
func (l *lines) pass(f io.ReaderAt, from int64) (batch, error) {
	for {
		l.buf = l.buf[:0]
		n, err := l.more(f, from+l.skip)
		if err != nil {
			return batch{}, err
		}
		if i := bytes.IndexByte(l.buf, '\n'); i >= 0 {
			next := from + l.skip + int64(i) + 1
			l.skip = 0
			return batch{from: from, over: 1, next: next, end: next}, nil
		}
		if l.skip += int64(n); n == 0 {
			return batch{from: from, next: from, end: from + l.skip}, nil
		}
	}
}

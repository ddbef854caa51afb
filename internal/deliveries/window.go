package deliveries

import (
	"bytes"
	"io"
)

// Bounds of one record. 64 KiB is some 150 times a usual record: whatever is
// larger carries a body, which is not wanted here.
const (
	maxRecordBytes = 64 << 10
	maxDepth       = 32
)

// Sizes of the window: a record and its line's end always fit.
const (
	firstWindow = 4 << 10
	fullWindow  = maxRecordBytes + len("\r\n")
)

// window reads ahead, so far that one record fits.
type window struct {
	r        io.Reader
	buf      []byte
	from, to int // buf[from:to] is read and not yet used
	ended    bool
	err      error // of r; nil when it just ended
}

func (w *window) unread() []byte { return w.buf[w.from:w.to] }

// more reads further bytes behind the unread ones. It is false at the end, and
// when the window is full. What unread returned before is no longer valid.
func (w *window) more() bool {
	if w.ended || w.err != nil || w.to-w.from >= fullWindow {
		return false
	}
	if w.to == len(w.buf) {
		size := min(max(4*len(w.buf), firstWindow), fullWindow)
		next := w.buf
		if size > len(w.buf) {
			next = make([]byte, size)
		}
		w.to = copy(next, w.unread())
		w.buf, w.from = next, 0
	}
	for range 100 {
		n, err := w.r.Read(w.buf[w.to:])
		w.to += n
		if err == io.EOF {
			w.ended = true
		} else {
			w.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// skipMark skips a byte order mark.
func (w *window) skipMark() {
	const mark = "\xef\xbb\xbf"
	for w.to-w.from < len(mark) && w.more() {
		continue
	}
	if bytes.HasPrefix(w.unread(), []byte(mark)) {
		w.from += len(mark)
	}
}

// line returns the next line without its end, nil and long when it is over
// the bound, and ok false at the end. What is left of a line when the reader
// fails is not a line.
func (w *window) line() (line []byte, long, ok bool) {
	searched := 0
	for {
		if i := bytes.IndexByte(w.unread()[searched:], '\n'); i >= 0 {
			line = w.unread()[:searched+i]
			w.from += searched + i + 1
			return trimLine(line, long)
		}
		if searched = w.to - w.from; searched == fullWindow {
			w.from, searched, long = w.to, 0, true
		}
		if w.more() {
			continue
		}
		if w.err != nil || searched == 0 && !long {
			return nil, false, false
		}
		line, w.from = w.unread(), w.to
		return trimLine(line, long)
	}
}

func trimLine(line []byte, long bool) ([]byte, bool, bool) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	if long || len(line) > maxRecordBytes {
		return nil, true, true
	}
	return line, false, true
}

// extent finds the end of a JSON value by its quotes and brackets alone. It
// may be fed piece by piece. Whether the value is valid is for others to say.
type extent struct {
	depth, deepest  int
	quoted, escaped bool
	started         bool // for feedScalar
}

// feed returns how many bytes of b still belong to the value, and whether it
// ends there. The value is an object, an array or a string.
func (e *extent) feed(b []byte) (n int, ended bool) {
	for i := 0; i < len(b); i++ {
		for e.quoted && !e.escaped && plainByte[b[i]] {
			if i++; i == len(b) {
				return i, false
			}
		}
		switch c := b[i]; {
		case e.escaped:
			e.escaped = false
		case e.quoted && c == '\\':
			e.escaped = true
		case c == '"':
			e.quoted = !e.quoted
			if !e.quoted && e.depth == 0 {
				return i + 1, true
			}
		case e.quoted:
		case c == '{' || c == '[':
			e.depth++
			e.deepest = max(e.deepest, e.depth)
		case c == '}' || c == ']':
			if e.depth--; e.depth <= 0 {
				return i + 1, true
			}
		}
	}
	return len(b), false
}

// feedScalar is feed for a number, true, false or null. It takes at least one
// byte, so that rubbish belongs to an item.
func (e *extent) feedScalar(b []byte) (n int, ended bool) {
	for i, c := range b {
		if e.started && (isBlank(c) || c == ',' || c == ']' || c == '}') {
			return i, true
		}
		e.started = true
	}
	return len(b), false
}

package api

import (
	"bytes"
	"io"
	"os"
	"time"
)

// lineReader hands a body on line by line, so that whoever decodes it never
// reads ahead of the record it is at, and it is known which line that is. It
// ends with [os.ErrDeadlineExceeded] once its time is up. It is for one
// goroutine.
type lineReader struct {
	in       io.Reader
	deadline time.Time

	buf  []byte
	rest []byte // of buf, read and not handed on
	err  error  // of in, told once rest is empty

	known bool // whether it is an array
	array bool

	line  int    // of the last byte that was handed on, from 1; 0 before any
	ended bool   // that line was handed on as a whole
	start int    // where the record at hand begins; 0: not seen yet
	last  []byte // what was handed on last, in buf
}

func newLineReader(in io.Reader, deadline time.Time) *lineReader {
	return &lineReader{in: in, deadline: deadline, buf: make([]byte, 32<<10), ended: true}
}

// Read implements [io.Reader]: it gives at most the rest of one line.
func (l *lineReader) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		if time.Now().After(l.deadline) {
			l.err = os.ErrDeadlineExceeded
			continue
		}
		n, err := l.in.Read(l.buf)
		l.rest, l.err, l.last = l.buf[:n], err, nil
	}
	n := len(l.rest)
	if i := bytes.IndexByte(l.rest, '\n'); i >= 0 {
		n = i + 1
	}
	n = copy(p, l.rest[:n])
	l.last, l.rest = l.rest[:n], l.rest[n:]
	l.handedOn()
	return n, nil
}

func (l *lineReader) handedOn() {
	if len(l.last) == 0 {
		return
	}
	if l.ended {
		l.line++
	}
	l.ended = l.last[len(l.last)-1] == '\n'
	if !l.known {
		text := bytes.TrimLeft(l.last, "\ufeff \t\r\n")
		l.known, l.array = len(text) > 0, len(text) > 0 && text[0] == '['
	}
	if l.start == 0 && bytes.IndexByte(l.last, '{') >= 0 {
		l.start = l.line
	}
}

// record says that a record was read to its end, and returns the line on which
// it began.
func (l *lineReader) record() int {
	line := l.start
	if line == 0 {
		line = l.line
	}
	l.start = 0
	if l.array { // the next item may begin behind it
		if tail := l.last[bytes.LastIndexByte(l.last, '}')+1:]; bytes.IndexByte(tail, '{') >= 0 {
			l.start = l.line
		}
	}
	return line
}

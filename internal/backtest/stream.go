package backtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	chunkRecords = 512
	lineBuffer   = 128 << 10 // deliveries.Decode takes 64 KiB of a line

	// blanks and the mark are what deliveries.Decode skips.
	blanks = " \n\r\t"
	mark   = "\xef\xbb\xbf"

	// sentinel makes Decode read what follows line by line. It is refused
	// itself, as the first.
	sentinel = "{}\n"
)

// far is later than any record: how far ahead one may lie is measured by its
// own receipt, not by the clock.
func far() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// item is one good record, or why one is not.
type item struct {
	at      time.Time // received
	stated  bool      // the record says so itself
	attempt deliveries.Attempt
	probe   *probes.Result         // in the place of attempt
	look    *rules.CertificateFact // likewise
	file    string
	line    int    // 0: not known
	bad     string // why it is not taken; empty: it is good
}

// stream reads one file, chunk by chunk. It is for one goroutine.
type stream struct {
	name  string
	in    *bufio.Reader
	done  func()
	line  int // of the last line that was read
	items []item
	next  int

	ended bool
	clean bytes.Buffer // the lines of a chunk that hold attempts
	place []int        // where in items each of them goes

	whole func() (deliveries.Attempt, *deliveries.Rejection, bool) // what is no log of lines
	stop  func()
}

func newStream(name string, in io.Reader, done func()) *stream {
	s := &stream{name: name, in: bufio.NewReaderSize(in, lineBuffer), done: done}
	if head, _ := s.in.Peek(len(mark)); string(head) == mark { // whoever reads on meets the error again
		_, _ = s.in.Discard(len(mark)) // it was peeked at
	}
	if s.unlined() {
		s.whole, s.stop = iter.Pull2(deliveries.Decode(s.in, far()))
	}
	return s
}

func (s *stream) close() {
	if s.stop != nil {
		s.stop()
	}
	s.done()
}

// unlined reports whether the input is an array, or begins with an object over
// several lines.
func (s *stream) unlined() bool {
	head, _ := s.in.Peek(lineBuffer) // an error comes again
	head = bytes.TrimLeft(head, blanks)
	if len(head) == 0 || head[0] != '{' {
		return len(head) > 0 && head[0] == '['
	}
	var first json.RawMessage
	return json.NewDecoder(bytes.NewReader(head)).Decode(&first) == nil && bytes.IndexByte(first, '\n') >= 0
}

// fill reads the next chunk; items is empty at the end.
func (s *stream) fill() {
	s.items, s.next = s.items[:0], 0
	for !s.ended && len(s.items) == 0 {
		if s.whole != nil {
			s.pull()
		} else {
			s.gather()
			s.decode()
		}
	}
}

// firstReceipt returns when the first good record was received; zero when the
// first chunk has none.
func (s *stream) firstReceipt() time.Time {
	s.fill()
	for _, it := range s.items {
		if it.bad == "" {
			return it.at
		}
	}
	return time.Time{}
}

// pull reads records of an input without lines. What they say of their receipt
// is not known.
func (s *stream) pull() {
	for len(s.items) < chunkRecords {
		a, bad, ok := s.whole()
		if !ok {
			s.ended = true
			return
		}
		it := item{file: s.name}
		if bad != nil {
			it.line, it.bad = bad.Line, bad.Reason
		} else {
			it.attempt, it.at = a, a.Completed()
		}
		s.items = append(s.items, it)
	}
}

// gather reads lines until there are enough records, or no more.
func (s *stream) gather() {
	s.clean.Reset()
	s.clean.WriteString(sentinel)
	s.place = s.place[:0]
	for len(s.items) < chunkRecords {
		line, err := s.in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = s.in.ReadSlice('\n')
		}
		s.line++
		if long {
			s.reject(fmt.Sprintf("the line is longer than %d bytes; a record has neither body nor headers", lineBuffer/2))
		} else if line = bytes.Trim(line, blanks); len(line) > 0 {
			s.take(line)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.reject("the input could not be read further: " + err.Error())
			}
			s.ended = true
			return
		}
	}
}

func (s *stream) reject(reason string) {
	s.items = append(s.items, item{file: s.name, line: s.line, bad: reason})
}

// take makes room for the record of a line.
func (s *stream) take(line []byte) {
	it := item{file: s.name, line: s.line}
	switch string(topLevel(line, "kind")) {
	case `"probe"`:
		if it.probe, it.bad = probeOf(line); it.bad == "" {
			it.at = it.probe.At.Add(it.probe.Took)
		}
		s.items = append(s.items, it)
		return
	case `"certificate"`:
		if it.look, it.bad = lookOf(line); it.bad == "" {
			it.at = it.look.Report.At
		}
		s.items = append(s.items, it)
		return
	}
	if it.at, it.stated, it.bad = receiptOf(line); it.bad == "" {
		s.place = append(s.place, len(s.items))
		s.clean.Write(line)
		s.clean.WriteByte('\n')
	}
	s.items = append(s.items, it)
}

// decode puts what the lines of the chunk hold into its places: each of them
// holds one record, good or bad.
func (s *stream) decode() {
	i := -1 // the sentinel
	for a, bad := range deliveries.Decode(&s.clean, far()) {
		if i >= 0 && i < len(s.place) {
			it := &s.items[s.place[i]]
			if bad != nil {
				it.bad = bad.Reason
			} else {
				it.attempt = a
				it.settle()
			}
		}
		i++
	}
}

// settle gives a record its receipt, and refuses one that ends after it.
func (it *item) settle() {
	ended := it.attempt.Completed()
	if !it.stated {
		it.at = ended
		return
	}
	if ahead := ended.Sub(it.at); ahead > maxAhead {
		it.bad = fmt.Sprintf("started_at: the attempt would end %s after received_at; at most %s is taken", ahead, maxAhead)
	}
}

// maxAhead is how far after its receipt an attempt may end: what
// deliveries.Decode takes of a live one.
const maxAhead = 5 * time.Minute

// receiptOf returns what a record says of its receipt.
func receiptOf(line []byte) (at time.Time, stated bool, bad string) {
	value := topLevel(line, "received_at")
	if len(value) == 0 || string(value) == "null" || string(value) == `""` {
		return at, false, ""
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		if t, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil && t.Year() >= 2000 && t.Year() < far().Year() {
			return t.UTC(), true, ""
		}
	}
	return at, false, `received_at: is no time; wanted RFC 3339 ("2023-11-11T13:00:00Z")`
}

// topLevel returns the last value of a key of an object, nil without one. What
// it returns of text that is not JSON has no meaning.
func topLevel(line []byte, key string) (value []byte) {
	quoted := `"` + key + `"`
	if !bytes.Contains(line, []byte(quoted)) {
		return nil
	}
	depth := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := i + textEnd(line[i:])
			if depth == 1 && string(line[i:end]) == quoted {
				if v := valueAfter(line[end:]); v != nil {
					value = v
				}
			}
			i = end - 1
		}
	}
	return value
}

// textEnd returns how long the text is that b begins with, its quotes
// included.
func textEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueAfter returns the text, number or word after a colon; nil when there is
// none, as behind a text that is no key.
func valueAfter(b []byte) []byte {
	b = bytes.TrimLeft(b, blanks)
	if len(b) == 0 || b[0] != ':' {
		return nil
	}
	if b = bytes.TrimLeft(b[1:], blanks); len(b) > 0 && b[0] == '"' {
		return b[:textEnd(b)]
	}
	if i := bytes.IndexAny(b, ",}]"+blanks); i >= 0 {
		b = b[:i]
	}
	return b
}

package deliveries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
)

// Rejection says why one record was not taken.
type Rejection struct {
	Line   int    `json:"line"`   // where it starts, or where the input broke; the first is 1
	Reason string `json:"reason"` // for a person: what is wrong, what is wanted; one line of ASCII, at most 60 bytes of it from the record
	Err    error  `json:"-"`      // of the reader, when the rejection is that it failed; otherwise nil
}

// Decode reads attempt records (DESIGN section 9.4) from r, one after the
// other, and yields for each either an attempt or the reason why not. now
// serves to refuse what lies more than five minutes ahead.
//
// The input is one record a line, a JSON array of records, or single records
// written over several lines; which, shows at its first byte. Blank lines,
// CRLF and a byte order mark are skipped. A record has at most 64 KiB and 32
// levels. Fields that are not known are skipped and not kept; null is like an
// absent field, of two fields of one name the last counts.
//
// A bad line does not stop the lines after it. An array that is not JSON ends
// the reading where it breaks; the items before it stand. So does an error of
// r, whose rejection carries it; what was read of a record until then is
// dropped. Nothing is read after the last yield.
//
// An attempt's texts share one allocation. Decode keeps nothing between calls,
// and blocks when r does; the sequence is for one use, by one goroutine.
func Decode(r io.Reader, now time.Time) iter.Seq2[Attempt, *Rejection] {
	return func(yield func(Attempt, *Rejection) bool) {
		d := decoder{in: window{r: r}, now: now, at: 1, yield: yield}
		d.run()
	}
}

// decoder is one call of Decode. Methods that return a bool return false when
// nothing further may be yielded.
type decoder struct {
	in    window
	rec   record
	now   time.Time
	at    int // line of the next unread byte
	yield func(Attempt, *Rejection) bool
}

func (d *decoder) run() {
	d.in.skipMark()
	if first, ok := d.first(); ok && first == '[' {
		d.array()
		return
	}
	if d.spread() && d.lines() {
		d.ended("")
	}
}

// ended tells why there is no further input: an error of the reader, or else
// what is wrong with its end, if anything.
func (d *decoder) ended(reason string) {
	switch err := d.in.err; {
	case err != nil:
		d.reject(d.at, "the input could not be read further: "+shown([]byte(err.Error())), err)
	case reason != "":
		d.reject(d.at, reason, nil)
	}
}

// first skips blank lines and returns the first byte that is not blank in the
// line after them. Of that line it takes nothing.
func (d *decoder) first() (c byte, ok bool) {
	for i := 0; ; {
		for i < len(d.in.unread()) {
			c = d.in.unread()[i]
			switch i++; {
			case c == '\n':
				d.in.from += i
				d.at++
				i = 0
			case !isBlank(c):
				return c, true
			}
		}
		if !d.in.more() {
			return 0, false
		}
	}
}

// peek skips blanks and returns the byte after them.
func (d *decoder) peek() (c byte, ok bool) {
	for {
		for i, c := range d.in.unread() {
			if !isBlank(c) {
				d.in.from += i
				return c, true
			}
			if c == '\n' {
				d.at++
			}
		}
		d.in.from = d.in.to
		if !d.in.more() {
			return 0, false
		}
	}
}

// spread reads objects that are written over several lines. It stops before
// the first that is not, and leaves the rest to lines.
func (d *decoder) spread() bool {
	for {
		if first, ok := d.first(); !ok || first != '{' {
			return true
		}
		text := d.object()
		if len(text) > maxRecordBytes || bytes.IndexByte(text, '\n') < 0 || !json.Valid(text) {
			return true
		}
		if !d.take(text, 0) {
			return false
		}
		d.in.from += len(text)
		d.at += bytes.Count(text, []byte("\n"))
	}
}

// object returns the object at the beginning of the window, with the blanks
// before it, without taking it; nil when it does not end within the window.
func (d *decoder) object() []byte {
	var e extent
	for seen := 0; ; {
		n, ended := e.feed(d.in.unread()[seen:])
		seen += n
		switch {
		case ended:
			return d.in.unread()[:seen]
		case !d.in.more():
			return nil
		}
	}
}

// lines reads one record a line.
func (d *decoder) lines() bool {
	for ; ; d.at++ {
		line, long, ok := d.in.line()
		switch {
		case !ok:
			return true
		case long:
			if !d.reject(d.at, tooLong("line"), nil) {
				return false
			}
		case skipBlank(line, 0) < len(line):
			if !d.take(line, 0) {
				return false
			}
		}
	}
}

// take yields the record in text. item is the place in an array, or 0; an item
// that is not JSON ends the reading.
func (d *decoder) take(text []byte, item int) bool {
	if !d.rec.scan(text) {
		reason, broken := d.rec.unmarshal(text)
		switch {
		case broken >= 0 && item > 0:
			d.reject(d.at+bytes.Count(text[:broken], []byte("\n")), itemName(item)+reason+keptBefore, nil)
			return false
		case reason != "":
			return d.reject(d.at, itemName(item)+reason, nil)
		}
	}
	a, reason := d.rec.attempt(d.now)
	if reason != "" {
		return d.reject(d.at, itemName(item)+reason, nil)
	}
	return d.yield(a, nil)
}

func (d *decoder) reject(line int, reason string, err error) bool {
	return d.yield(Attempt{}, &Rejection{Line: line, Reason: reason, Err: err})
}

// itemName leads the reasons that concern an item of an array.
func itemName(item int) string {
	if item == 0 {
		return ""
	}
	return fmt.Sprintf("item %d: ", item)
}

func tooLong(what string) string {
	return fmt.Sprintf("the %s is longer than %d bytes; a record has neither body nor headers", what, maxRecordBytes)
}

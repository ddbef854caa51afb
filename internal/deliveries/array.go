package deliveries

import (
	"bytes"
	"fmt"
)

// keptBefore ends the reason when an array breaks.
const keptBefore = "; the items before it are kept, nothing after it is read"

// array reads a JSON array of records. Where it is not JSON, it says so and
// reads no further: what follows could be anything.
func (d *decoder) array() {
	d.peek()
	d.in.from++ // the bracket
	if first, ok := d.peek(); ok && first == ']' {
		d.closed()
		return
	}
	for item := 1; d.item(item); item++ {
		switch next, ok := d.peek(); {
		case !ok:
			d.ended(unclosed)
			return
		case next == ']':
			d.closed()
			return
		case next != ',':
			d.reject(d.at, fmt.Sprintf("after item %d: unexpected %s; wanted , or ]%s", item, shownByte(next), keptBefore), nil)
			return
		}
		d.in.from++ // the comma
	}
}

const unclosed = "the array ends without ]; the items before are kept"

// closed takes the bracket, behind which there may be nothing.
func (d *decoder) closed() {
	d.in.from++
	reason := ""
	if next, ok := d.peek(); ok {
		reason = fmt.Sprintf("unexpected %s after the array; nothing after it is read", shownByte(next))
	}
	d.ended(reason)
}

// item yields the next item of the array. It is false when no other follows.
func (d *decoder) item(number int) bool {
	first, ok := d.peek()
	if ok && (first == ',' || first == ']') {
		d.reject(d.at, fmt.Sprintf("%sunexpected %s; wanted an object%s", itemName(number), shownByte(first), keptBefore), nil)
		return false
	}
	at := d.at
	text, long, ended := d.cutItem(first)
	switch {
	case !ended:
		d.ended(unclosed)
		return false
	case long:
		return d.reject(at, itemName(number)+tooLong("item"), nil)
	}
	more := d.take(text, number)
	d.at += bytes.Count(text, []byte("\n"))
	return more
}

// cutItem takes one value out of the window. An overlong one is passed over.
func (d *decoder) cutItem(first byte) (text []byte, long, ended bool) {
	var e extent
	feed := e.feed
	if first != '{' && first != '[' && first != '"' {
		feed = e.feedScalar
	}
	for seen := 0; ; {
		n, ended := feed(d.in.unread()[seen:])
		seen += n
		long = long || seen > maxRecordBytes
		switch {
		case ended && !long:
			text = d.in.unread()[:seen]
			d.in.from += seen
			return text, false, true
		case long:
			d.at += bytes.Count(d.in.unread()[:seen], []byte("\n"))
			d.in.from, seen = d.in.from+seen, 0
		}
		if ended {
			return nil, true, true
		}
		if !d.in.more() {
			return nil, long, false
		}
	}
}

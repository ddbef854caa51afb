package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseJSON turns one line of NDJSON into a tree: encoding/json says whether
// it is valid, a walk over what is valid then knows where each value stands.
// Columns are byte offsets from 1: only those that are reported are counted
// in characters.
func parseJSON(src *source, line []byte) (*node, *Fault, position) {
	w := jsonWalk{src: src, line: string(line)}
	if !json.Valid(line) {
		w.invalid(line)
		return nil, w.fault, w.at
	}
	n := w.value(1)
	if w.fault == nil && n.kind != kindMapping {
		w.bad(n.at.col-1, "wanted one JSON object a line, got %s", n.kind)
	}
	return n, w.fault, w.at
}

type jsonWalk struct {
	src   *source
	line  string // valid JSON
	off   int
	fault *Fault // the first
	at    position
}

func (w *jsonWalk) bad(off int, format string, args ...any) {
	if w.fault == nil {
		w.fault, w.at = &Fault{Message: fmt.Sprintf(format, args...)}, w.pos(off)
	}
}

func (w *jsonWalk) pos(off int) position {
	return position{src: w.src, line: w.src.number, col: off + 1}
}

// invalid says what encoding/json does not like.
func (w *jsonWalk) invalid(line []byte) {
	var raw json.RawMessage
	var syntax *json.SyntaxError
	err := json.Unmarshal(line, &raw)
	switch {
	case !errors.As(err, &syntax):
		w.bad(0, "not valid JSON")
	case strings.Contains(syntax.Error(), "after top-level value"):
		w.bad(max(0, int(syntax.Offset)-1), "something follows the object; wanted one JSON object a line")
	case strings.Contains(syntax.Error(), "unexpected end"):
		w.bad(len(line), "not valid JSON: the object is not closed; wanted a whole object on one line")
	default:
		w.bad(max(0, int(syntax.Offset)-1), "not valid JSON: %s", syntax.Error())
	}
}

// peek skips white space and separators and returns the next byte.
func (w *jsonWalk) peek() byte {
	for strings.IndexByte(" \t\r\n:,", w.line[w.off]) >= 0 {
		w.off++
	}
	return w.line[w.off]
}

// value reads one value; after a fault it reads on, or returns early.
func (w *jsonWalk) value(depth int) *node {
	first := w.peek()
	out := &node{at: w.pos(w.off), size: 1, height: 1}
	if depth > maxDepth {
		w.bad(w.off, "is nested deeper than %d levels", maxDepth)
		w.off = len(w.line) - 1 // the last bracket: every level above ends here
		return out
	}
	switch first {
	case '{':
		w.object(out, depth)
	case '[':
		w.array(out, depth)
	case '"':
		out.kind, out.text = kindText, w.text()
	default:
		out.text = w.word()
		switch out.text {
		case "null":
		case "true", "false":
			out.kind = kindBool
		default:
			out.kind = kindNumber
		}
	}
	return out
}

func (w *jsonWalk) object(out *node, depth int) {
	out.kind = kindMapping
	w.off++
	for w.fault == nil && w.peek() != '}' {
		at := w.off
		key := w.text()
		if _, doubled := out.get(key); doubled {
			w.bad(at, "the key %q stands here twice", clip(key))
			return
		}
		out.pairs = append(out.pairs, pair{key: key, at: w.pos(at), value: w.value(depth + 1)})
	}
	w.off++
}

func (w *jsonWalk) array(out *node, depth int) {
	out.kind = kindList
	w.off++
	for w.fault == nil && w.peek() != ']' {
		item := w.value(depth + 1)
		item.index = len(out.items)
		out.items = append(out.items, item)
	}
	w.off++
}

// word reads a number, true, false or null.
func (w *jsonWalk) word() string {
	n := strings.IndexAny(w.line[w.off:], " \t\r\n,]}")
	if n < 0 {
		n = len(w.line) - w.off
	}
	w.off += n
	return w.line[w.off-n : w.off]
}

// text reads a text, from its quote to behind the closing one.
func (w *jsonWalk) text() string {
	start, escaped := w.off, false
	for w.off++; w.line[w.off] != '"'; w.off++ {
		if w.line[w.off] == '\\' {
			escaped = true
			w.off++
		}
	}
	w.off++
	if !escaped {
		return strings.ToValidUTF8(w.line[start+1:w.off-1], "\ufffd")
	}
	var s string
	if err := json.Unmarshal([]byte(w.line[start:w.off]), &s); err != nil {
		w.bad(start, "not valid JSON: %v", err)
	}
	return s
}

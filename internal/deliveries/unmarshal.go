package deliveries

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// unmarshal reads text with encoding/json: the slow way, and the judge over
// [record.scan]. The reason is empty when the record was read. broken is where
// the text stops being JSON, negative when it is JSON.
//
// A name counts only in its exact case, and of two equal names the last.
func (r *record) unmarshal(text []byte) (reason string, broken int) {
	*r = record{}
	i := skipBlank(text, 0)
	if i < len(text) && (text[i] == '{' || text[i] == '[') && depthOf(text[i:]) > maxDepth {
		return fmt.Sprintf("nested deeper than %d levels; a record is flat", maxDepth), -1
	}
	if i == len(text) || text[i] != '{' {
		return notObject(text)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return notJSON(text, err)
	}
	for f := range fieldCount {
		raw, ok := all[f.String()]
		if !ok {
			continue
		}
		v := value{shape: shapeOf(raw[0])}
		switch v.shape {
		case shapeString:
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				return notJSON(text, err)
			}
			v.text = []byte(s)
		case shapeNumber:
			v.text = raw
		default: // nothing else is looked into
		}
		r[f] = v
	}
	return "", -1
}

// depthOf returns how deep the value at the start of text is nested.
func depthOf(text []byte) int {
	var e extent
	e.feed(text)
	return e.deepest
}

func notObject(text []byte) (reason string, broken int) {
	var any json.RawMessage
	if err := json.Unmarshal(text, &any); err != nil {
		return notJSON(text, err)
	}
	return shapeOf(any[0]).String() + "; wanted an object", -1
}

// notJSON says where text stops being JSON. It repeats a single byte of it.
func notJSON(text []byte, err error) (reason string, broken int) {
	bad, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return "not JSON; wanted one object", 0
	}
	at := int(bad.Offset) - 1 // the offset counts the byte that is wrong
	if at < 0 || at >= len(text) || strings.HasPrefix(bad.Error(), "unexpected end") {
		return "not JSON: it ends too early; wanted one object", len(text)
	}
	return fmt.Sprintf("not JSON at byte %d: unexpected %s; wanted one object", at+1, shownByte(text[at])), at
}

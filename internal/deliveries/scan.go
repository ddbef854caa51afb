package deliveries

import (
	"encoding/json"
	"unicode/utf8"
)

// scan reads text, which may hold nothing but one JSON object, by hand. It is
// false, and the record then of no use, when encoding/json has to look at the
// text: because it is not valid, or for an escaped name. What it does read, it
// reads as [record.unmarshal] does; FuzzDecode holds the two together.
func (r *record) scan(text []byte) bool {
	*r = record{}
	i := skipBlank(text, 0)
	if i == len(text) || text[i] != '{' {
		return false
	}
	i = skipBlank(text, i+1)
	if i < len(text) && text[i] == '}' {
		return skipBlank(text, i+1) == len(text)
	}
	for {
		var ok bool
		if i, ok = r.scanPair(text, i); !ok || i == len(text) {
			return false
		}
		switch text[i] {
		case ',':
			i = skipBlank(text, i+1)
		case '}':
			return skipBlank(text, i+1) == len(text)
		default:
			return false
		}
	}
}

// scanPair reads a name, a colon and a value, and returns where the text goes
// on behind them.
func (r *record) scanPair(text []byte, i int) (next int, ok bool) {
	name, i, ok := scanString(text, i)
	if !ok {
		return 0, false
	}
	i = skipBlank(text, i)
	if i == len(text) || text[i] != ':' {
		return 0, false
	}
	i = skipBlank(text, i+1)
	if i == len(text) {
		return 0, false
	}
	v, next, ok := scanValue(text, i)
	if f := fieldOf(name); f != fieldNone && ok {
		if v.shape == shapeString && v.text == nil {
			var s string
			if json.Unmarshal(text[i:next], &s) != nil {
				return 0, false
			}
			v.text = []byte(s)
		}
		r[f] = v
	}
	return skipBlank(text, next), ok
}

// scanValue reads one value. A string that holds escapes or is not UTF-8 is
// returned without its text.
func scanValue(text []byte, i int) (v value, next int, ok bool) {
	v.shape = shapeOf(text[i])
	switch v.shape {
	case shapeString:
		if v.text, next, ok = scanString(text, i); ok {
			return v, next, true
		}
		next, ok = scanNested(text, i)
		return value{shape: shapeString}, next, ok
	case shapeObject, shapeArray:
		next, ok = scanNested(text, i)
	case shapeNumber:
		next, ok = scanNumber(text, i)
		v.text = text[i:next]
	default:
		next, ok = scanWord(text, i)
	}
	return v, next, ok
}

// scanString reads a string without escapes. Its contents are never nil.
func scanString(text []byte, i int) (s []byte, next int, ok bool) {
	if i >= len(text) || text[i] != '"' {
		return nil, i, false
	}
	i++
	j := i
	for j < len(text) && plainByte[text[j]] {
		j++
	}
	if j < len(text) && text[j] == '"' {
		return text[i:j], j + 1, true
	}
	return scanWide(text, i, j)
}

// scanWide is scanString for a string that is not ASCII, from its byte j on.
func scanWide(text []byte, i, j int) (s []byte, next int, ok bool) {
	for j < len(text) && (plainByte[text[j]] || text[j] >= utf8.RuneSelf) {
		j++
	}
	if j == len(text) || text[j] != '"' || !utf8.Valid(text[i:j]) {
		return nil, i, false
	}
	return text[i:j], j + 1, true
}

// plainByte tells the bytes of ASCII that stand for themselves in a string.
// Never changed.
var plainByte = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// scanNested finds the end of a value with anything in it, and lets
// encoding/json check what it skips.
func scanNested(text []byte, i int) (next int, ok bool) {
	var e extent
	n, ended := e.feed(text[i:])
	next = i + n
	return next, ended && e.deepest < maxDepth && json.Valid(text[i:next])
}

// scanNumber reads a number in the grammar of RFC 8259.
func scanNumber(text []byte, i int) (next int, ok bool) {
	if text[i] == '-' {
		i++
	}
	switch digits := countDigits(text, i); {
	case digits == 0, digits > 1 && text[i] == '0':
		return i, false
	default:
		i += digits
	}
	if i < len(text) && text[i] == '.' {
		digits := countDigits(text, i+1)
		if digits == 0 {
			return i, false
		}
		i += 1 + digits
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		digits := countDigits(text, i)
		if digits == 0 {
			return i, false
		}
		i += digits
	}
	return i, true
}

func countDigits(text []byte, i int) int {
	n := 0
	for i+n < len(text) && text[i+n] >= '0' && text[i+n] <= '9' {
		n++
	}
	return n
}

// scanWord reads true, false or null.
func scanWord(text []byte, i int) (next int, ok bool) {
	for _, word := range [...]string{"null", "true", "false"} {
		if len(text)-i >= len(word) && string(text[i:i+len(word)]) == word {
			return i + len(word), true
		}
	}
	return i, false
}

func skipBlank(text []byte, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

package merchants

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName = 80
	longText = 600
)

// clean makes a stranger's text one line of at most limit characters: no
// control characters, nothing that is invisible or turns the direction of
// writing, and no braces, which are places of our sentences.
func clean(s string, limit int) string {
	if most := 8 * limit; len(s) > most { // what is far too long is not even looked at
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "…"
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case r == '{':
			return '('
		case r == '}':
			return ')'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

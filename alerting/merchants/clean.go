package merchants

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName  = 80
	mostMarks = 3 // accents and other marks on one letter
)

// clean makes a stranger's text one line of at most longName characters: no
// control characters, nothing that is invisible or turns the direction of
// writing, no more marks on a letter than languages put there, and no braces,
// which are places of our sentences.
func clean(s string) string {
	if most := 8 * longName; len(s) > most { // what is far too long is not even looked at
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
	s = strings.Join(strings.Fields(calm(s)), " ")
	if utf8.RuneCountInString(s) <= longName {
		return s
	}
	return string([]rune(s)[:longName-1]) + "…"
}

// calm drops marks from a letter that has more than any language puts on it:
// hundreds of them paint over the lines around.
func calm(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.M, r) {
			marks = 0
			return r
		}
		if marks++; marks > mostMarks {
			return -1
		}
		return r
	}, s)
}

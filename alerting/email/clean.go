package email

import (
	"strings"
	"unicode"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName  = 200   // a title, a name, a header
	longText  = 1_000 // a sentence
	cutMarker = "…"
)

// clean makes a stranger's text one line of at most most characters: control
// characters, line separators and what turns the direction of writing become
// spaces, and spaces are folded.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unsafe(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + cutMarker
	}
	return s
}

// dirty reports whether an address holds what clean would take out.
func dirty(s string) bool { return strings.ContainsFunc(s, unsafe) }

func unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

package email

import (
	"strings"
	"unicode"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName = 200   // a title, a name, a header
	longText = 1_000 // a sentence
	longLink = 2_000 // an address that a person opens
)

// dirty reports whether an address holds what cannot be seen, or ends a line.
func dirty(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) })
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

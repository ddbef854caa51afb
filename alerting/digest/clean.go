package digest

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName = 80
	longURL  = 160
	longText = 400

	mostMarks = 3 // accents and other marks on one letter
)

// clean makes a stranger's text one line of at most limit characters: no
// control characters, nothing that is invisible or turns the direction of
// writing, no more marks on a letter than languages put there. What is far too
// long is not even looked at.
func clean(s string, limit int) string {
	if most := 8 * limit; len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "…"
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, s)
	return cut(strings.Join(strings.Fields(calm(s)), " "), limit)
}

// cut shortens s to limit characters, and shows that it did.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// shown is a URL without what may be secret; empty for what is no URL.
func shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment, u.ForceQuery = nil, "", "", false
	return clean(u.String(), longURL)
}

// link is an address that a browser opens; empty for anything else.
func link(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || len(raw) > 500 || strings.ContainsAny(raw, "<>|\"' \t\r\n") {
		return ""
	}
	return u.String()
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

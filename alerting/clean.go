package alerting

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis shows that something was left out.
const ellipsis = "…"

// mostMarks bounds the accents and other marks on one letter: no language has
// more, and hundreds of them paint over the lines around.
const mostMarks = 3

// farTooLong is how many bytes for each character asked for are looked at: a
// character has at most 4, and what is cleaned away has room beside it.
const farTooLong = 8

// Line makes a stranger's text one line of at most limit characters that is
// safe to show: nothing in it ends the line, is invisible, moves a terminal's
// cursor, turns the direction of writing or paints over other lines, and it is
// valid UTF-8. White space
// of any kind and length becomes one space; what else cannot be seen goes; a
// byte that is no UTF-8 is "?". What is left out at the end is shown by "…",
// and what is far too long is not even looked at. A limit under 1 is none.
//
// It does not escape: what means something to Slack, HTML or Markdown is for
// who writes these. Line of a line is that line.
func Line(s string, limit int) string {
	if limit > 0 && len(s)/farTooLong > limit {
		most := farTooLong * limit
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + ellipsis
	}
	marks := 0
	return Cut(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		r = shown(r)
		switch {
		case r < 0:
		case !unicode.Is(unicode.M, r):
			marks = 0
		case marks == mostMarks:
			return -1
		default:
			marks++
		}
		return r
	}, s)), " "), limit)
}

// shown is what stands for a character of a stranger's text; -1: nothing does.
func shown(r rune) rune {
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
}

// Cut shortens s to limit characters, of which the last is "…" then. A limit
// under 1 is none.
func Cut(s string, limit int) string {
	if limit < 1 || len(s) <= limit {
		return s
	}
	kept := 0 // bytes of the first limit-1 characters
	for at := range s {
		switch limit--; limit {
		case 0:
			kept = at
		case -1:
			return s[:kept] + ellipsis
		}
	}
	return s
}

// Link returns address when a browser opens it and it can stand in any message
// as it is: http or https, with a host, at most limit bytes, without a user, a
// password or a character that could end the link. Anything else is empty.
func Link(address string, limit int) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		len(address) > limit || Line(address, 0) != address || strings.ContainsAny(address, " <>\"'|\\`") {
		return ""
	}
	return address
}

package config

import (
	"regexp"
	"strings"
)

// What in a line may begin a secret of a URL, and what ends a user info. JSON
// and YAML may escape each of them; a URL may be written with too few or with
// the wrong slashes.
var (
	urlMark   = regexp.MustCompile(`(?i)(?:(:|\\(?:u00|x)3a)[/\\]+)|\?|\\(?:u00|x)3f`)
	queryMark = regexp.MustCompile(`(?i)\?|\\(?:u00|x)3f`)
	atMark    = regexp.MustCompile(`(?i)@|\\(?:u00|x)40`)
	nextKey   = regexp.MustCompile(`[}\]]*,[ \t]+[{\[]*["']?[A-Za-z_][\w.-]*["']?:[ \t]`)
)

// urlSpans returns the byte ranges of a line that may be the user info or the
// query of a URL, ascending: what stands between :// and the last @ of its
// value, and between the first ? and the value's end.
func urlSpans(text string) [][2]int {
	var spans [][2]int
	add := func(from, to int) {
		if to = from + len(strings.TrimRight(text[from:to], " \t")); to > from {
			spans = append(spans, [2]int{from, to})
		}
	}
	s := scalars{text: text}
	for from := 0; from < len(text); {
		m := urlMark.FindStringSubmatchIndex(text[from:])
		if m == nil {
			break
		}
		start := from + m[1]
		end, _ := s.end(start)
		from = max(start, end)
		if m[2] < 0 { // a question mark alone: of a sentence, or of a YAML key, when a blank follows
			if start < end && text[start] != ' ' {
				add(start, end)
			}
			continue
		}
		value := text[start:end]
		query, at := queryMark.FindStringIndex(value), lastIndex(atMark, value)
		switch {
		case query != nil && query[0] < at: // which of the two it belongs to cannot be said
			add(start, end)
			continue
		case at >= 0:
			add(start, start+at)
		}
		if query != nil {
			add(start+query[1], end)
		}
	}
	return spans
}

func lastIndex(re *regexp.Regexp, s string) int {
	all := re.FindAllStringIndex(s, -1)
	if all == nil {
		return -1
	}
	return all[len(all)-1][0]
}

// scalars walks over a line once and knows which value a place belongs to.
type scalars struct {
	text  string
	off   int
	quote byte // that is open at off; 0: none
	flow  bool // a { or [ stands before off
}

// walk goes on to a place behind the last one.
func (s *scalars) walk(to int) {
	for ; s.off < to; s.off++ {
		switch c := s.text[s.off]; {
		case s.quote == '"' && c == '\\', s.quote == '\'' && c == '\'' && strings.HasPrefix(s.text[s.off:], "''"):
			s.off++
		case s.quote != 0 && c == s.quote && s.closes(s.off):
			s.quote = 0
		case s.quote == 0 && (c == '"' || c == '\'') && (s.off == 0 || strings.IndexByte(" \t{[,:(", s.text[s.off-1]) >= 0):
			s.quote = c
		case s.quote == 0 && (c == '{' || c == '['):
			s.flow = true
		}
	}
}

// closes reports whether a quote ends its value: one in the middle of a word
// was forgotten to be escaped.
func (s *scalars) closes(i int) bool {
	return i+1 == len(s.text) || strings.IndexByte(" \t,}]:)", s.text[i+1]) >= 0
}

// end returns where the value around a place ends, the place being behind
// those asked for before, and whether that is known: a value may go on in the
// next line.
func (s *scalars) end(at int) (end int, closed bool) {
	s.walk(at)
	if s.quote != 0 {
		open := s.quote
		for s.off < len(s.text) {
			s.walk(s.off + 1)
			if s.quote == 0 {
				return s.off - 1, true
			}
		}
		s.quote = open
		return len(s.text), false
	}
	rest := s.text[at:]
	for _, comment := range []string{" #", "\t#"} {
		before, _, found := strings.Cut(rest, comment)
		rest, closed = before, closed || found
	}
	if !s.flow {
		return at + len(rest), closed
	}
	if m := nextKey.FindStringIndex(rest); m != nil {
		rest = rest[:m[0]]
	}
	return at + len(strings.TrimRight(rest, " \t}],")), true
}

// opensURL returns whether the last URL of a line may go on in the next one:
// with a quote that is not closed, or without any.
func opensURL(text string) (quoted, plain bool) {
	s := scalars{text: text}
	for from := 0; from < len(text); {
		m := urlMark.FindStringSubmatchIndex(text[from:])
		if m == nil {
			break
		}
		start := from + m[1]
		end, closed := s.end(start)
		from = max(start, end)
		quoted, plain = s.quote != 0 && !closed, s.quote == 0 && !closed && m[2] >= 0
	}
	return quoted, plain
}

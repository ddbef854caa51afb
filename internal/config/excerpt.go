package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxExcerpt is the longest part of a line that is shown, in characters.
const maxExcerpt = 140

// excerpt shows one line with a caret below the column, secrets hidden:
//
//	31 |         timeout: 45s
//	   |                  ^
func excerpt(src *source, text string, line, column int) string {
	if src.inSecret(line) {
		text, column = hidden, 1
	} else {
		text, column = hide(text, column)
	}
	runes := []rune(strings.Map(visible, text))
	at := min(max(column-1, 0), len(runes))
	head, tail := "", ""
	if len(runes) > maxExcerpt {
		from := min(max(at-maxExcerpt/2, 0), len(runes)-maxExcerpt)
		if from > 0 {
			head = "…"
		}
		if from+maxExcerpt < len(runes) {
			tail = "…"
		}
		runes, at = runes[from:from+maxExcerpt], at-from+len([]rune(head))
	}
	return fmt.Sprintf("%6d | %s%s%s\n       | %s^", line, head, strings.TrimRight(string(runes), " "), tail, strings.Repeat(" ", at))
}

// visible shows a tab as an arrow of one column, and nothing that moves a
// terminal's cursor.
func visible(r rune) rune {
	switch {
	case r == '\t':
		return '→'
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return '�'
	}
	return r
}

const hidden = "<secret>"

// secretKey is a key whose value is a secret, up to the value: token,
// client_secret, "password" and so on, but not token_file or token_header.
var (
	secretKey = regexp.MustCompile(`(?i)(?:^|[\s{,\[("'-])(?:[a-z0-9]+[_-])*(?:token|password|passwd|secret|credentials?|authorization|key|apikey|webhook_?url)["']?\s*:(?:\s+|["'])`)
	aKey      = regexp.MustCompile(`^[\s-]*["']?[A-Za-z0-9_.<-]+["']?\s*:(?:\s|$)`)
	anItem    = regexp.MustCompile(`^\s*(?:-(?:\s|$)|[#{}\]])`)
	fromEnv   = regexp.MustCompile(`^["']?\$\{[A-Za-z_][A-Za-z0-9_]*\}["']?$`)
)

// hide replaces what may be a secret in a line, and moves the column along.
// It would rather hide too much than too little.
func hide(text string, column int) (string, int) {
	at := len(string([]rune(text)[:min(max(column-1, 0), len([]rune(text)))]))
	var out strings.Builder
	from, moved := 0, -1
	keep := func(to int) {
		if moved < 0 && at < to {
			moved = out.Len() + max(at-from, 0)
		}
		out.WriteString(text[from:to])
		from = to
	}
	for _, span := range secretSpans(text) {
		keep(span[0])
		if moved < 0 && at < span[1] {
			moved = out.Len()
		}
		out.WriteString(hidden)
		from = span[1]
	}
	keep(len(text))
	if moved < 0 {
		moved = out.Len()
	}
	return out.String(), 1 + len([]rune(out.String()[:moved]))
}

// secretSpans returns the byte ranges to hide, ascending and apart.
func secretSpans(text string) [][2]int {
	spans := slices.Concat(keySpans(text), urlSpans(text), strayedSpans(text))
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	var apart [][2]int
	for _, span := range spans {
		if n := len(apart) - 1; n >= 0 && span[0] <= apart[n][1] {
			apart[n][1] = max(apart[n][1], span[1])
		} else {
			apart = append(apart, span)
		}
	}
	return apart
}

// keySpans returns the values of keys that name a secret.
func keySpans(text string) [][2]int {
	var spans [][2]int
	for from := 0; from < len(text); {
		m := secretKey.FindStringIndex(text[from:])
		if m == nil {
			break
		}
		start := from + m[1]
		if c := text[start-1]; c == '"' || c == '\'' {
			start--
		}
		end := valueEnd(text, start)
		if value := strings.TrimSpace(text[start:end]); value != "" && !fromEnv.MatchString(value) {
			spans = append(spans, [2]int{start, end})
		}
		from = max(end, from+m[1])
	}
	return spans
}

// A secret is a secret under the wrong key too: a token of Slack, the address
// of an incoming webhook, a URL where a file's path should stand.
var (
	slackSecret = regexp.MustCompile(`(?i)(?:xox[a-z]|xapp)[-.][a-z0-9.-]+|hooks\.slack(?:-gov)?\.com/[^\s,}\]"']*`)
	fileURL     = regexp.MustCompile(`(?i)_file["']?\s*:\s*["']?([a-z]+://[^\s,}\]"']*)`)
)

// strayedSpans returns what looks like a secret whatever its key is.
func strayedSpans(text string) [][2]int {
	var spans [][2]int
	for _, m := range slackSecret.FindAllStringIndex(text, -1) {
		spans = append(spans, [2]int{m[0], m[1]})
	}
	for _, m := range fileURL.FindAllStringSubmatchIndex(text, -1) {
		spans = append(spans, [2]int{m[2], m[3]})
	}
	return spans
}

// valueEnd returns where the value that begins at start ends: at its closing
// quote, at the next delimiter inside { or [, else with the line.
func valueEnd(text string, start int) int {
	rest := text[start:]
	if rest == "" {
		return start
	}
	if q := rest[0]; q == '"' || q == '\'' {
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\\' && q == '"' {
				i++
			} else if rest[i] == q {
				return start + i + 1
			}
		}
		return len(text)
	}
	if strings.ContainsAny(text[:start], "{[") {
		if i := strings.IndexAny(rest, ",}]"); i >= 0 {
			return start + i
		}
	}
	return len(text)
}

// maxSecretLines is how far up a line's key is looked for: a PEM key has
// fewer lines.
const maxSecretLines = 200

// inSecret reports whether a line of a YAML file is the continuation of a
// secret, or of a URL, that began on an earlier line.
func (s *source) inSecret(line int) bool {
	if line < 2 || line > len(s.lines) {
		return false
	}
	this := s.lines[line-1]
	depth, key, item := indent(this), aKey.MatchString(this), anItem.MatchString(this)
	url := false // in a line of the same value
	for i := line - 2; i >= max(0, line-maxSecretLines); i-- {
		text := s.lines[i]
		quoted, plain := opensURL(text)
		opens := quoted || opensSecret(text)
		if strings.TrimSpace(text) == "" || indent(text) >= depth && !opens {
			url = url || plain && !aKey.MatchString(text) && !anItem.MatchString(text)
			continue
		}
		deeper := indent(text) < depth
		return opens && (deeper || !key) || (url || plain && deeper) && !key && !item
	}
	return false
}

// opensSecret reports whether a line begins a secret and does not end it.
func opensSecret(text string) bool {
	m := secretKey.FindAllStringIndex(text+" ", -1)
	if m == nil {
		return false
	}
	start := m[len(m)-1][1] - 1
	value := strings.TrimSpace(text[min(start, len(text)):])
	if value == "" || strings.ContainsAny(value[:1], "|>&!") {
		return true
	}
	return (value[0] == '"' || value[0] == '\'') && valueEnd(value, 0) == len(value) && (len(value) == 1 || value[len(value)-1] != value[0])
}

func indent(text string) int { return len(text) - len(strings.TrimLeft(text, " \t")) }

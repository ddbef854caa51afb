package slack

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"
)

// clean makes s fit to stand in a message: one line, no control or direction
// characters, at most limit characters. What is far too long is not even looked at.
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
	return cut(strings.Join(strings.Fields(s), " "), limit)
}

// cut shortens s to limit characters, and shows that it did.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// escape makes s stand for itself where Slack looks for <!channel> and links.
func escape(s string) string { return slackutilsx.EscapeMessage(s) }

// utc writes a moment for a person.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

package pagerduty

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// clean makes s fit to stand in an alert: one line, no control or direction
// characters, at most limit characters. What is far too long is not even
// looked at.
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

// utc writes a moment for a person; nothing for none.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// by says when, and who did it.
func by(t time.Time, who string) string {
	if t.IsZero() || who == "" {
		return utc(t)
	}
	return utc(t) + " by " + clean(who, maxName)
}

// page is address when a person can open it; empty otherwise.
func page(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		strings.ContainsAny(address, "<>\"| \t\r\n") || len(address) > maxLink {
		return ""
	}
	return address
}

// join puts what is not empty into one line.
func join(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "; ")
}

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// utc writes a moment for a person, to the second.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// day writes the end of a certificate: the second does not matter.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// left says how long a certificate has until its end.
func left(now, end time.Time) string {
	if d := end.Sub(now); d > 0 {
		return span(d) + " left"
	}
	return "expired " + span(now.Sub(end)) + " ago"
}

// span spells a length of time by its largest useful unit, rounded down.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return plural(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return plural(int(d/time.Hour), "hour")
	default:
		return plural(int(d/time.Minute), "minute")
	}
}

// lasting spells a length of time to the second while it is short.
func lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under 1 second"
	case d < time.Minute:
		return plural(int(d/time.Second), "second")
	default:
		return span(d)
	}
}

// clock writes a moment, without its date on the day of another that stands
// beside it.
func clock(t, beside time.Time) string {
	if sameDay(t, beside) {
		return t.UTC().Format("15:04:05 UTC")
	}
	return utc(t)
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// took spells how long a look or a phase of it lasted.
func took(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case d <= 0:
		return "0 ms"
	case ms < 0.1:
		return "under 0.1 ms"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// line writes one fact with its name in front; an empty text is left out.
func line(out io.Writer, name, text string) {
	if text != "" {
		fmt.Fprintf(out, "  %-12s %s\n", name, text)
	}
}

// joined lists words of whatever kind.
func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// maxShownArg bounds how much of a wrong argument is repeated.
const maxShownArg = 80

// shownArg quotes an argument without what may be secret in it: a user name
// and password, and a query.
func shownArg(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i] + "..."
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = "..." + s[i:]
	}
	if r := []rune(s); len(r) > maxShownArg {
		s = string(r[:maxShownArg]) + "..."
	}
	return strconv.Quote(s)
}

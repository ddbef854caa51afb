package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Plain makes a text that others chose one line that is nothing but text in
// Markdown: no control character, nothing that turns the direction of writing,
// no emphasis, link, mention of an issue, table cell or HTML.
func Plain(s string) string {
	const special = "\\`*_[]<>|&~#$" // the others mean something only at the begin of a line, where no such text stands
	s = alerting.Line(s, 0)
	var b strings.Builder
	for i, c := range s {
		if strings.ContainsRune(special, c) || linked(s, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// linked reports whether GitHub makes a link of the text around a byte: the
// colon of "http://", the first point of "www.".
func linked(s string, i int) bool {
	return strings.HasPrefix(s[i:], "://") || s[i] == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www")
}

// span spells a length of time by its two largest units, rounded down to
// seconds.
func span(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size && u.size > time.Second {
			continue
		}
		said := strconv.FormatInt(int64(d/u.size), 10) + " " + u.name
		if rest := d % u.size; i+1 < len(units) && rest >= units[i+1].size {
			said += " " + strconv.FormatInt(int64(rest/units[i+1].size), 10) + " " + units[i+1].name
		}
		return said
	}
	return ""
}

func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ss"):
		return strconv.Itoa(n) + " " + noun + "es"
	case strings.HasSuffix(noun, "y"):
		return strconv.Itoa(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	default:
		return strconv.Itoa(n) + " " + noun + "s"
	}
}

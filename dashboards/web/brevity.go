package web

import (
	"regexp"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// brevity is what stands beside a text of the desk, so that the text need not
// say it again. The zero brevity keeps titles and moments.
type brevity struct {
	title string
	scope rules.Scope
	since time.Time // to the second; zero: none stands there
	now   time.Time // a moment of its day is shown without its date; zero: each keeps it
}

var (
	// scopeHead is a scope as the desk puts it before a text: "channel:QR: ".
	scopeHead = regexp.MustCompile(`(^|: )((?:channel|product|merchant|endpoint|target|heartbeat|host):\S+?|platform): `)
	sinceThen = regexp.MustCompile(` since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)`)
)

// shorten leaves out the title, the scope that the page is about, the second
// spelling of any other, and a "since" that is known. It never leaves nothing.
func (b brevity) shorten(text string) string {
	short := text
	if b.title != "" {
		short = strings.TrimPrefix(short, b.title+": ")
	}
	short = b.withoutScope(short)
	if strings.HasPrefix(short, "recovered after ") {
		short = strings.Replace(short, ": recovered; ", ": ", 1)
	}
	short = sinceThen.ReplaceAllStringFunc(short, b.moment)
	if strings.TrimSpace(short) == "" {
		return text
	}
	return short
}

// withoutScope says a scope once, as people spell it, and its own not at all.
func (b brevity) withoutScope(text string) string {
	if at := scopeHead.FindStringSubmatchIndex(text); at != nil {
		scope := rules.Scope(text[at[4]:at[5]])
		head := scopeName(scope) + ": "
		text = text[:at[3]] + head + strings.TrimPrefix(text[at[1]:], head)
	}
	if b.scope == "" {
		return text
	}
	own := scopeName(b.scope) + ": "
	if rest, ok := strings.CutPrefix(text, own); ok {
		return rest
	}
	return strings.Replace(text, ": "+own, ": ", 1)
}

// moment shortens one " since 2026-11-21 11:18:00 UTC".
func (b brevity) moment(text string) string {
	at, err := time.Parse(" since 2006-01-02 15:04:05 UTC", text)
	switch {
	case err != nil:
		return text
	case at.Equal(b.since.Truncate(time.Second)):
		return ""
	case b.now.IsZero():
		return text
	default:
		return " since " + clock(b.now, at)
	}
}

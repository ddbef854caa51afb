package pagerduty

import (
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

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
	return utc(t) + " by " + alerting.Line(who, maxName)
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

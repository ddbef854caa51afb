package alertmanager

import (
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// clean makes a stranger's text fit to stand in an alert. Alertmanager's own
// template for Slack does not escape, so that what could become a mention or a
// link there has its angle brackets changed.
func clean(s string, limit int) string {
	return strings.NewReplacer("<", "‹", ">", "›").Replace(alerting.Line(s, limit))
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

// join puts what is not empty into one line.
func join(parts ...string) string { return strings.Join(filled(parts), "; ") }

// filled leaves out what is empty.
func filled(parts []string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

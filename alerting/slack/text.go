package slack

import (
	"time"

	"github.com/slack-go/slack/slackutilsx"
)

// escape makes s stand for itself where Slack looks for <!channel> and links.
func escape(s string) string { return slackutilsx.EscapeMessage(s) }

// utc writes a moment for a person.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

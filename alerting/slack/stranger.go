package slack

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of what is logged of interactions that are none of ours.
const (
	maxOddities   = 10 // lines in oddEvery; the next line after it says how many there were besides
	oddEvery      = time.Minute
	maxOddActions = 3 // of one interaction
	maxOddWord    = 80
)

// oddities bounds lines of the log. The zero value is ready; it is safe for
// concurrent use.
type oddities struct {
	mu sync.Mutex
	// guarded by mu
	since   time.Time
	lines   int
	skipped int
}

// room reports whether one more line may be logged, and how many were not since
// the last one.
func (o *oddities) room(now time.Time) (skipped int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if age := now.Sub(o.since); age >= oddEvery || age < 0 {
		o.since, o.lines = now, 0
	}
	if o.lines >= maxOddities {
		o.skipped++
		return 0, false
	}
	o.lines++
	skipped, o.skipped = o.skipped, 0
	return skipped, true
}

// stranger logs an interaction that is none of our buttons: one of a message
// that an older hookvigil posted, or of another app that shares the signing
// secret. Somebody pressed, and nothing happened. Of the payload it logs words
// that are short and plain; values and addresses to answer to may be secrets.
// Our own link is no stranger.
func (b *Buttons) stranger(in interaction, from string, now time.Time) {
	if in.Type == "block_actions" && len(in.Actions) == 1 && Action(in.Actions[0].Action) == actionRunbook {
		return
	}
	skipped, ok := b.odd.room(now)
	if !ok {
		return
	}
	var actions []string
	for _, a := range in.Actions[:min(len(in.Actions), maxOddActions)] {
		actions = append(actions, oddWord(a.Action))
	}
	b.log.Warn("slack interaction is not known; nothing was done", "remote", from, "type", oddWord(in.Type), "actions", actions, "number", len(in.Actions),
		"slack_user", oddWord(in.User.ID), "channel", oddWord(in.channel()), "slack_app", oddWord(in.App), "unlogged_before", skipped)
}

// oddWord is a word of Slack as it may be logged; "?" is one that is no word.
func oddWord(s string) string {
	switch {
	case s == "":
		return ""
	case !shortWord.MatchString(s), slices.ContainsFunc([]string{"xoxb-", "xoxp-", "xapp-"}, func(token string) bool { return strings.HasPrefix(s, token) }):
		return "?"
	case len(s) > maxOddWord:
		return s[:maxOddWord-1] + "…" // all of it is ASCII
	default:
		return s
	}
}

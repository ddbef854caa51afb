// Package slack tells notices in Slack: with a bot token one message per
// incident that is kept up to date, with what happened in its thread; with an
// incoming webhook each event as a message of its own.
//
// It makes one attempt per Send and never tries again by itself. It does not
// answer buttons, and it needs no scope but chat:write; with
// channels:history (or groups:history) it also finds out whether a message
// arrived whose answer was lost.
package slack

// Package slack tells notices in Slack: with a bot token one message per
// incident that is kept up to date, with what happened in its thread; with an
// incoming webhook each event as a message of its own.
//
// A [Receiver] makes one attempt per Send and never tries again by itself. It
// needs no scope but chat:write; with channels:history (or groups:history) it
// also finds out whether a message arrived whose answer was lost.
//
// [Buttons] takes in what people press on such a message: over HTTP, signed by
// Slack, or over Socket Mode, a connection that we open. It knows who may
// press, has each press done once, and does nothing itself.
package slack

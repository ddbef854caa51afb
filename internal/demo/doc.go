// Package demo shows within three minutes what hookvigil is for: it starts the
// daemon with the settings of a file, as everybody does, and around it
// simulated merchants, a Slack workspace, a mailbox and a page that shows what
// arrived there. It then plays an incident that a payment platform published,
// one second for each minute of it.
//
// Everything stays on loopback and in a temporary folder that is removed at
// the end. The merchants' servers are real listeners that are really probed;
// the attempts of the platform's sender are made up, and handed in by the same
// way that a real sender takes.
package demo

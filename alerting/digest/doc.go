// Package digest makes the health digest: it cuts time into windows, keeps
// the ledger that gives each window exactly one end, judges the facts of a
// window, and words them as a mail (text and HTML, English and Indonesian) and
// as a Slack message.
//
// It says what is over to be over, and has the loss clock: which events wait,
// and when they will be lost.
//
// Windows, verdicts and words are pure functions of their input: a preview
// and the mail that goes out are made from the same frozen [Facts]. It sends
// nothing: a [Digest] commits rows and notices through a [Ledger], and the
// outbox sends. It reads no store and no clock of its own.
package digest

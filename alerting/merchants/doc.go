// Package merchants words what a merchant is told of an incident at its own
// endpoints: a mail in plain words (text and HTML, English and Indonesian), with
// times in its zone and in UTC beside.
//
// It names no rule, no figure of ours and nothing of other merchants. It sends
// nothing and reads no clock: the same facts give the same words.
package merchants

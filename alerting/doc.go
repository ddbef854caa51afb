// Package alerting tells: it groups conditions into incidents, decides on
// notices, and sees to it that each arrives, is replaced by a newer state of
// the same incident, or ends as a visible dead letter.
//
// What decides is pure. What sends is a [Receiver], one attempt at a time;
// the outbox alone decides on a further one.
package alerting

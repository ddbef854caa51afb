// Package rules decides. It is pure: facts and the time go in as arguments,
// decisions come out; it has no clock, no I/O and no state of its own, so
// that a restart or a replay decides alike.
package rules

// Package conditions owns the conditions of a shard: it takes facts as they
// come (a probe's result, a round of looks, counted attempts, a heartbeat),
// steps the rules over them, and commits what changed. What is committed is
// what the desk reads; nothing here is told to anybody.
//
// A fact is stepped at once, in memory; the commit follows within
// milliseconds, many facts in one transaction. A commit that fails is kept
// and tried again, so that memory may be ahead of the store and never behind.
// After a crash the facts of the last moments are looked at, or read from the
// log, again: the same keys come out, and change nothing twice.
//
// The series of the ratio rules follow from the log alone: a tick closes by
// the receive times in it, and what is stored of a series holds its open ticks
// too, so that it is exact at the position it is stored with. Whoever reads
// the log from there on decides alike.
package conditions

// Package store remembers what must survive a restart: an embedded SQL
// database (SQLite, through modernc.org/sqlite) in the data directory.
//
//	state.db           registry, rules, incidents, silences, outbox, digests: never lost (synchronous=FULL)
//	facts.db           what the log and some minutes of looking give again (synchronous=NORMAL)
//	attempts/SLOT.db   the attempts of one day, dropped whole
//	failures/MONTH.db  what is kept of the days of a month whose slots were dropped: failed attempts, and those of stored events
//	hookvigil.lock     held by the daemon that uses the directory
//
// The tables stand in migrations/, with the convention of their columns at the
// top of migrations/state/0001_tables.sql; they are final, and grow by further
// migrations. There is no SQL outside this package, and it hands out verbs,
// each one transaction, never rows to edit: one Go file for each group of
// tables (registry.go, audit.go, looks.go; rules.go, incidents.go, silences.go,
// outbox.go, digests.go and attempts.go stand beside them as their verbs come).
//
// It decides nothing: what is written was decided by its callers. It starts no
// goroutine. Verbs are safe for concurrent use; writes to one file wait for
// each other, reads do not wait.
package store

// Package ingest takes attempts in. Its append log is where an attempt is
// acknowledged, and the truth about it until a consumer has applied it.
//
// The log is a folder of segments, log/000001.wal and so on, each rolled at
// 64 MiB and readable by its owner alone. A record is one batch of attempts
// with the time they were received, under a CRC-32C that also covers where it
// lies. [Log.Append] returns once fdatasync has; appends that come in while
// one is under way share the next one. [Log.Read] and [Log.Follow] show what
// is durable and nothing else. A consumer saves [Batch.Next] together with
// what it made of the batch, and goes on from there after a restart: the same
// batch has the same positions and the same receive time, so that a replay
// decides alike. [Log.Trim] drops whole segments that all have applied.
//
// Attempts are refused while the disk has less than a reserve free, so that what
// was decided can still be recorded and told; it ends by itself.
//
// What a crash left half written at the end is cut when the log is opened; no
// intact record ever is. Damage anywhere else is a [DamagedError], and reading
// goes on behind it. The log itself does not look for duplicates, keeps no
// cursor of a consumer, and does not judge what it is given.
//
// Around it: [Resolver] finds the endpoints that attempts are about, whichever
// way they come. [Intake] appends what is new of the attempts that come in, and so
// acknowledges them. [Applier] reads the log, judges each attempt, brings it
// into the [Ledger], which keeps it once however often it is told, and tells a
// [Consumer]. [Lately] is what the ledger got in the last half hour, in memory.
package ingest

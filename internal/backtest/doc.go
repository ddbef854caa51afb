// Package backtest replays logs of attempts through the rules. [Run] says
// which conditions would have opened, got worse and cleared, and when, by one
// or several settings; [Calibrate] finds alarm heights that stored history
// bears.
//
// What decides is [conditions.Conditions], the code of the daemon, and its
// time is that of the log: the same log gives the same answer, today and in a
// year, and the one that the daemon gave when the records came in. Nothing is
// told to anybody, no setting is changed, and nothing but the files is read.
//
// A log is what POST /api/v1/attempts takes, plain, gzip or zstd. Each record
// counts as received at its received_at, or where it has none when the attempt
// ended. Records are put into the order of their receipt within a window;
// those that are further behind count as late, as they would have live.
package backtest

package ingest

import (
	"errors"
	"fmt"
	"syscall"
)

// What Append and the readers refuse; each is wrapped with the facts.
var (
	// ErrBusy: too much waits for the disk already. Worth trying again soon (429).
	ErrBusy = errors.New("the log is busy")
	// ErrFull: no space, or Options.MaxBytes is reached. The log takes records
	// again by itself once there is space (503).
	ErrFull = errors.New("the log is full")
	// ErrTooLarge: the batch has more than MaxBatchBytes. Smaller ones pass (413).
	ErrTooLarge = errors.New("the batch is too large")
	// ErrClosed: the log was closed or Run has ended (503).
	ErrClosed = errors.New("the log is closed")
	// ErrAhead: a reader's position lies behind the end of the log, which
	// therefore is not the log that the position came from.
	ErrAhead = errors.New("the position is ahead of the log")
	// ErrNewer: a newer hookvigil wrote this.
	ErrNewer = errors.New("written by a newer hookvigil: use the newer binary")
)

// DamagedError says that a part of the log cannot be read. What was
// acknowledged there is lost, unless its sender repeats it.
type DamagedError struct {
	From   Position // first byte that is lost
	To     Position // where reading goes on
	Detail string   // one line
}

// Error implements error, in one line.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("log is damaged from %s to %s: %s; acknowledged attempts in it are lost unless their senders repeat them",
		e.From, e.To, e.Detail)
}

// noSpace marks the errors that pass when there is space.
func noSpace(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
	}
	return err
}

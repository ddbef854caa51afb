package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// Attempts are made durable in chunks, so that the memory of a body is
// bounded however long it is.
const (
	maxChunk      = 20_000
	maxChunkBytes = 8 << 20 // well under what one batch of the log may have
	takeTimeout   = 15 * time.Second

	// maxRejected bounds the bad records of one body: 32 KiB of gzip hold 16
	// million, which would keep a processor busy for 20 s.
	maxRejected = 100_000
)

var (
	errInflow  = errors.New("too much is under way")
	errRubbish = errors.New("too many records are bad")
)

// bodyError is that the body could not be read to its end.
type bodyError struct{ cause error }

// Error implements error.
func (e *bodyError) Error() string { return "read the body: " + e.cause.Error() }

// Unwrap gives the cause.
func (e *bodyError) Unwrap() error { return e.cause }

// readError reports whether err is about reading the body.
func readError(err error) bool {
	_, ok := errors.AsType[*bodyError](err)
	return ok
}

// keeps reports whether what was read before err is good: not when a checksum
// says that it is in doubt.
func keeps(err error) bool {
	return err == nil || errors.Is(err, errRubbish) || readError(err) && !errors.Is(err, errDamaged)
}

// intake is one body of attempts on its way.
type intake struct {
	server *Server
	caller caller
	batch  *ingest.Resolution
	lines  *lineReader
	now    time.Time // when the body began to come

	chunk []deliveries.Attempt // good, and not durable yet
	held  int64                // their weight
	view  attemptsView
}

// read decodes the body and takes whole chunks of it; the last one is left
// for flush. What it returns stopped it: a bodyError, errRubbish, or an error of
// add.
func (t *intake) read(ctx context.Context) error {
	for a, bad := range deliveries.Decode(t.lines, t.now) {
		line, err := t.lines.record(), error(nil)
		if bad != nil && bad.Err != nil {
			return &bodyError{bad.Err}
		}
		if bad == nil {
			if reason := t.settle(&a); reason != "" {
				bad = &deliveries.Rejection{Line: line, Reason: reason}
			}
		}
		if bad != nil {
			err = t.reject(bad)
		} else {
			err = t.add(ctx, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reject counts a bad record, and lists it while the list is short.
func (t *intake) reject(bad *deliveries.Rejection) error {
	t.view.RejectedCount++
	if len(t.view.Rejected) < maxListed {
		t.view.Rejected = append(t.view.Rejected, rejection{Line: bad.Line, Reason: bad.Reason})
	}
	if t.view.RejectedCount > maxRejected {
		return errRubbish
	}
	return nil
}

// settle completes what a record leaves open: its source, its endpoint, whose
// it is; and refuses what the caller may not send. The reason says why it is
// not taken, empty when it is.
func (t *intake) settle(a *deliveries.Attempt) (reason string) {
	switch own := t.caller.source; {
	case own == "" && a.Source == "":
		if a.Source = t.server.deps.UsualSource(); a.Source == "" {
			return `source: is not said, and several are configured; put "source" into the record, or send with a token of one`
		}
	case own == "":
	case a.Source == "":
		a.Source = own
	case a.Source != own:
		return fmt.Sprintf("source %s is not the token's", quote(a.Source))
	}
	match, reason := t.batch.Resolve(a)
	switch {
	case reason != "":
		return reason
	case !t.caller.sees(a.Merchant):
		return "the token is not for the merchant of this record"
	}
	t.batch.Note(a, match)
	return ""
}

// add puts a into the chunk; one that is full is taken first, and so is this
// one when there is no room for a otherwise.
func (t *intake) add(ctx context.Context, a deliveries.Attempt) error {
	n, room := weight(&a), &t.server.inflow.bytes
	full := len(t.chunk) == maxChunk || t.held+n > maxChunkBytes
	if full || !room.hold(n) {
		if err := t.flush(ctx); err != nil {
			return err
		}
		if !room.hold(n) {
			return errInflow
		}
	}
	t.chunk, t.held = append(t.chunk, a), t.held+n
	return nil
}

// flush makes the chunk durable, and waits until it is.
func (t *intake) flush(ctx context.Context) error {
	defer t.release()
	if len(t.chunk) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.server.takeTime)
	defer cancel()
	taken, err := t.server.deps.Attempts.Take(ctx, time.Now().UTC(), t.chunk)
	t.view.Accepted += taken.Accepted
	t.view.Duplicate += taken.Duplicate
	t.view.RejectedCount += taken.Outside // those that grew too old since they were read: settle listed the others
	if err != nil {
		return fmt.Errorf("take attempts: %w", err)
	}
	t.batch.Tell()
	return nil
}

// release empties the chunk, and gives back the room that it took.
func (t *intake) release() {
	t.server.inflow.bytes.drop(t.held)
	t.batch.Forget()
	clear(t.chunk) // and the texts
	t.chunk, t.held = t.chunk[:0], 0
}

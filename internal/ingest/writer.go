package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// writer is what Run writes with.
type writer struct {
	file    *os.File // the last segment
	tail    Position // where the next record goes; all before it is durable
	dirty   bool     // something may lie behind tail
	failing bool     // the last write failed
	buf     []byte
}

var errRunning = errors.New("the log was run before, or is closed")

// Run writes what Append hands over, until ctx ends or Close is called; then
// it takes nothing further, writes what it has accepted, and returns nil. It
// blocks. A log runs once.
func (l *Log) Run(ctx context.Context) error {
	if !l.running.CompareAndSwap(false, true) {
		return errRunning
	}
	defer close(l.stopped)
	defer l.finish()
	stop := context.AfterFunc(ctx, l.queue.close)
	defer stop()
	for {
		group := l.queue.take()
		if len(group) == 0 {
			return nil
		}
		err := l.commit(group)
		l.tell(err)
		for _, r := range group {
			r.answer(err)
		}
	}
}

// commit writes a group with one write and one fdatasync, whole or not at all.
// What is in a segment that is not in its place any more is not durable.
func (l *Log) commit(group []*request) error {
	size := 0
	for _, r := range group {
		size += len(r.record)
	}
	if err := l.makeRoom(int64(size)); err != nil {
		return err
	}
	l.buf = l.buf[:0]
	next := l.tail
	for _, r := range group {
		placeRecord(r.record, r.sum, next)
		r.receipt.Position = next
		next.Offset += uint32(len(r.record))
		r.receipt.Next = next
		l.buf = append(l.buf, r.record...)
	}
	_, err := l.file.WriteAt(l.buf, int64(l.tail.Offset))
	if err == nil {
		err = l.sync(l.file)
	}
	if err == nil {
		err = l.Check()
	}
	if cap(l.buf) > 2*groupBytes {
		l.buf = nil // a rare huge one is not kept
	}
	if err != nil {
		l.dirty = true
		return errors.Join(fmt.Errorf("write log: %w", noSpace(err)), l.repair())
	}
	l.tail = next
	l.publish(next)
	return nil
}

// makeRoom makes the tail a place where size bytes may be written.
func (l *Log) makeRoom(size int64) error {
	if err := l.repair(); err != nil {
		return err
	}
	if err := l.Check(); err != nil {
		return err // nor is there a place for the next segment
	}
	if has := l.Bytes(); l.opts.MaxBytes > 0 && has+size > l.opts.MaxBytes {
		return fmt.Errorf("%w: it has %d bytes of at most %d", ErrFull, has, l.opts.MaxBytes)
	}
	eighths := int64(logEighths)
	if l.failing {
		eighths = refusedEighths
	}
	if err := l.checkSpace(size, eighths); err != nil {
		return err
	}
	if l.tail != startOf(l.tail.Segment) && int64(l.tail.Offset)+size > l.opts.SegmentBytes {
		return noSpace(l.begin(l.tail.Segment + 1))
	}
	return nil
}

// repair takes away what a write that failed has left behind the tail. While
// it cannot, nothing is written.
func (l *Log) repair() error {
	if !l.dirty {
		return nil
	}
	err := l.file.Truncate(int64(l.tail.Offset))
	if err == nil {
		err = l.sync(l.file)
	}
	if err != nil {
		return fmt.Errorf("cut log segment %s back to %d bytes: %w", segmentName(l.tail.Segment), l.tail.Offset, noSpace(err))
	}
	l.dirty = false
	return nil
}

// tell logs when writing begins to fail and when it is over.
func (l *Log) tell(err error) {
	switch {
	case err != nil && !l.failing:
		l.log.Error("log cannot be written; attempts are refused until it can", "err", err)
	case err == nil && l.failing:
		l.log.Info("log is written again")
	}
	l.failing = err != nil
}

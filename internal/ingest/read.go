package ingest

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Batch is one batch of attempts as it lies in the log.
type Batch struct {
	Position Position // where it starts: the same at each replay
	Next     Position // where reading goes on after it: what a consumer saves
	Received time.Time
	Attempts []deliveries.Attempt // the reader's own
}

// PositionOf returns a position of the attempt with index i that no other
// attempt of the log has, in the order of the log. Reading starts at batches
// alone: it is no place to read from.
func (b Batch) PositionOf(i int) Position {
	return Position{Segment: b.Position.Segment, Offset: b.Position.Offset + uint32(i)} // an attempt takes several bytes
}

// Read yields the batches from a position on, oldest first, up to the durable
// end of the log, and ends there. The zero position is the oldest batch there
// is. from is zero or the Next of a batch or receipt.
//
// A *DamagedError tells of a part that cannot be read; whoever ranges on gets
// what lies behind it. After any other error there is nothing further: one
// that wraps ErrAhead when from lies behind the end, ErrNewer, what the disk
// says, or ctx's own. Several may read at a time, beside appends and Trim.
func (l *Log) Read(ctx context.Context, from Position) iter.Seq2[Batch, error] {
	return l.batches(ctx, from, false)
}

// Follow is like Read, and at the end waits for further batches until ctx
// ends, which it yields as an error, or the log is closed and all is read,
// which it does not.
func (l *Log) Follow(ctx context.Context, from Position) iter.Seq2[Batch, error] {
	return l.batches(ctx, from, true)
}

func (l *Log) batches(ctx context.Context, from Position, follow bool) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		c := cursor{log: l, at: from}
		defer c.close()
		for {
			if err := ctx.Err(); err != nil {
				yield(Batch{}, err)
				return
			}
			more := l.advanced() // asked for before the end is looked at: no news is missed
			b, err := c.next()
			if errors.Is(err, io.EOF) {
				if !follow || !wait(ctx, more) {
					return
				}
				continue
			}
			_, damaged := errors.AsType[*DamagedError](err)
			if !yield(b, err) || err != nil && !damaged {
				return
			}
		}
	}
}

// wait returns false when nothing further will come.
func wait(ctx context.Context, more <-chan struct{}) bool {
	if more == nil {
		return false
	}
	select {
	case <-more:
	case <-ctx.Done():
	}
	return true
}

// cursor is one reader's way through the segments.
type cursor struct {
	log *Log
	at  Position // of the next record; zero: the oldest
	seg *segmentReader
}

// next returns the next batch, and io.EOF at the durable end.
func (c *cursor) next() (Batch, error) {
	for {
		size, end, err := c.enter()
		if err != nil {
			return Batch{}, err
		}
		c.seg.limit = size
		payload, at, err := c.seg.next()
		switch {
		case errors.Is(err, io.EOF) && c.at.Segment == end.Segment:
			return Batch{}, io.EOF
		case errors.Is(err, io.EOF):
			c.leave()
			continue
		case errors.Is(err, errBadRecord):
			return Batch{}, c.skip(err)
		case err != nil:
			return Batch{}, err
		}
		return c.batch(payload, at)
	}
}

func (c *cursor) batch(payload []byte, at Position) (Batch, error) {
	received, attempts, err := decodePayload(payload)
	if errors.Is(err, ErrNewer) {
		return Batch{}, err
	}
	c.at = c.seg.at
	if err != nil {
		return Batch{}, &DamagedError{From: at, To: c.at, Detail: err.Error()}
	}
	return Batch{Position: at, Next: c.at, Received: received, Attempts: attempts}, nil
}

// enter opens the segment of the next record, unless it is open, and returns
// how much of it may be read and the end of the log.
func (c *cursor) enter() (size int64, end Position, err error) {
	info, end, ok := c.log.segmentFrom(c.at.Segment)
	switch {
	case end.Before(c.at) || !ok:
		return 0, end, aheadError(c.at, end)
	case c.at.IsZero():
		c.at = startOf(info.number)
	case info.number != c.at.Segment:
		from := c.at
		c.close()
		c.at = startOf(info.number)
		return 0, end, &DamagedError{From: from, To: c.at, Detail: "the file " + segmentName(from.Segment) + " is missing"}
	}
	if c.seg != nil {
		return info.size, end, nil
	}
	c.seg, err = openSegment(c.log.dir.Name(), c.at)
	if errors.Is(err, errNotASegment) && info.number < end.Segment {
		from := c.at
		c.at = startOf(info.number + 1)
		return 0, end, &DamagedError{From: from, To: c.at, Detail: err.Error()}
	}
	return info.size, end, err
}

// leave goes on to the next segment.
func (c *cursor) leave() {
	c.close()
	c.at = startOf(c.at.Segment + 1)
}

func (c *cursor) skip(cause error) error {
	from := c.at
	if _, err := c.seg.skipDamage(); err != nil {
		return err
	}
	c.at = c.seg.at
	return &DamagedError{From: from, To: c.at, Detail: cause.Error()}
}

func (c *cursor) close() {
	if c.seg != nil {
		_ = c.seg.close() // it was only read
		c.seg = nil
	}
}

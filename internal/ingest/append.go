package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Receipt says where a batch lies.
type Receipt struct {
	Position Position // where it starts
	Next     Position // where it ends
}

var errEmpty = errors.New("the batch has no attempts")

// Append writes one batch and returns once it is durable. received is when we
// got it; it is kept to the nanosecond, in UTC, and so are the attempts'
// times. attempts is not kept, at least one is wanted.
//
// An error means that the batch was not acknowledged and readers will not see
// it: ErrBusy, ErrFull, ErrTooLarge, ErrClosed, or what the disk said. The
// one exception is ctx's own error: the batch may yet be written, and its
// sender may repeat it. A batch that failed with a disk's error may, after a
// crash in that very moment, be found in the log as well.
func (l *Log) Append(ctx context.Context, received time.Time, attempts []deliveries.Attempt) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	if len(attempts) == 0 {
		return Receipt{}, errEmpty
	}
	record, sum := newRecord(received, attempts)
	if n := len(record) - recordHead; n > MaxBatchBytes {
		return Receipt{}, fmt.Errorf("append %d attempts of %d bytes: %w: want at most %d bytes", len(attempts), n, ErrTooLarge, MaxBatchBytes)
	}
	q := &request{record: record, sum: sum, done: make(chan struct{})}
	if err := l.queue.put(q); err != nil {
		return Receipt{}, err
	}
	select {
	case <-q.done:
		return q.receipt, q.err
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
}

// request is one append on its way to the disk. receipt and err may be read
// once done is closed.
type request struct {
	record  []byte
	sum     uint32 // of the payload
	receipt Receipt
	err     error
	done    chan struct{}
}

func (q *request) answer(err error) {
	if q.err = err; err != nil {
		q.receipt = Receipt{}
	}
	close(q.done)
}

const (
	// groupBytes is how much one write takes from the queue, unless a single
	// record is larger.
	groupBytes = 4 << 20
	// requestBytes is what a waiting request takes beside its record.
	requestBytes = 512
)

// queue holds what waits for the disk, bounded in bytes.
type queue struct {
	bound int64

	mu      sync.Mutex // guards the fields below
	filled  *sync.Cond
	waiting []*request
	bytes   int64
	closed  bool
}

func newQueue(bound int64) *queue {
	q := &queue{bound: bound}
	q.filled = sync.NewCond(&q.mu)
	return q
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := int64(len(r.record)) + requestBytes
	switch {
	case q.closed:
		return ErrClosed
	case len(q.waiting) > 0 && q.bytes+size > q.bound: // an empty queue takes whatever a record may be
		return fmt.Errorf("%w: %d bytes wait for the disk", ErrBusy, q.bytes)
	}
	q.waiting = append(q.waiting, r)
	q.bytes += size
	q.filled.Signal()
	return nil
}

// take waits for requests and returns as many as one write takes. It returns
// none once the queue is closed and empty.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.filled.Wait()
	}
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+len(q.waiting[n].record) <= groupBytes) {
		size += len(q.waiting[n].record)
		n++
	}
	group := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	q.bytes -= int64(size + n*requestBytes)
	return group
}

// close refuses what comes from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
}

// refuse answers all that waits, when nobody will write it.
func (q *queue) refuse() {
	for group := q.take(); len(group) > 0; group = q.take() {
		for _, r := range group {
			r.answer(ErrClosed)
		}
	}
}

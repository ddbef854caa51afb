package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
)

// Options bound a log. The zero value is fit for use.
type Options struct {
	SegmentBytes int64 // a segment is left for the next one when a write would pass this; 4 KiB to 1 GiB, 0: 64 MiB
	QueueBytes   int64 // what may wait for the disk before Append says ErrBusy; 0: 32 MiB
	MaxBytes     int64 // of all segments together, before Append says ErrFull; at least two segments, 0: what the disk has
	// ReserveBytes is what stays free on the disk: an append that would leave
	// less says ErrFull, so that what was decided can still be recorded and
	// told. 0: 64 MiB, or an eighth of a disk below 512 MiB.
	ReserveBytes int64

	// After is the furthest position that a consumer has saved. The log goes
	// on behind it even when its files were lost, so that nothing new is
	// taken for applied.
	After Position
}

func (o Options) withDefaults() (Options, error) {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = 32 << 20
	}
	if o.SegmentBytes < 4<<10 || o.SegmentBytes > 1<<30 {
		return o, fmt.Errorf("log segments of %d bytes: want 4096 to %d", o.SegmentBytes, 1<<30)
	}
	if o.QueueBytes < 0 {
		return o, fmt.Errorf("log queue of %d bytes: want none or more", o.QueueBytes)
	}
	if o.ReserveBytes < 0 {
		return o, fmt.Errorf("log reserve of %d bytes: want none or more", o.ReserveBytes)
	}
	if o.MaxBytes != 0 && o.MaxBytes < 2*o.SegmentBytes { // the last segment always stays: it must not fill the log
		return o, fmt.Errorf("log of at most %d bytes: want at least two segments, %d", o.MaxBytes, 2*o.SegmentBytes)
	}
	return o, nil
}

// Log is an append log in a folder of its own. Its methods are safe for
// concurrent use. [Log.Run] must run for Append to get anywhere.
type Log struct {
	dir     *os.File // locked, and kept to sync names
	log     *slog.Logger
	opts    Options
	queue   *queue
	running atomic.Bool
	stopped chan struct{}        // closed when Run has ended
	sync    func(*os.File) error // fdatasync
	space   func(dir string) (Space, error)

	writer // of Run alone, and of Open before it

	mu       sync.Mutex // guards the fields below
	segments []segmentInfo
	written  os.FileInfo   // of the segment that is written to, as it was opened
	number   uint32        // its number
	end      Position      // first byte that is not durable
	news     chan struct{} // closed when end moves; nil once closed for good
}

// Open opens the log in dir, which it creates with mode 0700 when it is
// absent, and makes it ready for appends: what a crash left half written at
// the end is cut, and damage in the last segment is told; both go to the log
// as well. It reads the last segment and blocks that long. One process at a
// time may have it open. Whoever opens it closes it.
func Open(dir string, log *slog.Logger, opts Options) (*Log, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	handle, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	l := &Log{
		dir: handle, log: log, opts: opts, queue: newQueue(opts.QueueBytes),
		stopped: make(chan struct{}), sync: fdatasync, space: spaceOf, news: make(chan struct{}),
	}
	if err := l.recover(); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

func openFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create log folder: %w", err)
	}
	if err := syncFolder(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open log folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("log folder %s is in use by another process: stop it, or give this one a folder of its own", dir)
		}
		return nil, fmt.Errorf("lock log folder %s: %w", dir, err)
	}
	return f, nil
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// Close ends Run, lets it write what it has accepted, and closes the files.
// A second call does nothing. Readers end when they have read all.
func (l *Log) Close() error {
	l.queue.close()
	if !l.running.CompareAndSwap(false, true) {
		<-l.stopped
	} else {
		l.queue.refuse()
		l.finish()
		close(l.stopped)
	}
	return l.closeFiles()
}

func (l *Log) closeFiles() error {
	if l.dir != nil {
		// A process that is being started at this moment has the folder open too:
		// the lock ends with this call and not with the last close.
		_ = syscall.Flock(int(l.dir.Fd()), syscall.LOCK_UN) // closing ends it as well
	}
	var errs []error
	for _, f := range []*os.File{l.file, l.dir} {
		if f == nil {
			continue
		}
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, fmt.Errorf("close log: %w", err))
		}
	}
	return errors.Join(errs...)
}

// End returns the durable end of the log: where the next batch will lie,
// unless that starts a segment.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Bytes returns how much the segments take, as far as it is durable.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytesLocked()
}

func (l *Log) bytesLocked() (sum int64) {
	for _, s := range l.segments {
		sum += s.size
	}
	return sum
}

// Check returns nil while the last segment is where it was opened. When it was
// removed, moved or unmounted, what is appended would be acknowledged and end
// with this process: Append fails then, until the same file is back, and the
// error wraps fs.ErrNotExist. It blocks for one look at the folder.
func (l *Log) Check() error {
	l.mu.Lock()
	was, name := l.written, segmentName(l.number)
	l.mu.Unlock()
	now, err := os.Stat(filepath.Join(l.dir.Name(), name))
	switch {
	case err == nil && os.SameFile(was, now):
		return nil
	case err == nil:
		err = fmt.Errorf("another file is in its place: %w", fs.ErrNotExist)
	case errors.Is(err, fs.ErrNotExist):
		err = fs.ErrNotExist // without the path again
	default:
		return fmt.Errorf("look for log segment %s: %w", name, err)
	}
	return fmt.Errorf("log segment %s was removed, moved or unmounted while it was open: what is acknowledged now would end with this process; "+
		"put the same file back (mount, mv), or restart hookvigil: %w", name, err)
}

// Trim deletes the segments that lie wholly before a position: the least of
// those that the consumers have saved. The last segment always stays. A
// reader that is not as far gets a DamagedError.
func (l *Log) Trim(before Position) error {
	for {
		l.mu.Lock()
		oldest := l.segments[0].number
		done := oldest >= before.Segment || oldest == l.end.Segment
		l.mu.Unlock()
		if done {
			return nil
		}
		if err := l.drop(oldest); err != nil {
			return err
		}
	}
}

// drop deletes a segment, oldest first, so that a crash leaves no gap.
func (l *Log) drop(number uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.segments[0].number != number || number == l.end.Segment {
		return nil // another Trim was faster
	}
	if err := os.Remove(filepath.Join(l.dir.Name(), segmentName(number))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("trim log: %w", err)
	}
	l.segments = l.segments[1:]
	return nil
}

// segmentFrom returns the first segment with that number or a greater one, and
// the end of the log.
func (l *Log) segmentFrom(number uint32) (info segmentInfo, end Position, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.number >= number {
			return s, l.end, true
		}
	}
	return segmentInfo{}, l.end, false
}

// publish makes what was written visible to readers.
func (l *Log) publish(end Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.segments) - 1; last >= 0 && l.segments[last].number == end.Segment {
		l.segments[last].size = int64(end.Offset)
	} else {
		l.segments = append(l.segments, segmentInfo{number: end.Segment, size: int64(end.Offset)})
	}
	l.end = end
	if l.news != nil {
		close(l.news)
		l.news = make(chan struct{})
	}
}

// advanced returns a channel that is closed when the end has moved or the log
// was closed; nil when it is closed already.
func (l *Log) advanced() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.news
}

// finish tells the readers that nothing further comes.
func (l *Log) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
}

func aheadError(at, end Position) error {
	return fmt.Errorf("read log from %s, which ends at %s: %w; was the log replaced by an older one?", at, end, ErrAhead)
}

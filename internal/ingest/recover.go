package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// recover finds the end of the log and makes it writable.
func (l *Log) recover() error {
	segments, err := listSegments(l.dir.Name())
	if err != nil {
		return err
	}
	l.segments = segments
	if len(segments) == 0 && !l.opts.After.IsZero() {
		l.log.Error("log is missing: attempts that were acknowledged and not applied are lost, unless their senders repeat them", "applied", l.opts.After)
	}
	if len(segments) == 0 {
		return l.begin(l.opts.After.Segment + 1)
	}
	last := segments[len(segments)-1]
	end, err := l.scan(last)
	if errors.Is(err, errNotASegment) {
		return l.replaceHead(last)
	}
	if err != nil {
		return err
	}
	if end.Before(l.opts.After) {
		l.log.Error("log ends before what was applied: acknowledged attempts may be lost", "log_end", end, "applied", l.opts.After)
		if err := l.cut(end, last.size); err != nil {
			return err
		}
		return l.begin(l.opts.After.Segment + 1)
	}
	return l.cut(end, last.size)
}

// scan reads a segment and returns where its last intact record ends. Damage
// before that is told, and left for the readers to tell again.
func (l *Log) scan(s segmentInfo) (end Position, err error) {
	r, err := openSegment(l.dir.Name(), startOf(s.number))
	if err != nil {
		return Position{}, err
	}
	defer func() { _ = r.close() }() // it was only read
	r.limit = s.size
	for {
		_, at, err := r.next()
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if errors.Is(err, errBadRecord) {
			found, err := r.skipDamage()
			if err != nil || !found {
				return at, err // all that follows is the tail that recover cuts
			}
			l.log.Error("log is damaged", "err", &DamagedError{From: at, To: r.at, Detail: errBadRecord.Error()})
			continue
		}
		if err != nil {
			return at, err
		}
	}
}

// cut opens the last segment for writing, takes away what follows end, and
// makes the rest durable: a process that was killed may have left records
// behind that the disk does not have yet, and readers shall see only those
// that it has.
func (l *Log) cut(end Position, size int64) error {
	f, err := os.OpenFile(filepath.Join(l.dir.Name(), segmentName(end.Segment)), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open log segment: %w", err)
	}
	if err := l.writes(f, end); err != nil {
		return err
	}
	if torn := size - int64(end.Offset); torn > 0 {
		l.log.Warn("log had a torn tail, which was cut: its writing was never acknowledged, or it was damaged since",
			"position", end, "bytes", torn)
	}
	l.dirty = true
	if err := l.repair(); err != nil {
		return err
	}
	if err := l.dir.Sync(); err != nil {
		return fmt.Errorf("sync log folder: %w", err)
	}
	l.publish(end)
	return nil
}

// begin makes a new last segment.
func (l *Log) begin(number uint32) error {
	if number > lastSegment {
		return fmt.Errorf("log segment %d: want at most %d", number, uint32(lastSegment))
	}
	f, err := createSegment(l.dir, number)
	if err != nil {
		return err
	}
	if l.file != nil {
		_ = l.file.Close() // all of it is durable
	}
	if err := l.writes(f, startOf(number)); err != nil {
		return err
	}
	l.publish(l.tail)
	return nil
}

// writes makes f the segment that is written to, from a place on.
func (l *Log) writes(f *os.File, from Position) error {
	l.file, l.tail = f, from
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open log segment: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written, l.number = info, from.Segment
	return nil
}

// replaceHead handles a last segment without a head. One that a crash left
// before it held a record is made anew; another stays, for people, and the
// log goes on in the next.
func (l *Log) replaceHead(s segmentInfo) error {
	if s.size > int64(segmentHead) {
		l.log.Error("log segment is damaged", "file", segmentName(s.number), "err", errNotASegment)
		return l.begin(max(s.number, l.opts.After.Segment) + 1)
	}
	l.log.Warn("log segment was created and not begun; it is made anew", "file", segmentName(s.number))
	if err := os.Remove(filepath.Join(l.dir.Name(), segmentName(s.number))); err != nil {
		return fmt.Errorf("remove empty log segment: %w", err)
	}
	l.segments = l.segments[:len(l.segments)-1]
	return l.begin(max(s.number, l.opts.After.Segment+1))
}

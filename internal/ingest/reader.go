package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// readBuffer is how much is read at a time: about 1,000 usual attempts.
const readBuffer = 256 << 10

var errBadRecord = errors.New("a record does not match its checksum")

// segmentReader reads the records of one file, up to a limit that may grow.
type segmentReader struct {
	f     *os.File
	at    Position // of the next record
	limit int64    // bytes of the file that may be looked at
	in    *bufio.Reader
	buf   []byte // the last payload
}

// openSegment opens a segment for reading at a place. A damaged head is
// errNotASegment; one of a newer program wraps ErrNewer.
func openSegment(dir string, at Position) (*segmentReader, error) {
	f, err := os.Open(filepath.Join(dir, segmentName(at.Segment)))
	if err != nil {
		return nil, fmt.Errorf("open log segment: %w", err)
	}
	head := make([]byte, segmentHead)
	n, err := f.ReadAt(head, 0)
	if err == nil || errors.Is(err, io.EOF) {
		err = checkSegmentHead(head[:n], at.Segment)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	r := &segmentReader{f: f}
	r.seek(at)
	return r, nil
}

func (r *segmentReader) seek(at Position) {
	at.Offset = max(at.Offset, uint32(segmentHead))
	r.at = at
	r.in = bufio.NewReaderSize(&upTo{r: r, off: int64(at.Offset)}, readBuffer)
}

// upTo reads a file as far as the reader's limit.
type upTo struct {
	r   *segmentReader
	off int64
}

func (u *upTo) Read(p []byte) (int, error) {
	left := u.r.limit - u.off
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := u.r.f.ReadAt(p[:min(int64(len(p)), left)], u.off)
	u.off += int64(n)
	if n > 0 {
		err = nil // met again by the next call
	}
	return n, err
}

// next returns the payload of the next record, valid until the next call, and
// its place. At the limit it is io.EOF, and next may be asked again once the
// limit has grown. After errBadRecord only skipDamage goes on.
func (r *segmentReader) next() ([]byte, Position, error) {
	at := r.at
	left := r.limit - int64(at.Offset)
	if left <= 0 {
		return nil, at, io.EOF
	}
	var head [recordHead]byte
	if left < recordHead {
		return nil, at, errBadRecord
	}
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return nil, at, r.failed(err)
	}
	n, ok := payloadLength(head[:])
	if !ok || int64(n) > left-recordHead {
		return nil, at, errBadRecord
	}
	if cap(r.buf) < n || cap(r.buf) > 8*readBuffer && n <= readBuffer { // a rare huge one is not kept
		r.buf = make([]byte, n, max(n, readBuffer))
	}
	payload := r.buf[:n]
	if _, err := io.ReadFull(r.in, payload); err != nil {
		return nil, at, r.failed(err)
	}
	if !intact(head[:], payload, at) {
		return nil, at, errBadRecord
	}
	r.at.Offset += uint32(recordHead + n)
	return payload, at, nil
}

// failed words an error of the file. The limit lies within it, so that an end
// before the limit means that it was shortened meanwhile.
func (r *segmentReader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errBadRecord
	}
	return fmt.Errorf("read log segment %s at %d: %w", segmentName(r.at.Segment), r.at.Offset, err)
}

// skipDamage goes to the next intact record and reports whether there is one;
// otherwise it goes to the limit.
func (r *segmentReader) skipDamage() (found bool, err error) {
	rest := make([]byte, max(0, r.limit-int64(r.at.Offset)-1))
	n, err := r.f.ReadAt(rest, int64(r.at.Offset)+1)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, r.failed(err)
	}
	start := Position{Segment: r.at.Segment, Offset: r.at.Offset + 1}
	to, found := findRecord(rest[:n], start)
	if !found {
		to = Position{Segment: r.at.Segment, Offset: uint32(r.limit)}
	}
	r.seek(to)
	return found, nil
}

func (r *segmentReader) close() error { return r.f.Close() }

package ingest

import "os"

// The inside, for the tests in ingest_test.
var (
	AppendPayload = appendPayload
	DecodePayload = decodePayload
	Fdatasync     = fdatasync
)

// SetSync replaces fdatasync. Call it before Run.
func (l *Log) SetSync(sync func(*os.File) error) { l.sync = sync }

// SetSpace replaces the question how much space there is. Call it before Run.
func (l *Log) SetSpace(space func(dir string) (Space, error)) { l.space = space }

// Waiting returns how many appends wait for the disk.
func (l *Log) Waiting() int {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return len(l.queue.waiting)
}

// SetBound makes the set of recent attempts a small one.
func (in *Intake) SetBound(n int) { in.recent = newRecent(n) }

// Remembered returns how many attempts the set has.
func (in *Intake) Remembered() int {
	in.recent.mu.Lock()
	defer in.recent.mu.Unlock()
	return len(in.recent.newer) + len(in.recent.older)
}

// Endpoints returns how many endpoints are held.
func (l *Lately) Endpoints() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.endpoints)
}

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

// Waiting returns how many appends wait for the disk.
func (l *Log) Waiting() int {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return len(l.queue.waiting)
}

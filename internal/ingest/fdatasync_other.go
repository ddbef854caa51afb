//go:build !linux

package ingest

import "os"

// fdatasync returns once what was written to f, and its length, survive a
// power cut.
func fdatasync(f *os.File) error { return f.Sync() }

package ingest

import "fmt"

const (
	// reserveBytes is what the log leaves free on its disk, for what must be
	// written while attempts are refused: incidents and notices first of all.
	// SQLite's write-ahead logs, the largest of these, are cut at 64 MiB.
	reserveBytes = 64 << 20
	// reserveShare of a small disk is left when that is less.
	reserveShare = 8

	// How many eighths of the reserve must be left: by the log; by the log
	// once it has refused something, so that it does not waver; and by the
	// applier, which goes on for a while with what was acknowledged.
	logEighths, refusedEighths, applyEighths = 8, 9, 4
)

// Space is how a disk stands, in bytes.
type Space struct {
	Free  int64 // for us: what is reserved for root is not
	Total int64
}

// checkSpace refuses a write of size bytes that would leave less than so many
// eighths of the reserve. It asks the disk, which takes some microseconds. When
// the disk does not say, the write finds out.
func (l *Log) checkSpace(size, eighths int64) error {
	s, err := l.space(l.dir.Name())
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	keep := l.opts.ReserveBytes
	if keep == 0 {
		keep = min(reserveBytes, s.Total/reserveShare)
	}
	if keep = keep * eighths / 8; s.Free-size < keep {
		return fmt.Errorf("%w: its disk has %d bytes free and %d are kept for incidents and notices: free some, or lower retention",
			ErrFull, max(0, s.Free), keep)
	}
	return nil
}

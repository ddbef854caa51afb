package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A segment starts with magic (the last byte is the format's version), its
// number, and a CRC-32C of both: a file under a wrong name is refused.
const (
	magic       = "hvlog\x00\x00\x01"
	segmentHead = len(magic) + 4 + 4
	extension   = ".wal"
	// lastSegment is the greatest number that a position can hold.
	lastSegment = math.MaxInt32
)

var errNotASegment = errors.New("the head of the file is damaged")

func segmentName(number uint32) string { return fmt.Sprintf("%06d%s", number, extension) }

func startOf(number uint32) Position {
	return Position{Segment: number, Offset: uint32(segmentHead)}
}

func newSegmentHead(number uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magic), number)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// checkSegmentHead tells a segment from a newer one's, and from anything else.
func checkSegmentHead(head []byte, number uint32) error {
	want := newSegmentHead(number)
	version := len(magic) - 1
	switch {
	case string(head) == string(want):
		return nil
	case len(head) == segmentHead && string(head[:version]) == magic[:version] && head[version] > magic[version] &&
		binary.LittleEndian.Uint32(head[segmentHead-4:]) == crc32.Checksum(head[:segmentHead-4], castagnoli()):
		return fmt.Errorf("%s: format %d, this hookvigil knows %d: %w", segmentName(number), head[version], magic[version], ErrNewer)
	default:
		return errNotASegment
	}
}

// createSegment makes an empty segment, durable in its folder. A failure
// leaves none behind.
func createSegment(dir *os.File, number uint32) (*os.File, error) {
	path := filepath.Join(dir.Name(), segmentName(number))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create log segment: %w", err)
	}
	_, err = f.WriteAt(newSegmentHead(number), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = dir.Sync()
	}
	if err != nil {
		_ = f.Close()       // the first error says why
		_ = os.Remove(path) // what stays is met again by the next Open
		return nil, fmt.Errorf("create log segment %s: %w", segmentName(number), err)
	}
	return f, nil
}

// segmentInfo is one file of the log.
type segmentInfo struct {
	number uint32
	size   int64 // of the one that is written to: as far as it is durable
}

// listSegments returns the segments in dir in order of number. Other files are
// left alone.
func listSegments(dir string) ([]segmentInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list log segments: %w", err)
	}
	var all []segmentInfo
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), extension)
		number, err := strconv.ParseUint(digits, 10, 31)
		if !ok || err != nil || segmentName(uint32(number)) != e.Name() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("list log segments: %w", err)
		}
		all = append(all, segmentInfo{number: uint32(number), size: info.Size()})
	}
	slices.SortFunc(all, func(a, b segmentInfo) int { return int(a.number) - int(b.number) })
	return all, nil
}

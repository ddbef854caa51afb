package ingest

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Position is a place in the log. Positions are comparable, grow with the log
// and are not used twice. The zero value is before everything.
type Position struct {
	Segment uint32 // number of the file, 1 to 2147483647
	Offset  uint32 // bytes from its start
}

// PositionOf is the inverse of [Position.Int64]. It refuses a negative number.
func PositionOf(n int64) (Position, error) {
	if n < 0 {
		return Position{}, fmt.Errorf("log position %d is negative", n)
	}
	return Position{Segment: uint32(n >> 32), Offset: uint32(n & math.MaxUint32)}, nil
}

// Int64 returns the position as one number of the same order, for a database
// column: never negative, 0 for the zero value.
func (p Position) Int64() int64 { return int64(p.Segment)<<32 | int64(p.Offset) }

// Compare returns -1 when p is before o, 0 when they are the same, 1 when p is
// after o.
func (p Position) Compare(o Position) int { return cmp.Compare(p.Int64(), o.Int64()) }

// Before reports whether p lies before o.
func (p Position) Before(o Position) bool { return p.Compare(o) < 0 }

// IsZero reports whether p is the zero value.
func (p Position) IsZero() bool { return p == Position{} }

// String returns the segment as its file is named, and the offset:
// "000123:4567".
func (p Position) String() string { return fmt.Sprintf("%06d:%d", p.Segment, p.Offset) }

// MarshalText implements [encoding.TextMarshaler] with what String returns.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It reads what String
// writes, and leaves p alone when it cannot.
func (p *Position) UnmarshalText(text []byte) error {
	segment, offset, _ := strings.Cut(string(text), ":")
	s, errSegment := strconv.ParseUint(segment, 10, 31)
	o, errOffset := strconv.ParseUint(offset, 10, 32)
	if errSegment != nil || errOffset != nil {
		return fmt.Errorf("log position %.40q: want segment:offset, as in 000123:4567", text)
	}
	*p = Position{Segment: uint32(s), Offset: uint32(o)}
	return nil
}

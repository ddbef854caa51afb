package rules

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// BucketVersion is the shape of a Bucket at rest. Version 1, which is read too,
// does not say where in its place a time lies: it is taken for the shortest of
// the place, up to a sixth less than it was, so that none is told as longer.
const (
	BucketVersion = 2

	bucketNoParts = 1
)

var errBucket = errors.New("no bucket of this version")

// MarshalBinary implements [encoding.BinaryMarshaler]: some tens of bytes.
// Equal buckets give equal bytes.
func (b Bucket) MarshalBinary() ([]byte, error) {
	out := []byte{BucketVersion}
	out = binary.AppendVarint(out, int64(b.Covered))
	out = binary.AppendVarint(out, int64(b.Down))
	out = binary.AppendUvarint(out, uint64(len(b.Counts)))
	for _, fault := range slices.Sorted(maps.Keys(b.Counts)) {
		out = binary.AppendUvarint(out, uint64(len(fault)))
		out = append(out, fault...)
		out = binary.AppendVarint(out, int64(b.Counts[fault]))
	}
	for place, n := range b.Took.counts {
		if n > 0 {
			out = binary.AppendUvarint(out, uint64(place))
			out = binary.AppendUvarint(out, uint64(n))
			out = binary.AppendUvarint(out, b.Took.parts[place])
		}
	}
	return out, nil
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]. It refuses what
// MarshalBinary did not write, in this version or the one before.
func (b *Bucket) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != BucketVersion && data[0] != bucketNoParts {
		return errBucket
	}
	r := bucketReader{rest: data[1:]}
	next := Bucket{Covered: time.Duration(r.signed()), Down: time.Duration(r.signed())}
	for range min(r.unsigned(), uint64(len(data))) {
		fault := probes.Fault(r.text())
		n := r.signed()
		if next.Counts == nil {
			next.Counts = map[probes.Fault]int{}
		}
		next.Counts[fault] = int(n)
	}
	for len(r.rest) > 0 && r.err == nil {
		place, n := r.unsigned(), min(r.unsigned(), math.MaxUint32)
		var parts uint64
		if data[0] != bucketNoParts {
			parts = min(r.unsigned(), n*latencyParts) // more lies in no place
		}
		if place >= latencyPlaces {
			return fmt.Errorf("bucket: place %d of %d: %w", place, latencyPlaces, errBucket)
		}
		next.Took.add(int(place), int(n), int(parts))
	}
	if r.err != nil {
		return r.err
	}
	*b = next
	return nil
}

// bucketReader reads numbers until the first that is broken.
type bucketReader struct {
	rest []byte
	err  error
}

func (r *bucketReader) take(n int) {
	if n <= 0 || n > len(r.rest) {
		r.err, r.rest = fmt.Errorf("bucket ends early: %w", errBucket), nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *bucketReader) unsigned() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.take(n)
	return v
}

func (r *bucketReader) signed() int64 {
	v, n := binary.Varint(r.rest)
	r.take(n)
	return v
}

func (r *bucketReader) text() string {
	n := r.unsigned()
	if r.err != nil || n == 0 || n > uint64(len(r.rest)) {
		r.take(0)
		return ""
	}
	s := string(r.rest[:n])
	r.take(int(n))
	return s
}

package ingest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// A record is a mark, the payload's length, a checksum (4 bytes each, little
// endian) and the payload. The checksum is a CRC-32C of the payload, then of
// the segment, the offset and the length: a record that lies anywhere but in
// its place is not one.
const (
	recordHead = 12
	// mark starts each record. Its first and last byte are in no UTF-8 text,
	// so that no text of an attempt can look like a record.
	mark = "\xfehv\xff"
	// MaxBatchBytes bounds the encoded batch, about 80,000 usual attempts.
	MaxBatchBytes = 16 << 20
)

// newRecord encodes a batch with room for the head, and returns the checksum
// of the payload: the place is not known yet.
func newRecord(received time.Time, attempts []deliveries.Attempt) (record []byte, sum uint32) {
	record = make([]byte, recordHead, recordHead+32+256*len(attempts))
	record = appendPayload(record, received, attempts)
	return record, crc32.Checksum(record[recordHead:], castagnoli())
}

// placeRecord fills in the head of a record that goes to at.
func placeRecord(record []byte, sum uint32, at Position) {
	length := uint32(len(record) - recordHead)
	copy(record, mark)
	binary.LittleEndian.PutUint32(record[4:], length)
	binary.LittleEndian.PutUint32(record[8:], placedSum(sum, at, length))
}

func placedSum(sum uint32, at Position, length uint32) uint32 {
	var place [12]byte
	binary.LittleEndian.PutUint32(place[0:], at.Segment)
	binary.LittleEndian.PutUint32(place[4:], at.Offset)
	binary.LittleEndian.PutUint32(place[8:], length)
	return crc32.Update(sum, castagnoli(), place[:])
}

// castagnoli returns the table that the standard library keeps for the
// processor's own instruction.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// payloadLength reads a head; false when it is none, or promises more than a
// record may have.
func payloadLength(head []byte) (n int, ok bool) {
	if len(head) < recordHead || string(head[:len(mark)]) != mark {
		return 0, false
	}
	length := binary.LittleEndian.Uint32(head[4:])
	return int(length), length <= MaxBatchBytes
}

// intact reports whether payload is what the head says, at that place.
func intact(head, payload []byte, at Position) bool {
	sum := placedSum(crc32.Checksum(payload, castagnoli()), at, uint32(len(payload)))
	return sum == binary.LittleEndian.Uint32(head[8:])
}

// findRecord returns the place of the first intact record in data, which
// starts at start; false when there is none.
func findRecord(data []byte, start Position) (Position, bool) {
	for skipped := 0; ; skipped++ {
		i := bytes.Index(data[skipped:], []byte(mark))
		if i < 0 {
			return Position{}, false
		}
		skipped += i
		rest := data[skipped:]
		at := Position{Segment: start.Segment, Offset: start.Offset + uint32(skipped)}
		n, ok := payloadLength(rest)
		if ok && n <= len(rest)-recordHead && intact(rest[:recordHead], rest[recordHead:recordHead+n], at) {
			return at, true
		}
	}
}

package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// payloadVersion leads every payload. What was written stays readable: a
// change of the encoding is a new number beside the old one.
const payloadVersion = 1

var errMalformed = errors.New("the contents do not follow the encoding")

// The parts of an attempt, in the order of their bits in its mask.
const (
	textCount = 14
	timeCount = 4
	numCount  = 3
	maskEnd   = 1 << (textCount + timeCount + numCount)
)

// appendPayload encodes a batch: version, receive time, count, attempts. An
// attempt is a mask of what it has, then the lengths of its texts, its times
// (seconds counted from the receive time, and nanoseconds), its numbers, and
// at last its texts in one piece. All numbers are varints.
func appendPayload(b []byte, received time.Time, attempts []deliveries.Attempt) []byte {
	b = append(b, payloadVersion)
	b = binary.AppendVarint(b, received.Unix())
	b = binary.AppendUvarint(b, uint64(received.Nanosecond()))
	b = binary.AppendUvarint(b, uint64(len(attempts)))
	for i := range attempts {
		b = appendAttempt(b, received.Unix(), &attempts[i])
	}
	return b
}

func appendAttempt(b []byte, base int64, a *deliveries.Attempt) []byte {
	texts := [textCount]string{
		a.Source, a.ID, a.Merchant, a.Endpoint, a.URL, a.Event, a.Type, a.Product, a.Channel, a.Key, a.Actor, a.Error,
		string(a.Trigger), string(a.Mode),
	}
	times := [timeCount]time.Time{a.OccurredAt, a.CreatedAt, a.ExpiresAt, a.StartedAt}
	nums := [numCount]int64{int64(a.Duration), int64(a.Number), int64(a.Status)}
	b = binary.AppendUvarint(b, maskOf(&texts, &times, &nums))
	for _, s := range texts {
		if s != "" {
			b = binary.AppendUvarint(b, uint64(len(s)))
		}
	}
	for _, t := range times {
		if !t.IsZero() {
			b = binary.AppendVarint(b, t.Unix()-base)
			b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
		}
	}
	for _, n := range nums {
		if n != 0 {
			b = binary.AppendVarint(b, n)
		}
	}
	for _, s := range texts {
		b = append(b, s...)
	}
	return b
}

func maskOf(texts *[textCount]string, times *[timeCount]time.Time, nums *[numCount]int64) uint64 {
	var mask, bit uint64 = 0, 1
	mark := func(there bool) {
		if there {
			mask |= bit
		}
		bit <<= 1
	}
	for _, s := range texts {
		mark(s != "")
	}
	for _, t := range times {
		mark(!t.IsZero())
	}
	for _, n := range nums {
		mark(n != 0)
	}
	return mask
}

// decodePayload is the inverse of appendPayload. An attempt's texts share one
// allocation; nothing points into b.
func decodePayload(b []byte) (received time.Time, attempts []deliveries.Attempt, err error) {
	r := &payloadReader{b: b}
	if version := r.byte(); !r.bad && version != payloadVersion {
		return time.Time{}, nil, fmt.Errorf("payload version %d, this hookvigil knows %d: %w", version, payloadVersion, ErrNewer)
	}
	base := r.varint()
	received = time.Unix(base, r.nanos()).UTC()
	count := r.uvarint()
	if r.bad || count > uint64(len(r.b)) {
		return time.Time{}, nil, errMalformed
	}
	attempts = make([]deliveries.Attempt, 0, min(count, 4096)) // count is not to be trusted with memory
	for range count {
		attempts = append(attempts, r.attempt(base))
		if r.bad {
			return time.Time{}, nil, errMalformed
		}
	}
	if len(r.b) != 0 {
		return time.Time{}, nil, errMalformed
	}
	return received, attempts, nil
}

// payloadReader takes a payload apart. Once bad, it returns zeros.
type payloadReader struct {
	b   []byte // not yet read
	bad bool
}

func (r *payloadReader) attempt(base int64) (a deliveries.Attempt) {
	mask := r.uvarint()
	r.bad = r.bad || mask >= maskEnd
	var lengths [textCount]int
	for i := range lengths {
		if mask>>i&1 == 1 {
			lengths[i] = r.length()
		}
	}
	mask >>= textCount
	for i, t := range [timeCount]*time.Time{&a.OccurredAt, &a.CreatedAt, &a.ExpiresAt, &a.StartedAt} {
		if mask>>i&1 == 1 {
			*t = time.Unix(base+r.varint(), r.nanos()).UTC()
		}
	}
	var nums [numCount]int64
	for i := range nums {
		if mask>>(timeCount+i)&1 == 1 {
			nums[i] = r.varint()
		}
	}
	a.Duration, a.Number, a.Status = time.Duration(nums[0]), int(nums[1]), int(nums[2])
	r.texts(&a, lengths)
	return a
}

func (r *payloadReader) texts(a *deliveries.Attempt, lengths [textCount]int) {
	total := 0
	for _, n := range lengths {
		total += n // each is at most len(r.b)
	}
	if r.bad = r.bad || total > len(r.b); r.bad {
		return
	}
	all := string(r.b[:total])
	r.b = r.b[total:]
	var trigger, mode string
	for i, s := range [textCount]*string{
		&a.Source, &a.ID, &a.Merchant, &a.Endpoint, &a.URL, &a.Event, &a.Type, &a.Product, &a.Channel, &a.Key, &a.Actor, &a.Error,
		&trigger, &mode,
	} {
		*s, all = all[:lengths[i]], all[lengths[i]:]
	}
	a.Trigger, a.Mode = deliveries.Trigger(trigger), deliveries.Mode(mode)
}

func (r *payloadReader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *payloadReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if r.bad = r.bad || size <= 0; r.bad {
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *payloadReader) varint() int64 {
	n, size := binary.Varint(r.b)
	if r.bad = r.bad || size <= 0; r.bad {
		return 0
	}
	r.b = r.b[size:]
	return n
}

// length reads a text's length, which is never more than what is left.
func (r *payloadReader) length() int {
	n := r.uvarint()
	if r.bad = r.bad || n > uint64(len(r.b)); r.bad {
		return 0
	}
	return int(n)
}

func (r *payloadReader) nanos() int64 {
	n := r.uvarint()
	if r.bad = r.bad || n >= uint64(time.Second); r.bad {
		return 0
	}
	return int64(n)
}

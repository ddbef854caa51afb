package deliveries

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// The three ways to tell attempts apart. The tag leads the encoding, so that
// none of them can look like another.
const (
	byNumber byte = 1 // source, event, endpoint, number
	byID     byte = 2 // source, id
	byStart  byte = 3 // source, event, endpoint, start
)

// Identity says which attempt this is: two records with the same identity
// tell of the same request. An automatic attempt with a number is known by
// source, event, endpoint and number; a manual one, or one without a number,
// by source and id, or when it has no id by source, event, endpoint and start.
// Where Endpoint is empty, merchant and URL stand for it: ask only once the
// endpoint is resolved.
//
// It is the first half of the SHA-256 of a tag and of the fields in this
// order, each string after its length (uvarint), each number as 8 bytes, each
// time as seconds and nanoseconds (8 and 4 bytes): no two different lists of
// fields have the same encoding. It is stored: to change it makes every
// attempt that is known a new one.
func (a Attempt) Identity() [16]byte {
	b := make([]byte, 0, 512)
	switch {
	case a.Trigger != Manual && a.Number > 0:
		b = a.appendPlace(append(b, byNumber))
		b = appendNumber(b, int64(a.Number))
	case a.ID != "":
		b = appendText(append(b, byID), a.Source)
		b = appendText(b, a.ID)
	default:
		b = a.appendPlace(append(b, byStart))
		b = appendTime(b, a.StartedAt)
	}
	return half(b)
}

// ContentHash is a hash of everything that the attempt says, in the encoding
// of [Attempt.Identity]: equal exactly when the attempts are.
func (a Attempt) ContentHash() [16]byte {
	b := make([]byte, 0, 1024)
	for _, s := range [...]string{
		a.Source, a.ID, a.Merchant, a.Endpoint, a.URL, a.Event, a.Type, a.Product, a.Channel, a.Key, a.Actor, a.Error,
		string(a.Trigger), string(a.Mode),
	} {
		b = appendText(b, s)
	}
	for _, t := range [...]time.Time{a.OccurredAt, a.CreatedAt, a.ExpiresAt, a.StartedAt} {
		b = appendTime(b, t)
	}
	for _, n := range [...]int64{int64(a.Duration), int64(a.Number), int64(a.Status)} {
		b = appendNumber(b, n)
	}
	return half(b)
}

// Compare orders attempts of one identity by start, then by content hash. Of
// two that contradict each other the lower one stays, in whatever order they
// came. It is 0 for attempts that say the same.
func (a Attempt) Compare(b Attempt) int {
	if order := a.StartedAt.Compare(b.StartedAt); order != 0 {
		return order
	}
	x, y := a.ContentHash(), b.ContentHash()
	return bytes.Compare(x[:], y[:])
}

// appendPlace appends source, event and endpoint.
func (a Attempt) appendPlace(b []byte) []byte {
	b = appendText(b, a.Source)
	b = appendText(b, a.Event)
	b = appendText(b, a.Endpoint)
	if a.Endpoint == "" {
		b = appendText(b, a.Merchant)
		b = appendText(b, a.URL)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumber(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint32(appendNumber(b, t.Unix()), uint32(t.Nanosecond()))
}

func half(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

package deliveries

import (
	"encoding/binary"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// DuplicateClass says what an attempt is beside the others of its event. It
// is a stable word: a value in JSON and a metric label.
type DuplicateClass string

// The classes.
const (
	DuplicateRetry    DuplicateClass = "retry"                   // automatic, the attempt before failed: as it should be
	DuplicateAckLost  DuplicateClass = "ack_lost_suspect"        // a retry after timeout_response, reset or closed: it may have arrived before
	DuplicateSuccess  DuplicateClass = "duplicate_after_success" // automatic, of an event that was delivered: a defect of the sender
	DuplicateManual   DuplicateClass = "manual_duplicate"        // somebody sent again what was delivered
	DuplicateSemantic DuplicateClass = "semantic_duplicate"      // another event, same type, business key and endpoint: sent again upstream
)

// OrderOptions bounds what an [Order] remembers. The zero value means the
// defaults.
type OrderOptions struct {
	Keys int           // most keys, up to 16,777,216; 0 or less: 1,000,000
	Keep time.Duration // how long a key is kept; 0 or less: 72 h
}

const (
	orderKeys = 1_000_000
	orderMost = 1 << 24
	orderKeep = 72 * time.Hour // the known schedules end sooner but for hook0, adyen and standard-webhooks
)

// Order finds duplicates and broken order among the attempts of one source.
// An event takes one key, and one with a business key up to two more (its
// type and key, its key; each at an endpoint). A key takes 51 bytes at most,
// 48 when the million is full: 48 MB, beside 104 KB for counts. Keys are hashes
// of 64 bits; that any two of a million agree has a chance of 3 in 10^8.
//
// Make one with [NewOrder]. It is not safe for concurrent use. Its clock is
// the newest start of an attempt, so that the same attempts in the same order
// give the same report.
type Order struct {
	keep    int32 // minutes
	keys    keyRing
	until   time.Time
	dropped int
	all     OrderCounts
	minutes [orderMinutes]orderMinute
	text    []byte // to make keys in
}

// NewOrder returns an Order that knows no attempt yet.
func NewOrder(o OrderOptions) *Order {
	if o.Keys <= 0 {
		o.Keys = orderKeys
	}
	if o.Keep <= 0 {
		o.Keep = orderKeep
	}
	return &Order{keep: whole32(int64(o.Keep), int64(time.Minute)), keys: newKeyRing(min(o.Keys, orderMost))}
}

// Took notes an attempt, with its [Attempt.Outcome], and returns what it is;
// nil when it is nothing of note, which is usual. Each attempt is handed in
// once, in any order, its endpoint resolved.
//
// When an attempt comes late, the classes are those that it brings to light:
// a first try that timed out, handed in after the second, is told as
// ack_lost_suspect then. So counts come out the same, but for rare chains of
// several late ones, of which at least one is counted.
//
// Test mode and pings do not count, nor does what did not reach the endpoint
// (sender_error, canceled), nor an attempt without event or start.
func (o *Order) Took(a Attempt, fault probes.Fault) []DuplicateClass {
	if a.Mode == Test || a.Synthetic() || a.Event == "" || a.StartedAt.IsZero() ||
		fault == probes.FaultSenderError || fault == probes.FaultCanceled {
		return nil
	}
	if a.StartedAt.After(o.until) {
		o.until = a.StartedAt
	}
	o.keys.expire(minuteOf(o.until) - o.keep)

	key := o.eventKey(a)
	event, fresh := o.slot(key)
	delivered := event.flags&eventDelivered == 0 && fault == probes.FaultNone
	classes := tookEvent(event, a, fault)
	if fresh && a.Type != "" && a.Key != "" && o.semantic(a, key) {
		classes = append(classes, DuplicateSemantic)
	}
	var inversion time.Duration
	if delivered && a.Key != "" && !a.CreatedAt.IsZero() {
		inversion = o.overtaken(a)
	}
	o.count(a.StartedAt, classes, inversion)
	return classes
}

// slot returns the slot of a key, and whether it is a new one.
func (o *Order) slot(key uint64) (s *keySlot, fresh bool) {
	if s = o.keys.find(key); s != nil {
		return s, false
	}
	s, dropped := o.keys.add(key, minuteOf(o.until))
	if dropped {
		o.dropped++
	}
	return s, true
}

// semantic reports whether another event told the same before. The slot
// holds the key of the first one in a.
func (o *Order) semantic(a Attempt, event uint64) bool {
	s, fresh := o.slot(o.key('s', a, a.Type, a.Key))
	if fresh {
		s.a = int64(event)
	}
	return s.a != int64(event)
}

// overtaken returns by how much time of creation the order of delivery of a
// business key is broken, 0 when it is not or the two were created together. Of a key the slot holds when the
// last-created delivered event was created (a), and when it was delivered (b).
func (o *Order) overtaken(a Attempt) time.Duration {
	created, end := a.CreatedAt.UnixMilli(), a.Completed().UnixMilli()
	s, fresh := o.slot(o.key('k', a, a.Key))
	lastCreated, lastEnd := s.a, s.b
	if fresh || created > lastCreated {
		s.a, s.b = created, end
	}
	if fresh || end == lastEnd || (created < lastCreated) == (end < lastEnd) {
		return 0
	}
	return time.UnixMilli(created).Sub(time.UnixMilli(lastCreated)).Abs()
}

func (o *Order) eventKey(a Attempt) uint64 { return o.key('e', a, a.Event) }

// key hashes a kind of key, an endpoint and some texts.
func (o *Order) key(kind byte, a Attempt, texts ...string) uint64 {
	o.text = appendText(append(o.text[:0], kind), a.Endpoint)
	if a.Endpoint == "" {
		o.text = appendText(appendText(o.text, a.Merchant), a.URL)
	}
	for _, t := range texts {
		o.text = appendText(o.text, t)
	}
	sum := half(o.text)
	return binary.BigEndian.Uint64(sum[:])
}

func minuteOf(t time.Time) int32 { return whole32(t.Unix(), 60) }

package api

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// How much of what is handed in may be under way at once. What is beyond is
// answered 429: its sender has it still, and a daemon without memory has
// nothing.
const (
	maxDecoding = 8        // requests whose body is read
	maxOfOne    = 4        // of them by one caller: who sends slowly holds up nobody else
	maxInflow   = 64 << 20 // bytes of attempts that are decoded and not yet durable
)

// inflow counts what is under way. It is safe for concurrent use.
type inflow struct {
	bytes room

	mu       sync.Mutex     // guards the fields below
	decoding int            // requests whose body is read
	of       map[string]int // of them by caller
}

func newInflow() *inflow { return &inflow{of: map[string]int{}} }

// enter takes a place for one request of a caller, if there is one. The caller
// leaves.
func (f *inflow) enter(caller string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.decoding >= maxDecoding || f.of[caller] >= maxOfOne {
		return false
	}
	f.decoding++
	f.of[caller]++
	return true
}

func (f *inflow) leave(caller string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decoding--
	if f.of[caller]--; f.of[caller] == 0 {
		delete(f.of, caller)
	}
}

// room is what is left of maxInflow. It is safe for concurrent use.
type room struct{ taken atomic.Int64 }

// hold takes room for n bytes, if there is any. The caller drops them.
func (r *room) hold(n int64) bool {
	if r.taken.Add(n) <= maxInflow {
		return true
	}
	r.taken.Add(-n)
	return false
}

func (r *room) drop(n int64) { r.taken.Add(-n) }

// weight is about how many bytes an attempt takes in memory.
func weight(a *deliveries.Attempt) int64 {
	texts := len(a.Source) + len(a.ID) + len(a.Merchant) + len(a.Endpoint) + len(a.URL) + len(a.Event) +
		len(a.Type) + len(a.Product) + len(a.Channel) + len(a.Key) + len(a.Actor) + len(a.Error)
	return int64(unsafe.Sizeof(*a)) + int64(texts)
}

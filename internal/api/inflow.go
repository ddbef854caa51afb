package api

import (
	"sync/atomic"
	"unsafe"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// How much of what is handed in may be under way at once. What is beyond is
// answered 429: its sender has it still, and a daemon without memory has
// nothing.
const (
	maxDecoding = 8        // requests whose body is read
	maxInflow   = 64 << 20 // bytes of attempts that are decoded and not yet durable
)

// inflow counts what is under way. It is safe for concurrent use.
type inflow struct {
	decoding chan struct{} // its capacity is the bound
	bytes    room
}

func newInflow() *inflow { return &inflow{decoding: make(chan struct{}, maxDecoding)} }

// enter takes a place for one request, if there is one. The caller leaves.
func (f *inflow) enter() bool {
	select {
	case f.decoding <- struct{}{}:
		return true
	default:
		return false
	}
}

func (f *inflow) leave() { <-f.decoding }

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

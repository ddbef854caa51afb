package backtest

import (
	"container/heap"
	"time"
)

// The defaults of [Settings].
const (
	DefaultWindow    = 5 * time.Minute
	DefaultMostHeld  = 250_000
	DefaultMostKnown = 4_000_000
	DefaultMostOpen  = 250_000
)

// queue puts records into the order of their receipt.
type queue struct {
	window time.Duration
	most   int

	slots  slots
	items  []item
	free   []int
	seq    int
	newest time.Time // receipt of any record so far
	out    time.Time // of the last one that went out

	disordered int
}

// slot is a record that waits. Of two received at the same moment the one that
// came first goes out first.
type slot struct {
	at  int64
	seq int
	in  int // items
}

// push takes a record. One that comes when later ones have gone out counts as
// received just now, as it would have been live.
func (q *queue) push(it item) {
	if it.at.Before(q.out) {
		it.at = q.out
		q.disordered++
	}
	if it.at.After(q.newest) {
		q.newest = it.at
	}
	place := len(q.items)
	if n := len(q.free); n > 0 {
		place, q.free = q.free[n-1], q.free[:n-1]
		q.items[place] = it
	} else {
		q.items = append(q.items, it)
	}
	q.seq++
	heap.Push(&q.slots, slot{it.at.UnixNano(), q.seq, place})
}

// pop returns the next record whose time has come; with all, whichever is
// next.
func (q *queue) pop(all bool) (item, bool) {
	if len(q.slots) == 0 {
		return item{}, false
	}
	if !all && len(q.slots) <= q.most && q.slots[0].at > q.newest.Add(-q.window).UnixNano() {
		return item{}, false
	}
	s, _ := heap.Pop(&q.slots).(slot)
	it := q.items[s.in]
	q.items[s.in] = item{}
	q.free = append(q.free, s.in)
	q.out = it.at
	return it, true
}

// slots is a heap by receipt.
type slots []slot

// Len implements [heap.Interface].
func (s slots) Len() int { return len(s) }

// Less implements [heap.Interface].
func (s slots) Less(i, j int) bool {
	if s[i].at != s[j].at {
		return s[i].at < s[j].at
	}
	return s[i].seq < s[j].seq
}

// Swap implements [heap.Interface].
func (s slots) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push implements [heap.Interface].
func (s *slots) Push(x any) {
	if one, ok := x.(slot); ok {
		*s = append(*s, one)
	}
}

// Pop implements [heap.Interface].
func (s *slots) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// known remembers the identities of the newest records: at least half as many
// as most, and never more.
type known struct {
	most     int
	now, old map[uint64]struct{}
	forgot   bool // something: duplicates are then at least so many
}

func newKnown(most int) *known {
	return &known{most: max(most/2, 1), now: map[uint64]struct{}{}, old: map[uint64]struct{}{}}
}

// holds reports whether a record was seen.
func (k *known) holds(id uint64) bool {
	_, now := k.now[id]
	_, old := k.old[id]
	return now || old
}

// has reports whether a record was seen, and remembers it. 8 bytes of its
// identity serve: among four million two are alike by chance once in two
// million logs.
func (k *known) has(id uint64) bool {
	if k.holds(id) {
		return true
	}
	if len(k.now) >= k.most {
		k.forgot = k.forgot || len(k.old) > 0
		k.old, k.now = k.now, make(map[uint64]struct{}, k.most)
	}
	k.now[id] = struct{}{}
	return false
}

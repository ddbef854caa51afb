package traffic

import "math"

// queue is a heap of values by time; of one time, the first in is the first
// out. The values lie still: only their places are moved.
type queue[T any] struct {
	heap  []entry
	slots []T
	free  []int32
	count uint64
}

type entry struct {
	at    int64
	order uint64
	slot  int32
}

func (e entry) before(o entry) bool { return e.at < o.at || e.at == o.at && e.order < o.order }

// first is the earliest time, the end of time for an empty queue.
func (q *queue[T]) first() int64 {
	if len(q.heap) == 0 {
		return math.MaxInt64
	}
	return q.heap[0].at
}

func (q *queue[T]) push(at int64, v T) {
	slot := int32(len(q.slots))
	if n := len(q.free); n > 0 {
		slot, q.free = q.free[n-1], q.free[:n-1]
		q.slots[slot] = v
	} else {
		q.slots = append(q.slots, v)
	}
	q.count++
	q.heap = append(q.heap, entry{at, q.count, slot})
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.heap[i].before(q.heap[up]) {
			return
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

// pop takes the earliest value out. The queue is not empty.
func (q *queue[T]) pop() (v T, at int64) {
	top, last := q.heap[0], len(q.heap)-1
	v, q.slots[top.slot] = q.slots[top.slot], v
	q.free = append(q.free, top.slot)
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && q.heap[down].before(q.heap[least]) {
				least = down
			}
		}
		if least == i {
			return v, top.at
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}

package probes

import (
	"container/heap"
	"context"
	"hash/fnv"
	"sync"
	"time"
)

// Slot is one thing to look at regularly.
type Slot struct {
	ID       string
	Interval time.Duration
	First    time.Duration // when new: the first turn falls within this, still spread by the hash; 0: within Interval
}

// Tick is one turn of a slot.
type Tick struct {
	ID      string
	Due     time.Time     // when it should have begun
	Late    time.Duration // how much later it did begin
	Skipped int           // regular turns that fell due while the last look still ran
}

// Schedule spreads looks evenly: a slot's turns fall on the moments t with
// t mod interval = hash(ID) mod interval, so that a restart or a reload keeps
// its phase and no herd ever forms. A slot has at most one look running; a
// look that outlasts its interval skips turns, which are counted. It is safe
// for concurrent use; the zero value is not, see NewSchedule.
type Schedule struct {
	mu sync.Mutex
	// guarded by mu
	slots   map[string]*slot
	queue   dueQueue
	running int
	most    int           // looks that may run at a time
	poke    chan struct{} // of capacity 1: the head of the queue may have changed
}

type slot struct {
	Slot
	due     time.Time
	index   int // in the queue; -1 while its look runs
	removed bool
	again   bool // Now was called while its look ran
	skipped int  // turns that passed during its last look
}

// NewSchedule returns an empty schedule that runs at most so many looks at a
// time; what is due beyond that waits, and is late. Slow endpoints hold their
// places for a whole timeout, so that most should be far above
// (endpoints that hang) x timeout / interval.
func NewSchedule(most int) *Schedule {
	return &Schedule{slots: map[string]*slot{}, most: max(most, 1), poke: make(chan struct{}, 1)}
}

// Set replaces the slots. A slot that stays keeps its phase, and whatever
// runs goes on; a changed interval takes effect at once. An interval of zero
// or less is not scheduled.
func (s *Schedule) Set(slots []Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wanted := make(map[string]bool, len(slots))
	for _, next := range slots {
		if next.Interval <= 0 {
			continue
		}
		wanted[next.ID] = true
		have := s.slots[next.ID]
		if have != nil && have.removed { // its look still runs: it goes on as the same slot
			have.removed, have.Slot = false, next
			continue
		}
		if have == nil {
			have = &slot{Slot: next, index: -1, due: firstTurn(next, now)}
			s.slots[next.ID] = have
			heap.Push(&s.queue, have)
		} else if have.Interval != next.Interval {
			have.Interval = next.Interval
			s.moveLocked(have, nextTurn(next, now))
		}
	}
	for id, have := range s.slots {
		if !wanted[id] {
			s.removeLocked(have)
		}
	}
	s.pokeLocked()
}

// Now makes the slot's next turn due at once; false when there is no such slot.
func (s *Schedule) Now(id string) bool { return s.Soon([]string{id}, 0) == 1 }

// Soon makes the next turns of slots due within a span, spread by the hash of
// their IDs, where they are not due sooner anyway. It returns how many of them
// there are.
func (s *Schedule) Soon(ids []string, within time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, n := time.Now(), 0
	for _, id := range ids {
		have := s.slots[id]
		if have == nil || have.removed {
			continue
		}
		n++
		due := now
		if within > 0 {
			due = now.Add(time.Duration(hash(id) % uint64(within)))
		}
		if have.index < 0 {
			have.again = true
		} else if due.Before(have.due) {
			s.moveLocked(have, due)
		}
	}
	s.pokeLocked()
	return n
}

// Overdue returns how long the slot that has waited longest is past its time,
// zero when none is: a schedule that has stopped, or cannot keep up, shows it.
func (s *Schedule) Overdue(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return 0
	}
	return max(0, now.Sub(s.queue[0].due))
}

// Running returns how many slots have a look running.
func (s *Schedule) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// Run calls look for each turn, each in a goroutine of its own, until ctx
// ends; then it waits for the looks that run. look returns how long to wait
// for the slot's next turn, zero for the regular one. ctx is passed through:
// whoever wants looks to finish gives them a context of their own.
func (s *Schedule) Run(ctx context.Context, look func(ctx context.Context, t Tick) (next time.Duration)) error {
	var running sync.WaitGroup
	defer running.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		due, wait := s.take(time.Now())
		for _, d := range due {
			running.Go(func() {
				next := time.Duration(0)
				defer func() { s.done(d.slot, next) }() // also when look panics: the slot must not be lost
				next = look(ctx, d.tick)
			})
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.poke:
		case <-timer.C:
		}
	}
}

// turn is a slot whose time has come.
type turn struct {
	slot *slot
	tick Tick
}

// take removes what is due from the queue, and says how long nothing else is.
func (s *Schedule) take(now time.Time) ([]turn, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []turn
	for len(s.queue) > 0 && !s.queue[0].due.After(now) {
		if s.running >= s.most {
			return due, time.Hour // the end of a look pokes
		}
		s.running++
		sl, _ := heap.Pop(&s.queue).(*slot)
		due = append(due, turn{sl, Tick{ID: sl.ID, Due: sl.due, Late: now.Sub(sl.due), Skipped: sl.skipped}})
		sl.skipped = 0
	}
	if len(s.queue) == 0 {
		return due, time.Hour
	}
	return due, s.queue[0].due.Sub(now)
}

// done puts a slot back after its look.
func (s *Schedule) done(sl *slot, next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if sl.removed {
		delete(s.slots, sl.ID)
		s.pokeLocked()
		return
	}
	now := time.Now()
	switch {
	case sl.again:
		sl.again, sl.due = false, now
	case next > 0:
		sl.due = now.Add(next)
	default:
		begun := sl.due
		sl.due = nextTurn(sl.Slot, now)
		sl.skipped = max(0, int(sl.due.Sub(begun)/sl.Interval)-1)
	}
	heap.Push(&s.queue, sl)
	s.pokeLocked()
}

func (s *Schedule) moveLocked(sl *slot, due time.Time) {
	sl.due = due
	if sl.index >= 0 {
		heap.Fix(&s.queue, sl.index)
	}
}

func (s *Schedule) removeLocked(sl *slot) {
	if sl.index < 0 {
		sl.removed = true // done forgets it
		return
	}
	heap.Remove(&s.queue, sl.index)
	delete(s.slots, sl.ID)
}

func (s *Schedule) pokeLocked() {
	select {
	case s.poke <- struct{}{}:
	default: // one is waiting already
	}
}

// firstTurn returns a new slot's first turn.
func firstTurn(s Slot, now time.Time) time.Time {
	if s.First <= 0 || s.First >= s.Interval {
		return nextTurn(s, now)
	}
	return now.Add(time.Duration(hash(s.ID) % uint64(s.First)))
}

func hash(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	// FNV's low bits follow the last letters closely: stir them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// nextTurn returns the first moment after now that has the slot's phase.
func nextTurn(s Slot, now time.Time) time.Time {
	phase := time.Duration(hash(s.ID) % uint64(s.Interval))
	into := time.Duration(now.UnixNano() % int64(s.Interval))
	wait := phase - into
	if wait <= 0 {
		wait += s.Interval
	}
	return now.Add(wait)
}

// dueQueue is a heap of slots by due time.
type dueQueue []*slot

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements heap.Interface.
func (q *dueQueue) Push(v any) {
	sl, _ := v.(*slot)
	sl.index = len(*q)
	*q = append(*q, sl)
}

// Pop implements heap.Interface.
func (q *dueQueue) Pop() any {
	old := *q
	sl := old[len(old)-1]
	sl.index = -1
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return sl
}

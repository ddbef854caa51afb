package alerting

import (
	"context"
	"errors"
	"sync"
	"time"
)

// sweeper looks for work and hands each lane to a goroutine of its own, at
// most AtOnce for a receiver. It belongs to Run's goroutine.
type sweeper struct {
	o     *Outbox
	lanes *sync.WaitGroup
	done  chan string // a lane whose goroutine ends

	active map[string]bool     // lanes with a goroutine; true: more became due meanwhile
	busy   map[string]int      // goroutines by receiver
	ready  map[string][]string // lanes that wait for one, by receiver, most urgent first
	urgent map[string]bool     // lanes with something critical

	started  bool // what the last run left behind is recovered
	next     time.Time
	complain time.Time // when the queue's refusal was logged last
}

func newSweeper(o *Outbox, lanes *sync.WaitGroup) *sweeper {
	return &sweeper{o: o, lanes: lanes, done: make(chan string), active: map[string]bool{}, busy: map[string]int{}}
}

// sweep finds what is due. A queue that refuses is asked again in a second:
// meanwhile nothing is lost, since nothing was claimed.
func (s *sweeper) sweep(ctx context.Context) {
	now := time.Now()
	s.next = now.Add(sweepEvery)
	s.ready, s.urgent = map[string][]string{}, map[string]bool{}
	if err := s.recover(ctx, now); err != nil {
		s.refused(ctx, err)
		return
	}
	work, err := s.o.queue.Lanes(ctx, now)
	if err != nil {
		s.refused(ctx, err)
		return
	}
	if work.Next.After(now) && work.Next.Before(s.next) {
		s.next = work.Next
	}
	s.o.cfg.Observe.Lanes(work)
	for _, l := range work.Lanes {
		switch limit := l.FailingSince.Add(FallBackAfter); {
		case !l.Critical:
		case l.failing(now):
			s.fallBack(ctx, l, now)
		case limit.After(now) && limit.Before(s.next):
			s.next = limit
		}
		if !l.open(now) {
			continue
		}
		if _, active := s.active[l.Lane]; active {
			s.active[l.Lane] = true
			continue
		}
		r := ReceiverOf(l.Lane)
		s.ready[r] = append(s.ready[r], l.Lane)
		s.urgent[l.Lane] = l.Critical
	}
}

func (s *sweeper) recover(ctx context.Context, now time.Time) error {
	r := Recovery{Now: now, Lanes: s.o.resume.Swap(false), Gone: s.o.table.Load().gone}
	if !s.started {
		r.Owner = s.o.cfg.Owner
	}
	err := s.o.queue.Recover(ctx, r)
	if err != nil && r.Lanes {
		s.o.resume.Store(true)
	}
	s.started = s.started || err == nil
	return err
}

func (s *sweeper) fallBack(ctx context.Context, l LaneState, now time.Time) {
	to := s.o.table.Load().port(l.Lane).Fallback
	if len(to) == 0 {
		return // its lane state is all that can be told
	}
	n, err := s.o.queue.FallBack(ctx, l.Lane, to, now)
	switch {
	case err != nil:
		s.refused(ctx, err)
	case n > 0:
		s.o.log.Warn("critical notices told elsewhere", "lane", l.Lane, "failing_since", l.FailingSince, "count", n)
		s.next = now // the other lanes have work
	}
}

// refused logs that the queue did not answer, at most once a minute.
func (s *sweeper) refused(ctx context.Context, err error) {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	if now := time.Now(); now.Sub(s.complain) >= time.Minute {
		s.complain = now
		s.o.log.Error("outbox cannot be read", "error", err)
	}
}

// start gives goroutines to the lanes that are ready.
func (s *sweeper) start(ctx context.Context) {
	for receiver := range s.ready {
		s.startSome(ctx, receiver)
	}
}

func (s *sweeper) startSome(ctx context.Context, receiver string) {
	for len(s.ready[receiver]) > 0 {
		lane := s.ready[receiver][0]
		room := s.o.table.Load().port(lane).AtOnce
		if !s.urgent[lane] {
			room -= room / keptForUrgent
		}
		if s.busy[receiver] >= room {
			return
		}
		s.ready[receiver] = s.ready[receiver][1:]
		s.busy[receiver]++
		s.active[lane] = false
		s.lanes.Go(func() {
			s.o.serve(ctx, lane)
			select {
			case s.done <- lane:
			case <-ctx.Done():
			}
		})
	}
}

// wait returns when it is time for the next sweep. Meanwhile lanes that end
// make room for those that wait.
func (s *sweeper) wait(ctx context.Context) {
	timer := time.NewTimer(time.Until(s.next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.o.poke:
			return
		case <-timer.C:
			return
		case lane := <-s.done:
			s.ended(lane)
			s.startSome(ctx, ReceiverOf(lane))
		}
	}
}

// keptForUrgent is the part of a receiver's goroutines, one in so many, that
// what is not critical leaves free: a page does not wait for slow digests.
const keptForUrgent = 8

// ended takes lane's goroutine off the books. What became due in its last
// moments is looked at again.
func (s *sweeper) ended(lane string) {
	receiver := ReceiverOf(lane)
	switch {
	case s.active[lane] && s.urgent[lane]:
		s.ready[receiver] = append([]string{lane}, s.ready[receiver]...)
	case s.active[lane]:
		s.ready[receiver] = append(s.ready[receiver], lane)
	}
	delete(s.active, lane)
	s.busy[receiver]--
}

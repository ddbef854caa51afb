package email

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The bounds of a pooled connection. Relays close what is silent for long
// (Postfix after 300 s, many others after 60 s) or has sent much (Postfix and
// Exchange after some hundred messages): we go first.
const (
	idleFor      = 20 * time.Second // without a message; then it takes its leave
	mostMessages = 100              // over one connection
	alive        = 5 * time.Second  // for the reply to the RSET that asks a resting one whether it still works
)

// pool lends the connections to one relay, at most so many at once, and keeps
// the good ones for a while. What can wait never takes the last one. It is safe
// for concurrent use.
type pool struct {
	open func(ctx context.Context) (*session, *failure)
	idle time.Duration // a connection is kept without a message
	asks time.Duration // and waited for the reply whether it still works
	all  chan struct{} // a place for each connection that is lent
	slow chan struct{} // of these, places for what can wait

	mu      sync.Mutex // guards resting
	resting []*rest    // the one used last is the last
}

// rest is a connection that nobody uses. Its timer ends it.
type rest struct {
	session *session
	timer   *time.Timer
}

func newPool(connections int, open func(context.Context) (*session, *failure)) *pool {
	return &pool{
		open: open, idle: idleFor, asks: alive,
		all: make(chan struct{}, connections), slow: make(chan struct{}, max(1, connections-1)),
	}
}

// borrow returns a connection that is ready for a message; give takes it back.
// It blocks until there is one. When ctx ends, the connection is closed under
// whatever waits for it.
func (p *pool) borrow(ctx context.Context, canWait bool) (*session, *failure) {
	if canWait {
		if fail := enter(ctx, p.slow); fail != nil {
			return nil, fail
		}
	}
	fail := enter(ctx, p.all)
	if fail != nil {
		if canWait {
			<-p.slow
		}
		return nil, fail
	}
	for s := p.wake(); s != nil; s = p.wake() {
		if s.resume(ctx, p.asks) {
			return s, nil
		}
		s.close()
	}
	s, fail := p.open(ctx)
	if fail != nil {
		p.leave(canWait)
	}
	return s, fail
}

// enter takes a place, or says why it did not.
func enter(ctx context.Context, places chan struct{}) *failure {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &failure{stage: stageConnect, class: whenUnsent, text: fmt.Sprintf("all %d connections were in use", cap(places))}
	}
}

// leave gives the places of one connection back.
func (p *pool) leave(canWait bool) {
	<-p.all
	if canWait {
		<-p.slow
	}
}

// give takes a connection back. One that is worn or broken is closed.
func (p *pool) give(s *session, canWait bool) {
	defer p.leave(canWait)
	if !s.polite || s.sent >= mostMessages || !s.watch() {
		s.close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &rest{session: s}
	r.timer = time.AfterFunc(p.idle, func() { p.retire(r) })
	p.resting = append(p.resting, r)
}

// wake returns the connection that was used last, or nil: the others get the
// time to grow old.
func (p *pool) wake() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.resting)
	if n == 0 {
		return nil
	}
	r := p.resting[n-1]
	p.resting = p.resting[:n-1]
	r.timer.Stop() // too late is no harm: retire does not find it
	return r.session
}

// retire ends a connection that nobody wanted for a while. It runs on its
// timer's goroutine, for as long as the goodbye takes at most.
func (p *pool) retire(r *rest) {
	p.mu.Lock()
	i := slices.Index(p.resting, r)
	if i >= 0 {
		p.resting = slices.Delete(p.resting, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		r.session.close()
	}
}

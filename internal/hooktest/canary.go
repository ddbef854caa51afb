package hooktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// fenceTime bounds how long [Canary.Hits] waits for its own connection.
const fenceTime = 5 * time.Second

// Canary is a TCP listener that must never be contacted: it stands for an
// address that the guard forbids. It closes whatever connects. All methods are
// safe for concurrent use.
type Canary struct {
	ask   sync.Mutex // held by Start, Close and Hits, in full
	wg    sync.WaitGroup
	own   int // connections of Hits; guarded by ask
	addr  string
	ln    net.Listener // nil when not listening; guarded by ask, as addr and berth are
	berth berth

	mu       sync.Mutex // guards all below
	accepted int
	latest   map[string]int // by the client's address: the number of its latest connection, from 1
	changed  chan struct{}  // closed and replaced with each connection
}

// NewCanary returns a canary that does not listen yet; addr is an IP address
// with a port, empty means 127.0.0.1:0.
func NewCanary(addr string) *Canary {
	return &Canary{addr: orElse(addr, "127.0.0.1:0"), latest: map[string]int{}, changed: make(chan struct{})}
}

// Start listens. It returns an error when the address is taken or the canary
// listens already.
func (c *Canary) Start() error {
	c.ask.Lock()
	defer c.ask.Unlock()
	if c.ln != nil {
		return errors.New("start canary: it is listening already")
	}
	at, err := netip.ParseAddrPort(c.addr)
	if err != nil {
		return fmt.Errorf("start canary: %q is no IP address with a port, such as 127.0.0.1:0", c.addr)
	}
	ln, err := c.berth.listen(at)
	if err != nil {
		return fmt.Errorf("start canary: %w", err)
	}
	c.ln, c.addr = ln, ln.Addr().String()
	c.wg.Go(func() { c.accept(ln) })
	return nil
}

// Close stops listening and waits for the goroutine. Hits still answers.
// Closing twice does nothing.
func (c *Canary) Close() {
	c.ask.Lock()
	defer c.ask.Unlock()
	if c.ln == nil {
		return
	}
	if c.fence() {
		c.own++
	}
	_ = c.ln.Close() // it was open
	c.ln = nil
	c.wg.Wait()
}

// Addr returns the address with its port.
func (c *Canary) Addr() string {
	c.ask.Lock()
	defer c.ask.Unlock()
	return c.addr
}

// Hits returns how many connections there have been, those included that the
// system has made and nobody has accepted yet: it connects by itself and waits
// until that connection, the last in the queue, comes out (at most 5 s). When
// it does not come out, one hit too many is returned: doubt is no all-clear.
func (c *Canary) Hits() int {
	c.ask.Lock()
	defer c.ask.Unlock()
	doubt := 0
	if c.ln != nil {
		if c.fence() {
			c.own++
		} else {
			doubt = 1
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted - c.own + doubt
}

// fence connects to the canary, and reports whether that was noticed.
func (c *Canary) fence() bool {
	// No caller's context: the answer is a number, and the wait is short.
	ctx, cancel := context.WithTimeout(context.Background(), fenceTime)
	defer cancel()
	c.mu.Lock()
	before := c.accepted
	c.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	me := conn.LocalAddr().String()
	for {
		c.mu.Lock()
		seen, changed := c.latest[me] > before, c.changed
		c.mu.Unlock()
		if seen {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (c *Canary) accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			<-time.After(acceptPause) // no descriptors left, most likely
			continue
		}
		c.mu.Lock()
		c.accepted++
		c.latest[conn.RemoteAddr().String()] = c.accepted
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		_ = conn.Close() // whatever it wanted
	}
}

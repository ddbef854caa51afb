package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// dialStagger is how long the next address waits for the one before it: the
// Connection Attempt Delay that RFC 8305 section 5 recommends.
const dialStagger = 250 * time.Millisecond

// Dial connects to host:port: it judges the port, looks the host up, and races
// the addresses. network is "tcp". The name is looked up once, so that what is
// judged is what is dialled. ctx bounds the whole. Errors are those of
// [Guard.Lookup], [Guard.JudgePort] and [Guard.DialAddrs].
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("dial: network %q is not tcp", network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("dial: port %q is not a number in [1, 65535]", service)
	}
	if err := g.JudgePort(uint16(port)); err != nil {
		return nil, err
	}
	addrs, err := g.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return g.DialAddrs(ctx, addrs, uint16(port))
}

// DialAddrs connects to the first of addrs that answers (RFC 8305): families
// alternate, each attempt starts 250 ms after the one before or as soon as one
// fails. Every address and the port are judged again on the socket, before
// anything is sent. Attempts that lost are closed and have ended on return.
//
// When none answers, the error is the most telling one: a [*BlockedError],
// then cancellation or no descriptors left, then a refusal or the like, then a
// timeout, then "no route"; the first of its kind. It wraps what the system
// said ([syscall.ECONNREFUSED]).
func (g *Guard) DialAddrs(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	if len(addrs) == 0 {
		return nil, errors.New("dial: no addresses")
	}
	racing, cancel := context.WithCancel(ctx)
	r := &race{guard: g, port: port, left: alternate(addrs), done: make(chan attempt, len(addrs))}
	conn, err := r.run(racing)
	cancel()
	r.wg.Wait()
	close(r.done)
	for lost := range r.done {
		if lost.conn != nil {
			_ = lost.conn.Close() // it carried nothing
		}
	}
	return conn, err
}

// race is one call of DialAddrs.
type race struct {
	guard *Guard
	port  uint16
	left  []netip.Addr // not yet tried
	open  int          // attempts that have not been heard of
	done  chan attempt // has room for every attempt
	wg    sync.WaitGroup
}

type attempt struct {
	conn net.Conn
	err  error
}

func (r *race) run(ctx context.Context) (net.Conn, error) {
	var told error
	stagger := time.NewTimer(dialStagger)
	defer stagger.Stop()
	r.start(ctx)
	for r.open > 0 {
		select {
		case <-stagger.C:
		case a := <-r.done:
			r.open--
			if a.err == nil {
				return a.conn, nil
			}
			if told == nil || telling(a.err) > telling(told) {
				told = a.err
			}
		}
		if len(r.left) > 0 {
			r.start(ctx)
			stagger.Reset(dialStagger)
		}
	}
	return nil, told
}

// start begins an attempt on the next address.
func (r *race) start(ctx context.Context) {
	addr := r.left[0]
	r.left = r.left[1:]
	r.open++
	r.wg.Go(func() {
		conn, err := r.guard.dialOne(ctx, netip.AddrPortFrom(addr, r.port))
		r.done <- attempt{conn, err}
	})
}

func (g *Guard) dialOne(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if err := g.Judge(to.Addr()); err != nil { // keeps what is no address from the dialer, which would look it up
		return nil, err
	}
	d := net.Dialer{ControlContext: g.control}
	return d.DialContext(ctx, "tcp", to.String())
}

// control judges the address that the socket is about to connect to.
func (g *Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &BlockedError{Address: address, Why: "not an address with a port"}
	}
	if err := g.JudgePort(to.Port()); err != nil {
		return err
	}
	return g.Judge(to.Addr())
}

// telling ranks the errors of several attempts. "No route" comes last, because
// it is what a machine without IPv6 says of every IPv6 address.
func telling(err error) int {
	_, blocked := errors.AsType[*BlockedError](err)
	nerr, isNet := errors.AsType[net.Error](err)
	switch {
	case blocked:
		return 4
	case errors.Is(err, context.Canceled), exhausted(err):
		return 3
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return 0
	case isNet && nerr.Timeout():
		return 1
	default:
		return 2
	}
}

// exhausted reports whether err says that our own machine ran out of something.
func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// alternate orders addrs so that the families take turns (RFC 8305 section
// 4), beginning with that of the first; each family keeps its order.
func alternate(addrs []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, a := range addrs {
		if a.Unmap().Is4() == addrs[0].Unmap().Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	mixed := make([]netip.Addr, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed
}

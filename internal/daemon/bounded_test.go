package daemon

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// fakeListener hands out connections that claim an address.
type fakeListener struct {
	net.Listener

	next []net.Conn
}

func (l *fakeListener) Accept() (net.Conn, error) {
	if len(l.next) == 0 {
		return nil, errors.New("no more")
	}
	c := l.next[0]
	l.next = l.next[1:]
	return c, nil
}

type fakeConn struct {
	net.Conn

	from   netip.AddrPort
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.from) }
func (c *fakeConn) Close() error         { c.closed = true; return nil }

func TestOneAddressCannotHoldAllConnections(t *testing.T) {
	t.Parallel()
	one, other := netip.MustParseAddrPort("203.0.113.1:1"), netip.MustParseAddrPort("203.0.113.2:1")
	inner := &fakeListener{}
	for range maxPerAddress + 1 {
		inner.next = append(inner.next, &fakeConn{from: one})
	}
	refused, _ := inner.next[maxPerAddress].(*fakeConn)
	inner.next = append(inner.next, &fakeConn{from: other})
	l := newBoundedListener(inner)
	var held []net.Conn
	for range maxPerAddress {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	c, err := l.Accept()
	if err != nil || addressOf(c) != other.Addr() || !refused.closed {
		t.Errorf("got %v, %v, refused closed: %t; want the other address, and the one too many closed", c, err, refused.closed)
	}
	for range 2 { // closing twice gives one place back
		if err := held[0].Close(); err != nil {
			t.Fatal(err)
		}
	}
	inner.next = []net.Conn{&fakeConn{from: one}, &fakeConn{from: one}}
	if _, err := l.Accept(); err != nil {
		t.Errorf("after one was closed: %v, want its place free", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("a place was given back twice")
	}
}

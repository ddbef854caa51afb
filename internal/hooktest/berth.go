package hooktest

import (
	"io"
	"net"
	"net/netip"
)

// berth is a port that stays its owner's while nobody listens there: whoever
// asks the system for any port is not given it, connections are refused, and a
// listener that wants this very port gets it. On Linux alone; elsewhere a port
// where nobody listens is anybody's. The zero value holds nothing; it is for
// one goroutine at a time.
type berth struct{ held io.Closer } // nil: nothing is held

// listen listens at addr; port 0: at any that is free, which is held from then
// on.
func (b *berth) listen(addr netip.AddrPort) (*net.TCPListener, error) {
	fresh := b.held == nil
	if fresh {
		if held, at, err := hold(addr); err == nil { // else listening says what is wrong
			b.held, addr = held, at
		}
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
	if err != nil && fresh {
		b.free()
	}
	return ln, err
}

// free gives the port back.
func (b *berth) free() {
	if b.held != nil {
		_ = b.held.Close() // it was open
		b.held = nil
	}
}

// HoldPort returns "127.0.0.1:1234" with a port where nobody listens, for a
// server that is told its address: on Linux nobody else is given that port
// until release is called, which may be called again. It returns an error when
// no port is free.
func HoldPort() (address string, release func(), err error) {
	b := new(berth)
	ln, err := b.listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return "", nil, err
	}
	_ = ln.Close() // it was open
	return ln.Addr().String(), b.free, nil
}

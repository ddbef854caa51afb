package daemon

import (
	"net"
	"net/netip"
	"sync"
)

// boundedListener accepts at most maxConnections at a time, maxPerAddress of
// them from one address. What comes beyond that is closed at once: waiting
// would let whoever holds the places shut out everybody.
type boundedListener struct {
	net.Listener

	mu sync.Mutex
	// guarded by mu
	all  int
	from map[netip.Addr]int
}

func newBoundedListener(l net.Listener) *boundedListener {
	return &boundedListener{Listener: l, from: map[netip.Addr]int{}}
}

// Accept implements net.Listener.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := addressOf(conn)
		if l.enter(addr) {
			return &boundedConn{Conn: conn, leave: sync.OnceFunc(func() { l.leave(addr) })}, nil
		}
		_ = conn.Close() // refused: there is nothing to say
	}
}

func (l *boundedListener) enter(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConnections || l.from[addr] >= maxPerAddress {
		return false
	}
	l.all++
	l.from[addr]++
	return true
}

func (l *boundedListener) leave(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.from[addr]--; l.from[addr] == 0 {
		delete(l.from, addr)
	}
}

// boundedConn gives its place back when it is closed.
type boundedConn struct {
	net.Conn

	leave func()
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

func addressOf(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

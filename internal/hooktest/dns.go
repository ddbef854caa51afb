package hooktest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Bounds of the DNS server.
const (
	maxQueries   = 1024 // answered at the same time; further ones wait
	portAttempts = 16   // to find a port that is free for UDP and TCP alike
)

// DNS is a DNS server on 127.0.0.1, over UDP and TCP on one port, that answers
// A and AAAA by a script for each name. Names are compared without regard to
// case or a dot at the end. All methods are safe for concurrent use.
type DNS struct {
	slots chan struct{} // one for each query and TCP connection

	life  sync.Mutex // held by Start and Close, in full
	wg    sync.WaitGroup
	addr  netip.AddrPort // guarded by mu
	done  chan struct{}  // closed by Close; guarded by life
	berth berth          // of TCP; guarded by life

	mu    sync.Mutex // guards all below, and addr
	names map[string]*name
	tcp   net.Listener // nil when not running
	udp   net.PacketConn
	conns map[net.Conn]struct{}
}

// NewDNS returns a server that does not listen yet. Each query for a name (A
// and AAAA apart) takes the next of its answers, and the last one stays; a
// name that is not in zone does not exist.
func NewDNS(zone map[string][]Answer) *DNS {
	d := &DNS{
		slots: make(chan struct{}, maxQueries),
		addr:  netip.MustParseAddrPort("127.0.0.1:0"),
		names: map[string]*name{}, conns: map[net.Conn]struct{}{},
	}
	for host, answers := range zone {
		d.Set(host, answers...)
	}
	return d
}

// Set replaces the answers of a name, as in NewDNS; none: it does not exist.
// Its figures go on.
func (d *DNS) Set(host string, answers ...Answer) { d.set(host, answers, false) }

// Repeat is Set with the first answer following the last: with a public
// address and a private one it is DNS rebinding.
func (d *DNS) Repeat(host string, answers ...Answer) { d.set(host, answers, true) }

func (d *DNS) set(host string, answers []Answer, loop bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.nameLocked(host)
	n.answers, n.loop, n.next = slices.Clone(answers), loop, map[dnsmessage.Type]int{}
}

func (d *DNS) nameLocked(host string) *name {
	key := canonical(host)
	if d.names[key] == nil {
		d.names[key] = &name{next: map[dnsmessage.Type]int{}}
	}
	return d.names[key]
}

// Queries returns how often a name was asked for.
func (d *DNS) Queries(host string) Queries {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.nameLocked(host).seen
}

// Addr returns "127.0.0.1:port", as the configuration's resolver wants it.
func (d *DNS) Addr() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addr.String()
}

// Start listens, on the same port as before when it has run already. It
// returns an error when no port is free, or the server runs.
func (d *DNS) Start() error {
	d.life.Lock()
	defer d.life.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tcp != nil {
		return errors.New("start DNS server: it is running already")
	}
	if err := d.listenLocked(); err != nil {
		return fmt.Errorf("start DNS server: %w", err)
	}
	d.done = make(chan struct{})
	tcp, udp, done := d.tcp, d.udp, d.done
	d.wg.Go(func() { d.serveUDP(udp, done) })
	d.wg.Go(func() { d.serveTCP(tcp, done) })
	return nil
}

// listenLocked binds both transports to one port.
func (d *DNS) listenLocked() error {
	var last error
	for range portAttempts {
		tcp, err := d.berth.listen(d.addr)
		if err != nil {
			return err
		}
		addr := tcp.Addr().(*net.TCPAddr).AddrPort()
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err == nil {
			d.tcp, d.udp, d.addr = tcp, udp, addr
			return nil
		}
		last = errors.Join(err, tcp.Close())
		if d.addr.Port() == 0 {
			d.berth.free() // the next one is another
		}
	}
	return last
}

// Close stops listening, drops what is being answered, and waits for its
// goroutines. Closing twice does nothing.
func (d *DNS) Close() {
	d.life.Lock()
	defer d.life.Unlock()
	d.mu.Lock()
	if d.tcp != nil {
		close(d.done)
		_, _ = d.tcp.Close(), d.udp.Close() // both were open
		d.tcp, d.udp = nil, nil
	}
	for c := range d.conns {
		_ = c.Close() // may have ended by itself
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *DNS) serveUDP(udp net.PacketConn, done <-chan struct{}) {
	buf := make([]byte, 4096)
	for {
		n, from, err := udp.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // what a client's ICMP said
		}
		query := slices.Clone(buf[:n])
		select {
		case d.slots <- struct{}{}:
		case <-done:
			return
		}
		d.wg.Go(func() {
			defer func() { <-d.slots }()
			if answer := d.answer(query, false, done); answer != nil {
				_, _ = udp.WriteTo(answer, from) // UDP may lose it as well
			}
		})
	}
}

func (d *DNS) serveTCP(tcp net.Listener, done <-chan struct{}) {
	for {
		c, err := tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			<-time.After(acceptPause) // no descriptors left, most likely
			continue
		}
		select {
		case d.slots <- struct{}{}:
		case <-done:
			_ = c.Close() // too late
			return
		}
		d.wg.Go(func() {
			defer func() { <-d.slots }()
			d.converse(c, done)
		})
	}
}

// converse answers the queries of one TCP connection, each behind two bytes of
// length (RFC 1035 section 4.2.2).
func (d *DNS) converse(c net.Conn, done <-chan struct{}) {
	if !d.hold(c, done) {
		return
	}
	defer d.release(c)
	var size [2]byte
	for {
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return // the client has finished
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		answer := d.answer(query, true, done)
		if answer == nil {
			continue
		}
		framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
		if _, err := c.Write(framed); err != nil {
			return
		}
	}
}

func (d *DNS) hold(c net.Conn, done <-chan struct{}) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-done:
		_ = c.Close() // Close has passed already
		return false
	default:
		d.conns[c] = struct{}{}
		return true
	}
}

func (d *DNS) release(c net.Conn) {
	_ = c.Close() // by Close, perhaps
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
}

// answer returns what to send for a query, nil for nothing: silence, a query
// that cannot be read, or the end of the server.
func (d *DNS) answer(query []byte, tcp bool, done <-chan struct{}) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil || header.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	d.mu.Lock()
	a := d.nameLocked(q.Name.String()).take(q.Type, tcp)
	d.mu.Unlock()
	if a.Delay > 0 {
		timer := time.NewTimer(a.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-done:
			return nil
		}
	}
	message, err := render(header.ID, q, a, tcp)
	if err != nil {
		return nil // a name that came in cannot be too long to go out
	}
	return message
}

package probes

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// line is one connection to an endpoint, with what its handshake showed.
type line struct {
	conn   net.Conn
	in     *headReader
	br     *bufio.Reader
	addr   netip.AddrPort
	shown  handshake
	asked  bool // for a client certificate
	uses   int  // exchanges over it so far
	reused bool // by the probe that holds it

	where lineKey
	idle  *time.Timer // closes it when nobody comes back for it
}

// handshake is what a TLS handshake showed; zero for cleartext.
type handshake struct {
	version, suite      uint16
	leaf, served, chain time.Time // expiries: see Result
	expiring            bool
}

// settleWait is how long a handshake at level tls waits for the server to
// refuse a client certificate: in TLS 1.3 that comes only with the first read.
const settleWait = 500 * time.Millisecond

// open resolves, connects and shakes hands, each in its phase.
func (l *look) open(ctx context.Context) (*line, error) {
	l.enter(phaseResolve)
	host, port := l.ep.URL.Hostname(), PortOf(l.ep.URL)
	if err := l.p.guard.JudgePort(port); err != nil {
		return nil, err
	}
	addrs, err := l.p.guard.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	l.enter(phaseConnect)
	conn, err := l.p.guard.DialAddrs(ctx, addrs, port)
	if err != nil {
		return nil, err
	}
	ln := &line{conn: conn, addr: remoteAddr(conn), where: keyOf(l.ep)}
	l.r.Addr = ln.addr
	if l.ep.URL.Scheme == "https" {
		l.enter(phaseTLS)
		err = l.shake(ctx, ln, host)
		l.adopt(ln)
	}
	if err != nil {
		ln.close()
		return nil, err
	}
	ln.in = &headReader{r: ln.conn}
	ln.br = bufio.NewReader(ln.in)
	return ln, nil
}

// adopt writes what the connection showed into the result.
func (l *look) adopt(ln *line) {
	s := ln.shown
	l.r.Addr, l.asked = ln.addr, ln.asked
	l.r.TLSVersion, l.r.CipherSuite = s.version, s.suite
	l.r.LeafExpiry, l.r.ServedExpiry, l.r.ChainExpiry = s.leaf, s.served, s.chain
	if s.expiring {
		l.r.Notes |= NoteCertExpiring
	}
}

// settle waits for a late refusal of the client certificate, when the server
// asked for one.
func (l *look) settle(ln *line) error {
	if !ln.asked {
		return nil
	}
	if err := ln.conn.SetReadDeadline(time.Now().Add(cmp.Or(l.p.waits.settle, settleWait))); err != nil {
		return err
	}
	if _, err := ln.br.Peek(1); err != nil && !timedOut(err) && clientCertRefused(err) {
		return err
	}
	return nil
}

// guardTime bounds all I/O on the line by ctx, and returns what undoes it.
func (ln *line) guardTime(ctx context.Context) (release func()) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = ln.conn.SetDeadline(deadline) // a dead connection says so at the next read
	}
	stop := context.AfterFunc(ctx, func() { _ = ln.conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// stale reports whether err says that a kept connection was closed by the
// other side before it gave a single byte, so that a new one has to be tried.
// One that hangs is no such thing.
func (ln *line) stale(err error) bool {
	return ln.reused && ln.in.total == 0 && !timedOut(err) && isAny(err, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE)
}

// close ends the connection without a goodbye: there is nothing to flush.
func (ln *line) close() {
	if t, ok := ln.conn.(*tls.Conn); ok {
		_ = t.NetConn().Close() // nothing was promised to the peer
		return
	}
	_ = ln.conn.Close()
}

func remoteAddr(conn net.Conn) netip.AddrPort {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

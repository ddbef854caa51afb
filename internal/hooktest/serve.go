package hooktest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// maxOpen bounds the connections, and so the goroutines, of one receiver;
// further ones wait to be accepted.
const maxOpen = 4096

// acceptPause keeps a listener that cannot accept from spinning.
const acceptPause = 10 * time.Millisecond

func (r *Receiver) accept(ln *net.TCPListener) {
	for {
		r.slots <- struct{}{} // each open connection gives its slot back, at the latest when Stop cuts it
		c, err := ln.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			<-r.slots
			return
		}
		if err != nil { // no descriptors left, most likely; somebody may give one back
			<-r.slots
			<-time.After(acceptPause)
			continue
		}
		visit, ok := r.admit(ln, c)
		if !ok {
			<-r.slots
			return
		}
		r.wg.Go(func() {
			defer func() { <-r.slots }()
			r.serve(c, visit)
		})
	}
}

// visit is what a connection was given when it was accepted.
type visit struct {
	step
	opts   Options
	number int
	once   bool
}

// admit registers c, unless ln was closed meanwhile.
func (r *Receiver) admit(ln *net.TCPListener, c *net.TCPConn) (visit, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ln != ln {
		_ = c.Close() // too late
		return visit{}, false
	}
	r.conns[c] = struct{}{}
	v := visit{once: !r.script.single(), step: r.script.take(), opts: r.opts}
	if r.cert != nil && !v.own {
		v.cert = r.cert
	}
	r.ledger.note(func(s *Stats) {
		s.Connections++
		s.Open++
		v.number = s.Connections
	}, nil)
	return v, true
}

func (r *Receiver) serve(c *net.TCPConn, v visit) {
	x := &exchange{o: &v.opts, tcp: c, once: v.once}
	x.wrap(&countedConn{Conn: c, sent: func(n int) {
		r.ledger.note(func(s *Stats) { s.BytesSent += int64(n) }, nil)
	}})
	defer func() {
		x.finish()
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
		r.ledger.note(func(s *Stats) { s.Open-- }, nil)
	}()
	if v.accept != nil {
		v.accept(x)
		return
	}
	if v.opts.secure() && r.shake(x, v.step) != nil {
		return // the client says why; we have told it
	}
	if v.greet != nil {
		v.greet(x)
		return
	}
	r.converse(x, v)
}

// shake makes the TLS handshake.
func (r *Receiver) shake(x *exchange, s step) error {
	h := handshake{clientCAs: x.o.ClientCAs, config: &tls.Config{
		Certificates: []tls.Certificate{*s.cert},
		MinVersion:   tls.VersionTLS12,
	}}
	h.config.SetSessionTicketKeys([][32]byte{r.tickets})
	if s.secure != nil {
		s.secure(&h)
	}
	conn := tls.Server(x.conn, h.config)
	x.wrap(conn)
	return conn.HandshakeContext(context.Background()) // Stop ends it, by closing the connection
}

// converse answers requests until the connection is used up.
func (r *Receiver) converse(x *exchange, v visit) {
	for first := true; first || x.keep && x.ok(); first = false {
		body, err := x.next()
		if err != nil {
			return // the client has gone, or what it sent is no request
		}
		r.ledger.note(func(s *Stats) { s.Requests++ }, arrived(x, v.number, body))
		s := v.spec
		if !first {
			s = r.later()
		}
		switch {
		case s.accept != nil || s.greet != nil:
			return // too late for that: a new connection will see it
		case s.serve != nil:
			s.serve(x)
		default:
			plain(http.StatusOK)(x)
		}
	}
}

// later returns what serves a further request on a connection that was kept.
func (r *Receiver) later() spec {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.script.single() {
		return r.script.steps[0].spec
	}
	return spec{serve: func(*exchange) {}} // a script has come: it deals with new connections alone
}

func arrived(x *exchange, connection int, body []byte) *Request {
	req := &Request{
		At: time.Now(), Method: x.req.Method, Path: x.req.RequestURI, Host: x.req.Host,
		Header: x.req.Header, Body: body, Connect: connection,
		Remote: x.tcp.RemoteAddr().(*net.TCPAddr).AddrPort(),
	}
	if secure, ok := x.conn.(*tls.Conn); ok {
		state := secure.ConnectionState()
		req.TLS = &state
	}
	return req
}

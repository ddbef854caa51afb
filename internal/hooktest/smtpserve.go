package hooktest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

func (s *SMTP) accept(ln *net.TCPListener) {
	for {
		s.slots <- struct{}{} // each open connection gives its slot back, at the latest when Close cuts it
		c, err := ln.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			<-s.slots
			return
		}
		if err != nil { // no descriptors left, most likely; somebody may give one back
			<-s.slots
			<-time.After(acceptPause)
			continue
		}
		number, ok := s.admit(ln, c)
		if !ok {
			<-s.slots
			return
		}
		s.wg.Go(func() {
			defer func() { <-s.slots }()
			s.serve(c, number)
		})
	}
}

// admit registers c, unless ln was closed meanwhile.
func (s *SMTP) admit(ln *net.TCPListener, c *net.TCPConn) (number int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != ln {
		_ = c.Close() // too late
		return 0, false
	}
	s.conns[c] = struct{}{}
	return s.book.open(1), true
}

func (s *SMTP) serve(c *net.TCPConn, number int) {
	session := &smtpSession{exchange: &exchange{o: &Options{}, tcp: c}, sink: s, number: number}
	session.use(c)
	defer func() {
		session.finish()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
		s.book.open(-1)
	}()
	if s.opts.Implicit && !session.secure() {
		return
	}
	session.greet()
	for session.ok() && !session.over {
		session.command()
	}
}

// secure makes the TLS handshake. What the client said in the clear is
// forgotten (RFC 3207 section 4.2).
func (c *smtpSession) secure() bool {
	conn := tls.Server(c.conn, &tls.Config{
		Certificates: []tls.Certificate{*c.sink.opts.Certificate},
		MinVersion:   tls.VersionTLS12,
	})
	c.use(conn)
	if err := conn.HandshakeContext(context.Background()); err != nil { // Close ends it, by closing the connection
		c.err = err
		return false
	}
	state := conn.ConnectionState()
	c.tls, c.helo, c.user, c.mail = &state, "", "", envelope{}
	return true
}

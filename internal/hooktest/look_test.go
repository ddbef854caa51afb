package hooktest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// A strict client, written only to prove that the receivers do what they say.

const (
	generous  = 2 * time.Minute        // for what must come, however slow the machine is
	impatient = 150 * time.Millisecond // for what must not come
	headLimit = 256 << 10
	bodyLimit = 64 << 10
)

// arrived returns a context that ends when nothing must come any more: a moment
// after wait, which returns when the server has what it was sent.
func arrived(t *testing.T, wait func(context.Context) error) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		if wait(ctx) == nil {
			<-time.After(impatient)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return ctx
}

// sight is what the client saw.
type sight struct {
	fault  probes.Fault
	notes  probes.NoteSet
	status int
	header http.Header
	body   []byte
	took   time.Duration
	err    error
}

// client asks once, over a connection of its own.
type client struct {
	pool  *x509.CertPool
	cert  *tls.Certificate // nil: none
	asked bool             // the server wanted a certificate

	shake, head, rest time.Duration // patience for the handshake, the head and the body
}

// clientFor is patient but where d says that patience is useless.
func clientFor(ca *hooktest.CA, fault probes.Fault, notes probes.NoteSet) *client {
	c := &client{shake: generous, head: generous, rest: generous}
	if ca != nil {
		c.pool = ca.Pool()
	}
	if fault == probes.FaultTimeoutTLS {
		c.shake = impatient
	}
	if fault == probes.FaultTimeoutResponse {
		c.head = impatient
	}
	if notes.Has(probes.NoteBodyTimeout) {
		c.rest = impatient
	}
	return c
}

func (c *client) ask(t *testing.T, method, base string) sight {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s := c.converse(t.Context(), method, target)
	if s.fault == "" {
		s.fault = statusWord(s.status)
	}
	if s.took == 0 {
		s.took = time.Since(start)
	}
	return s
}

func (c *client) converse(ctx context.Context, method string, target *url.URL) sight {
	start := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return sight{fault: c.word(err, probes.FaultTimeoutConnect), err: err}
	}
	defer conn.Close()
	_ = conn.SetDeadline(start.Add(c.shake))
	var expiring bool
	if target.Scheme == "https" {
		secure := tls.Client(conn, c.config(target.Hostname()))
		if err := secure.HandshakeContext(ctx); err != nil {
			return sight{fault: c.word(err, probes.FaultTimeoutTLS), err: err}
		}
		leaf := secure.ConnectionState().PeerCertificates[0]
		expiring = time.Until(leaf.NotAfter) < leaf.NotAfter.Sub(leaf.NotBefore)/10
		conn = secure
	}
	_ = conn.SetDeadline(time.Now().Add(c.head))
	request := method + " /hook?x=1 HTTP/1.1\r\nHost: " + target.Host +
		"\r\n" + hooktest.DefaultTokenHeader + ": " + hooktest.DefaultToken + "\r\nContent-Length: 4\r\n\r\nping"
	if _, err := io.WriteString(conn, request); err != nil {
		return sight{fault: c.word(err, probes.FaultTimeoutResponse), err: err}
	}
	s := c.read(conn, method, start)
	if expiring {
		s.notes |= probes.NoteCertExpiring
	}
	return s
}

func (c *client) config(host string) *tls.Config {
	return &tls.Config{
		ServerName: host, RootCAs: c.pool, MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.asked = true
			if c.cert == nil {
				return new(tls.Certificate), nil
			}
			return c.cert, nil
		},
	}
}

// rawHead remembers how reading went, below the parser.
type rawHead struct {
	in   io.Reader
	seen []byte
	err  error
}

func (r *rawHead) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	if len(r.seen) < headLimit {
		r.seen = append(r.seen, b[:n]...)
	}
	if err != nil {
		r.err = err
	}
	return n, err
}

// cut reports whether the connection ended in what was a good head so far.
func (r *rawHead) cut() bool {
	start := r.seen[:min(len(r.seen), len("HTTP/"))]
	return r.err != nil && bytes.HasPrefix([]byte("HTTP/"), start) && !bytes.Contains(r.seen, []byte("\r\n\r\n"))
}

func (c *client) read(conn net.Conn, method string, start time.Time) sight {
	raw := &rawHead{in: conn}
	limit := &io.LimitedReader{R: raw, N: headLimit}
	br := bufio.NewReader(limit)
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	for err == nil && resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
		resp, err = http.ReadResponse(br, &http.Request{Method: method})
	}
	if err != nil {
		if limit.N == 0 {
			return sight{fault: probes.FaultHeadTooLarge, err: err}
		}
		if raw.cut() {
			err = raw.err // the parser takes half a line for a bad one
		}
		return sight{fault: c.word(err, probes.FaultTimeoutResponse), err: err}
	}
	defer resp.Body.Close()
	s := sight{status: resp.StatusCode, header: resp.Header, took: time.Since(start)}
	limit.N = 1 << 30
	_ = conn.SetDeadline(time.Now().Add(c.rest))
	s.body, err = io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case len(s.body) > bodyLimit:
		s.notes |= probes.NoteBodyTooLarge
	case isNet && timeout.Timeout():
		s.notes |= probes.NoteBodyTimeout
	case err != nil:
		s.notes |= probes.NoteBodyTruncated
	}
	return s
}

// word names an error before a complete head; late is what a timeout is here.
func (c *client) word(err error, late probes.Fault) probes.Fault {
	if w := certWord(err); w != "" {
		return w
	}
	timeout, isNet := errors.AsType[net.Error](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return probes.FaultRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return probes.FaultReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return probes.FaultClosed
	case strings.Contains(text, "protocol version not supported"):
		return probes.FaultTLSVersion
	case strings.Contains(text, "certificate required"), c.asked && strings.Contains(text, "handshake failure"):
		return probes.FaultTLSClientCert
	case notTLS, strings.Contains(text, "handshake failure"):
		return probes.FaultTLSHandshake
	case isNet && timeout.Timeout():
		return late
	default:
		return probes.FaultMalformed
	}
}

func certWord(err error) probes.Fault {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return probes.FaultTLSUntrusted
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return probes.FaultTLSHostname
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case !ok:
		return ""
	case invalid.Reason == x509.IncompatibleUsage:
		return probes.FaultTLSUsage
	case invalid.Reason == x509.Expired && time.Now().Before(invalid.Cert.NotBefore):
		return probes.FaultTLSNotYetValid
	case invalid.Reason == x509.Expired:
		return probes.FaultTLSExpired
	default:
		return ""
	}
}

func statusWord(code int) probes.Fault {
	exact := map[int]probes.Fault{
		401: probes.FaultHTTP401, 404: probes.FaultHTTP404, 410: probes.FaultHTTP410, 429: probes.FaultHTTP429,
	}
	hundreds := map[int]probes.Fault{
		1: probes.FaultMalformed, 2: probes.FaultNone, 3: probes.FaultHTTP3xx, 4: probes.FaultHTTP4xx, 5: probes.FaultHTTP5xx,
	}
	if w, ok := exact[code]; ok {
		return w
	}
	return hundreds[code/100]
}

package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// refusalWait is how long we listen after a TLS 1.3 handshake in which the
// server asked for a client certificate: its refusal comes only then.
const refusalWait = 500 * time.Millisecond

// look is one look at one address: at most three connections, one after the
// other, within one deadline.
type look struct {
	guard   *probes.Guard
	target  Target
	to      netip.AddrPort
	refusal time.Duration // how long a refusal is listened for
	seen    *Seen
}

// try is what one connection brought.
type try struct {
	state     tls.ConnectionState
	asked     bool // the server asked for a client certificate
	presented bool // and got one
	err       error
	phase     phase
}

// phase is how far a connection came.
type phase int

const (
	connecting phase = iota
	shaking
	listening
)

// run looks as a sender would, then once more without ALPN where the server
// refused that, or leniently where it refused our versions and ciphers, only
// to learn what it has. parent is the caller's context, ctx has our deadline.
func (l *look) run(parent, ctx context.Context) {
	first := l.connect(ctx, strict(l.target, true))
	if alertOf(first.err) == alertNoALPN {
		first = l.connect(ctx, strict(l.target, false))
	}
	l.take(first)
	if first.err == nil {
		return
	}
	if first.phase != listening {
		l.seen.Took = time.Since(l.seen.At)
	}
	l.seen.Fault, l.seen.Detail = first.word(parent)
	if !first.refusedHello() {
		return
	}
	if second := l.connect(ctx, lenient(l.target)); second.state.Version != 0 {
		l.explain(second)
	}
}

// take keeps what a handshake showed.
func (l *look) take(t try) {
	s := l.seen
	s.ClientAsked = t.asked
	if cs := t.state; cs.Version != 0 {
		s.Chain, s.Version, s.CipherSuite = cs.PeerCertificates, cs.Version, cs.CipherSuite
		s.ALPN, s.Staple = cs.NegotiatedProtocol, cs.OCSPResponse
	}
}

// explain names what the server speaks that a sender does not offer. Where
// the second handshake was a good one, the first refusal stands.
func (l *look) explain(second try) {
	l.take(second)
	switch cs := second.state; {
	case cs.Version < tls.VersionTLS12:
		l.seen.Fault = FaultTLSVersion
		l.seen.Detail = "the server speaks no more than " + tls.VersionName(cs.Version) + "; senders want TLS 1.2 or later"
	case !slices.ContainsFunc(tls.CipherSuites(), func(c *tls.CipherSuite) bool { return c.ID == cs.CipherSuite }):
		l.seen.Fault = FaultWeakCipher
		l.seen.Detail = "the server wants the cipher suite " + tls.CipherSuiteName(cs.CipherSuite) + ", which senders do not offer"
	}
}

// connect makes one connection and ends it again.
func (l *look) connect(ctx context.Context, c *tls.Config) (t try) {
	conn, err := l.guard.DialAddrs(ctx, []netip.Addr{l.to.Addr()}, l.to.Port())
	if err != nil {
		return try{err: err}
	}
	defer func() { _ = conn.Close() }() // nothing was sent that could be lost
	t.phase = shaking
	t.record(c, l.target.ClientCert)
	client := tls.Client(conn, c)
	if t.err = client.HandshakeContext(ctx); t.err != nil {
		return t
	}
	t.state = client.ConnectionState()
	if l.seen.Took == 0 {
		l.seen.Took = time.Since(l.seen.At)
	}
	if t.asked && t.state.Version >= tls.VersionTLS13 {
		t.phase = listening
		t.err = listen(ctx, client, l.refusal)
	}
	if t.err == nil {
		_ = client.Close() // says goodbye; the server's logs thank us
	}
	return t
}

// record keeps the server's certificate and its question for ours as they
// pass, for a handshake that fails later shows neither.
func (t *try) record(c *tls.Config, ours *tls.Certificate) {
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		t.state = cs
		return nil
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.asked = true
		if ours == nil || c.MinVersion < tls.VersionTLS12 {
			return &tls.Certificate{}, nil
		}
		t.presented = true
		return ours, nil
	}
}

// listen reads one byte, for at most wait, to hear a refusal. Silence, data and
// a close are none: popular servers close without a word, and crypto/tls tells
// no difference.
func listen(ctx context.Context, conn net.Conn, wait time.Duration) error {
	until := time.Now().Add(wait)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	if err := conn.SetReadDeadline(until); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// strict is what a sender in Go offers today, spelt out so that no GODEBUG
// setting changes it. The chain is judged afterwards, whatever it is.
func strict(t Target, alpn bool) *tls.Config {
	c := config(t)
	c.MinVersion = tls.VersionTLS12
	for _, s := range tls.CipherSuites() {
		c.CipherSuites = append(c.CipherSuites, s.ID)
	}
	if alpn {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	return c
}

// lenient takes whatever crypto/tls can speak. Nothing is ever sent on it, not
// even our client certificate.
func lenient(t Target) *tls.Config {
	c := config(t)
	c.MinVersion = tls.VersionTLS10
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		c.CipherSuites = append(c.CipherSuites, s.ID)
	}
	return c
}

func config(t Target) *tls.Config {
	return &tls.Config{ServerName: t.Name(), InsecureSkipVerify: true, SessionTicketsDisabled: true}
}

package hooktest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// handshake is what a behaviour may change before TLS begins.
type handshake struct {
	config    *tls.Config
	clientCAs *x509.CertPool
}

// handshakes are connections that fail between the ClientHello and the
// request, for other reasons than the certificate.
func handshakes() []spec {
	onTLS := func(name Behaviour, fault probes.Fault, does string) spec {
		s := spec{name: name, Description: bad(fault, does)}
		s.TLS = true
		return s
	}
	hang := onTLS(TLSHang, probes.FaultTimeoutTLS, "accepts and never answers the ClientHello")
	hang.accept = (*exchange).hang
	plainHTTP := onTLS(PlainOnTLS, probes.FaultTLSHandshake, "answers the ClientHello in HTTP")
	plainHTTP.accept = func(x *exchange) {
		x.hello()
		x.head(statusLine(http.StatusBadRequest), "Content-Length: 0", "Connection: close")
	}
	alert := onTLS(TLSAlert, probes.FaultTLSHandshake, "answers the ClientHello with the alert handshake_failure")
	alert.accept = func(x *exchange) {
		x.hello()
		x.write("\x15\x03\x03\x00\x02\x02\x28") // alert, TLS 1.2, two bytes: fatal, 40 (RFC 8446 section 6)
	}
	closed := onTLS(TLSClose, probes.FaultClosed, "closes after the ClientHello")
	closed.accept = (*exchange).hello
	reset := onTLS(TLSReset, probes.FaultReset, "resets after the ClientHello")
	reset.accept = func(x *exchange) { x.hello(); x.reset() }
	old := onTLS(TLS10, probes.FaultTLSVersion, "speaks TLS 1.0 only")
	old.secure = versions(tls.VersionTLS10)
	old1 := onTLS(TLS11, probes.FaultTLSVersion, "speaks TLS 1.1 only")
	old1.secure = versions(tls.VersionTLS11)
	cert12 := onTLS(ClientCertTLS12, probes.FaultTLSClientCert, "wants a client certificate, over TLS 1.2")
	cert12.secure = clientCert(tls.VersionTLS12)
	cert13 := onTLS(ClientCertTLS13, probes.FaultTLSClientCert, "wants a client certificate, over TLS 1.3")
	cert13.secure = clientCert(tls.VersionTLS13)
	return []spec{hang, plainHTTP, alert, closed, reset, old, old1, cert12, cert13}
}

// versions allows one version and no other.
func versions(v uint16) func(*handshake) {
	return func(h *handshake) { h.config.MinVersion, h.config.MaxVersion = v, v }
}

// clientCert demands a certificate that verifies.
func clientCert(v uint16) func(*handshake) {
	return func(h *handshake) {
		versions(v)(h)
		h.config.ClientAuth, h.config.ClientCAs = tls.RequireAndVerifyClientCert, h.clientCAs
	}
}

// leafer is what a behaviour needs to choose another leaf.
type leafer struct {
	sound    LeafOptions // what a sound receiver would serve
	ca       *CA         // the receiver's
	stranger *CA         // a root that nobody trusts
	middle   *CA         // an intermediate below ca
}

// certificates are receivers with a leaf that a strict client refuses, and one
// that it does not refuse yet. Behind it they answer 200.
func certificates() []spec {
	onTLS := func(name Behaviour, d Description, change func(*LeafOptions)) spec {
		d.TLS = true
		return spec{name: name, Description: d, leaf: func(l *leafer) (LeafOptions, *CA) {
			o := l.sound
			change(&o)
			return o, l.ca
		}}
	}
	from := func(s spec, pick func(*leafer) *CA) spec {
		choose := s.leaf
		s.leaf = func(l *leafer) (LeafOptions, *CA) {
			o, _ := choose(l)
			return o, pick(l)
		}
		return s
	}
	middle := func(l *leafer) *CA { return l.middle }
	expiring := good("has a certificate with one of its 90 days left")
	expiring.Notes = probes.NoteCertExpiring
	return []spec{
		onTLS(CertExpired, bad(probes.FaultTLSExpired, "has a certificate that expired an hour ago"),
			func(o *LeafOptions) { o.NotAfter = time.Now().Add(-time.Hour) }),
		onTLS(CertExpiring, expiring, func(o *LeafOptions) {
			o.NotAfter = time.Now().Add(24 * time.Hour)
			o.NotBefore = o.NotAfter.Add(-leafLifetime)
		}),
		onTLS(CertNotYetValid, bad(probes.FaultTLSNotYetValid, "has a certificate that is valid from tomorrow"),
			func(o *LeafOptions) { o.NotBefore = time.Now().Add(24 * time.Hour) }),
		onTLS(CertWrongName, bad(probes.FaultTLSHostname, "has a certificate for another name"),
			func(o *LeafOptions) { o.Names, o.IPs = []string{"elsewhere.hooktest.invalid"}, nil }),
		onTLS(CertNoSAN, bad(probes.FaultTLSHostname, "has a certificate with a common name only"),
			func(o *LeafOptions) { o.NoSAN = true }),
		onTLS(CertSelfSigned, bad(probes.FaultTLSUntrusted, "has a certificate signed by itself"),
			func(o *LeafOptions) { o.SelfSigned = true }),
		from(onTLS(CertUntrusted, bad(probes.FaultTLSUntrusted, "has a certificate of a root that nobody trusts"),
			func(*LeafOptions) {}), func(l *leafer) *CA { return l.stranger }),
		from(onTLS(CertNoIntermediate, bad(probes.FaultTLSUntrusted, "does not serve the intermediate"),
			func(o *LeafOptions) { o.Chain = ChainLeafOnly }), middle),
		from(onTLS(CertOldMiddle, bad(probes.FaultTLSExpired, "serves an expired intermediate"),
			func(o *LeafOptions) { o.Chain = ChainExpiredIntermediate }), middle),
		onTLS(CertWrongUsage, bad(probes.FaultTLSUsage, "has a certificate for clients"),
			func(o *LeafOptions) { o.Usage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
	}
}

// issueFor returns the leaf that s serves on ip, sound unless s has another.
func issueFor(s spec, o *Options, ip netip.Addr) (*tls.Certificate, error) {
	l, err := newLeafer(o, ip)
	if err != nil {
		return nil, err
	}
	leaf, issuer := l.sound, l.ca
	if s.leaf != nil {
		leaf, issuer = s.leaf(l)
	}
	cert, err := issuer.Issue(leaf)
	return &cert, err
}

func newLeafer(o *Options, ip netip.Addr) (*leafer, error) {
	l := &leafer{ca: o.CA, sound: LeafOptions{Names: append(slices.Clip(o.Names), "localhost")}}
	if !ip.IsUnspecified() {
		l.sound.IPs = []netip.Addr{ip}
	}
	var err error
	if l.middle, err = o.CA.Intermediate("hooktest intermediate", CAOptions{}); err != nil {
		return nil, err
	}
	l.stranger, err = NewCA("hooktest stranger")
	return l, err
}

// countedConn counts what is sent, below TLS.
type countedConn struct {
	net.Conn
	sent func(int)
}

// Write implements [net.Conn].
func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent(n)
	return n, err
}

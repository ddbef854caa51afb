package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// A certificate is noted as expiring when less than a quarter of its life,
// and less than 30 days, are left: renewers act with a third left.
const (
	expiringShare = 4
	expiringCap   = 30 * 24 * time.Hour
)

// shake makes the TLS handshake and judges the chain. The chain is recorded
// before it is judged, so that its dates are known exactly when it is bad;
// not a byte of the request is sent when it is.
func (l *look) shake(ctx context.Context, ln *line, name string) error {
	cfg := &tls.Config{
		ServerName:         name,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: true, // judged in VerifyConnection
		VerifyConnection: func(cs tls.ConnectionState) error {
			ln.shown = shownBy(cs)
			return l.verify(ln, cs, name)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			ln.asked = true
			if l.ep.ClientCert != nil {
				return l.ep.ClientCert, nil
			}
			return &tls.Certificate{}, nil
		},
	}
	conn := tls.Client(ln.conn, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	ln.conn = conn
	return nil
}

func shownBy(cs tls.ConnectionState) handshake {
	h := handshake{version: cs.Version, suite: cs.CipherSuite}
	for i, c := range cs.PeerCertificates {
		if i == 0 {
			h.leaf = c.NotAfter
			left, life := time.Until(c.NotAfter), c.NotAfter.Sub(c.NotBefore)
			h.expiring = left >= 0 && left < min(life/expiringShare, expiringCap)
		}
		if h.served.IsZero() || c.NotAfter.Before(h.served) {
			h.served = c.NotAfter
		}
	}
	return h
}

// verify judges the chain as a strict sender does: dates, name, trust, usage.
func (l *look) verify(ln *line, cs tls.ConnectionState, name string) error {
	if len(cs.PeerCertificates) == 0 {
		return &chainError{fault: FaultTLSHandshake, detail: "the server sent no certificate"}
	}
	opts := x509.VerifyOptions{
		DNSName:       name,
		Roots:         l.roots(),
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := cs.PeerCertificates[0].Verify(opts)
	if err != nil {
		return &chainError{fault: verifyFault(err), detail: clip(err.Error())}
	}
	ln.shown.chain = longestLived(chains)
	return nil
}

func (l *look) roots() *x509.CertPool {
	if l.ep.Roots != nil {
		return l.ep.Roots
	}
	return l.p.roots
}

// longestLived returns the end of the path that ends last; a path ends with
// its first certificate to expire.
func longestLived(chains [][]*x509.Certificate) time.Time {
	var last time.Time
	for _, chain := range chains {
		end := chain[0].NotAfter
		for _, c := range chain[1:] {
			if c.NotAfter.Before(end) {
				end = c.NotAfter
			}
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}

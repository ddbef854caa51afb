package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// clientCertificate judges the client certificate that we would show, for the server's
// word comes too late: only once it has run out. Public CAs leave clientAuth
// out of new certificates (Let's Encrypt since 13 May 2026).
func clientCertificate(f *findings, cert *tls.Certificate, p Policy, now time.Time) {
	if cert == nil {
		return
	}
	leaf, err := leafOf(cert)
	if err != nil {
		f.add(FaultFileUnusable, "our client certificate cannot be read: %s", clean(err.Error(), maxError))
		return
	}
	left, life := leaf.NotAfter.Sub(now), leaf.NotAfter.Sub(leaf.NotBefore)
	switch {
	case now.After(leaf.NotAfter):
		f.add(FaultClientCertExpired, "our client certificate %q expired %s, %s ago", nameOf(leaf), utc(leaf.NotAfter), span(-left))
		f.page = true
	case now.Before(leaf.NotBefore):
		f.add(FaultClientCertExpired, "our client certificate %q is not valid before %s", nameOf(leaf), utc(leaf.NotBefore))
	case left < p.WarnBelow.Left(life):
		f.add(FaultClientCertExpiring, "our client certificate %q expires %s, in %s; %s", nameOf(leaf), utc(leaf.NotAfter), span(left), overdue(leaf, now))
		f.page = left < p.PageBelow.Left(life)
	}
	if !allows(leaf, x509.ExtKeyUsageClientAuth) {
		f.add(FaultClientCertWrongEKU, "our client certificate %q is not for clients: its extended key usage lacks clientAuth", nameOf(leaf))
	}
}

func leafOf(cert *tls.Certificate) (*x509.Certificate, error) {
	if cert.Leaf != nil {
		return cert.Leaf, nil
	}
	if len(cert.Certificate) == 0 {
		return nil, errors.New("it holds no certificate")
	}
	return x509.ParseCertificate(cert.Certificate[0])
}

package certificate

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"
)

// slowHandshake is how long a look may take before it is remarked upon: two
// fifths of the ack budget of 5 s are gone before a request is sent.
const slowHandshake = 2 * time.Second

// strength looks at the keys of a path and at the signatures that bind it;
// the signature of a trusted root binds nothing.
func strength(f *findings, w walked) {
	for i, c := range w.path {
		if weakKey(c) {
			f.add(FaultWeakKey, "%s %q has a weak key: %s; wanted RSA 2048 or ECDSA P-256", w.role(i), nameOf(c), keyOf(c))
		}
		if (i > 0 && w.role(i) == "root") || (w.anchored && i == len(w.path)-1) {
			continue
		}
		if weakSignature(c.SignatureAlgorithm) {
			f.add(FaultWeakSignature, "%s %q is signed with %s, which clients refuse", w.role(i), nameOf(c), c.SignatureAlgorithm)
		}
	}
}

func weakKey(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize < 256
	}
	return c.PublicKeyAlgorithm == x509.DSA
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}

// protocol looks at what the handshake agreed on.
func protocol(f *findings, s Seen) {
	if s.Version != 0 && s.Version < tls.VersionTLS12 {
		f.add(FaultTLSVersion, "the server speaks no more than %s; senders want TLS 1.2 or later", tls.VersionName(s.Version))
	}
	if weakSuite(s.CipherSuite) {
		f.add(FaultWeakCipher, "the server wants the cipher suite %s, which senders do not offer", tls.CipherSuiteName(s.CipherSuite))
	}
	if s.Fault == "" && s.Took > slowHandshake {
		f.add(FaultHandshakeSlow, "connect and handshake took %s", s.Took.Round(time.Millisecond))
	}
}

// weakSuite reports a suite without forward secrecy or with a broken cipher.
// TLS 1.3 has none.
func weakSuite(id uint16) bool {
	for _, s := range tls.InsecureCipherSuites() {
		if s.ID == id {
			return strings.HasPrefix(s.Name, "TLS_RSA_") || strings.Contains(s.Name, "RC4") || strings.Contains(s.Name, "3DES")
		}
	}
	return false
}

// publicLimit is the longest life that public CAs may give, by the day of issue
// (CA/Browser Forum ballots SC-063 and SC-081v3).
func publicLimit(issued time.Time) time.Duration {
	switch {
	case issued.Before(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)):
		return 398 * day
	case issued.Before(time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC)):
		return 200 * day
	case issued.Before(time.Date(2029, 3, 15, 0, 0, 0, 0, time.UTC)):
		return 100 * day
	}
	return 47 * day
}

// lifetime remarks on a leaf that lives longer than public CAs may give.
func lifetime(f *findings, leaf *x509.Certificate) {
	if life, limit := leaf.NotAfter.Sub(leaf.NotBefore), publicLimit(leaf.NotBefore); life > limit {
		f.add(FaultLifetimeLong, "leaf lives %s; a public CA may not give more than %s", span(life), span(limit))
	}
}

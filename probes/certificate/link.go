package certificate

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
)

// Bounds of one described chain.
const (
	maxServed = 32 // certificates; crypto/tls takes 256 KiB of them
	maxSANs   = 20
)

// Describe returns a [Link] for each certificate, leaf first, at most 32. It
// is pure.
func Describe(chain []*x509.Certificate) []Link {
	links := make([]Link, 0, min(len(chain), maxServed))
	for i, c := range chain[:min(len(chain), maxServed)] {
		l := Link{
			Subject: clean(c.Subject.String(), maxError), Issuer: clean(c.Issuer.String(), maxError), Serial: serialOf(c),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			Fingerprint: fingerprint(c), SPKI: spki(c), Key: keyOf(c),
			Signature: c.SignatureAlgorithm.String(), CA: c.BasicConstraintsValid && c.IsCA,
		}
		if i == 0 {
			for _, n := range namesIn(c)[:min(len(namesIn(c)), maxSANs)] {
				l.SANs = append(l.SANs, clean(n, maxError))
			}
		}
		links = append(links, l)
	}
	return links
}

// namesIn lists the names that a certificate may be asked for.
func namesIn(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// fingerprint is the SHA-256 of the certificate, in hex.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// pinOf is the SHA-256 of the certificate's key.
func pinOf(c *x509.Certificate) Pin { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// spki is pinOf in hex.
func spki(c *x509.Certificate) string {
	p := pinOf(c)
	return hex.EncodeToString(p[:])
}

// keyOf describes the key.
func keyOf(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return clean(c.PublicKeyAlgorithm.String(), maxName)
}

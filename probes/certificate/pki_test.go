package certificate_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

const day = 24 * time.Hour

const host = "hooks.example.com"

// now is the moment that every judgement here is about.
var now = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)

// holder is a certificate with its key.
type holder struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// edit changes a template before it is signed.
type edit func(*x509.Certificate)

func newKey(tb testing.TB) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func rsaKey(tb testing.TB, bits int) crypto.Signer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// issue signs template for key; a nil parent signs itself.
func issue(tb testing.TB, parent *holder, key crypto.Signer, template *x509.Certificate, edits ...edit) holder {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		tb.Fatal(err)
	}
	template.SerialNumber = serial
	for _, e := range edits {
		e(template)
	}
	signer := parent
	if parent == nil {
		signer = &holder{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, key.Public(), signer.key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return holder{cert: cert, key: key}
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, MaxPathLen: -1,
		KeyUsage:  x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: now.Add(-3650 * day), NotAfter: now.Add(3650 * day),
	}
}

func root(tb testing.TB, name string, edits ...edit) holder {
	tb.Helper()
	return issue(tb, nil, newKey(tb), authority(name), edits...)
}

func (h holder) sub(tb testing.TB, name string, edits ...edit) holder {
	tb.Helper()
	return issue(tb, &h, newKey(tb), authority(name), edits...)
}

// leaf issues a server certificate of 90 days, 60 of which are left.
func (h holder) leaf(tb testing.TB, edits ...edit) holder {
	tb.Helper()
	return h.leafFor(tb, newKey(tb), edits...)
}

func (h holder) leafFor(tb testing.TB, key crypto.Signer, edits ...edit) holder {
	tb.Helper()
	return issue(tb, &h, key, server(), edits...)
}

func server() *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: now.Add(-30 * day), NotAfter: now.Add(60 * day),
	}
}

// Edits.

func valid(from, to time.Time) edit {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
}

func names(list ...string) edit { return func(c *x509.Certificate) { c.DNSNames = list } }

func usage(list ...x509.ExtKeyUsage) edit {
	return func(c *x509.Certificate) { c.ExtKeyUsage = list }
}

func sha1(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

func noCA(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature }

func critical(c *x509.Certificate) {
	c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
}

// tampered returns h with one bit of its signature turned.
func (h holder) tampered(tb testing.TB) holder {
	tb.Helper()
	der := slices.Clone(h.cert.Raw)
	der[len(der)-1] ^= 1
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return holder{cert: cert, key: h.key}
}

func chain(holders ...holder) []*x509.Certificate {
	var list []*x509.Certificate
	for _, h := range holders {
		list = append(list, h.cert)
	}
	return list
}

// pair is what a server or a client needs to show h and what stands over it.
func (h holder) pair(above ...holder) tls.Certificate {
	c := tls.Certificate{PrivateKey: h.key, Certificate: [][]byte{h.cert.Raw}}
	for _, a := range above {
		c.Certificate = append(c.Certificate, a.cert.Raw)
	}
	return c
}

// pki is a good public-looking hierarchy: root, intermediate, leaf.
type pki struct{ root, sub, leaf holder }

func newPKI(tb testing.TB) pki {
	tb.Helper()
	r := root(tb, "Root A")
	s := r.sub(tb, "Sub A")
	return pki{root: r, sub: s, leaf: s.leaf(tb)}
}

func (p pki) policy() certificate.Policy { return trusting(p.root) }

func trusting(roots ...holder) certificate.Policy {
	p := certificate.DefaultPolicy()
	p.Roots = x509.NewCertPool()
	for _, r := range roots {
		p.Roots.AddCert(r.cert)
	}
	return p
}

// scene is a test that sets something up: what a case of a table gets.
type scene struct{ testing.TB }

package hooktest

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"
)

// How long certificates live unless told otherwise.
const (
	caLifetime   = 10 * 365 * 24 * time.Hour
	leafLifetime = 90 * 24 * time.Hour // below the 200 days that the CA/Browser Forum allows in 2026
	backdated    = time.Hour           // of not_before, for clocks that differ
)

// CA is a certificate authority in memory: a root, or an intermediate below
// one. It never changes once made, so it is safe for concurrent use.
type CA struct {
	cert   *x509.Certificate
	key    crypto.Signer
	parent *CA // nil for a root
}

// CAOptions shapes the certificate of a CA. The zero value is a sound CA,
// valid for ten years.
type CAOptions struct {
	NotBefore      time.Time // zero: an hour ago, or a lifetime before NotAfter when that has passed
	NotAfter       time.Time // zero: ten years from now, or from NotBefore when that is still to come
	Key            KeyKind   // zero: P-256
	NotCA          bool      // says CA:FALSE, so that what it issues must be refused
	NoIntermediate bool      // path length 0: only leafs below it
	Permitted      []string  // name constraint: only names below these domains; nil: none
}

// NewCA returns a sound root with the given common name. An error means that
// the system gave no randomness.
func NewCA(name string) (*CA, error) { return NewRoot(name, CAOptions{}) }

// NewRoot returns a root of the given shape. It returns an error for an
// unknown key kind.
func NewRoot(name string, o CAOptions) (*CA, error) {
	ca, err := makeCA(name, o, nil)
	if err != nil {
		return nil, fmt.Errorf("make root %q: %w", name, err)
	}
	return ca, nil
}

// Intermediate returns an authority signed by c; c may be an intermediate
// itself. It returns an error for an unknown key kind.
func (c *CA) Intermediate(name string, o CAOptions) (*CA, error) {
	ca, err := makeCA(name, o, c)
	if err != nil {
		return nil, fmt.Errorf("make intermediate %q: %w", name, err)
	}
	return ca, nil
}

// Certificate returns the authority's own certificate. Do not change it.
func (c *CA) Certificate() *x509.Certificate { return c.cert }

// Root returns the root above c, c itself when it is one.
func (c *CA) Root() *CA {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

// Pool returns a new pool that trusts the root above c and nothing else.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.Root().cert)
	return pool
}

// PEM returns the authority's own certificate as a PEM block.
func (c *CA) PEM() []byte { return encodeCerts(c.cert.Raw) }

func makeCA(name string, o CAOptions, parent *CA) (*CA, error) {
	key, err := newKey(o.Key)
	if err != nil {
		return nil, err
	}
	from, until := validity(o.NotBefore, o.NotAfter, caLifetime)
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"hooktest"}},
		NotBefore:             from,
		NotAfter:              until,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  !o.NotCA,
		MaxPathLenZero:        o.NoIntermediate && !o.NotCA,
		PermittedDNSDomains:   o.Permitted,
	}
	cert, err := sign(template, key, key, parent)
	if err != nil {
		return nil, err
	}
	return &CA{cert: cert, key: key, parent: parent}, nil
}

// again returns c's certificate issued once more, same name and key, with
// another validity.
func (c *CA) again(from, until time.Time) (*x509.Certificate, error) {
	template := *c.cert
	template.SerialNumber, template.NotBefore, template.NotAfter = nil, from, until
	return sign(&template, c.key, c.key, c.parent)
}

// sign issues template for the key subject, by issuer or, without one, by own.
func sign(template *x509.Certificate, subject, own crypto.Signer, issuer *CA) (*x509.Certificate, error) {
	parent, signer := template, own
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, subject.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// validity fills in the ends that were not given.
func validity(from, until time.Time, lifetime time.Duration) (time.Time, time.Time) {
	now := time.Now()
	if until.IsZero() {
		until = now.Add(lifetime)
		if from.After(now) {
			until = from.Add(lifetime)
		}
	}
	if from.IsZero() {
		from = now.Add(-backdated)
		if !from.Before(until) {
			from = until.Add(-lifetime)
		}
	}
	return from, until
}

func encodeCerts(chain ...[]byte) []byte {
	var out []byte
	for _, der := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

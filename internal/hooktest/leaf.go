package hooktest

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// LeafOptions shapes a certificate that a [CA] issues. The zero value is a
// sound server certificate for no name at all, valid for 90 days.
type LeafOptions struct {
	Names     []string     // DNS names; the first is the common name as well
	IPs       []netip.Addr // IP addresses
	NotBefore time.Time    // zero: an hour ago, or 90 days before NotAfter when that has passed
	NotAfter  time.Time    // zero: 90 days from now, or from NotBefore when that is still to come
	Key       KeyKind      // zero: P-256

	Usage           []x509.ExtKeyUsage // nil: server authentication
	IsCA            bool               // says CA:TRUE
	NoSAN           bool               // names only in the common name, where nobody looks any more
	SelfSigned      bool               // signed by its own key; the CA has no part in it
	SHA1            bool               // signed with SHA-1; not for an Ed25519 signer
	UnknownCritical bool               // carries a critical extension that nobody knows

	Chain Chain               // what is served after the leaf; zero: the intermediates in order
	Extra []*x509.Certificate // served after that
}

// Chain says which certificates are served after the leaf.
type Chain string

// The chains. All but ChainFull and ChainWithRoot need an intermediate to
// make a difference; the two with an expired certificate refuse to work
// without one.
const (
	ChainFull                Chain = ""                     // intermediates, lowest first
	ChainLeafOnly            Chain = "leaf_only"            // nothing: the intermediates are missing
	ChainWithRoot            Chain = "with_root"            // intermediates and the root
	ChainWrongOrder          Chain = "wrong_order"          // the root, then the intermediates, highest first
	ChainExpiredIntermediate Chain = "expired_intermediate" // the lowest intermediate in an expired edition
	ChainExpiredSpare        Chain = "expired_spare"        // an expired edition of it, then the intermediates
)

// unknownExtension is an object identifier under the arc for documentation.
var unknownExtension = asn1.ObjectIdentifier{2, 999, 1}

// Issue returns a new key and certificate with its chain; Leaf is filled in.
// It returns an error for an unknown key or chain, and for a combination that
// cannot be made.
func (c *CA) Issue(o LeafOptions) (tls.Certificate, error) {
	cert, err := c.issue(o)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("issue leaf %q: %w", commonName(o), err)
	}
	return cert, nil
}

func (c *CA) issue(o LeafOptions) (tls.Certificate, error) {
	key, err := newKey(o.Key)
	if err != nil {
		return tls.Certificate{}, err
	}
	issuer, signer := c, c.key
	if o.SelfSigned {
		issuer, signer = nil, key
	}
	template, err := leafTemplate(o, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := sign(template, key, key, issuer)
	if err != nil {
		return tls.Certificate{}, err
	}
	out := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	var above []*x509.Certificate
	if !o.SelfSigned {
		if above, err = c.served(o.Chain); err != nil {
			return tls.Certificate{}, err
		}
	}
	for _, cert := range slices.Concat(above, o.Extra) {
		out.Certificate = append(out.Certificate, cert.Raw)
	}
	return out, nil
}

func leafTemplate(o LeafOptions, signer crypto.Signer) (*x509.Certificate, error) {
	from, until := validity(o.NotBefore, o.NotAfter, leafLifetime)
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName(o)},
		NotBefore:             from,
		NotAfter:              until,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           o.Usage,
		BasicConstraintsValid: true,
		IsCA:                  o.IsCA,
	}
	if o.Usage == nil {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if !o.NoSAN {
		t.DNSNames = o.Names
		for _, ip := range o.IPs {
			t.IPAddresses = append(t.IPAddresses, net.IP(ip.Unmap().AsSlice()))
		}
	}
	if o.UnknownCritical {
		t.ExtraExtensions = []pkix.Extension{{Id: unknownExtension, Critical: true, Value: []byte{5, 0}}} // ASN.1 NULL
	}
	if o.SHA1 {
		if t.SignatureAlgorithm = sha1With(signer); t.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
			return nil, errors.New("SHA1: the signing key has no SHA-1 signature; use an RSA or P-256 authority")
		}
	}
	return t, nil
}

// served returns what stands after the leaf.
func (c *CA) served(kind Chain) ([]*x509.Certificate, error) {
	var middle []*x509.Certificate // lowest first
	for at := c; at.parent != nil; at = at.parent {
		middle = append(middle, at.cert)
	}
	root := c.Root().cert
	switch kind {
	case ChainFull:
		return middle, nil
	case ChainLeafOnly:
		return nil, nil
	case ChainWithRoot:
		return append(middle, root), nil
	case ChainWrongOrder:
		slices.Reverse(middle)
		return append([]*x509.Certificate{root}, middle...), nil
	case ChainExpiredIntermediate, ChainExpiredSpare:
		return c.servedExpired(kind, middle)
	default:
		return nil, fmt.Errorf("%q is not a kind of chain", string(kind))
	}
}

func (c *CA) servedExpired(kind Chain, middle []*x509.Certificate) ([]*x509.Certificate, error) {
	if c.parent == nil {
		return nil, fmt.Errorf("chain %s: the issuer is a root; issue from an intermediate", kind)
	}
	until := time.Now().Add(-backdated)
	old, err := c.again(until.Add(-leafLifetime), until)
	if err != nil {
		return nil, err
	}
	if kind == ChainExpiredIntermediate {
		return append([]*x509.Certificate{old}, middle[1:]...), nil
	}
	return append([]*x509.Certificate{old}, middle...), nil
}

func commonName(o LeafOptions) string {
	switch {
	case len(o.Names) > 0:
		return o.Names[0]
	case len(o.IPs) > 0:
		return o.IPs[0].String()
	default:
		return "hooktest"
	}
}

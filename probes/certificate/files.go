package certificate

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Bounds of a certificate file: the largest bundles in use hold some 150.
const (
	maxFile  = 4 << 20 // bytes
	maxCerts = 1000
)

// File is what a certificate file and its key file held: this package itself
// reads none.
type File struct {
	Chain   []byte      // PEM, leaf first, or one certificate in DER
	Key     []byte      // PEM; nil: none is looked at
	KeyMode fs.FileMode // permissions of the key file; 0: not known
	Err     error       // why a file could not be read, if so; it says which
}

// Judge says what f means at now: whether it can be used at all, whether the
// key belongs to the certificate and is for its owner's eyes, and what
// [JudgeFile] says. It is pure.
func (f File) Judge(p Policy, now time.Time) Report {
	chain, key, err := f.parse()
	if err != nil {
		found := findings{}
		found.add(FaultFileUnusable, "%s", clean(err.Error(), maxError))
		return together([]AddressReport{describe(Seen{}, found, walked{})}, now)
	}
	found := findings{}
	if f.KeyMode.Perm()&0o077 != 0 {
		found.add(FaultKeyPermissions, "the key file has mode %04o; wanted 0600", f.KeyMode.Perm())
	}
	return judgeFile(found, chain, key, p, now)
}

func (f File) parse() ([]*x509.Certificate, crypto.PrivateKey, error) {
	if f.Err != nil {
		return nil, nil, f.Err
	}
	chain, err := LoadChain(f.Chain)
	if err != nil || f.Key == nil {
		return chain, nil, err
	}
	key, err := LoadKey(f.Key)
	return chain, key, err
}

// JudgeFile judges a certificate on disk, leaf first, with its key unless key
// is nil. No name is judged, and every extended key usage is good: the file
// may be a client's. Whether a trusted root stands over it is judged only when
// p.Roots is set. An empty chain is [FaultFileUnusable]. It is pure.
func JudgeFile(chain []*x509.Certificate, key crypto.PrivateKey, p Policy, now time.Time) Report {
	return judgeFile(findings{}, chain, key, p, now)
}

func judgeFile(f findings, chain []*x509.Certificate, key crypto.PrivateKey, p Policy, now time.Time) Report {
	seen, w := Seen{Chain: chain}, walked{}
	if len(chain) == 0 {
		f.add(FaultFileUnusable, "the file holds no certificate")
		return together([]AddressReport{describe(seen, f, w)}, now)
	}
	if key != nil && !KeyMatches(chain[0], key) {
		f.add(FaultKeyMismatch, "the key is not that of certificate %q", nameOf(chain[0]))
	}
	j := &judge{policy: p, now: now, usage: x509.ExtKeyUsageAny, trust: p.Roots != nil}
	w = j.certificates(&f, chain)
	expected(&f, chain, w, p)
	return together([]AddressReport{describe(seen, f, w)}, now)
}

// KeyMatches reports whether key is the private key of leaf.
func KeyMatches(leaf *x509.Certificate, key crypto.PrivateKey) bool {
	signer, ok := key.(crypto.Signer)
	if !ok || leaf == nil {
		return false
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(leaf.PublicKey)
}

// LoadChain reads the certificates of a PEM file in their order, leaf first;
// other blocks (keys, parameters) are passed over. It reads a single
// certificate in DER too. It is an error when there is none, when one cannot
// be parsed, or when the file is larger than 4 MiB or holds more than 1000.
func LoadChain(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file has %d bytes; wanted at most %d", len(data), maxFile)
	}
	var chain []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the file: %s", len(chain)+1, clean(err.Error(), maxError))
		}
		if chain = append(chain, c); len(chain) > maxCerts {
			return nil, fmt.Errorf("the file holds more than %d certificates", maxCerts)
		}
	}
	if len(chain) > 0 {
		return chain, nil
	}
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}, nil
	}
	if bytes.Contains(data, []byte("-----BEGIN")) {
		return nil, errors.New("the file holds no complete CERTIFICATE block; wanted a PEM chain, leaf first")
	}
	return nil, errors.New("the file is neither PEM nor DER; wanted a PEM chain, leaf first")
}

// LoadKey reads the first private key of a PEM file: PKCS #8, PKCS #1 or SEC
// 1, not encrypted. Its errors never show any of the key.
func LoadKey(data []byte) (crypto.PrivateKey, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the key file has %d bytes; wanted at most %d", len(data), maxFile)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted; wanted one without a passphrase")
		}
		return parseKey(block.Bytes)
	}
	return nil, errors.New("the key file holds no complete PRIVATE KEY block; wanted PEM")
}

func parseKey(der []byte) (crypto.PrivateKey, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("the key cannot be read; wanted PKCS #8, PKCS #1 or SEC 1")
}

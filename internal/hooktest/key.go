package hooktest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// KeyKind names an algorithm and a size. The zero value is [KeyP256].
type KeyKind string

// The kinds of key. RSA keys take a tenth of a second and more to make.
const (
	KeyP256    KeyKind = "p256"
	KeyRSA2048 KeyKind = "rsa2048"
	KeyRSA1024 KeyKind = "rsa1024" // weak: public authorities have refused it since 2014
	KeyEd25519 KeyKind = "ed25519"
)

func newKey(k KeyKind) (crypto.Signer, error) {
	switch k {
	case "", KeyP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case KeyRSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case KeyRSA1024:
		return rsa.GenerateKey(rand.Reader, 1024)
	case KeyEd25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	default:
		return nil, fmt.Errorf("%q is not a kind of key; one of p256, rsa2048, rsa1024, ed25519", string(k))
	}
}

// sha1With returns the SHA-1 signature algorithm of a signing key, and 0 (the
// default) for a key that has none.
func sha1With(key crypto.Signer) x509.SignatureAlgorithm {
	switch key.(type) {
	case *rsa.PrivateKey:
		return x509.SHA1WithRSA
	case *ecdsa.PrivateKey:
		return x509.ECDSAWithSHA1
	default:
		return x509.UnknownSignatureAlgorithm
	}
}

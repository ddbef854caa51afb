package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// bundle is what a PEM file held.
type bundle struct {
	certs []*x509.Certificate
	err   error
}

// certificates reads the certificates of a PEM file; there is at least one
// when the error is nil.
func (f *files) certificates(path string) ([]*x509.Certificate, error) {
	b, ok := f.bundles[path]
	if !ok {
		b.certs, b.err = f.parse(path)
		f.bundles[path] = b
	}
	return b.certs, b.err
}

func (f *files) parse(path string) ([]*x509.Certificate, error) {
	data, err := f.read(path)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if certs == nil {
		return nil, fmt.Errorf("%s: holds no certificate; wanted PEM, which begins with -----BEGIN CERTIFICATE-----", path)
	}
	return certs, nil
}

// pair reads a certificate and its key. The error says which file is wrong,
// and holds nothing of the key.
func (f *files) pair(certPath, keyPath string) (*tls.Certificate, error) {
	if _, err := f.certificates(certPath); err != nil {
		return nil, err
	}
	key, err := f.read(keyPath)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(key); block == nil {
		return nil, fmt.Errorf("%s: holds no key; wanted PEM, which begins with -----BEGIN PRIVATE KEY-----", keyPath)
	}
	cert, err := tls.X509KeyPair(f.held[certPath].data, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", certPath, keyPath, errors.New(trimTLS(err)))
	}
	return &cert, nil
}

func trimTLS(err error) string {
	const prefix = "tls: "
	text := err.Error()
	if len(text) > len(prefix) && text[:len(prefix)] == prefix {
		text = text[len(prefix):]
	}
	return text
}

// systemPool returns the system's roots, to add to. Without any (a container
// from scratch) it is empty.
func systemPool() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return x509.NewCertPool()
	}
	return pool
}

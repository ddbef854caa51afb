package config

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"hash"
	"path/filepath"
	"slices"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// material reads the files that a record names.
type material struct {
	l    *loader
	p    place
	dir  string    // of the file that names them
	hash hash.Hash // nil: no file yet
}

func (l *loader) material(p place) *material {
	m := &material{l: l, p: p, dir: p.node.at.src.dir}
	for _, c := range l.extra {
		m.note("tls.ca_files", c.Raw)
	}
	return m
}

// note takes what a file held into the fingerprint.
func (m *material) note(key string, data []byte) {
	if m.hash == nil {
		m.hash = sha256.New()
	}
	fmt.Fprintf(m.hash, "%s %d\n%s", key, len(data), data)
}

func (m *material) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(m.dir, file)
}

func (m *material) bad(key, hint, message string) {
	m.l.report(m.p, registry.Fault{Path: key, Message: message, Hint: hint})
}

// token reads a token file into ep.
func (m *material) token(ep *registry.Endpoint) {
	if ep.TokenFile == "" {
		return
	}
	if ep.Token != "" {
		m.bad("token", "", "token and token_file exclude each other")
		return
	}
	s := m.l.files.secret(m.path(ep.TokenFile))
	if s.message != "" {
		m.bad("token_file", s.hint, s.message)
		return
	}
	ep.Token = s.value
	m.note("token_file", []byte(s.value.Reveal()))
}

// certificates reads the files of a certificate section; prefix is its path
// in the record.
func (m *material) certificates(s registry.CertificateSpec, prefix string) registry.Material {
	var out registry.Material
	if s.CAFile != "" {
		if certs, ok := m.bundle(prefix+"ca_file", s.CAFile); ok {
			out.Roots = m.l.pool(m.path(s.CAFile), certs)
		}
	}
	if s.ServedFile != "" {
		out.Served, _ = m.bundle(prefix+"served_file", s.ServedFile)
	}
	if s.ClientCertFile != "" && s.ClientKeyFile != "" {
		cert, key := m.path(s.ClientCertFile), m.path(s.ClientKeyFile)
		if message, hint := exposed(key); message != "" {
			m.bad(prefix+"client_key_file", hint, message)
		}
		pair, err := m.l.files.pair(cert, key)
		if err != nil {
			m.bad(prefix+"client_cert_file", "", err.Error())
		} else {
			out.ClientCert = pair
			m.note(prefix+"client_cert_file", m.l.files.held[cert].data)
			m.note(prefix+"client_key_file", m.l.files.held[key].data)
		}
	}
	if m.hash != nil {
		out.Fingerprint = fmt.Sprintf("%x", m.hash.Sum(nil))
	}
	return out
}

func (m *material) bundle(key, file string) ([]*x509.Certificate, bool) {
	certs, err := m.l.files.certificates(m.path(file))
	if err != nil {
		m.bad(key, "", err.Error())
		return nil, false
	}
	m.note(key, m.l.files.held[m.path(file)].data)
	return certs, true
}

// pool returns the system's roots, tls.ca_files and the certificates of one
// ca_file; records that name the same file share it.
func (l *loader) pool(path string, certs []*x509.Certificate) *x509.CertPool {
	pool, ok := l.pools[path]
	if !ok {
		pool = poolOf(slices.Concat(l.extra, certs))
		l.pools[path] = pool
	}
	return pool
}

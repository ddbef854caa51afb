package registry

import (
	"crypto/tls"
	"crypto/x509"
)

// Material is what the files named by a record held when they were read. It
// is never stored: files are read again at each start and reload.
type Material struct {
	Roots       *x509.CertPool // system's roots and tls.ca_files and ca_file; nil: the daemon's
	ClientCert  *tls.Certificate
	Served      []*x509.Certificate
	Fingerprint string // hash over all files read, so that a rotated token or CA counts as a change
}

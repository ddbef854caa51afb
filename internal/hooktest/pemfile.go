package hooktest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// WritePEM writes the authority's certificate (never its key) to
// dir/name.pem, mode 0644, and returns the path.
func (c *CA) WritePEM(dir, name string) (string, error) {
	path := filepath.Join(dir, name+".pem")
	if err := writeFile(path, c.PEM(), 0o644); err != nil {
		return "", err
	}
	return path, nil
}

// WritePEM writes a certificate with its chain to dir/name.crt, mode 0644, and
// its key to dir/name.key, mode 0600, and returns both paths. Files that exist
// are replaced in one step each, as a renewal does.
func WritePEM(cert tls.Certificate, dir, name string) (certFile, keyFile string, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return "", "", fmt.Errorf("encode key of %q: %w", name, err)
	}
	certFile, keyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if err := writeFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return "", "", err
	}
	if err := writeFile(certFile, encodeCerts(cert.Certificate...), 0o644); err != nil {
		return "", "", err
	}
	return certFile, keyFile, nil
}

// writeFile replaces path by way of a neighbour, so that a reader sees the old
// file or the new one.
func writeFile(path string, data []byte, mode os.FileMode) error {
	next := path + ".next"
	_ = os.Remove(next) // a left-over would keep its old mode; there seldom is one
	if err := os.WriteFile(next, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Chmod(next, mode); err != nil { // whatever the umask says
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

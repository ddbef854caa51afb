package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

// TestPrivateKeysAreForTheirOwner: a key that others can read is refused where
// we use it, and remarked on where we watch it.
func TestPrivateKeysAreForTheirOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := selfSigned(t)
	put(t, filepath.Join(dir, "a.pem"), cert, 0o644)
	path, file := filepath.Join(dir, "hookvigil.yaml"), filepath.Join(dir, "a.key")
	put(t, path, `version: 1
server: {tls: {cert_file: a.pem, key_file: a.key}}
merchants: [{id: a, endpoints: [{id: a, url: "https://a.example/", certificate: {client_cert_file: a.pem, client_key_file: a.key}}]}]
targets: [{id: b, address: "b.example:443", client_cert_file: a.pem, client_key_file: a.key}]
certificate_files: [{id: c, path: a.pem, key_path: a.key}]
`, 0o644)
	for mode, want := range map[os.FileMode][]string{
		0o600: nil,
		0o400: nil,
		0o640: {"server.tls.key_file false", "merchants[0].endpoints[0].certificate.client_key_file false", "targets[0].client_key_file false", "certificate_files[0].key_path true"},
		0o604: {"server.tls.key_file false", "merchants[0].endpoints[0].certificate.client_key_file false", "targets[0].client_key_file false", "certificate_files[0].key_path true"},
	} {
		put(t, file, key, mode)
		_, faults := config.Load(path)
		var got []string
		for _, f := range faults {
			got = append(got, f.Path+map[bool]string{true: " true", false: " false"}[f.Warning])
			if f.Message != file+" can be read by others" || f.Hint != "chmod 600 "+file {
				t.Errorf("%o: got %q with hint %q", mode, f.Message, f.Hint)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%o: got %v, want %v", mode, got, want)
		}
	}
}

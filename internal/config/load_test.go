package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// marker is part of every secret in testdata: no fault may show it.
const marker = "hunter2"

// These have the form of PagerDuty's keys.
const (
	pagerKey = "hunter2hunter2hunter2hunter2hunt"
	proofKey = "hunter2hunter2hunter2hunter2test"
)

// TestGoldenWrong loads every configuration of testdata/wrong and compares
// what a person reads. The files that they may name stand beside them.
func TestGoldenWrong(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", marker+"-from-the-environment")
	names, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d configurations, %v; want at least 30", len(names), err)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Join(root, name), ".yaml")
		t.Run(filepath.Base(base), func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			put(t, "hookvigil.yaml", read(t, base+".yaml"), 0o644)
			supply(t)
			if _, err := os.Stat(base + ".files"); err == nil {
				if err := os.CopyFS(dir, os.DirFS(base+".files")); err != nil {
					t.Fatal(err)
				}
			}
			_, faults := config.Load("hookvigil.yaml")
			var got bytes.Buffer
			config.Print(&got, faults)
			golden(t, base+".golden", bytes.ReplaceAll(got.Bytes(), []byte(dir), []byte("/etc/hookvigil")))
			if len(faults) == 0 {
				t.Error("no fault; want at least one")
			}
			if bytes.Contains(got.Bytes(), []byte(marker)) {
				t.Errorf("a secret is printed:\n%s", got.Bytes())
			}
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// put writes a file of the test's folder.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

// supply writes the files that configurations of this test name.
func supply(t *testing.T) {
	t.Helper()
	put(t, "secrets/good.token", marker+"-good-and-long-enough\n", 0o600)
	put(t, "secrets/other.token", marker+"-other-and-long-enough\r\n", 0o400)
	put(t, "secrets/open.token", marker+"-open-and-long-enough\n", 0o640)
	put(t, "secrets/slack.token", "xoxb-"+marker+"-of-a-bot\n", 0o600)
	put(t, "secrets/slack.signing", marker+"-signing-secret\n", 0o600)
	put(t, "secrets/slack.app", "xapp-"+marker+"\n", 0o600)
	put(t, "secrets/slack.url", "https://hooks.slack.com/services/T0/B0/"+marker+"\n", 0o600)
	put(t, "secrets/open.url", "https://hooks.slack.com/services/T0/B0/"+marker+"\n", 0o644)
	put(t, "secrets/smtp", marker+"\n", 0o600)
	put(t, "secrets/pagerduty.key", pagerKey+"\n", 0o600)
	put(t, "secrets/pagerduty-test.key", proofKey+"\n", 0o600)
	put(t, "secrets/pagerduty-quoted.key", pagerKey[:30]+`""`+"\n", 0o600)
	put(t, "secrets/alertmanager", marker+"\n", 0o600)
	put(t, "secrets/empty.token", "\n", 0o600)
	put(t, "secrets/short.token", marker+"\n", 0o600)
	put(t, "secrets/large.token", strings.Repeat(marker, 10_000), 0o600)
	cert, key := selfSigned(t)
	_, other := selfSigned(t)
	put(t, "client.pem", cert, 0o644)
	put(t, "ca.pem", cert, 0o644)
	put(t, "client.key", key, 0o600)
	put(t, "other.key", other, 0o600)
	put(t, "not.pem", "-----BEGIN nothing\n", 0o644)
	put(t, "broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o644)
}

// selfSigned returns a certificate and its key, both PEM.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

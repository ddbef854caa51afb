package hooktest_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

var clientUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

// authorities are a root, an intermediate and one below that.
func authorities(t *testing.T, root hooktest.CAOptions, middle hooktest.CAOptions) (top, mid, low *hooktest.CA) {
	t.Helper()
	top, err := hooktest.NewRoot("root", root)
	if err != nil {
		t.Fatal(err)
	}
	if mid, err = top.Intermediate("middle", middle); err != nil {
		t.Fatal(err)
	}
	if low, err = mid.Intermediate("low", hooktest.CAOptions{}); err != nil {
		t.Fatal(err)
	}
	return top, mid, low
}

// verify judges a chain as a strict client does.
func verify(t *testing.T, cert tls.Certificate, roots *x509.CertPool, name string) error {
	t.Helper()
	between := x509.NewCertPool()
	for _, der := range cert.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		between.AddCert(c)
	}
	_, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: name})
	return err
}

func TestLeafsAreWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ip := netip.MustParseAddr("127.0.0.1")
	tests := map[string]struct {
		root, middle hooktest.CAOptions
		leaf         hooktest.LeafOptions
		name         string // host.test when empty
		want         string // part of the error; empty: none
		served       int    // certificates
	}{
		"a sound leaf":                   {served: 3},
		"a sound leaf for an address":    {leaf: hooktest.LeafOptions{IPs: []netip.Addr{ip}}, name: "127.0.0.1", served: 3},
		"another name":                   {name: "other.test", want: "not other.test", served: 3},
		"expired":                        {leaf: hooktest.LeafOptions{NotAfter: now.Add(-time.Second)}, want: "expired", served: 3},
		"in its last hour":               {leaf: hooktest.LeafOptions{NotAfter: now.Add(time.Hour)}, served: 3}, // a slow machine comes to it minutes later
		"not yet valid":                  {leaf: hooktest.LeafOptions{NotBefore: now.Add(time.Hour)}, want: "not yet valid", served: 3},
		"signed by itself":               {leaf: hooktest.LeafOptions{SelfSigned: true}, want: "unknown authority", served: 1},
		"for clients":                    {leaf: hooktest.LeafOptions{Usage: clientUsage}, want: "incompatible key usage", served: 3},
		"a name in the common name only": {leaf: hooktest.LeafOptions{NoSAN: true}, want: "legacy Common Name", served: 3},
		"an authority itself":            {leaf: hooktest.LeafOptions{IsCA: true}, served: 3},
		"an unknown critical extension":  {leaf: hooktest.LeafOptions{UnknownCritical: true}, want: "unhandled critical extension", served: 3},
		"signed with SHA-1":              {leaf: hooktest.LeafOptions{SHA1: true}, want: "unknown authority", served: 3},
		"RSA of 2048 bits":               {leaf: hooktest.LeafOptions{Key: hooktest.KeyRSA2048}, served: 3},
		"RSA of 1024 bits":               {leaf: hooktest.LeafOptions{Key: hooktest.KeyRSA1024}, served: 3},
		"Ed25519":                        {leaf: hooktest.LeafOptions{Key: hooktest.KeyEd25519}, served: 3},
		"no intermediates":               {leaf: hooktest.LeafOptions{Chain: hooktest.ChainLeafOnly}, want: "unknown authority", served: 1},
		"with the root":                  {leaf: hooktest.LeafOptions{Chain: hooktest.ChainWithRoot}, served: 4},
		"in the wrong order":             {leaf: hooktest.LeafOptions{Chain: hooktest.ChainWrongOrder}, served: 4},
		"an expired intermediate served": {leaf: hooktest.LeafOptions{Chain: hooktest.ChainExpiredIntermediate}, want: "expired", served: 3},
		"an expired spare served":        {leaf: hooktest.LeafOptions{Chain: hooktest.ChainExpiredSpare}, served: 4},
		"an expired intermediate":        {middle: hooktest.CAOptions{NotAfter: now.Add(-time.Hour)}, want: "expired", served: 3},
		"an expired root":                {root: hooktest.CAOptions{NotAfter: now.Add(-time.Hour)}, want: "expired", served: 3},
		"an issuer that is no authority": {middle: hooktest.CAOptions{NotCA: true}, want: "cannot sign", served: 3},
		"a path that is too long":        {middle: hooktest.CAOptions{NoIntermediate: true}, want: "too many intermediates", served: 3},
		"outside of a name constraint":   {middle: hooktest.CAOptions{Permitted: []string{"example.com"}}, want: "not permitted", served: 3},
		"inside of a name constraint":    {middle: hooktest.CAOptions{Permitted: []string{"test"}}, served: 3},
		"RSA authorities and SHA-1": {root: hooktest.CAOptions{Key: hooktest.KeyRSA2048}, middle: hooktest.CAOptions{Key: hooktest.KeyRSA2048},
			leaf: hooktest.LeafOptions{SHA1: true}, want: "unknown authority", served: 3},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			top, _, low := authorities(t, test.root, test.middle)
			if test.leaf.IPs == nil {
				test.leaf.Names = []string{"host.test"}
			}
			if test.name == "" {
				test.name = "host.test"
			}
			cert, err := low.Issue(test.leaf)
			if err != nil {
				t.Fatal(err)
			}
			err = verify(t, cert, top.Pool(), test.name)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want a sound chain", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
			if got := len(cert.Certificate); got != test.served {
				t.Errorf("got %d certificates, want %d", got, test.served)
			}
		})
	}
}

func TestKeysAreOfTheirKind(t *testing.T) {
	t.Parallel()
	top, _, _ := authorities(t, hooktest.CAOptions{}, hooktest.CAOptions{})
	for kind, check := range map[hooktest.KeyKind]func(any) bool{
		"":                  func(k any) bool { _, ok := k.(*ecdsa.PublicKey); return ok },
		hooktest.KeyP256:    func(k any) bool { p, ok := k.(*ecdsa.PublicKey); return ok && p.Params().BitSize == 256 },
		hooktest.KeyRSA2048: func(k any) bool { p, ok := k.(*rsa.PublicKey); return ok && p.N.BitLen() == 2048 },
		hooktest.KeyRSA1024: func(k any) bool { p, ok := k.(*rsa.PublicKey); return ok && p.N.BitLen() == 1024 },
		hooktest.KeyEd25519: func(k any) bool { _, ok := k.(ed25519.PublicKey); return ok },
	} {
		cert, err := top.Issue(hooktest.LeafOptions{Key: kind})
		if err != nil || !check(cert.Leaf.PublicKey) {
			t.Errorf("%q: got %T, %v", kind, cert.Leaf, err)
		}
	}
	cert, err := top.Issue(hooktest.LeafOptions{SHA1: true})
	if err != nil || cert.Leaf.SignatureAlgorithm != x509.ECDSAWithSHA1 {
		t.Errorf("got %v, want ECDSA with SHA-1", err)
	}
}

func TestChainsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	_, _, low := authorities(t, hooktest.CAOptions{}, hooktest.CAOptions{})
	for kind, want := range map[hooktest.Chain]string{
		hooktest.ChainFull:                "leaf low middle",
		hooktest.ChainLeafOnly:            "leaf",
		hooktest.ChainWithRoot:            "leaf low middle root",
		hooktest.ChainWrongOrder:          "leaf root middle low",
		hooktest.ChainExpiredIntermediate: "leaf low(expired) middle",
		hooktest.ChainExpiredSpare:        "leaf low(expired) low middle",
	} {
		cert, err := low.Issue(hooktest.LeafOptions{Names: []string{"leaf"}, Chain: kind})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, der := range cert.Certificate {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			name := c.Subject.CommonName
			if time.Now().After(c.NotAfter) {
				name += "(expired)"
			}
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: got %q, want %q", kind, got, want)
		}
	}
}

func TestWhatCannotBeIssuedIsRefused(t *testing.T) {
	t.Parallel()
	top, _, _ := authorities(t, hooktest.CAOptions{}, hooktest.CAOptions{})
	for sentence, o := range map[string]hooktest.LeafOptions{
		"an unknown key":              {Key: "dsa"},
		"an unknown chain":            {Chain: "knotted"},
		"an expired root in between":  {Chain: hooktest.ChainExpiredIntermediate},
		"an expired spare of a root":  {Chain: hooktest.ChainExpiredSpare},
		"SHA-1 by an Ed25519 key":     {SHA1: true, SelfSigned: true, Key: hooktest.KeyEd25519},
		"an end before the beginning": {NotBefore: time.Now(), NotAfter: time.Now().Add(-time.Hour)},
	} {
		if _, err := top.Issue(o); (err == nil) != strings.HasPrefix(sentence, "an end") {
			t.Errorf("%s: got %v", sentence, err)
		}
	}
	if _, err := hooktest.NewRoot("root", hooktest.CAOptions{Key: "dsa"}); err == nil {
		t.Error("a root with an unknown key: got no error")
	}
	if _, err := top.Intermediate("middle", hooktest.CAOptions{Key: "dsa"}); err == nil {
		t.Error("an intermediate with an unknown key: got no error")
	}
}

func TestFilesOfCertificatesCanBeUsed(t *testing.T) {
	t.Parallel()
	top, mid, _ := authorities(t, hooktest.CAOptions{}, hooktest.CAOptions{})
	dir := t.TempDir()
	for _, key := range []hooktest.KeyKind{hooktest.KeyP256, hooktest.KeyEd25519} { // the second replaces the first
		cert, err := mid.Issue(hooktest.LeafOptions{Names: []string{"host.test"}, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		certFile, keyFile, err := hooktest.WritePEM(cert, dir, "server")
		if err != nil {
			t.Fatal(err)
		}
		got, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil || len(got.Certificate) != 2 || !got.Leaf.Equal(cert.Leaf) {
			t.Errorf("got %d certificates, %v, want what was written", len(got.Certificate), err)
		}
		if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key file: got %v, %v, want mode 0600", info.Mode(), err)
		}
	}
	path, err := top.WritePEM(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if pool := x509.NewCertPool(); err != nil || !pool.AppendCertsFromPEM(text) || !pool.Equal(mid.Pool()) {
		t.Errorf("got %q, %v, want the root", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.next")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := top.WritePEM(filepath.Join(dir, "missing"), "ca"); err == nil {
		t.Error("a folder that is not there: got no error")
	}
}

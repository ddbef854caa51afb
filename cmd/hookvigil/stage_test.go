package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// marker is the callback token. It stands in files alone, so that no output
// may hold it.
const marker = "callback-token-that-nobody-may-read"

// stage is what the scripts call: receivers that behave, and that do not, a
// DNS server, certificates in files. Scripts find it in their environment.
type stage struct {
	ca   *hooktest.CA
	env  map[string]string
	ipv6 bool

	receivers map[string]*hooktest.Receiver // by name
}

func newStage(t *testing.T) *stage {
	t.Helper()
	ca, caFile := hooktest.StartCA(t, "hookvigil test root")
	dir := t.TempDir()
	s := &stage{ca: ca, env: map[string]string{"CA": caFile, "FILES": dir}, receivers: map[string]*hooktest.Receiver{}}
	for name, b := range map[string]hooktest.Behaviour{
		"OK": hooktest.OK, "BROKEN": hooktest.Status(503), "EXPIRED": hooktest.CertExpired, "EXPIRING": hooktest.CertExpiring,
		"STRANGER": hooktest.CertWrongName, "HALF": hooktest.CertNoIntermediate, "MOVED": hooktest.Status(302), "HANG": hooktest.Hang,
		"OPEN": hooktest.AcceptsAll, "LIMITED": hooktest.Limited, "CLIENT": hooktest.ClientCertTLS13, "SLOW": hooktest.Slow,
		"TOKEN": hooktest.TokenCheck, "METHOD": hooktest.Options405, "FICKLE": hooktest.OK, "NOTTLS": hooktest.PlainOnTLS, "STUCK": hooktest.TLSHang,
	} {
		s.start(t, name, s.options(b))
	}
	s.start(t, "PLAIN", hooktest.Options{Token: marker})
	s.start(t, "PLAINTOKEN", hooktest.Options{Behaviour: hooktest.TokenCheck, Token: marker})
	s.start(t, "CLOSED", hooktest.Options{})
	s.receivers["CLOSED"].Stop()
	s.certificates(t, dir)
	s.addresses(t)
	write(t, filepath.Join(dir, "right.token"), marker+"\n")
	write(t, filepath.Join(dir, "wrong.token"), "another-token-of-enough-bytes\n")
	write(t, filepath.Join(dir, "empty.token"), "\n")
	return s
}

func (s *stage) options(b hooktest.Behaviour) hooktest.Options {
	return hooktest.Options{
		Behaviour: b, CA: s.ca, Token: marker, Delay: 400 * time.Millisecond,
		Location: "https://elsewhere.example/login?next=secret-next", Names: []string{"good.example", "two.example"},
	}
}

// start starts a receiver: its URL is $NAME, its host:port $NAME_AT.
func (s *stage) start(t *testing.T, name string, o hooktest.Options) {
	t.Helper()
	r := hooktest.Start(t, o)
	s.receivers[name] = r
	s.env[name], s.env[name+"_AT"] = r.URL(), r.Addr().String()
	s.env[name+"_PORT"] = strconv.Itoa(int(r.Addr().Port()))
}

// certificates writes client.crt, served.crt and other.crt with their keys,
// and serves the second.
func (s *stage) certificates(t *testing.T, dir string) {
	t.Helper()
	issue := func(name string, o hooktest.LeafOptions) tls.Certificate {
		cert, err := s.ca.Issue(o)
		if err == nil {
			_, _, err = hooktest.WritePEM(cert, dir, name)
		}
		if err != nil {
			t.Fatalf("certificate %s: %v", name, err)
		}
		return cert
	}
	server := hooktest.LeafOptions{IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	issue("client", hooktest.LeafOptions{Names: []string{"our client"}, Usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	issue("other", server)
	issue("old", hooktest.LeafOptions{Names: []string{"old.example"}, NotAfter: time.Now().Add(-time.Hour)})
	served := issue("served", server)
	s.start(t, "SERVED", hooktest.Options{Certificate: &served})
	spki := sha256.Sum256(served.Leaf.RawSubjectPublicKeyInfo)
	s.env["PIN"] = hex.EncodeToString(spki[:])
}

// addresses starts a DNS server. two.example has two addresses that serve
// different certificates, where the machine has IPv6.
func (s *stage) addresses(t *testing.T) {
	t.Helper()
	v4, v6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
	dns := hooktest.StartDNS(t, map[string][]hooktest.Answer{
		"good.example":    {hooktest.Addresses(v4)},
		"two.example":     {hooktest.Addresses(v4, v6)},
		"private.example": {hooktest.Addresses(netip.MustParseAddr("10.0.0.7"))},
	})
	s.env["DNS"] = dns.Addr()
	ln, err := net.Listen("tcp", "[::1]:0") //nolint:noctx // whether the machine has IPv6 is answered at once
	if err != nil {
		return
	}
	_ = ln.Close() // it was open
	s.ipv6 = true
	s.start(t, "SIX", hooktest.Options{CA: s.ca, Addr: "[::1]:0"})
	for range 10 {
		if err = s.second(t); err == nil {
			return
		}
		s.start(t, "OK", s.options(hooktest.OK)) // somebody has its port there; of another both may be free
	}
	t.Fatalf("second address of two.example: %v", err)
}

// second starts the second address of two.example, on the port of the first.
func (s *stage) second(t *testing.T) error {
	t.Helper()
	old, err := hooktest.New(hooktest.Options{
		Behaviour: hooktest.CertExpired, CA: s.ca, Addr: "[::1]:" + s.env["OK_PORT"], Names: []string{"two.example"},
	})
	if err == nil {
		err = old.Start()
	}
	if err == nil {
		t.Cleanup(old.Close)
	}
	return err
}

// setup puts the stage into a script's environment.
func (s *stage) setup(env *testscript.Env) error {
	for k, v := range s.env {
		env.Setenv(k, v)
	}
	env.Setenv("TZ", "Asia/Jakarta")          // every time that is shown is in UTC all the same
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else each call of an instrumented binary takes a second more
	return nil
}

func (s *stage) condition(name string) (bool, error) {
	if name == "ipv6" {
		return s.ipv6, nil
	}
	return false, fmt.Errorf("there is no condition %q", name)
}

// turn changes how a receiver behaves: turn NAME BEHAVIOUR. The script that
// uses FICKLE has it for itself.
func (s *stage) turn(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 2)
	r, ok := s.receivers[args[0]]
	if !ok {
		ts.Fatalf("there is no receiver %s", args[0])
	}
	ts.Check(r.Set(hooktest.Behaviour(args[1])))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

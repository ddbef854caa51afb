package certificate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

func TestLookBringsHomeWhatIsServed(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	c := secure(tls.Certificate{
		PrivateKey: p.leaf.key, Certificate: [][]byte{p.leaf.cert.Raw, p.sub.cert.Raw}, OCSPStaple: []byte("staple"),
	})
	c.NextProtos = []string{"http/1.1"}
	var sni atomic.Value
	c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { sni.Store(h.ServerName); return nil, nil }
	s := lookOnce(t, loopback(""), at(serve(t, handshakes(c))))
	if s.Fault != "" || s.Version != tls.VersionTLS13 || s.CipherSuite == 0 || s.ALPN != "http/1.1" || string(s.Staple) != "staple" || s.ClientAsked {
		t.Errorf("got %+v, want a whole handshake", s)
	}
	if len(s.Chain) != 2 || !s.Chain[0].Equal(p.leaf.cert) {
		t.Errorf("%d certificates, want the two that were served", len(s.Chain))
	}
	if s.Took <= 0 {
		t.Errorf("took %s, want the time of a handshake", s.Took)
	}
	if sni.Load() != host {
		t.Errorf("asked for %q, want %q", sni.Load(), host)
	}
	if r, _ := Judge(target, []Seen{s}, p.policy(), Memory{}, now); r.Verdict != OK {
		t.Errorf("verdict %s %v, want ok", r.Verdict, r.Faults)
	}
}

func TestABadCertificateIsBroughtHomeToo(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	expired := p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day)))
	wrongKey := p.leaf.pair(p.sub)
	wrongKey.PrivateKey = newKey(t)
	old := secure(p.leaf.pair(p.sub))
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for name, c := range map[string]struct {
		config *tls.Config
		want   []Fault
	}{
		"expired":         {secure(expired.pair(p.sub)), []Fault{FaultExpiredLeaf}},
		"incomplete":      {secure(p.leaf.pair()), []Fault{FaultChainIncomplete}},
		"of another key":  {secure(wrongKey), []Fault{FaultKeyMismatch}},
		"over an old TLS": {old, []Fault{FaultTLSVersion}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := lookOnce(t, loopback(""), at(serve(t, handshakes(c.config))))
			r, _ := Judge(target, []Seen{s}, p.policy(), Memory{}, now)
			if !slices.Equal(r.Faults, c.want) || len(r.Addresses[0].Chain) == 0 {
				t.Errorf("got %v with %d links (%s), want %v with the chain", r.Faults, len(r.Addresses[0].Chain), r.Detail, c.want)
			}
		})
	}
}

// Every address of a name, at the same time: one bad node of three, and one
// that hangs and delays nobody.
func TestEveryAddressOfTheName(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	expired := p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day)))
	good := handshakes(secure(p.leaf.pair(p.sub)))
	serves := map[string]func(net.Conn){"127.0.0.1": good, "127.0.0.2": handshakes(secure(expired.pair(p.sub))), "127.0.0.3": hold}
	if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0"); err == nil {
		_ = l.Close()
		serves["::1"] = good
	}
	var addrs []netip.Addr
	to := named(0)
	for ip, l := range onOnePort(t, slices.Collect(maps.Keys(serves))) {
		serveAt(t, l, serves[ip])
		addrs, to.Port = append(addrs, netip.MustParseAddr(ip)), uint16(l.Addr().(*net.TCPAddr).Port)
	}
	resolver := dns(t, 0, addrs...)
	var seen []Seen
	var got map[string]Seen
	for _, to.Timeout = range patience() {
		seen, got = loopback(resolver).Look(t.Context(), to), map[string]Seen{}
		for _, s := range seen {
			got[s.Address.Addr().String()] = s
		}
		if got["127.0.0.3"].Fault == FaultHandshakeTimeout && got["127.0.0.1"].Fault == "" && got["127.0.0.2"].Fault == "" && got["::1"].Fault == "" {
			break
		}
	}
	if len(got) != len(addrs) {
		t.Fatalf("looked at %d addresses, want %d", len(got), len(addrs))
	}
	hanging := got["127.0.0.3"]
	if hanging.Fault != FaultHandshakeTimeout {
		t.Errorf("the hanging one: %s, want handshake_timeout", hanging.Fault)
	}
	for ip, s := range got {
		if ip != "127.0.0.3" && (s.Fault != "" || s.At.Add(s.Took).After(hanging.At.Add(hanging.Took))) {
			t.Errorf("%s: %q at %s after %s, want it undelayed", ip, s.Fault, s.At, s.Took)
		}
	}
	r, _ := Judge(to, seen, p.policy(), Memory{}, now)
	want := []Fault{FaultExpiredLeaf, FaultHandshakeTimeout}
	if r.Verdict != Fail || !slices.Equal(r.Faults, want) || !slices.Contains(r.Notes, FaultNodeDisagreement) {
		t.Errorf("got %s %v %v, want fail %v and node_disagreement", r.Verdict, r.Faults, r.Notes, want)
	}
}

// onOnePort listens at each of the addresses, at one port.
func onOnePort(t *testing.T, ips []string) map[string]net.Listener {
	t.Helper()
	for range 20 {
		list, port := map[string]net.Listener{}, "0"
		for _, ip := range ips {
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(ip, port))
			if err != nil {
				break // somebody else has it there
			}
			list[ip], port = l, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		}
		if len(list) == len(ips) {
			return list
		}
		for _, l := range list {
			_ = l.Close()
		}
	}
	t.Fatalf("no port that is free at all of %v", ips)
	return nil
}

// A kept connection or a resumed session would show the old certificate.
func TestARotatedCertificateIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	next := p.sub.leaf(t)
	var current atomic.Pointer[tls.Certificate]
	one, two := p.leaf.pair(p.sub), next.pair(p.sub)
	current.Store(&one)
	c := secure()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil }
	to, l := at(serve(t, handshakes(c))), loopback("")
	before := lookOnce(t, l, to)
	current.Store(&two)
	after := lookOnce(t, l, to)
	if !before.Chain[0].Equal(p.leaf.cert) || !after.Chain[0].Equal(next.cert) {
		t.Error("the second look did not see the second certificate")
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	good := p.sub.leaf(t, usage(x509.ExtKeyUsageClientAuth)).pair(p.sub)
	stranger := root(t, "Stranger").leaf(t, usage(x509.ExtKeyUsageClientAuth)).pair()
	for name, c := range map[string]struct {
		version uint16
		mine    *tls.Certificate
		want    Fault
	}{
		"TLS 1.3, ours is good": {tls.VersionTLS13, &good, ""},
		"TLS 1.3, none":         {tls.VersionTLS13, nil, FaultClientCertRequired},
		"TLS 1.3, a stranger's": {tls.VersionTLS13, &stranger, FaultClientCertRejected},
		"TLS 1.2, ours is good": {tls.VersionTLS12, &good, ""},
		"TLS 1.2, none":         {tls.VersionTLS12, nil, FaultClientCertRequired},
		"TLS 1.2, a stranger's": {tls.VersionTLS12, &stranger, FaultClientCertRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := loopback("")
			if c.want != "" {
				l.Listen(generous)
			}
			s := lookOnce(t, l, mutual(t, p, c.version, c.mine))
			if s.Fault != c.want || !s.ClientAsked || len(s.Chain) != 2 {
				t.Errorf("got %q, asked %t, %d certificates (%s); want %q, asked and 2", s.Fault, s.ClientAsked, len(s.Chain), s.Detail, c.want)
			}
		})
	}
}

func TestAskedIsNotRequired(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := secure(p.leaf.pair(p.sub))
		c.ClientAuth, c.MaxVersion = tls.RequestClientCert, version
		s := lookOnce(t, loopback(""), at(serve(t, handshakes(c))))
		if s.Fault != "" || !s.ClientAsked {
			t.Errorf("%s: got %q, asked %t; want a good look that was asked", tls.VersionName(version), s.Fault, s.ClientAsked)
		}
	}
}

// Popular servers close without a goodbye, so that only a refusal in words or
// a broken connection counts.
func TestAServerThatHangsUpAfterAsking(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	c := secure(p.leaf.pair(p.sub))
	c.ClientAuth = tls.RequestClientCert
	for name, end := range map[string]struct {
		hangUp func(net.Conn, *tls.Conn)
		want   Fault
	}{
		"reset":           {func(conn net.Conn, _ *tls.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }, FaultClientCertRequired},
		"without a word":  {func(net.Conn, *tls.Conn) {}, ""},
		"with a goodbye":  {func(_ net.Conn, s *tls.Conn) { _ = s.Close() }, ""},
		"after data, too": {func(_ net.Conn, s *tls.Conn) { _, _ = io.WriteString(s, "hello") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := serve(t, func(conn net.Conn) {
				s := tls.Server(conn, c)
				if s.HandshakeContext(context.Background()) == nil {
					end.hangUp(conn, s)
				}
			})
			if s := lookOnce(t, loopback("").Listen(generous), at(l)); s.Fault != end.want || !s.ClientAsked {
				t.Errorf("got %q (%s), asked %t; want %q", s.Fault, s.Detail, s.ClientAsked, end.want)
			}
		})
	}
}

func TestWithoutALPNWhereTheServerRefusesIt(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	c := secure(p.leaf.pair(p.sub))
	c.NextProtos = []string{"mqtt"}
	s := lookOnce(t, loopback(""), at(serve(t, handshakes(c))))
	if s.Fault != "" || s.ALPN != "" || len(s.Chain) != 2 {
		t.Errorf("got %q, ALPN %q, %d certificates; want a good look without ALPN", s.Fault, s.ALPN, len(s.Chain))
	}
}

func TestWhatIsNotTLSIsNamed(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n\r\n":  "HTTP without TLS",
		"220 mail.example.com ESMTP\r\n":    "SMTP or FTP without TLS",
		"SSH-2.0-OpenSSH_9.9\r\n":           "SSH",
		"\x00\x1b[31mgarbage\nand more\x07": "does not speak TLS",
	} {
		s := lookOnce(t, loopback(""), at(serve(t, says(reply))))
		if s.Fault != FaultNotTLS || !strings.Contains(s.Detail, want) || strings.ContainsAny(s.Detail, "\x00\x1b\n") {
			t.Errorf("%q: got %s %q, want not_tls with %q", reply, s.Fault, s.Detail, want)
		}
	}
}

func TestAnAddressIsLookedAtWithoutAName(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	c := secure(p.leaf.pair(p.sub))
	var sni atomic.Value
	c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { sni.Store(h.ServerName); return nil, nil }
	l := serve(t, handshakes(c))
	to := Target{Host: "127.0.0.1", Port: uint16(l.Addr().(*net.TCPAddr).Port), Timeout: generous}
	s := lookOnce(t, loopback(""), to)
	if s.Fault != "" || sni.Load() != "" {
		t.Errorf("got %q, SNI %q; want a good look without SNI", s.Fault, sni.Load())
	}
	r, _ := Judge(to, []Seen{s}, p.policy(), Memory{}, now)
	if !slices.Equal(r.Faults, []Fault{FaultHostnameMismatch}) {
		t.Errorf("got %v, want hostname_mismatch: the certificate names no address", r.Faults)
	}
}

func TestATargetOfOursMayBePrivate(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	to := at(serve(t, handshakes(secure(p.leaf.pair(p.sub)))))
	to.Own = true
	if s := lookOnce(t, new(Looker), to); s.Fault != "" {
		t.Errorf("got %q (%s), want a good look", s.Fault, s.Detail)
	}
}

// Nothing may be sent over the second, lenient connection.
func TestTheLenientLookShowsNoClientCertificate(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	c := secure(p.leaf.pair(p.sub))
	c.MinVersion, c.MaxVersion, c.ClientAuth = tls.VersionTLS10, tls.VersionTLS11, tls.RequestClientCert
	var shown atomic.Int32
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		shown.Add(int32(len(cs.PeerCertificates)))
		return errors.New("enough")
	}
	to := at(serve(t, handshakes(c)))
	mine := p.sub.leaf(t, usage(x509.ExtKeyUsageClientAuth)).pair()
	to.ClientCert = &mine
	if s := lookOnce(t, loopback(""), to); s.Fault != FaultTLSVersion || shown.Load() != 0 {
		t.Errorf("got %q and %d certificates shown, want tls_version and none", s.Fault, shown.Load())
	}
}

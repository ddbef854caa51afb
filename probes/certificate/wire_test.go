package certificate_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	. "github.com/hookvigil/hookvigil/probes/certificate"
)

// loopback is a Looker that may look at this machine and asks our DNS server.
func loopback(resolver string) *Looker {
	return &Looker{Guard: probes.NewGuard(probes.GuardConfig{
		Allow:    []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Resolver: resolver,
	})}
}

// generous bounds a look that is not to run out of time.
const generous = time.Minute

// patience are the bounds, one after the other, of a look that is to run out of
// time: a machine that stands still uses up a short one too early.
func patience() []time.Duration {
	return []time.Duration{300 * time.Millisecond, 5 * time.Second, generous}
}

// runOut looks until the time runs out where it is to.
func runOut(tb testing.TB, to Target, want Fault) (s Seen) {
	tb.Helper()
	for _, to.Timeout = range patience() {
		if s = lookOnce(tb, loopback(""), to); s.Fault == want {
			break
		}
	}
	return s
}

// at is the target on a listener of ours.
func at(l net.Listener) Target { return on(netip.MustParseAddrPort(l.Addr().String())) }

// on is the target at an address.
func on(a netip.AddrPort) Target {
	t := target
	t.Connect, t.Timeout = a, generous
	return t
}

// serve handles each connection to a fresh listener until the test ends.
func serve(tb testing.TB, handle func(net.Conn)) net.Listener {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return serveAt(tb, l, handle)
}

// serveAt is serve for a listener that is there.
func serveAt(tb testing.TB, l net.Listener, handle func(net.Conn)) net.Listener {
	tb.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			})
		}
	})
	tb.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l
}

// handshakes serves TLS: the handshake, and then nothing until the other side
// goes.
func handshakes(c *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		s := tls.Server(conn, c)
		if s.HandshakeContext(context.Background()) == nil {
			_, _ = io.Copy(io.Discard, s)
		}
	}
}

// says answers the first bytes with reply and hangs up.
func says(reply string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 16<<10))
		_, _ = io.WriteString(conn, reply)
	}
}

// hold answers nothing until the other side goes.
func hold(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func secure(certs ...tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: certs, MinVersion: tls.VersionTLS12}
}

// dns answers every question of one type with rcode and the addresses of that
// type; rcode < 0 is silence.
func dns(tb testing.TB, rcode int, addrs ...netip.Addr) string {
	tb.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if rcode >= 0 {
				_, _ = conn.WriteTo(answer(buf[:n], rcode, addrs), from)
			}
		}
	})
	tb.Cleanup(func() { _ = conn.Close(); wg.Wait() })
	return conn.LocalAddr().String()
}

// answer turns a DNS question into its answer (RFC 1035 section 4).
func answer(question []byte, rcode int, addrs []netip.Addr) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	qtype := binary.BigEndian.Uint16(question[end-4:])
	msg := append([]byte(nil), question[:end]...)
	msg[2], msg[3] = 0x81, 0x80|byte(rcode)
	count := uint16(0)
	for _, a := range addrs {
		if (qtype == 1) != a.Is4() {
			continue
		}
		count++
		raw := a.AsSlice()
		msg = append(msg, 0xc0, 12, byte(qtype>>8), byte(qtype), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
		msg = append(msg, raw...)
	}
	binary.BigEndian.PutUint16(msg[6:], count)
	binary.BigEndian.PutUint16(msg[8:], 0)
	binary.BigEndian.PutUint16(msg[10:], 0)
	return msg
}

// named is the target by its name, to be resolved.
func named(timeout time.Duration) Target {
	t := target
	t.Port, t.Timeout = 8443, cmp.Or(timeout, generous)
	return t
}

// lookOnce looks and wants exactly one Seen.
func lookOnce(tb testing.TB, l *Looker, to Target) Seen {
	tb.Helper()
	seen := l.Look(tb.Context(), to)
	if len(seen) != 1 {
		tb.Fatalf("got %d looks, want 1: %+v", len(seen), seen)
	}
	return seen[0]
}

// wireWords has, for each finding of the way, a server that shows it.
var wireWords = map[Fault]func(tb scene) Seen{
	FaultDNSNotFound: func(tb scene) Seen { return lookOnce(tb, loopback(dns(tb, 3)), named(0)) },
	FaultDNSNoAddress: func(tb scene) Seen {
		return lookOnce(tb, loopback(dns(tb, 0)), named(0))
	},
	FaultDNSFailed:  func(tb scene) Seen { return lookOnce(tb, loopback(dns(tb, 5)), named(0)) },
	FaultTimeoutDNS: func(tb scene) Seen { return lookOnce(tb, loopback(dns(tb, -1)), named(200*time.Millisecond)) },
	FaultBlocked: func(tb scene) Seen {
		l := serve(tb, hold)
		return lookOnce(tb, new(Looker), at(l))
	},
	FaultCanceled: func(tb scene) Seen {
		ctx, cancel := context.WithCancel(tb.Context())
		l := serve(tb, func(conn net.Conn) { cancel(); hold(conn) })
		return loopback("").Look(ctx, at(l))[0]
	},
	FaultInternal: func(tb scene) Seen {
		p := newPKI(tb)
		c := secure(p.leaf.pair(p.sub))
		c.ClientAuth = tls.RequireAnyClientCert
		to := at(serve(tb, handshakes(c)))
		mine := p.leaf.pair()
		mine.PrivateKey = panics{p.leaf.key}
		to.ClientCert = &mine
		return lookOnce(tb, loopback(""), to)
	},
	FaultConnectRefused: func(tb scene) Seen {
		_, taken := bound(tb) // nobody listens there, now or later
		return lookOnce(tb, loopback(""), on(taken))
	},
	FaultConnectFailed: func(tb scene) Seen { return runOut(tb, on(deaf(tb)), FaultConnectFailed) },
	FaultHandshakeTimeout: func(tb scene) Seen {
		return runOut(tb, at(serve(tb, hold)), FaultHandshakeTimeout)
	},
	FaultHandshakeClosed: func(tb scene) Seen { return lookOnce(tb, loopback(""), at(serve(tb, says("")))) },
	FaultHandshakeFailed: func(tb scene) Seen { // alert unrecognized_name
		return lookOnce(tb, loopback(""), at(serve(tb, says("\x15\x03\x03\x00\x02\x02\x70"))))
	},
	FaultNotTLS: func(tb scene) Seen {
		return lookOnce(tb, loopback(""), at(serve(tb, says("HTTP/1.1 400 Bad Request\r\n\r\n"))))
	},
	FaultTLSVersion: func(tb scene) Seen {
		p := newPKI(tb)
		c := secure(p.leaf.pair(p.sub))
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		return lookOnce(tb, loopback(""), at(serve(tb, handshakes(c))))
	},
	FaultWeakCipher: func(tb scene) Seen {
		p := newPKI(tb)
		c := secure(p.sub.leafFor(tb, rsaKey(tb, 2048)).pair(p.sub))
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		return lookOnce(tb, loopback(""), at(serve(tb, handshakes(c))))
	},
	FaultCertUnparseable: func(tb scene) Seen {
		c := secure(tls.Certificate{PrivateKey: newKey(tb), Certificate: [][]byte{[]byte("garbage")}})
		return lookOnce(tb, loopback(""), at(serve(tb, handshakes(c))))
	},
	FaultKeyMismatch: func(tb scene) Seen {
		p := newPKI(tb)
		wrong := p.leaf.pair(p.sub)
		wrong.PrivateKey = newKey(tb)
		return lookOnce(tb, loopback(""), at(serve(tb, handshakes(secure(wrong)))))
	},
	FaultClientCertRequired: func(tb scene) Seen {
		return lookOnce(tb, loopback("").Listen(generous), mutual(tb, newPKI(tb), tls.VersionTLS13, nil))
	},
	FaultClientCertRejected: func(tb scene) Seen {
		p := newPKI(tb)
		stranger := root(tb, "Stranger").leaf(tb, usage(x509.ExtKeyUsageClientAuth)).pair()
		return lookOnce(tb, loopback("").Listen(generous), mutual(tb, p, tls.VersionTLS13, &stranger))
	},
}

func TestEachWordOfTheWay(t *testing.T) {
	t.Parallel()
	for word, look := range wireWords {
		t.Run(string(word), func(t *testing.T) {
			t.Parallel()
			s := look(scene{t})
			if s.Fault != word {
				t.Errorf("fault %q, want %q (%s)", s.Fault, word, s.Detail)
			}
			if s.Detail == "" || len(s.Detail) > 200 {
				t.Errorf("detail %q, want one line of at most 200 bytes", s.Detail)
			}
			r, _ := Judge(target, []Seen{s}, DefaultPolicy(), Memory{}, now)
			if len(s.Chain) == 0 && r.Verdict != word.Usual() {
				t.Errorf("verdict %s, want %s", r.Verdict, word.Usual())
			}
		})
	}
}

// mutual is a server that requires a client certificate of p's.
func mutual(tb testing.TB, p pki, version uint16, mine *tls.Certificate) Target {
	tb.Helper()
	c := secure(p.leaf.pair(p.sub))
	c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, version
	c.ClientCAs = p.policy().Roots
	c.Time = func() time.Time { return now }
	to := at(serve(tb, handshakes(c)))
	to.ClientCert = mine
	return to
}

// panics is a key that breaks when it is used.
type panics struct{ crypto.Signer }

func (panics) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { panic("broken key") }

// bound is a socket at an address that nobody else gets until the test ends.
// Unless it listens, whoever connects is refused.
func bound(tb testing.TB) (fd int, at netip.AddrPort) {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		tb.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		tb.Fatal(err)
	}
	return fd, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(sa.(*syscall.SockaddrInet4).Port))
}

// deaf is an address whose queue of connections is full: it neither accepts
// nor refuses.
func deaf(tb testing.TB) netip.AddrPort {
	tb.Helper()
	fd, to := bound(tb)
	if err := syscall.Listen(fd, 0); err != nil {
		tb.Fatal(err)
	}
	for full := false; !full; {
		d := net.Dialer{Timeout: 200 * time.Millisecond}
		conn, err := d.DialContext(tb.Context(), "tcp", to.String())
		if full = err != nil; !full {
			tb.Cleanup(func() { _ = conn.Close() })
		}
	}
	return to
}

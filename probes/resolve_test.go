package probes_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/hookvigil/hookvigil/probes"
)

// dnsReply is how the DNS server of a test answers one question.
type dnsReply struct {
	code      dnsmessage.RCode
	addrs     []string // those of the question's family are sent
	truncated bool     // over UDP: "ask again over TCP"
	silent    bool
}

// dnsServer answers over UDP and TCP on one port of loopback.
type dnsServer struct {
	addr   string
	answer func(q dnsmessage.Question, network string) dnsReply
	hungUp chan struct{} // one for each TCP client that was left without an answer and went

	mu    sync.Mutex // guards names
	names []string
}

func startDNS(t *testing.T, answer func(q dnsmessage.Question, network string) dnsReply) *dnsServer {
	t.Helper()
	udp, tcp := listenBoth(t)
	s := &dnsServer{addr: tcp.Addr().String(), answer: answer, hungUp: make(chan struct{}, 100)}
	var wg sync.WaitGroup
	wg.Go(func() { s.serveUDP(udp) })
	wg.Go(func() { s.serveTCP(&wg, tcp) })
	t.Cleanup(func() {
		_, _ = udp.Close(), tcp.Close() // the test is over
		wg.Wait()
	})
	return s
}

func listenBoth(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	var c net.ListenConfig
	for range 20 {
		tcp, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		udp, err := c.ListenPacket(t.Context(), "udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp
		}
		_ = tcp.Close() // its port is taken for UDP
	}
	t.Fatal("no port that is free for both UDP and TCP")
	return nil, nil
}

func (s *dnsServer) serveUDP(conn net.PacketConn) {
	b := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		if reply := s.reply(b[:n], "udp"); reply != nil {
			_, _ = conn.WriteTo(reply, from) // the client may be gone
		}
	}
}

func (s *dnsServer) serveTCP(wg *sync.WaitGroup, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer func() { _ = conn.Close() }()
			s.serveStream(conn)
		})
	}
}

func (s *dnsServer) serveStream(conn net.Conn) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	b := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, b); err != nil {
		return
	}
	reply := s.reply(b, "tcp")
	if reply == nil {
		_, _ = conn.Read(length[:]) // until the client goes
		s.hungUp <- struct{}{}
		return
	}
	binary.BigEndian.PutUint16(length[:], uint16(len(reply)))
	_, _ = conn.Write(append(length[:], reply...)) // the client may be gone
}

// reply returns the answer to a message; nil for none.
func (s *dnsServer) reply(message []byte, network string) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	s.mu.Lock()
	s.names = append(s.names, q.Name.String())
	s.mu.Unlock()
	r := s.answer(q, network)
	if r.silent {
		return nil
	}
	answer := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: h.ID, Response: true, RecursionDesired: true, RecursionAvailable: true,
			RCode: r.code,
		},
		Questions: []dnsmessage.Question{q},
	}
	if r.truncated && network == "udp" {
		answer.RCode, answer.Truncated, r.addrs = dnsmessage.RCodeSuccess, true, nil // the truth comes over TCP
	}
	for _, a := range r.addrs {
		if body := resource(q.Type, netip.MustParseAddr(a)); body != nil {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: body,
			})
		}
	}
	b, err := answer.Pack()
	if err != nil {
		return nil
	}
	return b
}

// checkNames checks that no other name was asked for: no search domain.
func (s *dnsServer) checkNames(t *testing.T, want string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, got := range s.names {
		if got != want {
			t.Errorf("asked for %s, want only %s", got, want)
		}
	}
}

func resource(qtype dnsmessage.Type, addr netip.Addr) dnsmessage.ResourceBody {
	switch {
	case qtype == dnsmessage.TypeA && addr.Is4():
		return &dnsmessage.AResource{A: addr.As4()}
	case qtype == dnsmessage.TypeAAAA && addr.Is6():
		return &dnsmessage.AAAAResource{AAAA: addr.As16()}
	}
	return nil
}

// byType answers A and AAAA questions differently.
func byType(a, aaaa dnsReply) func(dnsmessage.Question, string) dnsReply {
	return func(q dnsmessage.Question, _ string) dnsReply {
		if q.Type == dnsmessage.TypeA {
			return a
		}
		return aaaa
	}
}

func always(r dnsReply) func(dnsmessage.Question, string) dnsReply { return byType(r, r) }

// ipv4s returns n public addresses in a row.
func ipv4s(n int) []string {
	var addrs []string
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("8.8.%d.%d", i/256, i%256))
	}
	return addrs
}

func TestLookupFinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer func(dnsmessage.Question, string) dnsReply
		allow  string
		want   []string // sorted
	}{
		"one address":         {answer: always(dnsReply{addrs: []string{"8.8.8.8"}}), want: []string{"8.8.8.8"}},
		"both families":       {answer: always(dnsReply{addrs: []string{"8.8.8.8", "2606:4700::1"}}), want: []string{"2606:4700::1", "8.8.8.8"}},
		"IPv6 only":           {answer: always(dnsReply{addrs: []string{"2606:4700::1"}}), want: []string{"2606:4700::1"}},
		"the same one twice":  {answer: always(dnsReply{addrs: []string{"8.8.8.8", "8.8.8.8"}}), want: []string{"8.8.8.8"}},
		"IPv4 as mapped":      {answer: always(dnsReply{addrs: []string{"::ffff:8.8.8.8"}}), want: []string{"8.8.8.8"}},
		"allowed by CIDR":     {answer: always(dnsReply{addrs: []string{"10.1.2.3"}}), allow: "10.1.0.0/16", want: []string{"10.1.2.3"}},
		"AAAA that fails":     {answer: byType(dnsReply{addrs: []string{"8.8.8.8"}}, dnsReply{code: dnsmessage.RCodeServerFailure}), want: []string{"8.8.8.8"}},
		"AAAA that is denied": {answer: byType(dnsReply{addrs: []string{"8.8.8.8"}}, dnsReply{code: dnsmessage.RCodeNameError}), want: []string{"8.8.8.8"}},
		"over TCP":            {answer: always(dnsReply{addrs: []string{"8.8.8.8"}, truncated: true}), want: []string{"8.8.8.8"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startDNS(t, tt.answer)
			c := probes.GuardConfig{Resolver: server.addr}
			if tt.allow != "" {
				c.Allow = []netip.Prefix{netip.MustParsePrefix(tt.allow)}
			}
			addrs, err := probes.NewGuard(c).Lookup(t.Context(), "hooks.example.com")
			if err != nil {
				t.Fatalf("got %v, want no error", err)
			}
			var got []string
			for _, a := range addrs {
				got = append(got, a.String())
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			server.checkNames(t, "hooks.example.com.")
		})
	}
}

func TestLookupReturnsSixteenAndJudgesAll(t *testing.T) {
	t.Parallel()
	many := ipv4s(40)
	guard := probes.NewGuard(probes.GuardConfig{Resolver: startDNS(t, always(dnsReply{addrs: many, truncated: true})).addr})
	addrs, err := guard.Lookup(t.Context(), "many.example")
	if err != nil || len(addrs) != 16 {
		t.Errorf("got %d addresses (%v), want 16", len(addrs), err)
	}
	forbidden := append(slices.Clone(many), "10.0.0.1")
	guard = probes.NewGuard(probes.GuardConfig{Resolver: startDNS(t, always(dnsReply{addrs: forbidden, truncated: true})).addr})
	if _, err := guard.Lookup(t.Context(), "many.example"); blockedBy(t, err) == "" {
		t.Error("got the name allowed, want it blocked for its 41st address")
	}
}

func TestLookupBlocks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		addrs []string
		want  string
	}{
		"loopback":               {[]string{"127.0.0.1"}, "mixed.example resolves to 127.0.0.1, which is blocked: loopback (127.0.0.0/8)"},
		"mixed, forbidden last":  {[]string{"8.8.8.8", "10.0.0.1"}, "mixed.example resolves to 10.0.0.1"},
		"mixed, forbidden first": {[]string{"10.0.0.1", "8.8.8.8"}, "mixed.example resolves to 10.0.0.1"},
		"mixed by family":        {[]string{"8.8.8.8", "fd00:ec2::254"}, "mixed.example resolves to fd00:ec2::254"},
		"metadata":               {[]string{"169.254.169.254"}, "cloud metadata"},
		"mapped in an AAAA":      {[]string{"::ffff:10.0.0.1"}, "IPv4-mapped form of 10.0.0.1"},
		"NAT64 in an AAAA":       {[]string{"64:ff9b::10.0.0.1", "8.8.8.8"}, "NAT64 of 10.0.0.1"},
		"unspecified":            {[]string{"0.0.0.0"}, "this network"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guard := probes.NewGuard(probes.GuardConfig{Resolver: startDNS(t, always(dnsReply{addrs: tt.addrs})).addr})
			addrs, err := guard.Lookup(t.Context(), "mixed.example")
			if blockedBy(t, err) == "" || addrs != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v (%v), want %q", addrs, err, tt.want)
			}
		})
	}
}

func TestLookupFaults(t *testing.T) {
	t.Parallel()
	var (
		none    = dnsReply{}
		missing = dnsReply{code: dnsmessage.RCodeNameError}
		broken  = dnsReply{code: dnsmessage.RCodeServerFailure}
		refused = dnsReply{code: dnsmessage.RCodeRefused}
		silent  = dnsReply{silent: true}
		overTCP = func(r dnsReply) dnsReply { r.truncated = true; return r }
	)
	tests := map[string]struct {
		answer func(dnsmessage.Question, string) dnsReply
		host   string
		want   probes.Fault
		why    string
	}{
		"NXDOMAIN":                    {answer: always(missing), want: probes.FaultDNSNotFound, why: "NXDOMAIN"},
		"NXDOMAIN for a single label": {answer: always(missing), host: "intranet", want: probes.FaultDNSNotFound},
		"NXDOMAIN over TCP":           {answer: always(overTCP(missing)), want: probes.FaultDNSNotFound},
		"NODATA":                      {answer: always(none), want: probes.FaultDNSNoAddress, why: "neither an A nor an AAAA"},
		"NODATA over TCP":             {answer: always(overTCP(none)), want: probes.FaultDNSNoAddress},
		"NODATA and NXDOMAIN":         {answer: byType(none, missing), want: probes.FaultDNSNoAddress},
		"SERVFAIL":                    {answer: always(broken), want: probes.FaultDNSFailed, why: "SERVFAIL"},
		"REFUSED":                     {answer: always(refused), want: probes.FaultDNSFailed, why: "REFUSED"},
		"SERVFAIL for A, NODATA":      {answer: byType(broken, none), want: probes.FaultDNSFailed, why: "SERVFAIL"},
		"NODATA, SERVFAIL for AAAA":   {answer: byType(none, broken), want: probes.FaultDNSFailed, why: "SERVFAIL"},
		"NXDOMAIN, SERVFAIL for AAAA": {answer: byType(missing, broken), want: probes.FaultDNSNotFound},
		"silence":                     {answer: always(silent), want: probes.FaultTimeoutDNS},
		"silence for A, NODATA":       {answer: byType(silent, none), want: probes.FaultTimeoutDNS},
		"silence over TCP": {answer: func(_ dnsmessage.Question, network string) dnsReply {
			return dnsReply{truncated: true, silent: network == "tcp"}
		}, want: probes.FaultTimeoutDNS},
		"a name kept from the DNS":     {answer: always(none), host: "abc.onion", want: probes.FaultDNSNotFound},
		"decimal spelling of loopback": {answer: always(none), host: "2130706433", want: probes.FaultInvalidURL},
		"octal spelling of loopback":   {answer: always(none), host: "0177.0.0.1", want: probes.FaultInvalidURL},
		"hex spelling of loopback":     {answer: always(none), host: "0x7f.1", want: probes.FaultInvalidURL},
		"short spelling of loopback":   {answer: always(none), host: "127.1", want: probes.FaultInvalidURL},
		"name with a trailing dot":     {answer: always(none), host: "h.example.", want: probes.FaultInvalidURL},
		"full-width digits":            {answer: always(none), host: "１２７.0.0.1", want: probes.FaultInvalidURL},
		"line end in the name":         {answer: always(none), host: "h.example\r\n", want: probes.FaultInvalidURL},
		"no name":                      {answer: always(none), host: "-", want: probes.FaultDNSNotFound},
		"the empty name":               {answer: always(none), host: ".", want: probes.FaultInvalidURL},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startDNS(t, tt.answer)
			guard := probes.NewGuard(probes.GuardConfig{Resolver: server.addr})
			host := tt.host
			if host == "" {
				host = "hooks.example.com"
			}
			limit := 30 * time.Second
			if tt.want == probes.FaultTimeoutDNS {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := guard.Lookup(ctx, host)
			failed := lookupError(t, err)
			if failed.Fault != tt.want || !strings.Contains(failed.Why, tt.why) {
				t.Errorf("got %s (%v), want %s with %q", failed.Fault, err, tt.want, tt.why)
			}
			if tt.want == probes.FaultTimeoutDNS && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want it to wrap context.DeadlineExceeded", err)
			}
			server.checkNames(t, host+".")
			if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("got %q, want no line end and no address of the server", err)
			}
		})
	}
}

func lookupError(t *testing.T, err error) *probes.LookupError {
	t.Helper()
	failed, ok := errors.AsType[*probes.LookupError](err)
	if !ok {
		t.Fatalf("got %T (%v), want *probes.LookupError", err, err)
	}
	if failed.Err == nil {
		t.Error("got no cause, want one")
	}
	return failed
}

func TestLookupWithoutServer(t *testing.T) {
	t.Parallel()
	udp, tcp := listenBoth(t)
	_, _ = udp.Close(), tcp.Close() // nobody listens there now
	_, err := probes.NewGuard(probes.GuardConfig{Resolver: tcp.Addr().String()}).Lookup(t.Context(), "h.example")
	if failed := lookupError(t, err); failed.Fault != probes.FaultDNSFailed {
		t.Errorf("got %s (%v), want %s", failed.Fault, err, probes.FaultDNSFailed)
	}
}

func TestLookupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for range 5 { // a machine that stands still for 3 s does not do so each time
		if lookupGivenUp(t) {
			return
		}
	}
	t.Error("got a connection to the DNS server still open after 3 s, want it closed at once")
}

// lookupGivenUp reports whether a lookup that is given up leaves its DNS server
// before the 5 s are over that the resolver would wait for.
func lookupGivenUp(t *testing.T) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := startDNS(t, func(_ dnsmessage.Question, network string) dnsReply {
		if network == "tcp" {
			cancel() // the resolver waits for this very answer, and would for 5 s
		}
		return dnsReply{truncated: true, silent: network == "tcp"}
	})
	_, err := probes.NewGuard(probes.GuardConfig{Resolver: server.addr}).Lookup(ctx, "h.example")
	if failed := lookupError(t, err); failed.Fault != probes.FaultCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s (%v), want %s that wraps context.Canceled", failed.Fault, err, probes.FaultCanceled)
	}
	select {
	case <-server.hungUp:
		return true
	case <-time.After(3 * time.Second):
		return false
	}
}

func TestLookupOfLiterals(t *testing.T) {
	t.Parallel()
	server := startDNS(t, always(dnsReply{addrs: []string{"8.8.8.8"}}))
	guard := probes.NewGuard(probes.GuardConfig{Resolver: server.addr})
	for literal, want := range map[string]string{"8.8.8.8": "8.8.8.8", "::ffff:8.8.4.4": "8.8.4.4", "2606:4700::1": "2606:4700::1"} {
		addrs, err := guard.Lookup(t.Context(), literal)
		if err != nil || len(addrs) != 1 || addrs[0].String() != want {
			t.Errorf("%s: got %v (%v), want %s", literal, addrs, err, want)
		}
	}
	for _, literal := range []string{"127.0.0.1", "::1", "::", "::ffff:127.0.0.1", "fe80::1%lo", "169.254.169.254"} {
		if _, err := guard.Lookup(t.Context(), literal); blockedBy(t, err) == "" {
			t.Errorf("%s: got allowed, want blocked", literal)
		}
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.names) != 0 {
		t.Errorf("asked for %v, want no questions", server.names)
	}
}

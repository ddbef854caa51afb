package probes_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/hookvigil/hookvigil/probes"
)

// The tests dial 127.0.0.2 and 127.0.0.3, which their guards allow; 127.0.0.1
// stays forbidden.
var near = netip.MustParsePrefix("127.0.0.2/31")

// listenAt listens on each address, all on one port.
func listenAt(t *testing.T, addrs ...string) (uint16, []net.Listener) {
	t.Helper()
	var c net.ListenConfig
	for range 20 {
		var listeners []net.Listener
		port := "0"
		for _, a := range addrs {
			l, err := c.Listen(t.Context(), "tcp", net.JoinHostPort(a, port))
			if err != nil {
				break
			}
			t.Cleanup(func() { _ = l.Close() }) // the test may have closed it
			listeners = append(listeners, l)
			port = fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		}
		if len(listeners) == len(addrs) {
			return uint16(listeners[0].Addr().(*net.TCPAddr).Port), listeners
		}
	}
	t.Fatalf("no port that is free on all of %v", addrs)
	return 0, nil
}

// countAccepts takes every connection and drops it; the count is final once
// the function that it returns has returned.
func countAccepts(t *testing.T, l net.Listener) func() int64 {
	t.Helper()
	var n atomic.Int64
	var wg sync.WaitGroup
	mark := make(chan struct{})
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 1)
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			got, _ := conn.Read(b) // only the mark below says anything
			_ = conn.Close()
			if got == 1 && b[0] == 'M' {
				close(mark)
				return
			}
			n.Add(1)
		}
	})
	return func() int64 {
		t.Helper()
		// Connections are accepted in order: after the mark there is no other.
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Write([]byte("M")); err != nil {
			t.Fatal(err)
		}
		<-mark
		wg.Wait()
		return n.Load()
	}
}

func TestDialRebinding(t *testing.T) {
	t.Parallel()
	const dials = 1000
	port, listeners := listenAt(t, "127.0.0.1", "127.0.0.2")
	canary, allowed := countAccepts(t, listeners[0]), countAccepts(t, listeners[1])

	// Of each name, the first answer may be dialled; every later one is the canary.
	var mu sync.Mutex
	seen, asked := map[string]bool{}, 0
	server := startDNS(t, func(q dnsmessage.Question, _ string) dnsReply {
		mu.Lock()
		defer mu.Unlock()
		if q.Type != dnsmessage.TypeA {
			return dnsReply{}
		}
		asked++
		if name := q.Name.String(); !seen[name] {
			seen[name] = true
			return dnsReply{addrs: []string{"127.0.0.2"}}
		}
		return dnsReply{addrs: []string{"127.0.0.1"}}
	})
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, AllowPorts: []uint16{port}, Resolver: server.addr})

	var connected, blocked atomic.Int64
	next := make(chan int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range next {
				conn, err := guard.Dial(t.Context(), "tcp", fmt.Sprintf("name%d.example:%d", i%(dials/2), port))
				switch _, refused := errors.AsType[*probes.BlockedError](err); {
				case err == nil:
					connected.Add(1)
					_ = conn.Close()
				case refused:
					blocked.Add(1)
				default:
					t.Errorf("dial %d: got %v, want a connection or a refusal", i, err)
				}
			}
		})
	}
	for i := range dials {
		next <- i
	}
	close(next)
	wg.Wait()
	// A resolver that has waited for 5 s asks again: such a name is the canary's
	// before its first answer was heard.
	mu.Lock()
	defer mu.Unlock()
	again := int64(asked - dials)
	if c := connected.Load(); c+blocked.Load() != dials || c > dials/2 || c < dials/2-again || again > dials/10 {
		t.Errorf("got %d connections and %d refusals for %d questions, want %d each, and one question for each dial", c, blocked.Load(), asked, dials/2)
	}
	if n := canary(); n != 0 {
		t.Errorf("got %d connections to the canary, want 0", n)
	}
	if n := allowed(); n != connected.Load() {
		t.Errorf("got %d connections to the allowed address, want %d", n, connected.Load())
	}
}

func TestDialAddrsJudgesAgain(t *testing.T) {
	t.Parallel()
	port, listeners := listenAt(t, "127.0.0.1")
	canary := countAccepts(t, listeners[0])
	guard := probes.NewGuard(probes.GuardConfig{AllowPorts: []uint16{port}})
	tests := map[string][]netip.Addr{
		"loopback":        {netip.MustParseAddr("127.0.0.1")},
		"mapped loopback": {netip.MustParseAddr("::ffff:127.0.0.1")},
		"unspecified":     {netip.MustParseAddr("0.0.0.0")},
		"IPv6 ditto":      {netip.IPv6Unspecified()},
		"with a zone":     {netip.MustParseAddr("fe80::1%lo")},
		"no address":      {{}},
		"several":         {netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.1")},
	}
	for name, addrs := range tests {
		conn, err := guard.DialAddrs(t.Context(), addrs, port)
		if conn != nil || blockedBy(t, err) == "" {
			t.Errorf("%s: got %v (%v), want it blocked", name, conn, err)
		}
	}
	if n := canary(); n != 0 {
		t.Errorf("got %d connections to the canary, want 0", n)
	}
}

func TestDialAddrsJudgesThePort(t *testing.T) {
	t.Parallel()
	port, listeners := listenAt(t, "127.0.0.2")
	canary := countAccepts(t, listeners[0])
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, DenyPorts: []uint16{port}})
	addrs := []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	if conn, err := guard.DialAddrs(t.Context(), addrs, port); conn != nil || blockedBy(t, err) == "" {
		t.Errorf("got %v (%v), want it blocked", conn, err)
	}
	if n := canary(); n != 0 {
		t.Errorf("got %d connections to the denied port, want 0", n)
	}
}

func TestDial(t *testing.T) {
	t.Parallel()
	port, listeners := listenAt(t, "127.0.0.2")
	accepted := countAccepts(t, listeners[0])
	server := startDNS(t, func(q dnsmessage.Question, _ string) dnsReply {
		if q.Type == dnsmessage.TypeA {
			return dnsReply{addrs: []string{"127.0.0.3", "127.0.0.2"}} // nobody listens on the one, or on the other
		}
		return dnsReply{}
	})
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, AllowPorts: []uint16{port}, Resolver: server.addr})
	tests := map[string]struct{ network, address, want string }{
		"a name":              {"tcp", fmt.Sprintf("h.example:%d", port), ""},
		"an address":          {"tcp", fmt.Sprintf("127.0.0.2:%d", port), ""},
		"a forbidden address": {"tcp", fmt.Sprintf("127.0.0.1:%d", port), "loopback"},
		"a forbidden port":    {"tcp", "h.example:22", "port 22"},
		"an odd spelling":     {"tcp", fmt.Sprintf("0x7f000002:%d", port), "number"},
		"UDP":                 {"udp", fmt.Sprintf("h.example:%d", port), "not tcp"},
		"no port":             {"tcp", "h.example", "missing port"},
		"a port by name":      {"tcp", "h.example:https", "not a number"},
		"a port too large":    {"tcp", "h.example:65979", "not a number"},
	}
	for name, tt := range tests {
		conn, err := guard.Dial(t.Context(), tt.network, tt.address)
		if conn != nil {
			_ = conn.Close()
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if n := accepted(); n != 2 {
		t.Errorf("got %d connections, want 2", n)
	}
}

// Sets the proxy variables to a canary: a guard knows no proxies. Not parallel,
// because of the environment.
func TestDialIgnoresProxies(t *testing.T) {
	proxyPort, proxies := listenAt(t, "127.0.0.1")
	proxied := countAccepts(t, proxies[0])
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, fmt.Sprintf("http://127.0.0.1:%d", proxyPort))
	}
	port, listeners := listenAt(t, "127.0.0.2")
	direct := countAccepts(t, listeners[0])
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, AllowPorts: []uint16{port}})
	conn, err := guard.Dial(t.Context(), "tcp", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if n := proxied(); n != 0 {
		t.Errorf("got %d connections to the proxy, want 0", n)
	}
	if n := direct(); n != 1 {
		t.Errorf("got %d direct connections, want 1", n)
	}
}

// blackhole makes the queue of a listener one long and fills it, so that
// whoever connects next waits. Its address answers nothing from then on.
func blackhole(t *testing.T, l net.Listener) {
	t.Helper()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var lerr error
	if err := raw.Control(func(fd uintptr) { lerr = syscall.Listen(int(fd), 0) }); err != nil || lerr != nil {
		t.Fatal(err, lerr)
	}
	for range 64 {
		d := net.Dialer{Timeout: 300 * time.Millisecond}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue of the listener does not fill up")
}

// Not parallel: it looks for goroutines that were left behind.
func TestDialAddrsRaces(t *testing.T) {
	port, listeners := listenAt(t, "127.0.0.2", "127.0.0.3")
	hole, open := listeners[0], listeners[1]
	blackhole(t, hole)
	accepted := countAccepts(t, open)
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, AllowPorts: []uint16{port}})
	silent, good := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")

	began := time.Now()
	conn, err := guard.DialAddrs(t.Context(), []netip.Addr{silent, silent, good}, port)
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if got := conn.RemoteAddr().(*net.TCPAddr).IP.String(); got != "127.0.0.3" {
		t.Errorf("got %s, want the address that answers", got)
	}
	if took < 500*time.Millisecond || took > time.Minute { // the kernel gives up on the others after two
		t.Errorf("got the third attempt after %s, want it after twice 250 ms", took)
	}
	stacks := make([]byte, 1<<20)
	if left := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(left, "dialOne") {
		t.Errorf("got an attempt that still runs, want none:\n%s", left)
	}
	if n := accepted(); n != 1 {
		t.Errorf("got %d connections, want 1", n)
	}

	// Only silence: ctx ends it, and the error says that it was time.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = guard.DialAddrs(ctx, []netip.Addr{silent}, port)
	if nerr, ok := errors.AsType[net.Error](err); !ok || !nerr.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}

	// Refused tells more than silence, whichever comes first.
	_ = open.Close()
	for _, addrs := range [][]netip.Addr{{silent, good}, {good, silent}} {
		// Half a second is over before the second attempt on a machine that stands still.
		for _, limit := range []time.Duration{500 * time.Millisecond, 10 * time.Second, time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			_, err = guard.DialAddrs(ctx, addrs, port)
			cancel()
			if errors.Is(err, syscall.ECONNREFUSED) {
				break
			}
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v: got %v, want connection refused", addrs, err)
		}
		// Blocked tells more than either.
		ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
		_, err = guard.DialAddrs(ctx, append(addrs, netip.MustParseAddr("127.0.0.1")), port)
		cancel()
		if blockedBy(t, err) == "" {
			t.Errorf("%v: got %v, want blocked", addrs, err)
		}
	}
}

func TestDialAddrsFailures(t *testing.T) {
	t.Parallel()
	port, listeners := listenAt(t, "127.0.8.0")
	_ = listeners[0].Close() // nobody listens there now
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.8.0/24")}, AllowPorts: []uint16{port}})
	var addrs []netip.Addr
	for i := range byte(240) {
		addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, 8, i}))
	}

	began := time.Now()
	_, err := guard.DialAddrs(t.Context(), addrs, port)
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "127.0.8.0:") {
		t.Errorf("got %v, want connection refused by the first address", err)
	}
	if took := time.Since(began); took > 30*time.Second { // a minute, if each waited its 250 ms
		t.Errorf("got %s for %d refusals, want the next attempt as soon as one fails", took, len(addrs))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := guard.DialAddrs(ended, addrs, port); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if _, err := guard.DialAddrs(t.Context(), nil, port); err == nil {
		t.Error("no addresses: got no error, want one")
	}
}

// Not parallel: it takes the descriptors away from the whole process.
func TestDialWithoutDescriptors(t *testing.T) {
	port, listeners := listenAt(t, "127.0.0.2")
	server := startDNS(t, always(dnsReply{addrs: []string{"127.0.0.2"}}))
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{near}, AllowPorts: []uint16{port}, Resolver: server.addr})
	addrs, err := guard.Lookup(t.Context(), "h.example") // also reads the system's files while it can
	if err != nil {
		t.Fatal(err)
	}
	_ = listeners[0].Close() // what is refused must not hide that we could not dial

	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	_, lookErr := guard.Lookup(t.Context(), "h.example")
	_, dialErr := guard.DialAddrs(t.Context(), addrs, port)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if failed := lookupError(t, lookErr); failed.Fault != probes.FaultInternal || !errors.Is(lookErr, syscall.EMFILE) {
		t.Errorf("lookup: got %s (%v), want %s that wraps EMFILE", failed.Fault, lookErr, probes.FaultInternal)
	}
	if !errors.Is(dialErr, syscall.EMFILE) {
		t.Errorf("dial: got %v, want EMFILE", dialErr)
	}
}

func TestNoRouteTellsLeast(t *testing.T) {
	t.Parallel()
	port, listeners := listenAt(t, "127.0.0.2", "127.0.0.3")
	silent := netip.MustParseAddr("127.0.0.2")
	blackhole(t, listeners[0])
	_ = listeners[1].Close()
	refused, noRoute := netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("255.255.255.255") // TCP has no route to a broadcast
	guard := probes.NewGuard(probes.GuardConfig{
		Allow: []netip.Prefix{near, netip.PrefixFrom(noRoute, 32)}, AllowPorts: []uint16{port},
	})
	if _, err := guard.DialAddrs(t.Context(), []netip.Addr{noRoute}, port); !errors.Is(err, syscall.ENETUNREACH) {
		t.Fatalf("got %v, want network is unreachable", err)
	}
	if _, err := guard.DialAddrs(t.Context(), []netip.Addr{noRoute, refused}, port); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want connection refused", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := guard.DialAddrs(ctx, []netip.Addr{noRoute, silent}, port)
	if nerr, ok := errors.AsType[net.Error](err); !ok || !nerr.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
}

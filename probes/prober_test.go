package probes_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// loopback lets the guard through to the receivers of the tests.
func loopback() probes.GuardConfig {
	return probes.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
}

func newProber(t *testing.T, g probes.GuardConfig) *probes.Prober {
	t.Helper()
	p := probes.NewProber(probes.Config{Version: "test", OperatorURL: mustURL(t, "https://status.example.com/webhooks")},
		probes.NewGuard(g), slog.New(slog.DiscardHandler), func() { t.Error("a probe panicked") })
	t.Cleanup(p.Close)
	return p.Wait(time.Minute)
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := probes.ParseURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// quick is a policy for what takes no time: nothing is slow but the machine.
func quick(level probes.Level) probes.Policy {
	p := probes.DefaultPolicy()
	p.Level, p.Timeout, p.AckBudget, p.AllowCleartext = level, time.Minute, 30*time.Second, true
	return p
}

// probe is one look at ep. Where time is wanted to run out there is little of
// it; a machine that stands still uses that up before it is the endpoint's turn
// to be silent, and then there is more.
func probe(t *testing.T, p *probes.Prober, ep probes.Endpoint, want probes.Fault) (got probes.Result) {
	t.Helper()
	if !strings.HasPrefix(string(want), "timeout_") {
		return p.Probe(t.Context(), ep)
	}
	for _, ep.Policy.Timeout = range []time.Duration{2500 * time.Millisecond, 15 * time.Second, time.Minute} {
		if got = p.Probe(t.Context(), ep); got.Fault == want {
			break
		}
	}
	return got
}

const token = "the-right-token-of-the-test"

func endpoint(t *testing.T, r *hooktest.Receiver, ca *hooktest.CA, level probes.Level) probes.Endpoint {
	t.Helper()
	ep := probes.Endpoint{ID: "x", URL: mustURL(t, r.URL()), Policy: quick(level), Token: token}
	if ca != nil {
		ep.Roots = ca.Pool()
	}
	return ep
}

// receiver starts one that behaves like b, with TLS or without.
func receiver(t *testing.T, b hooktest.Behaviour, ca *hooktest.CA) *hooktest.Receiver {
	t.Helper()
	return hooktest.Start(t, hooktest.Options{Behaviour: b, CA: ca, Token: token, Delay: 1800 * time.Millisecond, Every: 20 * time.Millisecond, Location: "https://elsewhere.example/hook?secret=marker"})
}

func TestProbeNamesEveryFaultAndNote(t *testing.T) {
	t.Parallel()
	ca, err := hooktest.NewCA("test root")
	if err != nil {
		t.Fatal(err)
	}
	p, hasty := newProber(t, loopback()), newProber(t, loopback()).Wait(0)
	for _, b := range hooktest.Behaviours() {
		for scheme, authority := range map[string]*hooktest.CA{"http": nil, "https": ca} {
			if b.Describe().TLS && authority == nil {
				continue
			}
			t.Run(string(b)+" over "+scheme, func(t *testing.T) {
				t.Parallel()
				want := b.Describe()
				look := func(level probes.Level, fault probes.Fault) probes.Result {
					ep := endpoint(t, receiver(t, b, authority), authority, level)
					if want.Notes.Has(probes.NoteSlow) {
						ep.Policy.AckBudget = 1200 * time.Millisecond // the answer comes after 1.8 s
					}
					if want.Notes.Has(probes.NoteBodyTimeout) {
						return probe(t, hasty, ep, fault)
					}
					return probe(t, p, ep, fault)
				}
				got := look(probes.LevelPing, want.Fault)
				if got.Fault != want.Fault || got.Notes&^probes.NoteCleartext != want.Notes {
					t.Errorf("ping: got %s [%s] (%s), want %s [%s]: it %s", got.Fault, got.Notes, got.Detail, want.Fault, want.Notes, want.Does)
				}
				if (got.Notes.Has(probes.NoteCleartext)) != (scheme == "http") {
					t.Errorf("cleartext noted: %s over %s", got.Notes, scheme)
				}
				got = look(probes.LevelReach, want.Reach)
				if got.Fault != want.Reach {
					t.Errorf("reach: got %s (%s), want %s", got.Fault, got.Detail, want.Reach)
				}
				checkSane(t, got)
			})
		}
	}
}

// checkSane holds what is true of every result.
func checkSane(t *testing.T, r probes.Result) {
	t.Helper()
	p := r.Phases
	if sum := p.Resolve + p.Connect + p.TLS + p.Wait; sum > r.Took+50*time.Millisecond || sum < r.Took-300*time.Millisecond-p.Read {
		t.Errorf("phases %+v do not add up to %s", p, r.Took)
	}
	if (r.Fault == probes.FaultNone) != (r.Verdict == probes.Healthy || r.Verdict == probes.Degraded && r.Notes.Has(probes.NoteSlow)) {
		t.Errorf("verdict %s with fault %s and notes %s", r.Verdict, r.Fault, r.Notes)
	}
	if strings.Contains(r.Detail, token) || strings.Contains(r.Location, "marker") {
		t.Errorf("a secret in %q or %q", r.Detail, r.Location)
	}
}

func TestProbeLevels(t *testing.T) {
	t.Parallel()
	ca, err := hooktest.NewCA("test root")
	if err != nil {
		t.Fatal(err)
	}
	p := newProber(t, loopback())
	for name, test := range map[string]struct {
		b       hooktest.Behaviour
		level   probes.Level
		verdict probes.Verdict
		fault   probes.Fault
		methods string
	}{
		"tls asks nothing":                         {hooktest.Status(500), probes.LevelTLS, probes.Healthy, probes.FaultNone, ""},
		"tls sees an expired certificate":          {hooktest.CertExpired, probes.LevelTLS, probes.Down, probes.FaultTLSExpired, ""},
		"tls sees a late refusal in TLS 1.3":       {hooktest.ClientCertTLS13, probes.LevelTLS, probes.Down, probes.FaultTLSClientCert, ""},
		"reach is content with OPTIONS":            {hooktest.OK, probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS"},
		"reach asks HEAD after 405":                {hooktest.Options405, probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS HEAD"},
		"reach asks HEAD after 501":                {hooktest.Options501, probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS HEAD"},
		"reach takes 405 to both":                  {hooktest.Status(405), probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS HEAD"},
		"reach takes 401":                          {hooktest.Status(401), probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS"},
		"reach takes 404":                          {hooktest.Status(404), probes.LevelReach, probes.Healthy, probes.FaultNone, "OPTIONS"},
		"reach does not take 500":                  {hooktest.PostOnly, probes.LevelReach, probes.Down, probes.FaultHTTP5xx, "OPTIONS"},
		"reach does not take 302":                  {hooktest.Status(302), probes.LevelReach, probes.Down, probes.FaultHTTP3xx, "OPTIONS"},
		"refuse is content with 401":               {hooktest.TokenCheck, probes.LevelRefuse, probes.Healthy, probes.FaultNone, "POST"},
		"refuse finds who checks nothing":          {hooktest.AcceptsAll, probes.LevelRefuse, probes.Degraded, probes.FaultAcceptsUnauthenticated, "POST"},
		"refuse does not take 503":                 {hooktest.Status(503), probes.LevelRefuse, probes.Down, probes.FaultHTTP5xx, "POST"},
		"refuse does not take 307":                 {hooktest.Status(307), probes.LevelRefuse, probes.Down, probes.FaultHTTP3xx, "POST"},
		"ping is let in with the right token":      {hooktest.TokenCheck, probes.LevelPing, probes.Healthy, probes.FaultNone, "POST"},
		"ping takes 299":                           {hooktest.Status(299), probes.LevelPing, probes.Healthy, probes.FaultNone, "POST"},
		"ping does not take 300":                   {hooktest.Status(300), probes.LevelPing, probes.Down, probes.FaultHTTP3xx, "POST"},
		"ping does not take 404":                   {hooktest.Status(404), probes.LevelPing, probes.Down, probes.FaultHTTP404, "POST"},
		"ping does not follow, whatever the token": {hooktest.Status(308), probes.LevelPing, probes.Down, probes.FaultHTTP3xx, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receiver(t, test.b, ca)
			ep := endpoint(t, r, ca, test.level)
			got := p.Probe(t.Context(), ep)
			if got.Verdict != test.verdict || got.Fault != test.fault {
				t.Errorf("got %s %s (%s), want %s %s", got.Verdict, got.Fault, got.Detail, test.verdict, test.fault)
			}
			var methods []string
			for _, req := range r.Requests() {
				methods = append(methods, req.Method)
				if h := req.Header.Get("X-Callback-Token"); (h == token) != (test.level == probes.LevelPing) {
					t.Errorf("level %s sent the right token: %t", test.level, h == token)
				}
			}
			if s := strings.Join(methods, " "); s != test.methods {
				t.Errorf("it sent %q, want %q", s, test.methods)
			}
		})
	}
}

func TestProbeTheWayThere(t *testing.T) {
	t.Parallel()
	home, private := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.1.2.3")
	dns := hooktest.StartDNS(t, map[string][]hooktest.Answer{
		"here.test":     {hooktest.Addresses(home)},
		"nodata.test":   {{Kind: hooktest.NoData}},
		"servfail.test": {{Kind: hooktest.ServFail}},
		"silent.test":   {{Kind: hooktest.Silent}},
		"mixed.test":    {hooktest.Addresses(home, private)},
		"metadata.test": {hooktest.Addresses(netip.MustParseAddr("169.254.169.254"))},
	})
	g := loopback()
	g.Resolver = dns.Addr()
	p := newProber(t, g)
	good := receiver(t, hooktest.OK, nil)
	_, port, _ := net.SplitHostPort(good.Addr().String())
	at := func(host string) string { return "http://" + net.JoinHostPort(host, port) + "/hook" }
	for name, test := range map[string]struct {
		url     string
		fault   probes.Fault
		verdict probes.Verdict
	}{
		"a name that resolves":         {at("here.test"), probes.FaultNone, probes.Healthy},
		"a name that does not exist":   {at("nobody.test"), probes.FaultDNSNotFound, probes.Down},
		"a name without addresses":     {at("nodata.test"), probes.FaultDNSNoAddress, probes.Down},
		"a resolver that fails":        {at("servfail.test"), probes.FaultDNSFailed, probes.Down},
		"a resolver that says nothing": {at("silent.test"), probes.FaultTimeoutDNS, probes.Down},
		"one forbidden answer of two":  {at("mixed.test"), probes.FaultBlocked, probes.Blocked},
		"the metadata service":         {at("metadata.test"), probes.FaultBlocked, probes.Blocked},
		"a forbidden literal":          {"http://10.0.0.1/hook", probes.FaultBlocked, probes.Blocked},
		"a forbidden port":             {"http://127.0.0.1:6379/", probes.FaultBlocked, probes.Blocked},
		"nobody listens":               {"http://" + bound(t, nil) + "/", probes.FaultRefused, probes.Down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := probe(t, p, probes.Endpoint{ID: "x", URL: mustURL(t, test.url), Policy: quick(probes.LevelReach)}, test.fault)
			if got.Fault != test.fault || got.Verdict != test.verdict {
				t.Errorf("got %s %s (%s), want %s %s", got.Verdict, got.Fault, got.Detail, test.verdict, test.fault)
			}
		})
	}
}

func TestAThousandProbesOfARebindingNameReachNothingForbidden(t *testing.T) {
	t.Parallel()
	// 127.0.0.2 plays the public address; 127.0.0.1 is forbidden.
	public, inside := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")
	canary := hooktest.StartCanary(t, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(canary.Addr())
	if err != nil {
		t.Fatal(err)
	}
	dns := hooktest.StartDNS(t, map[string][]hooktest.Answer{"mixed.test": {hooktest.Addresses(public, inside)}})
	dns.Repeat("rebind.test", hooktest.Addresses(public), hooktest.Addresses(inside), hooktest.Addresses(public, inside))
	p := newProber(t, probes.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Resolver: dns.Addr()})
	blocked := map[string]int{}
	for range 1000 {
		for _, host := range []string{"rebind.test", "mixed.test"} {
			got := p.Probe(t.Context(), probes.Endpoint{ID: "x", URL: mustURL(t, "http://"+host+":"+port+"/"), Policy: quick(probes.LevelReach)})
			if got.Fault == probes.FaultBlocked {
				blocked[host]++
			}
		}
	}
	if n := canary.Hits(); n != 0 {
		t.Errorf("%d connections to a forbidden address", n)
	}
	if blocked["mixed.test"] != 1000 || blocked["rebind.test"] < 600 {
		t.Errorf("blocked %v, want every mixed answer and two of three of the others", blocked)
	}
}

func TestProbeAnEndpointThatNeverAccepts(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	ep := probes.Endpoint{ID: "x", URL: mustURL(t, "http://"+fullBacklog(t)+"/"), Policy: quick(probes.LevelReach)}
	got := probe(t, p, ep, probes.FaultTimeoutConnect)
	if got.Fault != probes.FaultTimeoutConnect {
		t.Errorf("got %s (%s), want timeout_connect", got.Fault, got.Detail)
	}
	if got.Took < 2400*time.Millisecond {
		t.Errorf("gave up after %s, want its whole 2.5s", got.Took)
	}
}

func TestProbeDeadlineIsOverTheHeadAlone(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	for name, test := range map[string]struct {
		delay, budget time.Duration
		fault         probes.Fault
	}{
		"before the deadline is delivered": {1500 * time.Millisecond, time.Second, probes.FaultNone},
		"after the deadline is a timeout":  {5 * time.Minute, time.Second, probes.FaultTimeoutResponse},
		"an early answer is early":         {time.Millisecond, 30 * time.Second, probes.FaultNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Slow, Delay: test.delay})
			ep := endpoint(t, r, nil, probes.LevelReach)
			ep.Policy.AckBudget = test.budget
			got := probe(t, p, ep, test.fault)
			if got.Fault != test.fault {
				t.Errorf("answer after %s: got %s after %s, want %s", test.delay, got.Fault, got.Took, test.fault)
			}
			if slow := test.delay > ep.Policy.AckBudget && test.fault == probes.FaultNone; got.Notes.Has(probes.NoteSlow) != slow || slow != (got.Verdict == probes.Degraded) {
				t.Errorf("answer after %s: %s %s", test.delay, got.Verdict, got.Notes)
			}
		})
	}
}

func TestProbeCanceledSaysNothingOfTheEndpoint(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	r := receiver(t, hooktest.Hang, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got probes.Result
	var wg sync.WaitGroup
	wg.Go(func() {
		ep := endpoint(t, r, nil, probes.LevelReach)
		ep.Policy.Timeout = 5 * time.Minute
		got = p.Probe(ctx, ep)
	})
	if err := r.Wait(t.Context(), func(s hooktest.Stats) bool { return s.Requests > 0 }); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()
	if got.Fault != probes.FaultCanceled || got.Verdict != probes.Unknown || got.Took > 4*time.Minute {
		t.Errorf("got %s %s after %s, want unknown canceled at once", got.Verdict, got.Fault, got.Took)
	}
}

func TestProbeIgnoresProxiesOfTheEnvironment(t *testing.T) {
	canary := hooktest.StartCanary(t, "127.0.0.1:0")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+canary.Addr())
	}
	got := newProber(t, loopback()).Probe(t.Context(), endpoint(t, receiver(t, hooktest.OK, nil), nil, probes.LevelPing))
	if got.Fault != probes.FaultNone || canary.Hits() != 0 {
		t.Errorf("got %s, and the proxy was called %d times", got.Fault, canary.Hits())
	}
}

func TestProbeKeepAliveReusesAndRenews(t *testing.T) {
	t.Parallel()
	ca, err := hooktest.NewCA("test root")
	if err != nil {
		t.Fatal(err)
	}
	p := newProber(t, loopback())
	r := receiver(t, hooktest.OK, ca)
	ep := endpoint(t, r, ca, probes.LevelPing)
	ep.Policy.KeepAlive = true
	for range 21 {
		if got := p.Probe(t.Context(), ep); got.Fault != probes.FaultNone || got.TLSVersion == 0 {
			t.Fatalf("got %s (%s)", got.Fault, got.Detail)
		}
	}
	if n := r.Stats().Connections; n != 3 {
		t.Errorf("21 probes used %d connections, want 3: a fresh handshake every tenth", n)
	}
	r.Stop()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	if got := p.Probe(t.Context(), ep); got.Fault != probes.FaultNone {
		t.Errorf("a kept connection that the server closed: got %s (%s), want a new one to be tried", got.Fault, got.Detail)
	}
}

func TestProbeKeepsTheDatesOfABadCertificate(t *testing.T) {
	t.Parallel()
	ca, err := hooktest.NewCA("test root")
	if err != nil {
		t.Fatal(err)
	}
	got := newProber(t, loopback()).Probe(t.Context(), endpoint(t, receiver(t, hooktest.CertExpired, ca), ca, probes.LevelPing))
	if got.Fault != probes.FaultTLSExpired || got.LeafExpiry.IsZero() || got.ServedExpiry.IsZero() || got.TLSVersion == 0 || !got.ChainExpiry.IsZero() {
		t.Errorf("got %s, leaf %s, served %s, version %x, chain %s", got.Fault, got.LeafExpiry, got.ServedExpiry, got.TLSVersion, got.ChainExpiry)
	}
}

// fullBacklog returns the address of a listener whose queue is full, so that
// nobody can connect any more.
func fullBacklog(t *testing.T) string {
	t.Helper()
	addr := bound(t, func(fd int) error { return syscall.Listen(fd, 0) })
	dialer := net.Dialer{Timeout: 100 * time.Millisecond}
	for range 20 {
		conn, err := dialer.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the listener's queue never filled")
	return ""
}

// bound returns the address of a socket of our own, after it was done with as
// is wanted: unless that listens, whoever connects is refused, and until the test
// ends nobody else gets the port.
func bound(t *testing.T, with func(fd int) error) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err == nil && with != nil {
		err = with(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	in4, _ := sa.(*syscall.SockaddrInet4)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(in4.Port))
}

// capture returns the raw bytes of the one request that a probe sends.
func capture(t *testing.T, set func(*probes.Endpoint)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener of the test
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	var wg sync.WaitGroup
	wg.Go(func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 64<<10)
		for !complete(raw.Bytes()) {
			n, err := conn.Read(buf)
			raw.Write(buf[:n])
			if err != nil {
				return
			}
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	ep := probes.Endpoint{ID: "x", URL: mustURL(t, "http://"+ln.Addr().String()+"/payout?tenant=7"), Policy: quick(probes.LevelReach)}
	set(&ep)
	r := newProber(t, loopback()).Probe(t.Context(), ep)
	_ = ln.Close()
	wg.Wait()
	if r.Status != http.StatusNoContent {
		t.Fatalf("the probe did not get through: %s (%s)", r.Fault, r.Detail)
	}
	return raw.String()
}

// complete reports whether raw holds a whole request.
func complete(raw []byte) bool {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return false
	}
	return !bytes.HasPrefix(head, []byte("POST")) || bytes.HasSuffix(bytes.TrimSpace(body), []byte("}"))
}

func signStandard(t *testing.T, secret, content string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(content))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

package hooktest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func waitFor(t *testing.T, r *hooktest.Receiver, until func(hooktest.Stats) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	if err := r.Wait(ctx, until); err != nil {
		t.Fatal(err)
	}
}

// talk is a connection that is kept alive, and certainly the same one; the
// client of net/http opens another when the machine is slow.
type talk struct {
	conn net.Conn
	br   *bufio.Reader
}

// keeping connects to r, with TLS when there is a config.
func keeping(t *testing.T, r *hooktest.Receiver, config *tls.Config) *talk {
	t.Helper()
	conn := dial(t, r, "")
	if config != nil {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn = secure
	}
	return &talk{conn: conn, br: bufio.NewReader(conn)}
}

// post returns the status of the answer, 0 when there was none.
func (k *talk) post(t *testing.T, path, body string) int {
	t.Helper()
	_, err := fmt.Fprintf(k.conn, "POST %s HTTP/1.1\r\nHost: kept.test\r\nX-Mark: here\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(k.br, nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestReceiverRecordsWhatArrives(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.Created))
	if got := keeping(t, r, nil).post(t, "/hook?q=1", "payload"); got != http.StatusCreated {
		t.Fatalf("got %d, want 201", got)
	}
	list := r.Requests()
	if len(list) != 1 {
		t.Fatalf("got %d requests, want 1", len(list))
	}
	got := list[0]
	if got.Method != "POST" || got.Path != "/hook?q=1" || string(got.Body) != "payload" || got.Header.Get("X-Mark") != "here" ||
		got.Host != "kept.test" || got.At.IsZero() || !got.Remote.IsValid() || got.Connect != 1 || got.TLS != nil {
		t.Errorf("got %+v", got)
	}
	if s := r.Stats(); s.Connections != 1 || s.Open != 1 || s.Requests != 1 || s.BytesSent == 0 {
		t.Errorf("got %+v, want one connection, open, with one request", s)
	}
}

func TestReceiverKeepsLittle(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	kept := keeping(t, r, nil)
	kept.post(t, "/first", strings.Repeat("x", hooktest.MaxBody+1))
	if got := len(r.Requests()[0].Body); got != hooktest.MaxBody {
		t.Errorf("got %d bytes of body, want %d", got, hooktest.MaxBody)
	}
	for i := range hooktest.MaxRequests {
		if got := kept.post(t, fmt.Sprint("/", i), ""); got != http.StatusOK {
			t.Fatalf("request %d: got %d", i, got)
		}
	}
	list := r.Requests()
	if len(list) != hooktest.MaxRequests || list[0].Path != "/0" {
		t.Errorf("got %d requests from %s, want the latest %d", len(list), list[0].Path, hooktest.MaxRequests)
	}
	if s := r.Stats(); s.Requests != hooktest.MaxRequests+1 || s.Connections != 1 {
		t.Errorf("got %+v, want all requests counted, over one connection", s)
	}
}

func TestReceiverRefusesWhileStopped(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	url := r.URL()
	for range 3 {
		if got := clientFor(nil, "", 0).ask(t, "POST", url).fault; got != probes.FaultNone {
			t.Errorf("started: got %s, want none", got)
		}
		r.Stop()
		if got := clientFor(nil, "", 0).ask(t, "POST", url).fault; got != probes.FaultRefused {
			t.Errorf("stopped: got %s, want refused", got)
		}
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Start(); err == nil {
		t.Error("starting twice: got no error")
	}
	if got := r.URL(); got != url {
		t.Errorf("got %s, want %s as before", got, url)
	}
}

func TestBehaviourChangesWhileRunning(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	kept := keeping(t, r, nil)
	for _, step := range []struct {
		set  hooktest.Behaviour
		want int
	}{{hooktest.OK, 200}, {hooktest.Status(503), 503}, {hooktest.Created, 201}} {
		if err := r.Set(step.set); err != nil {
			t.Fatal(err)
		}
		if got := kept.post(t, "/", ""); got != step.want {
			t.Errorf("%s: got %d, want %d", step.set, got, step.want)
		}
	}
	if got := r.Stats().Connections; got != 1 {
		t.Errorf("got %d connections, want 1, kept alive", got)
	}
	if err := r.Set(hooktest.CertExpired); err == nil || !strings.Contains(err.Error(), "set CA") {
		t.Errorf("got %v, want an error that says what is missing", err)
	}
	if got := kept.post(t, "/", ""); got != 201 {
		t.Errorf("after the refused change: got %d, want 201 as before", got)
	}
}

func TestScriptsGiveEachConnectionAStep(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set  func(*hooktest.Receiver) error
		want []int
	}{
		"played once, the last stays": {func(r *hooktest.Receiver) error {
			return r.Play(hooktest.Status(500), hooktest.CloseAfterAsk, hooktest.OK)
		}, []int{500, 0, 200, 200, 200}},
		"repeated": {func(r *hooktest.Receiver) error {
			return r.Repeat(hooktest.OK, hooktest.Status(404))
		}, []int{200, 404, 200, 404, 200}},
		"every third fails": {func(r *hooktest.Receiver) error {
			return r.Repeat(hooktest.EveryNth(3, hooktest.OK, hooktest.ResetAfterAsk)...)
		}, []int{200, 200, 0, 200, 200, 0}},
		"every first fails": {func(r *hooktest.Receiver) error {
			return r.Repeat(hooktest.EveryNth(1, hooktest.OK, hooktest.Status(500))...)
		}, []int{500, 500}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			r := hooktest.Start(t, quick(hooktest.OK))
			if err := test.set(r); err != nil {
				t.Fatal(err)
			}
			var got []int
			for range test.want {
				got = append(got, clientFor(nil, "", 0).ask(t, "POST", r.URL()).status)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if err := hooktest.Start(t, quick(hooktest.OK)).Play(); err == nil {
		t.Error("an empty script: got no error")
	}
}

func TestScriptedConnectionsEndAfterOneAnswer(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	if err := r.Repeat(hooktest.OK, hooktest.Created); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{200, 201, 200} {
		kept := keeping(t, r, nil)
		if got := kept.post(t, "/", ""); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		if _, err := kept.br.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("after the answer: got %v, want the end", err)
		}
	}
}

func TestCertificateChangesWhileRunning(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	o := quick(hooktest.OK)
	o.CA = ca
	r := hooktest.Start(t, o)
	kept := keeping(t, r, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
	kept.post(t, "/", "")
	other, err := ca.Issue(hooktest.LeafOptions{Names: []string{"other.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetCertificate(&other); err != nil {
		t.Fatal(err)
	}
	if got := clientFor(ca, "", 0).ask(t, "POST", r.URL()).fault; got != probes.FaultTLSHostname {
		t.Errorf("new connection: got %s, want tls_hostname", got)
	}
	if got := kept.post(t, "/", ""); got != http.StatusOK {
		t.Errorf("kept connection: got %d, want 200, because it does not see the change", got)
	}
	if err := r.SetCertificate(nil); err != nil {
		t.Fatal(err)
	}
	if got := clientFor(ca, "", 0).ask(t, "POST", r.URL()).fault; got != probes.FaultNone {
		t.Errorf("back again: got %s, want none", got)
	}
	if err := hooktest.Start(t, quick(hooktest.OK)).SetCertificate(&other); err == nil {
		t.Error("plain receiver: got no error")
	}
}

func TestSessionsMayBeResumed(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	o := quick(hooktest.OK)
	o.CA = ca
	r := hooktest.Start(t, o)
	config := &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	for range 2 {
		keeping(t, r, config).post(t, "/", "")
	}
	list := r.Requests()
	if len(list) != 2 || list[0].TLS.DidResume || !list[1].TLS.DidResume {
		t.Errorf("want the second of two connections, and not the first, resumed")
	}
}

func TestTheLeafIsTheSameForEachConnection(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	o := quick(hooktest.OK)
	o.CA, o.Names = ca, []string{"hooks.example"}
	r := hooktest.Start(t, o)
	var serials []string
	for _, name := range []string{"hooks.example", "localhost", "127.0.0.1"} {
		d := &tls.Dialer{Config: &tls.Config{RootCAs: ca.Pool(), ServerName: name}}
		conn, err := d.DialContext(t.Context(), "tcp", r.Addr().String())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		serials = append(serials, conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String())
		conn.Close()
	}
	if len(slices.Compact(serials)) != 1 {
		t.Errorf("got serial numbers %v, want one", serials)
	}
}

func TestClientCertificatesAreAccepted(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	stranger, _ := hooktest.StartCA(t, "stranger")
	usage := hooktest.LeafOptions{Names: []string{"client"}, Usage: clientUsage}
	for _, b := range []hooktest.Behaviour{hooktest.ClientCertTLS12, hooktest.ClientCertTLS13} {
		for sentence, test := range map[string]struct {
			issuer *hooktest.CA
			good   bool
		}{"of the right authority": {ca, true}, "of a stranger": {stranger, false}} {
			t.Run(string(b)+" "+sentence, func(t *testing.T) {
				t.Parallel()
				cert, err := test.issuer.Issue(usage)
				if err != nil {
					t.Fatal(err)
				}
				o := quick(b)
				o.CA = ca
				c := clientFor(ca, "", 0)
				c.cert = &cert
				got := c.ask(t, "POST", hooktest.Start(t, o).URL())
				if (got.fault == probes.FaultNone) != test.good {
					t.Errorf("got %s (%v), want accepted: %v", got.fault, got.err, test.good)
				}
			})
		}
	}
}

func TestReceiverListensWhereItIsTold(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Addr: "127.0.0.2:0"})
	if got := r.Addr().Addr().String(); got != "127.0.0.2" {
		t.Errorf("got %s, want 127.0.0.2", got)
	}
	if got := clientFor(nil, "", 0).ask(t, "POST", r.URL()).status; got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
}

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for sentence, o := range map[string]hooktest.Options{
		"a name as address":         {Addr: "localhost:0"},
		"a negative delay":          {Delay: -1},
		"a location of two lines":   {Location: "x\r\nX-Bad: 1"},
		"TLS trouble without TLS":   {Behaviour: hooktest.TLSHang},
		"a bad leaf without a CA":   {Behaviour: hooktest.CertExpired, Certificate: new(tls.Certificate)},
		"a behaviour of no meaning": {Behaviour: "polite"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if r, err := hooktest.New(o); err == nil {
				t.Errorf("got %v, want an error", r.Addr())
			}
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Wait(ctx, func(hooktest.Stats) bool { return false }); err == nil {
		t.Error("got no error")
	}
}

func TestWhatIsNoRequestEndsTheConnection(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.OK))
	conn := dial(t, r, "")
	if _, err := io.WriteString(conn, "EHLO there\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, nil) {
		t.Errorf("got %q, %v, want the end", got, err)
	}
	if got := len(r.Requests()); got != 0 {
		t.Errorf("got %d requests, want none", got)
	}
}

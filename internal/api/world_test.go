package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// What must never be seen in an answer or a log line.
const (
	storedToken = "MARKER-stored-token"
	storedQuery = "MARKER-stored-query"
	sentMarker  = "MARKER-sent"
)

// Tokens of the world, by caller.
const (
	viewerToken   = "MARKER-viewer-0123456789abcdef"
	operatorToken = "MARKER-operator-0123456789abcdef"
	adminToken    = "MARKER-admin-0123456789abcdef"
	ingestToken   = "MARKER-ingest-0123456789abcdef"
	ownViewer     = "MARKER-own-viewer-0123456789abcdef"
	ownOperator   = "MARKER-own-operator-0123456789abcdef"
	ownAdmin      = "MARKER-own-admin-0123456789abcdef"
)

func allTokens() []api.Token {
	own := []string{"own", "own-new"}
	return []api.Token{
		{Name: "viewer", Role: api.RoleViewer, Secret: viewerToken},
		{Name: "operator", Role: api.RoleOperator, Secret: operatorToken},
		{Name: "admin", Role: api.RoleAdmin, Secret: adminToken},
		{Name: "ingest", Role: api.RoleIngest, Secret: ingestToken, Source: "core"},
		{Name: "own-viewer", Role: api.RoleViewer, Secret: ownViewer, Merchants: own},
		{Name: "own-operator", Role: api.RoleOperator, Secret: ownOperator, Merchants: own},
		{Name: "own-admin", Role: api.RoleAdmin, Secret: ownAdmin, Merchants: own},
	}
}

// fakeRegistry applies changes as the daemon does, in memory.
type fakeRegistry struct {
	mu      sync.Mutex
	records registry.Records
	snap    *registry.Snapshot
	applied []registry.Change
	err     error // answered instead of applying
	coy     bool  // names no record in its refusals
}

func (f *fakeRegistry) Snapshot() *registry.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap
}

func (f *fakeRegistry) Apply(_ context.Context, c registry.Change) (registry.Diff, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return registry.Diff{}, f.err
	}
	f.applied = append(f.applied, c)
	next, _, err := f.records.With(c)
	if err != nil {
		return registry.Diff{}, err
	}
	snap, faults := registry.Build(next, registry.DefaultDefaults())
	invalid := &registry.InvalidError{}
	for _, fault := range faults {
		if !fault.Warning {
			invalid.Faults = append(invalid.Faults, fault)
		}
	}
	if len(invalid.Faults) > 0 && f.coy {
		return registry.Diff{}, registry.ErrNotFound
	}
	if len(invalid.Faults) > 0 {
		return registry.Diff{}, invalid
	}
	diff := f.snap.Compare(snap)
	f.records, f.snap = next, snap
	return diff, nil
}

// fakeLooks knows what each signal said.
type fakeLooks struct {
	endpoints map[string]rules.EndpointView
	targets   map[string]rules.CertificateView
}

func (f fakeLooks) Endpoint(id string) rules.EndpointView  { return f.endpoints[id] }
func (f fakeLooks) Target(id string) rules.CertificateView { return f.targets[id] }

// fakeDuties says what it is told to.
type fakeDuties struct {
	healthy, ready, duty []string
	remarks              []string
	report               api.ReloadReport
	err                  error
}

func (f *fakeDuties) Healthy() []string { return f.healthy }
func (f *fakeDuties) Ready() []string   { return f.ready }
func (f *fakeDuties) Duty() []string    { return f.duty }
func (f *fakeDuties) Reload(context.Context) (api.ReloadReport, error) {
	return f.report, f.err
}

// safeBuffer is a log that handlers write while a test reads.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

type observed struct {
	route, method string
	status        int
}

// world is a server on a real listener, and what it stands on.
type world struct {
	usual    func() string // source of records that name none
	registry *fakeRegistry
	looks    fakeLooks
	duties   *fakeDuties
	log      *safeBuffer
	server   *api.Server
	url      string
	probed   chan string // what /probe was asked for
	attempts *fakeAttempts
	desk     *fakeDesk
	quiet    *fakeQuiet
	digests  *fakeDigests

	subscriptions *fakeSubscriptions
	events        *fakeEvents
	backlogs      *fakeBacklogs
	sources       *fakeSources
	stands        []rules.Standing // conditions; set before the first request

	mu       sync.Mutex
	seen     []observed
	panicked int
}

var at = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func testRecords() registry.Records {
	level := probes.LevelPing
	return registry.Records{
		Merchants: []registry.Merchant{
			{ID: "own", Name: "Own Shop", Origin: registry.OriginAPI, Digest: registry.Digest{To: []string{"ops@own.example"}}},
			{ID: "rival", Name: "Rival Name", Origin: registry.OriginAPI, Digest: registry.Digest{To: []string{"ops@rival.example"}}},
			{ID: "filed", Name: "Filed Shop", Origin: registry.OriginFile},
		},
		Endpoints: []registry.Endpoint{
			{
				ID: "own-pay", Merchant: "own", URL: "https://own.example/hook?key=" + storedQuery, Token: storedToken, Products: []string{"PAYOUT", "QR"},
				Probe: registry.ProbeSpec{Level: &level}, Origin: registry.OriginAPI,
			},
			{ID: "own-void", Merchant: "own", URL: "https://own.example/void", Suspended: true, Origin: registry.OriginAPI},
			{ID: "rival-pay", Merchant: "rival", URL: "https://rival.example/hook", Origin: registry.OriginAPI},
			{ID: "filed-pay", Merchant: "filed", URL: "https://filed.example/hook", Origin: registry.OriginFile},
		},
		Targets: []registry.Target{{ID: "ledger", Address: "ledger.internal:8443", ServerName: "ledger"}},
	}
}

func testReport() certificate.Report {
	return certificate.Report{
		At: at, Verdict: certificate.Warn, Faults: []certificate.Fault{certificate.FaultExpiring}, Notes: []certificate.Fault{},
		NotAfter: at.Add(48 * time.Hour), Detail: "ends in 2 days",
		Addresses: []certificate.AddressReport{{
			Address: "192.0.2.1:443", Verdict: certificate.Warn, Faults: []certificate.Fault{certificate.FaultExpiring},
			NotAfter: at.Add(48 * time.Hour), Chain: []certificate.Link{{Subject: "CN=own.example"}},
		}},
	}
}

func testLooks() fakeLooks {
	return fakeLooks{
		endpoints: map[string]rules.EndpointView{
			"own-pay": {
				Probe: rules.ProbeView{Confirmed: true, Failures: 3, Since: at.Add(-time.Minute), Result: probes.Result{
					EndpointID: "own-pay", At: at, Took: 1500 * time.Millisecond, Level: probes.LevelPing, Verdict: probes.Down,
					Fault: probes.FaultHTTP5xx, Notes: probes.NoteSlow, Status: 503, Try: 2, Addr: netip.MustParseAddrPort("192.0.2.1:443"),
					Phases: probes.Phases{Resolve: 250 * time.Millisecond, Wait: time.Second}, RetryAfter: 2 * time.Minute, Detail: "503 Service Unavailable",
				}},
				Certificate: rules.CertificateView{Report: testReport()},
				Deliveries:  rules.DeliveryView{FirstAttempts: 200, FailedFirst: 50, Window: time.Hour, Failing: true},
			},
			"rival-pay": {Deliveries: rules.DeliveryView{Window: time.Hour}},
		},
		targets: map[string]rules.CertificateView{"ledger": {Report: testReport()}},
	}
}

// newWorld starts a server with those tokens.
func newWorld(t *testing.T, tokens []api.Token) *world {
	t.Helper()
	w := &world{usual: func() string { return "default" }, looks: testLooks(), duties: &fakeDuties{}, log: &safeBuffer{}, probed: make(chan string, 10), attempts: &fakeAttempts{}, desk: newFakeDesk(), digests: newFakeDigests()}
	w.stands, w.quiet = testConditions(), newFakeQuiet()
	w.subscriptions = newFakeSubscriptions()
	w.events, w.backlogs, w.sources = newFakeEvents(), newFakeBacklogs(), &fakeSources{list: []api.SourceView{{Name: "core"}}}
	snap, faults := registry.Build(testRecords(), registry.DefaultDefaults())
	for _, f := range faults {
		if !f.Warning {
			t.Fatalf("the test's own records: %v", f)
		}
	}
	w.registry = &fakeRegistry{records: testRecords(), snap: snap}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.server = api.New(api.Config{Tokens: tokens, Version: "1.2.3", Listen: "127.0.0.1:8420"}, w.deps(), logger).Patient()
	server := httptest.NewUnstartedServer(w.server.Handler())
	server.Config = api.HTTPServer(w.server.Handler(), logger)
	server.Listener = patientListener{server.Listener}
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// patientListener gives every client and every answer more time than the bounds
// against slow clients: the machine may be slow, and they are not the point.
type patientListener struct{ net.Listener }

func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return patientConn{tcp}, err
	}
	return c, err
}

type patientConn struct{ *net.TCPConn }

func (c patientConn) SetDeadline(t time.Time) error      { return c.TCPConn.SetDeadline(later(t)) }
func (c patientConn) SetReadDeadline(t time.Time) error  { return c.TCPConn.SetReadDeadline(later(t)) }
func (c patientConn) SetWriteDeadline(t time.Time) error { return c.TCPConn.SetWriteDeadline(later(t)) }

// later leaves a deadline that is over as it is: net/http ends reads by it.
func later(t time.Time) time.Time {
	if time.Now().After(t) { // none, too
		return t
	}
	return t.Add(time.Hour)
}

// newBareWorld starts a server without tokens and without optional parts, on
// the records of another.
func newBareWorld(t *testing.T, full *world) *world {
	t.Helper()
	w := &world{registry: full.registry, looks: full.looks, duties: full.duties, log: full.log}
	deps := api.Deps{Registry: w.registry, Looks: w.looks, Duties: w.duties}
	w.server = api.New(api.Config{}, deps, slog.New(slog.NewTextHandler(w.log, nil)))
	server := httptest.NewServer(w.server.Handler())
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) deps() api.Deps {
	text := func(s string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, s) }
	}
	return api.Deps{
		Registry: w.registry, Looks: w.looks, Duties: w.duties, Remarks: func() []string { return w.duties.remarks }, DecodeEntry: decodeEntry,
		Attempts: w.attempts, Sources: func(name string) bool { return name != "closed" },
		UsualSource: func() string { return w.usual() },
		Tally:       w.desk.tally, Incidents: w.desk, Conditions: func() []rules.Standing { return w.stands }, Outbox: fakeOutbox{w.desk}, Digests: w.digests, Test: w.desk.test, Beat: w.desk.beat,
		Interactions: slackOnly, Subscriptions: w.subscriptions, OperatorURL: func() string { return "https://status.example.com/" },
		Events: w.events, Backlogs: w.backlogs, SourceViews: w.sources, Silences: w.quiet, Maintenance: w.quiet,
		Metrics: text("up 1\n"), ProbeMetrics: text("probe_success{instance=\"https://rival.example/hook\"} 1\n"),
		Probe: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.probed <- r.URL.Query().Get("target")
			_, _ = io.WriteString(rw, "probe_success 1\n")
		}),
		Web: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/panic":
				panic("on purpose: " + sentMarker)
			case "/panic-late":
				_, _ = io.WriteString(rw, "half")
				_ = http.NewResponseController(rw).Flush()
				panic("on purpose: " + sentMarker)
			}
			_, _ = io.WriteString(rw, "<h1>Rival Name</h1>")
		}),
		Observe: func(route, method string, status int, _ time.Duration) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.seen = append(w.seen, observed{route, method, status})
		},
		Panicked: func(string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.panicked++
		},
	}
}

// decodeEntry reads a line as package config does, in short.
func decodeEntry(line []byte) (registry.Merchant, []registry.Endpoint, error) {
	var in struct {
		registry.Merchant
		Endpoints []struct {
			registry.Endpoint
			Merchant string        `json:"merchant"`
			Token    probes.Secret `json:"token"`
		} `json:"endpoints"`
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return registry.Merchant{}, nil, err
	}
	endpoints := make([]registry.Endpoint, 0, len(in.Endpoints))
	for _, ep := range in.Endpoints {
		ep.Endpoint.Token = ep.Token
		endpoints = append(endpoints, ep.Endpoint)
	}
	return in.Merchant, endpoints, nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. opts may change it before it goes.
func (w *world) ask(t *testing.T, method, path, token, body string, opts ...func(*http.Request)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, opt := range opts {
		opt(req)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(raw)}
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

// into decodes a JSON answer of that status.
func (a answer) into(t *testing.T, status int, v any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

type problem struct {
	Title, Detail string
	Status        int
	Errors        []struct{ Location, Message string }
	Faults        []api.ConfigFault
}

// problem checks that an answer is an RFC 9457 problem of that status.
func (a answer) problem(t *testing.T, status int) problem {
	t.Helper()
	var p problem
	a.into(t, status, &p)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q, want application/problem+json", got)
	}
	if p.Status != status || p.Title == "" || p.Detail == "" {
		t.Errorf("the problem says %+v, want status %d, a title and a detail", p, status)
	}
	return p
}

// hasFault checks that a problem names that place, and says so in these words.
func (p problem) hasFault(t *testing.T, location, words string) {
	t.Helper()
	for _, e := range p.Errors {
		if e.Location == location && strings.Contains(e.Message, words) {
			return
		}
	}
	t.Errorf("faults %+v, want %q at %q", p.Errors, words, location)
}

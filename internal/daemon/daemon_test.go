package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/daemon"
)

// running is a daemon under test, with its log.
type running struct {
	*daemon.Daemon

	t    *testing.T
	path string
	log  *lockedBuffer
	stop func()

	token string // that call sends; empty: none
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

const head = "version: 1\ndata_dir: data\nserver: {listen: \"127.0.0.1:0\"}\nguard: {allow: [127.0.0.0/8]}\n"

// start runs a daemon on text until the test ends.
func start(t *testing.T, dir, text string) *running {
	t.Helper()
	path := filepath.Join(dir, "hookvigil.yaml")
	write(t, path, text)
	cfg, faults := config.Load(path)
	if config.Failed(faults) {
		t.Fatalf("configuration: %s", faults[0])
	}
	r := &running{t: t, path: path, log: &lockedBuffer{}}
	r.Daemon = daemon.New(daemon.Options{
		Config: cfg, Version: "test", Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Load: func() (*config.Config, []config.Fault) { return config.Load(path) },
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	var err error
	wg.Go(func() { err = r.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(r.stop)
	r.until("it is ready", func() bool { return r.Addr() != "" && r.status("/-/ready") == http.StatusOK })
	return r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition; what never comes ends with the test.
func (r *running) until(what string, done func() bool) {
	r.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(3 * time.Minute)
	defer limit.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-limit.C:
			r.t.Fatalf("never happened: %s\nlog:\n%s", what, tail(r.log.String()))
		}
	}
}

// tail is the end of a log, without what is said of each probe.
func tail(s string) string {
	var kept strings.Builder
	for line := range strings.Lines(s) {
		if !strings.Contains(line, "msg=probed") {
			kept.WriteString(line)
		}
	}
	return kept.String()[max(0, kept.Len()-20_000):]
}

// call sends a request and returns status and body.
func (r *running) call(method, path, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// handIn hands attempts in, until there is room for them: a busy machine says that
// there is none, and a sender sends again. again is true when it had to: some of
// them may be known from before then.
func (r *running) handIn(lines string) (status int, body string, again bool) {
	r.t.Helper()
	r.until("attempts are taken", func() bool {
		status, body = r.call(http.MethodPost, "/api/v1/attempts", lines)
		refused := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
		again = again || refused
		return !refused
	})
	return status, body, again
}

func (r *running) status(path string) int {
	status, _ := r.call(http.MethodGet, path, "")
	return status
}

// endpointView is what the tests read of an endpoint.
type endpointView struct {
	ID, State, Origin string
	Probe             *struct {
		Verdict, Fault string
		Notes          []string
		Status, Try    int
		Failures       int
		At             time.Time
	}
	Certificate *struct {
		Verdict string
		Faults  []string
		At      time.Time
	}
}

func (r *running) endpoint(id string) (endpointView, bool) {
	r.t.Helper()
	status, body := r.call(http.MethodGet, "/api/v1/endpoints/"+id, "")
	if status == http.StatusNotFound {
		return endpointView{}, false
	}
	var v endpointView
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		r.t.Fatalf("%d %s: %v", status, body, err)
	}
	return v, true
}

// probeNow makes an endpoint's turn due and waits for its result.
func (r *running) probeNow(id string) endpointView {
	r.t.Helper()
	before, _ := r.endpoint(id)
	if !r.ProbeTurns().Now(id) {
		r.t.Fatalf("%s is not on the schedule", id)
	}
	var after endpointView
	r.until(id+" is probed", func() bool {
		after, _ = r.endpoint(id)
		return after.Probe != nil && (before.Probe == nil || after.Probe.At.After(before.Probe.At))
	})
	return after
}

// lookNow looks at the certificate of an endpoint.
func (r *running) lookNow(id string) endpointView {
	r.t.Helper()
	before, _ := r.endpoint(id)
	r.CertificateTurns().Now(id)
	var after endpointView
	r.until(id+" is looked at", func() bool {
		after, _ = r.endpoint(id)
		return after.Certificate != nil && (before.Certificate == nil || after.Certificate.At.After(before.Certificate.At))
	})
	return after
}

// merchants writes the YAML of one merchant with endpoints.
func merchants(endpoints ...string) string {
	var b strings.Builder
	b.WriteString("merchants:\n  - id: shop\n    endpoints:\n")
	for _, ep := range endpoints {
		fmt.Fprintf(&b, "      - %s\n", ep)
	}
	return b.String()
}

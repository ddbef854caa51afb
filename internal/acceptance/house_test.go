//go:build integration

package acceptance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

var kills = flag.Int("kills", fromEnvironment("KILLS", 10), "how often the daemon is killed")

func fromEnvironment(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hookvigil-acceptance")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hookvigil")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/hookvigil").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// house is one daemon with all that it talks to.
type house struct {
	t      *testing.T
	dir    string
	config string
	listen string
	ca     *hooktest.CA
	slack  *hooktest.Slack
	mail   *hooktest.SMTP
	pager  *hooktest.PagerDuty // these two in a house with all receivers alone
	hook   *hookSink

	receivers []*hooktest.Receiver
	daemon    *exec.Cmd
	log       *os.File
}

// houses counts those that were furnished.
var houses atomic.Uint32

// rulesOfHaste make an incident in seconds; the code is the same.
const rulesOfHaste = `
defaults:
  probe: {interval: 1s, confirm: 1, confirm_after: 1s}
  certificate: {interval: 2s}
rules: {endpoint_down: {span: 1s, good: 1}}
incidents: {settle: 0s, flapping: {turns: 0}}
`

// newHouse returns a house whose daemon does not run yet. middle is the part of the
// configuration that the test is about.
func newHouse(t *testing.T, endpoints int, middle string) *house {
	t.Helper()
	return furnish(t, endpoints, middle, false)
}

// furnish makes a house that tells Slack and mail, or everybody.
func furnish(t *testing.T, endpoints int, middle string, everybody bool) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), slack: hooktest.StartSlack(t, hooktest.SlackOptions{}), mail: hooktest.StartSMTP(t, hooktest.SMTPOptions{})}
	var pem string
	h.ca, pem = hooktest.StartCA(t, "acceptance root")
	h.listen = freeAddress(t)
	h.write("slack.token", hooktest.DefaultSlackToken)
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ndata_dir: data\nserver: {listen: %q, public_url: \"http://%s\"}\nguard: {allow: [127.0.0.0/8]}\ntls: {ca_files: [%s]}\n", h.listen, h.listen, pem)
	b.WriteString(middle)
	if !strings.Contains(middle, "deadman:") {
		b.WriteString("\ndeadman: {prove: 0s}\n") // messages are counted
	}
	fmt.Fprintf(&b, `
receivers:
  ops: {kind: slack, token_file: slack.token, channel: %s, api_url: %q}
  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: alerts@example.com, to: [sre@example.com]}
`, hooktest.DefaultSlackChannel, h.slack.APIURL(), h.mail.Addr().Port())
	b.WriteString(h.ways(everybody))
	if endpoints > 0 {
		b.WriteString("merchants:\n  - id: acme\n    endpoints:\n")
	}
	number := 1 + houses.Add(1)%250
	for i := range endpoints {
		// Addresses of their own: as many hosts as endpoints, and none that another
		// house has, which could be given the port of a receiver that is stopped.
		r := hooktest.Start(t, hooktest.Options{CA: h.ca, Addr: fmt.Sprintf("127.%d.%d.%d:0", number, 1+i/200, 1+i%200)})
		h.receivers = append(h.receivers, r)
		fmt.Fprintf(&b, "      - {id: ep-%03d, url: %q}\n", i, r.URL())
	}
	h.config = h.write("hookvigil.yaml", b.String())
	return h
}

// ways are the further receivers, and the routes.
func (h *house) ways(everybody bool) string {
	h.t.Helper()
	if !everybody {
		return "routes: [{to: [ops, mail]}]\n"
	}
	h.pager, h.hook = hooktest.StartPagerDuty(h.t, hooktest.PagerDutyOptions{}), startHook(h.t)
	h.write("pager.key", hooktest.DefaultPagerDutyKey)
	h.write("hook.secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	return fmt.Sprintf("  pager: {kind: pagerduty, routing_key_file: pager.key, url: %q}\n  hook: {kind: webhook, url: %q, secret_file: hook.secret}\n"+
		"routes: [{to: [ops, mail, pager, hook]}]\n", h.pager.URL(), h.hook.URL)
}

func (h *house) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// The ports of the daemons: below those that the system gives to whoever asks
// for any, so that what other tests open in the meantime, and while a daemon is
// dead, does not take one. No port is given twice.
const (
	firstPort = 12000
	manyPorts = 20000
)

var nextPort = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(manyPorts)) // another run may go on beside this one
	return &n
}()

// freeAddress returns an address on which nobody listens, and which is no other
// test's.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+nextPort.Add(1)%manyPorts)
		ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue // taken
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no port is free")
	return ""
}

// start starts the daemon and waits until it is ready.
func (h *house) start() {
	h.t.Helper()
	path, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	if h.log == nil {
		if h.log, err = os.Create(filepath.Join(h.dir, "daemon.log")); err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { h.stop(); h.tail() })
	}
	h.daemon = exec.Command(path, "serve", "--config", h.config)
	h.daemon.Stdout, h.daemon.Stderr = h.log, h.log
	h.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.daemon.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.until("the daemon is ready", func() bool { return h.get("/-/ready") == http.StatusOK })
}

// kill ends the daemon as a crash would.
func (h *house) kill() {
	_ = h.daemon.Process.Kill() // it may be gone already, and that is what is wanted
	_ = h.daemon.Wait()         // killed
	h.daemon = nil
}

// stopWithin is the 10 s in which the daemon promises to stop, and what a
// starved machine may add; and less than the 30 s of a probe that nobody ends.
const stopWithin = 25 * time.Second

// stop ends the daemon in order.
func (h *house) stop() {
	if h.daemon == nil {
		return
	}
	begun := time.Now()
	_ = h.daemon.Process.Signal(syscall.SIGTERM)
	if err := h.daemon.Wait(); err != nil {
		h.t.Errorf("the daemon ended with %v", err)
	}
	if took := time.Since(begun); took > stopWithin {
		h.t.Errorf("the daemon took %s to stop, want at most %s", took, stopWithin)
	}
	h.daemon = nil
}

// tail shows the end of the log of a test that failed.
func (h *house) tail() {
	if !h.t.Failed() {
		return
	}
	b, _ := os.ReadFile(h.log.Name()) // no log, no help
	h.t.Logf("log:\n%s", b[max(0, len(b)-6000):])
}

// until waits at most two minutes for a condition.
func (h *house) until(what string, done func() bool) {
	h.t.Helper()
	h.within(2*time.Minute, what, done)
}

func (h *house) within(limit time.Duration, what string, done func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			h.t.Fatalf("never happened within %s: %s", limit, what)
		}
	}
}

// quiet waits, while nothing may happen.
func (h *house) quiet(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.t.Context().Done():
	}
}

func (h *house) get(path string) int {
	status, _ := h.call(http.MethodGet, path, nil)
	return status
}

// call sends a request; 0 when nobody answers.
func (h *house) call(method, path string, body io.Reader) (int, []byte) {
	req, err := http.NewRequestWithContext(h.t.Context(), method, "http://"+h.listen+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, b
}

// read decodes the answer of a GET that must succeed, after what a client does
// whose daemon is too busy at this moment.
func read[T any](h *house, path string) T {
	h.t.Helper()
	var v T
	status, body := h.call(http.MethodGet, path, nil)
	for begun := time.Now(); busy(status) && time.Since(begun) < time.Minute; {
		h.quiet(100 * time.Millisecond)
		status, body = h.call(http.MethodGet, path, nil)
	}
	if status != http.StatusOK {
		h.t.Fatalf("GET %s: status %d: %s", path, status, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		h.t.Fatalf("GET %s: %v: %s", path, err, body)
	}
	return v
}

// incident is the part of an incident that the tests look at.
type incident struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Scope    string `json:"scope"`
	Title    string `json:"title"`
	Members  int    `json:"member_count"`
}

func (h *house) incidents() []incident {
	h.t.Helper()
	return read[struct{ Items []incident }](h, "/api/v1/incidents").Items
}

// row is the part of a notice that the tests look at.
type row struct {
	ID       string    `json:"id"`
	IdemKey  string    `json:"idem_key"`
	Lane     string    `json:"lane"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Created  time.Time `json:"created_at"`
	Finished time.Time `json:"finished_at"`
}

// outbox returns all notices.
func (h *house) outbox() []row {
	h.t.Helper()
	var all []row
	for cursor := ""; ; {
		page := read[struct {
			Items []row
			Next  string
		}](h, "/api/v1/outbox?limit=1000&cursor="+cursor)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// roots returns the messages of the channel itself; the rest are replies.
func (h *house) roots() (roots, replies []hooktest.SlackMessage) {
	for _, m := range h.slack.Messages(hooktest.DefaultSlackChannel) {
		if m.Thread == "" {
			roots = append(roots, m)
		} else {
			replies = append(replies, m)
		}
	}
	return roots, replies
}

// healthy waits until every endpoint was found healthy.
func (h *house) healthy() {
	h.t.Helper()
	h.until("all endpoints are healthy", func() bool {
		list := read[struct{ Items []struct{ State string } }](h, "/api/v1/endpoints?limit=1000").Items
		for _, ep := range list {
			if ep.State != "healthy" {
				return false
			}
		}
		return len(list) == len(h.receivers)
	})
}

// post sends attempts and returns what was made of them.
func (h *house) post(lines []byte) (taken, int) {
	status, body := h.call(http.MethodPost, "/api/v1/attempts", bytes.NewReader(lines))
	var t taken
	if status == http.StatusOK {
		if err := json.Unmarshal(body, &t); err != nil {
			h.t.Fatalf("answer of attempts: %v: %s", err, body)
		}
	}
	return t, status
}

// busy reports whether a client has to send its request again.
func busy(status int) bool {
	return status == 0 || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

type taken struct {
	Accepted, Duplicate int
	Rejected            []struct {
		Line   int
		Reason string
	}
}

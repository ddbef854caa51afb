//go:build integration

package grafana_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards/grafana"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// mayBeEmpty are queries that need not answer in a house where nothing is
// wrong with hookvigil itself.
var mayBeEmpty = map[string]bool{
	"Configuration/B": true, // it was refused
}

// Every query of every dashboard answers, through a real Prometheus and the
// scrape configuration of the README, in a house with good and bad endpoints.
func TestEveryQueryAnswers(t *testing.T) {
	w := newWorld(t)
	w.until("all endpoints were looked at", w.looked)
	if err := w.receivers[0].Set(hooktest.PostOnly); err != nil {
		t.Fatal(err)
	}
	w.until("Prometheus has scraped both", func() bool {
		return w.prometheus("/api/v1/query", url.Values{"query": {`count(up == 1) == 2`}}, new(answer)) && w.some()
	})
	for _, d := range grafana.All() {
		values := w.choices(d)
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				w.open = append(w.open, asked{d.UID, p, q, values.Replace(q.Expr)})
			}
		}
	}
	all := len(w.open)
	deadline := time.Now().Add(5 * time.Minute)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for len(w.open) > 0 && time.Now().Before(deadline) {
		w.happen()
		w.ask()
		<-tick.C
	}
	for _, a := range w.open {
		t.Errorf("%s: %s/%s has no answer, or NaN alone: %s", a.board, a.panel.Title, a.target.RefID, a.expr)
	}
	if all < 60 {
		t.Errorf("%d queries, want at least 60", all)
	}
	t.Logf("%d of %d queries answered", all-len(w.open), all)
}

// asked is one query that has not answered yet.
type asked struct {
	board  string
	panel  grafana.Panel
	target grafana.Target
	expr   string
}

// world is a daemon with what it watches, and a Prometheus that scrapes it.
type world struct {
	t              *testing.T
	dir            string
	daemon, scrape string // addresses
	receivers      []*hooktest.Receiver
	posted         int
	open           []asked
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), daemon: freeAddress(t), scrape: freeAddress(t)}
	slack, mail := hooktest.StartSlack(t, hooktest.SlackOptions{}), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	ca, pem := hooktest.StartCA(t, "dashboards root")
	w.write("slack.token", hooktest.DefaultSlackToken)
	var b strings.Builder
	fmt.Fprintf(&b, `version: 1
data_dir: data
server: {listen: %q}
guard: {allow: [127.0.0.0/8]}
tls: {ca_files: [%s]}
defaults:
  probe: {interval: 1s, confirm: 1, confirm_after: 1s}
  certificate: {interval: 1s}
rules:
  endpoint_down: {span: 1s, good: 1}
  error_ratio: {tick: 1s, grace: 1s, window: 10s, day: 24h, recent: 1h}
digest: {every: 10s, bucket: 1s, report_to: ops}
sources: [{id: core}]
watch: [{id: settlement, heartbeat: true, every: 1h}]
receivers:
  ops: {kind: slack, token_file: slack.token, channel: %s, api_url: %q}
  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: alerts@example.com, to: [sre@example.com]}
routes: [{to: [ops, mail]}]
merchants:
  - id: acme
    endpoints:
`, w.daemon, pem, hooktest.DefaultSlackChannel, slack.APIURL(), mail.Addr().Port())
	for i, behaviour := range []hooktest.Behaviour{hooktest.OK, hooktest.OK, hooktest.CertExpired, hooktest.Hang} {
		r := hooktest.Start(t, hooktest.Options{CA: ca, Behaviour: behaviour})
		w.receivers = append(w.receivers, r)
		fmt.Fprintf(&b, "      - {id: ep-%d, url: %q}\n", i, r.URL())
	}
	fmt.Fprintf(&b, "targets: [{id: ledger, address: %q}]\n", w.receivers[1].Addr())
	program := filepath.Join(w.dir, "hookvigil")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/hookvigil").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	w.run(program, "serve", "--config", w.write("hookvigil.yaml", b.String()))
	w.run("prometheus", "--config.file", w.write("prometheus.yaml", w.scrapeConfig()),
		"--storage.tsdb.path", filepath.Join(w.dir, "tsdb"), "--web.listen-address", w.scrape)
	return w
}

// scrapeConfig is that of the README, once a second and from our daemon.
func (w *world) scrapeConfig() string {
	text, err := os.ReadFile("README.md")
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	config, _, ok := strings.Cut(rest, "```")
	if !ok || strings.Count(config, "localhost:8420") != 2 || strings.Count(config, "scrape_interval: 15s") != 2 {
		w.t.Fatalf("the README has no scrape configuration for two jobs: %q", config)
	}
	return strings.NewReplacer("localhost:8420", w.daemon, "scrape_interval: 15s", "scrape_interval: 1s").Replace(config)
}

func (w *world) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		// Below the ports that the system gives to whoever asks for any: none of
		// those takes it before the program does, not even who asks whether it answers.
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000))
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

// run starts a program that is ended with the test, and shows the end of its
// log when that fails.
func (w *world) run(program string, args ...string) {
	w.t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 2*time.Minute
	if err := cmd.Start(); err != nil {
		w.t.Fatalf("start %s: %v (for Prometheus: apt-get install prometheus)", program, err)
	}
	w.t.Cleanup(func() { // the test's context has ended
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("%s ended with %v", filepath.Base(program), err)
		}
		if w.t.Failed() {
			w.t.Logf("%s:\n%s", filepath.Base(program), out.Bytes()[max(0, out.Len()-3000):])
		}
	})
}

// until waits at most three minutes for a condition.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("never happened: %s", what)
		}
	}
}

// looked says whether the daemon has an opinion on the endpoints that are well.
func (w *world) looked() bool {
	var list struct{ Items []struct{ State string } }
	if !w.call(http.MethodGet, "http://"+w.daemon+"/api/v1/endpoints", nil, &list) {
		return false
	}
	healthy := 0
	for _, ep := range list.Items {
		if ep.State == "healthy" {
			healthy++
		}
	}
	return healthy >= 2
}

// call sends a request and decodes a good answer; false: there was none.
func (w *world) call(method, address string, body io.Reader, v any) bool {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, body)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		w.t.Logf("%s %s: status %d: %.300s", method, req.URL.Path, resp.StatusCode, text)
		return false
	}
	return v == nil || json.Unmarshal(text, v) == nil
}

// happen makes a second's worth of life: attempts of which one fails, a
// heartbeat, and a notice to each receiver.
func (w *world) happen() {
	var b strings.Builder
	for i := range 10 {
		status := 200
		if i == 0 {
			status = 503
		}
		w.posted++
		fmt.Fprintf(&b, `{"v":1,"source":"core","id":"att_%d","merchant":"acme","endpoint":"ep-1","event":"evt_%d","type":"payout.succeeded","product":"PAYOUT","channel":"ID_BCA","attempt":1,"trigger":"automatic","started_at":"%s","duration_ms":20,"status":%d}`+"\n",
			w.posted, w.posted, time.Now().UTC().Format(time.RFC3339Nano), status)
	}
	w.call(http.MethodPost, "http://"+w.daemon+"/api/v1/attempts", strings.NewReader(b.String()), nil)
	w.call(http.MethodPost, "http://"+w.daemon+"/api/v1/heartbeats/settlement", nil, nil)
	for _, receiver := range []string{"ops", "mail"} {
		w.call(http.MethodPost, "http://"+w.daemon+"/api/v1/receivers/"+receiver+"/test", nil, nil)
	}
}

// answer is what Prometheus says to a query.
type answer struct {
	Data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
}

func (w *world) prometheus(path string, form url.Values, v any) bool {
	w.t.Helper()
	return w.call(http.MethodGet, "http://"+w.scrape+path+"?"+form.Encode(), nil, v)
}

// some says whether both jobs were scraped.
func (w *world) some() bool {
	var a answer
	ok := w.prometheus("/api/v1/query", url.Values{"query": {`count(hookvigil_build_info) and on () count(hookvigil_endpoint_state)`}}, &a)
	return ok && len(a.Data.Result) == 1
}

var labelValues = regexp.MustCompile(`^label_values\((.+), ([a-z]+)\)$`)

// choices puts everything there is into a dashboard's variables, as Grafana
// does, one after the other.
func (w *world) choices(d grafana.Dashboard) *strings.Replacer {
	w.t.Helper()
	pairs := []string{"$__rate_interval", "15s", "$__range", "1m"}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		if v.AllValue != "" {
			pairs = append(pairs, "$"+v.Name, v.AllValue)
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			w.t.Fatalf("%s: variable %s: %q", d.UID, v.Name, v.Definition)
		}
		var list struct{ Data []string }
		match := strings.NewReplacer(pairs...).Replace(m[1])
		w.until(fmt.Sprintf("%s: variable %s has values: %s", d.UID, v.Name, match), func() bool {
			return w.prometheus("/api/v1/label/"+m[2]+"/values", url.Values{"match[]": {match}}, &list) && len(list.Data) > 0
		})
		for i, value := range list.Data {
			list.Data[i] = strings.ReplaceAll(regexp.QuoteMeta(value), `\`, `\\`)
		}
		if v.AllValue == "" {
			pairs = append(pairs, "$"+v.Name, "("+strings.Join(list.Data, "|")+")")
		}
	}
	return strings.NewReplacer(pairs...)
}

// ask asks what has not answered yet.
func (w *world) ask() {
	w.t.Helper()
	var still []asked
	for _, q := range w.open {
		if !w.answered(q) && !mayBeEmpty[q.panel.Title+"/"+q.target.RefID] {
			still = append(still, q)
		}
	}
	w.open = still
}

// answered says whether a query has a series with a number, and the labels
// that its legend names.
func (w *world) answered(q asked) bool {
	w.t.Helper()
	var a answer
	if !w.prometheus("/api/v1/query", url.Values{"query": {q.expr}}, &a) {
		return false
	}
	for _, s := range a.Data.Result {
		if s.Value[1] != "NaN" && legendIsThere(q.target.LegendFormat, s.Metric) {
			return true
		}
	}
	return false
}

var legendLabel = regexp.MustCompile(`\{\{(\w+)\}\}`)

func legendIsThere(legend string, series map[string]string) bool {
	for _, m := range legendLabel.FindAllStringSubmatch(legend, -1) {
		if series[m[1]] == "" {
			return false
		}
	}
	return true
}

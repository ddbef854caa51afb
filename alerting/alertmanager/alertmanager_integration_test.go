//go:build integration

package alertmanager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/rules"
)

// told is what Alertmanager sends to its own receivers (its webhook_config).
type told struct {
	Status string `json:"status"`
	Alerts []struct {
		Status      string            `json:"status"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		EndsAt      time.Time         `json:"endsAt"`
	} `json:"alerts"`
}

// TestARealAlertmanagerUnderstands goes through the life of an incident with
// the real program, and looks at what comes out at its other end.
func TestARealAlertmanagerUnderstands(t *testing.T) {
	w := newWorld(t)
	ref := w.send(w.facts(rules.High, alerting.StateOpen), alerting.Ref{})
	w.until("it fires", "firing", "high")
	ref = w.send(w.facts(rules.High, alerting.StateAcknowledged), ref)
	if got := w.active(); !slices.Equal(got, []string{"high"}) {
		t.Errorf("acknowledged: got %v active, want the same one", got)
	}
	ref = w.send(w.facts(rules.Critical, alerting.StateOpen), ref)
	w.until("it fires louder", "firing", "critical")
	w.until("what it was is over", "resolved", "high")
	if got := w.active(); !slices.Equal(got, []string{"critical"}) {
		t.Errorf("louder: got %v active, want one", got)
	}
	ref = w.send(w.facts(rules.Critical, alerting.StateResolved), ref)
	w.until("it is over", "resolved", "critical")
	if got := w.active(); len(got) != 0 {
		t.Errorf("over: got %v active, want none", got)
	}
	w.send(w.facts(rules.Critical, alerting.StateOpen), ref)
	w.until("it fires again", "firing", "critical")
	w.odd()
}

// TestARealAlertmanagerTellsNobodyOfWhatIsOver: what was never told before it
// was over is posted, and wakes nobody; what is told after it is heard.
func TestARealAlertmanagerTellsNobodyOfWhatIsOver(t *testing.T) {
	w := newWorld(t)
	w.send(w.facts(rules.Critical, alerting.StateResolved), alerting.Ref{})
	for i, kind := range []alerting.Kind{alerting.KindDead, alerting.KindSummary, alerting.KindTest} {
		n := notice(t, kind, 10+i, alerting.Facts{Title: "x", Severity: rules.High, At: time.Now()})
		if _, err := w.r.Send(t.Context(), n, alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"high", "high", "info"} {
		w.until("those that stand alone", "firing", want)
	}
	for _, a := range w.said {
		if a.labels["alertname"] == "EndpointDown" {
			t.Errorf("got %+v, want nothing about what was over", a)
		}
	}
}

type world struct {
	t     *testing.T
	r     *alertmanager.Receiver
	base  string
	heard chan told
	began time.Time
	sent  int
	said  []saying
}

// newWorld runs an Alertmanager that tells the test what it would tell people.
func newWorld(t *testing.T) *world {
	t.Helper()
	heard := make(chan told, 100)
	pager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m told
		if json.NewDecoder(r.Body).Decode(&m) == nil {
			heard <- m
		}
	}))
	t.Cleanup(pager.Close)
	base := startAlertmanager(t, pager.URL)
	r := alertmanager.New(alertmanager.Config{URLs: []string{base}, Labels: map[string]string{"team": "payments"}}, nil)
	return &world{t: t, r: r, base: base, heard: heard, began: time.Now().Add(-3 * time.Minute)}
}

// saying is one alert that Alertmanager told its receiver; it is taken once.
type saying struct {
	status string
	labels map[string]string
	taken  bool
}

func (w *world) facts(severity rules.Severity, state alerting.State) alerting.Facts {
	f := endpoint()
	f.Severity, f.State, f.StartedAt, f.OpenedAt, f.At = severity, state, w.began, w.began.Add(time.Minute), time.Now()
	if !state.Live() {
		f.ResolvedAt = time.Now()
	}
	return f
}

func (w *world) send(f alerting.Facts, prev alerting.Ref) alerting.Ref {
	w.t.Helper()
	w.sent++
	ref, err := w.r.Send(w.t.Context(), notice(w.t, alerting.KindState, w.sent, f), prev)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

// until waits for an alert that was not waited for before.
func (w *world) until(what, status, severity string) {
	w.t.Helper()
	timeout := time.After(3 * time.Minute)
	for {
		for i, s := range w.said {
			if !s.taken && s.status == status && s.labels["severity"] == severity {
				w.said[i].taken = true
				return
			}
		}
		select {
		case m := <-w.heard:
			for _, a := range m.Alerts {
				w.said = append(w.said, saying{status: a.Status, labels: a.Labels})
			}
		case <-timeout:
			w.t.Fatalf("%s: not heard of; heard %+v", what, w.said)
		}
	}
}

// active are the severities of all alerts that Alertmanager holds, sorted.
func (w *world) active() []string {
	w.t.Helper()
	var list []struct {
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(get(w.t, w.base+"/api/v2/alerts?active=true"), &list); err != nil {
		w.t.Fatal(err)
	}
	var severities []string
	for _, a := range list {
		severities = append(severities, a.Labels["severity"])
	}
	slices.Sort(severities)
	return severities
}

// odd posts strings that are odd, which Alertmanager takes, and to an address
// that it does not have.
func (w *world) odd() {
	w.t.Helper()
	if _, err := w.r.Send(w.t.Context(), notice(w.t, alerting.KindState, 99, hostile()), alerting.Ref{}); err != nil {
		w.t.Errorf("hostile strings: got %v, want them taken", err)
	}
	wrong := alertmanager.New(alertmanager.Config{URLs: []string{w.base + "/nowhere"}}, nil)
	_, err := wrong.Send(w.t.Context(), notice(w.t, alerting.KindState, 99, endpoint()), alerting.Ref{})
	if e, ok := err.(*alerting.SendError); !ok || e.Class != alerting.ClassTransient { //nolint:errorlint // the contract names the type itself
		w.t.Errorf("a wrong address: got %v, want it transient", err)
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // not up yet
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return body
}

// startAlertmanager runs the real program on a free port, without a cluster,
// with one receiver, and returns its address.
func startAlertmanager(t *testing.T, pager string) string {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		program, err = exec.LookPath("alertmanager")
	}
	if err != nil {
		t.Fatalf("no prometheus-alertmanager on PATH: %v; apt-get install prometheus-alertmanager", err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("route: {receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}\nreceivers: [{name: test, webhook_configs: [{url: %q, send_resolved: true}]}]\n", pager)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	var out bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "--config.file="+file, "--storage.path="+dir, //nolint:gosec // a program on PATH
		"--web.listen-address="+addr, "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it was told to go
		if t.Failed() {
			t.Log(out.String())
		}
	})
	base := "http://" + addr
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); get(t, base+"/-/ready") == nil; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer", base)
		}
	}
	return base
}

func freeAddr(t *testing.T) string {
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

//go:build integration

package promquery_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/rules"
)

// exporter is a program with counters of webhooks by channel and outcome.
type exporter struct {
	*httptest.Server
	mu     sync.Mutex // guards the counters
	counts map[string]int
}

func startExporter(t *testing.T) *exporter {
	t.Helper()
	e := &exporter{counts: map[string]int{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		fmt.Fprintln(w, "# TYPE webhooks_total counter")
		for labels, n := range e.counts {
			fmt.Fprintf(w, "webhooks_total{%s} %d\n", labels, n)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// send counts deliveries of two channels; a tenth of the second one's fail.
func (e *exporter) send(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[`channel="ID_BCA",status="success"`] += 10 * n
	e.counts[`channel="PH_GCASH",status="success"`] += 9 * n
	e.counts[`channel="PH_GCASH",status="failed"`] += n
}

// restart makes the counters begin again.
func (e *exporter) restart() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for labels := range e.counts {
		e.counts[labels] = 0
	}
}

// startPrometheus starts one that scrapes the exporter each second, and waits
// until it has.
func startPrometheus(t *testing.T, exporter string) string {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- {job_name: sender, static_configs: [{targets: [%q]}]}\n",
		strings.TrimPrefix(exporter, "http://"))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start prometheus: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was told to end
		if t.Failed() {
			t.Logf("prometheus:\n%s", log.String())
		}
	})
	return "http://" + address
}

// freeAddress returns an address on which nobody listens.
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

// TestRealPrometheus counts what an exporter counts, over a restart of the
// exporter, with the counters as they are and good as well as failed.
func TestRealPrometheus(t *testing.T) {
	t.Parallel()
	e := startExporter(t)
	e.send(100)
	base := startPrometheus(t, e.URL)
	const total = "webhooks_total"
	for name, cfg := range map[string]promquery.Config{
		"failed": {Total: total, Failed: `webhooks_total{status!="success"}`},
		"good":   {Total: total, Good: `webhooks_total{status="success"}`},
	} {
		cfg.URL, cfg.Every, cfg.Labels = base, time.Second, promquery.Labels{Channel: "channel"}
		t.Log(name)
		newCounted(t, cfg).follow(t, e)
	}
}

// counted is what a query has told so far.
type counted struct {
	news chan []promquery.Sample
	sum  map[rules.Scope][2]int
}

func newCounted(t *testing.T, cfg promquery.Config) *counted {
	t.Helper()
	c := &counted{news: make(chan []promquery.Sample), sum: map[rules.Scope][2]int{}}
	q, err := promquery.New(cfg, func(ctx context.Context, s []promquery.Sample) {
		select {
		case c.news <- s:
		case <-ctx.Done():
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := q.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return c
}

// follow waits for a first sample (the base is there), then for what is sent,
// then for what is sent after a restart.
func (c *counted) follow(t *testing.T, e *exporter) {
	t.Helper()
	c.until(t, func() bool { return true })
	clear(c.sum)
	e.send(7)
	c.wants(t, 7)
	e.restart()
	e.send(3)
	c.wants(t, 10)
}

// wants waits until n times twenty attempts are told, and looks how they are
// spread.
func (c *counted) wants(t *testing.T, n int) {
	t.Helper()
	want := map[rules.Scope][2]int{rules.ScopePlatform: {20 * n, n}, "channel:ID_BCA": {10 * n, 0}, "channel:PH_GCASH": {10 * n, n}}
	c.until(t, func() bool {
		return c.sum[rules.ScopePlatform][0] >= 20*n && c.sum[rules.ScopePlatform][1] >= n
	})
	for scope, sum := range want {
		if c.sum[scope] != sum {
			t.Errorf("%s: got %v, want %v", scope, c.sum[scope], sum)
		}
	}
}

func (c *counted) until(t *testing.T, enough func() bool) {
	t.Helper()
	late := time.After(3 * time.Minute)
	for {
		select {
		case samples := <-c.news:
			for _, s := range samples {
				sum := c.sum[s.Scope]
				c.sum[s.Scope] = [2]int{sum[0] + s.First, sum[1] + s.Failed}
			}
			if enough() {
				return
			}
		case <-late:
			t.Fatalf("it did not come: %v", c.sum)
		}
	}
}

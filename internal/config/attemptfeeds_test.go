package config_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

func TestFeedsOfSources(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_USER", "me:secret")
	cfg := mustLoad(t, `
version: 1
sources:
  - {id: short, tail: logs/attempts.ndjson}
  - {id: long, tail: {path: /var/log/../log/core.ndjson, poll: 1s, linger: 10s}}
  - {id: defaults, prometheus: {url: "http://localhost:9090/prom", total: t, failed: f}}
  - id: counters
    prometheus:
      url: https://prometheus.example.com
      total: webhooks_total
      good: webhooks_total{status="success"}
      labels: {product: kind, channel: bank}
      every: 30s
      timeout: 2s
      token_file: secrets/good.token
  - {id: user, grade: C, tail: history.ndjson, prometheus: {url: "https://${HOOKVIGIL_TEST_USER}@prometheus.example.com", total: t, good: g}}
`)
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	wantFile := func(i int, want tail.Config) {
		t.Helper()
		if got := cfg.Sources[i].Tail; got == nil || got.Path != want.Path || got.Source != want.Source || got.Poll != want.Poll || got.Linger != want.Linger {
			t.Errorf("sources[%d].tail: got %+v, want %+v", i, got, want)
		}
	}
	wantFile(0, tail.Config{Path: filepath.Join(dir, "logs/attempts.ndjson"), Source: "short"})
	wantFile(1, tail.Config{Path: "/var/log/core.ndjson", Source: "long", Poll: time.Second, Linger: 10 * time.Second})
	wantFile(4, tail.Config{Path: filepath.Join(dir, "history.ndjson"), Source: "user"})
	wantAsked := func(i int, want promquery.Config) {
		t.Helper()
		got := cfg.Sources[i].Prometheus
		if got == nil || got.Token.Reveal() != want.Token.Reveal() {
			t.Fatalf("sources[%d].prometheus: got %+v, want %+v", i, got, want)
		}
		if got.Source != want.Source || got.URL != want.URL || got.Total != want.Total || got.Good != want.Good || got.Failed != want.Failed ||
			got.Labels != want.Labels || got.Every != want.Every || got.Timeout != want.Timeout {
			t.Errorf("sources[%d].prometheus: got %+v, want %+v", i, got, want)
		}
	}
	wantAsked(2, promquery.Config{Source: "defaults", URL: "http://localhost:9090/prom", Total: "t", Failed: "f"})
	wantAsked(3, promquery.Config{
		Source: "counters", URL: "https://prometheus.example.com", Total: "webhooks_total", Good: `webhooks_total{status="success"}`,
		Labels: promquery.Labels{Product: "kind", Channel: "bank"}, Every: 30 * time.Second, Timeout: 2 * time.Second, Token: marker + "-good-and-long-enough",
	})
	wantAsked(4, promquery.Config{Source: "user", URL: "https://me:secret@prometheus.example.com", Total: "t", Good: "g"})
	if cfg.Sources[0].Prometheus != nil || cfg.Sources[2].Tail != nil {
		t.Error("a source has what it was not given")
	}
}

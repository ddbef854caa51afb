package probes_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// BenchmarkProbeAgainstNetHTTP makes a probe and a request of net/http in
// turn, each over a new connection with a full handshake, and reports how many
// times as long the probe takes: what the guard, the phases and the judgement
// cost.
func BenchmarkProbeAgainstNetHTTP(b *testing.B) {
	ca, err := hooktest.NewCA("bench root")
	if err != nil {
		b.Fatal(err)
	}
	r := hooktest.Start(b, hooktest.Options{CA: ca})
	u, err := url.Parse(r.URL() + "/hook")
	if err != nil {
		b.Fatal(err)
	}
	p := probes.NewProber(probes.Config{Version: "bench"}, probes.NewGuard(loopback()), slog.New(slog.DiscardHandler), nil)
	ep := probes.Endpoint{ID: "x", URL: u, Policy: probes.DefaultPolicy(), Roots: ca.Pool()}
	ep.Policy.Level = probes.LevelPing
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}}}
	var ours, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		if got := p.Probe(b.Context(), ep); got.Fault != probes.FaultNone {
			b.Fatalf("%s: %s", got.Fault, got.Detail)
		}
		between := time.Now()
		request(b, client, u.String())
		ours, theirs = ours+between.Sub(begun), theirs+time.Since(between)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "times-net/http")
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "us/probe")
}

func request(b *testing.B, client *http.Client, to string) {
	b.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, to, strings.NewReader(`{"id":"probe_x","type":"hookvigil.ping"}`))
	if err != nil {
		b.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

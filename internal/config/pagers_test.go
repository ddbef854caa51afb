package config_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/internal/config"
)

func TestLoadPagers(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", pagerKey)
	t.Chdir(t.TempDir())
	supply(t)
	const text = `
version: 1
tls: {ca_files: [ca.pem]}
receivers:
  a: {kind: pagerduty, routing_key_file: secrets/pagerduty.key, test_key_file: secrets/pagerduty-test.key}
  b: {kind: pagerduty, routing_key: "${HOOKVIGIL_TEST_VALUE}", url: "https://events.eu.pagerduty.com", client: hookvigil Jakarta, timeout: 5s}
  c: {kind: alertmanager, urls: "http://127.0.0.1:9093"}
  d:
    kind: alertmanager
    urls: ["https://am-0.example.com:9093", "https://am-1.example.com:9093"]
    username: u
    password_file: secrets/alertmanager
    labels: {team: payments, on_call: "24"}
    resolve_after: 10m
    timeout: 5s
  e: {kind: alertmanager, urls: ["http://[::1]:9093"], token_file: secrets/good.token}
routes: [{to: [a, b, c, d, e]}]
`
	put(t, "hookvigil.yaml", text, 0o644)
	cfg, faults := config.Load("hookvigil.yaml")
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	roots := cfg.Defaults.Roots
	want := []config.Receiver{
		{Name: "a", Kind: "pagerduty", PagerDuty: &pagerduty.Config{RoutingKey: pagerKey, TestKey: proofKey}},
		{Name: "b", Kind: "pagerduty", PagerDuty: &pagerduty.Config{RoutingKey: pagerKey, URL: "https://events.eu.pagerduty.com", Client: "hookvigil Jakarta", Timeout: 5 * time.Second}},
		{Name: "c", Kind: "alertmanager", Alertmanager: &alertmanager.Config{URLs: []string{"http://127.0.0.1:9093"}, Roots: roots}},
		{Name: "d", Kind: "alertmanager", Alertmanager: &alertmanager.Config{
			URLs: []string{"https://am-0.example.com:9093", "https://am-1.example.com:9093"}, Username: "u", Password: marker, Roots: roots,
			Labels: map[string]string{"team": "payments", "on_call": "24"}, ResolveAfter: 10 * time.Minute, Timeout: 5 * time.Second,
		}},
		{Name: "e", Kind: "alertmanager", Alertmanager: &alertmanager.Config{URLs: []string{"http://[::1]:9093"}, Token: marker + "-good-and-long-enough", Roots: roots}},
	}
	if len(cfg.Receivers) != len(want) || roots == nil {
		t.Fatalf("got %+v, roots %v", cfg.Receivers, roots)
	}
	for i, r := range cfg.Receivers {
		if !r.Equal(want[i]) {
			t.Errorf("got  %+v\nwant %+v", r, want[i])
		}
	}
}

// TestPagersEqual: a reload of the same file changes no pager, and a rotated
// secret or another root does.
func TestPagersEqual(t *testing.T) {
	const text = "version: 1\ntls: {ca_files: [ca.pem]}\nreceivers:\n  am: {kind: alertmanager, urls: \"http://127.0.0.1:9093\", token_file: secrets/good.token, labels: {team: a}}\n" +
		"  pager: {kind: pagerduty, routing_key_file: secrets/pagerduty.key}\nroutes: [{to: [am, pager]}]\n"
	first := mustLoad(t, text).Receivers
	for sentence, tc := range map[string]struct {
		file, with string
		am, pager  bool // alike after it
	}{
		"nothing":   {"hookvigil.yaml", text, true, true},
		"the key":   {"secrets/pagerduty.key", "hunter3hunter3hunter3hunter3hunt", true, false},
		"the token": {"secrets/good.token", "rotated-and-long-enough-for-it", false, true},
		"a label":   {"hookvigil.yaml", strings.Replace(text, "team: a", "team: b", 1), false, true},
		"a root":    {"ca.pem", "", false, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			was := read(t, tc.file)
			if err := os.Chmod(tc.file, 0o600); err != nil {
				t.Fatal(err)
			}
			with := tc.with
			if tc.file == "ca.pem" {
				with = was + other(t)
			}
			put(t, tc.file, with, 0o600)
			defer put(t, tc.file, was, 0o600)
			cfg, faults := config.Load("hookvigil.yaml")
			if config.Failed(faults) {
				t.Fatalf("want no error:\n%s", printed(t, faults))
			}
			if am, pager := cfg.Receivers[0].Equal(first[0]), cfg.Receivers[1].Equal(first[1]); am != tc.am || pager != tc.pager {
				t.Errorf("am alike %t, pager alike %t; want %t, %t", am, pager, tc.am, tc.pager)
			}
		})
	}
}

package config_test

import (
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

func TestLoadRules(t *testing.T) {
	cfg := mustLoad(t, `
version: 1
rules:
  endpoint_down: {span: 0s, good: 100, oldest_for: 2h}
  endpoint_failing: {window: 2h, attempts: 7, ratio: 50%, threshold: 10%}
  product_error_ratio: {threshold: 7%}
  type_error_ratio: {threshold: 8%}
  merchant_error_ratio: {threshold: 9%, page: [toko, warung]}
  loss_coming: {within: 12h, urgent: 2h}
  events_lost: {within: 3h}
  endpoint_slow: {window: 2h, least: 30, budget: 3s, share: 30%, of_deadline: 40%, urgent: 70%}
  retries_missing: {missing: 50, share: 2%, least: 60, for: 5m}
  upstream_delay: {share: 20%, least: 40, window: 30m}
  duplicates: {share: 3%, least: 70, window: 20m}
  silence: {factor: 4, least: 10m}
  certificate: {rounds: 3, good: 2}
  platform_error_ratio: {threshold: 5%}
  channel_error_ratio: {threshold: 0.06}
  common_cause: {endpoints: 2, hosts: 2, within: 5m}
  reopen: 7d
  error_ratio:
    {grace: 1h, tick: 1s, window: 30s, day: 2h, recent: 1h, tolerated: 2%, own_factor: 2.5, rise_factor: 4, usual: 0.1%, usual_as: 100, clip: 1.5,
     heights: [{per_tick: 1, sum: 2}, {per_tick: 2, sum: 3}, {per_tick: 3, sum: 4}, {per_tick: 4, sum: 5.5}, {per_tick: 5, sum: 6}],
     near: 80%, doubt: 3, loud: 30%, loud_ticks: 3, clear_for: 1m, clear_run: 5, reopen: 10m, settle: 12h, confidence: 90%}
`)
	platform := rules.Detector{
		Tick: time.Second, Window: 30 * time.Second, Day: 2 * time.Hour, Recent: time.Hour,
		Threshold: 0.05, Tolerated: 0.02, OwnFactor: 2.5, RiseFactor: 4, Usual: 0.001, UsualAs: 100, Clip: 1.5,
		Heights: [5]rules.Height{{PerTick: 1, Sum: 2}, {PerTick: 2, Sum: 3}, {PerTick: 3, Sum: 4}, {PerTick: 4, Sum: 5.5}, {PerTick: 5, Sum: 6}},
		Near:    0.8, Doubt: 3, Loud: 0.3, LoudTicks: 3, ClearFor: time.Minute, ClearRun: 5, Reopen: 10 * time.Minute, Settle: 12 * time.Hour, Confidence: 0.9,
	}
	over := func(threshold rules.Ratio) rules.Detector {
		d := platform
		d.Threshold = threshold
		return d
	}
	want := config.Rules{
		EndpointDown: rules.EndpointDown{Good: 100, OldestFor: 2 * time.Hour}, Failing: config.Failing{Window: 2 * time.Hour, Attempts: 7, Ratio: 0.5}, Certificate: rules.Certificate{Rounds: 3, Good: 2},
		Platform: platform, Product: over(0.07), Channel: over(0.06), Type: over(0.08), Merchant: over(0.09), Endpoint: over(0.10),
		Paging: []string{"toko", "warung"}, Grace: time.Hour,
		Pack: rules.Pack{
			LossComing: rules.LossComing{Within: 12 * time.Hour, Urgent: 2 * time.Hour}, EventsLost: rules.EventsLost{Within: 3 * time.Hour},
			EndpointSlow:   rules.EndpointSlow{Window: 2 * time.Hour, Least: 30, Share: 0.3, Budget: 3 * time.Second, OfDeadline: 0.4, Urgent: 0.7},
			RetriesMissing: rules.RetriesMissing{Missing: 50, Share: 0.02, Least: 60, For: 5 * time.Minute},
			UpstreamDelay:  rules.UpstreamDelay{Share: 0.2, Least: 40, Window: 30 * time.Minute},
			Duplicates:     rules.Duplicates{Share: 0.03, Least: 70, Window: 20 * time.Minute},
			Silence:        rules.SourceSilence{Factor: 4, Least: 10 * time.Minute},
		},
		CommonCause: alerting.Fold{Endpoints: 2, Hosts: 2, Within: 5 * time.Minute}, Reopen: 7 * 24 * time.Hour,
	}
	if !reflect.DeepEqual(cfg.Rules, want) {
		t.Errorf("got  %+v\nwant %+v", cfg.Rules, want)
	}
}

func TestDefaultRulesAreValid(t *testing.T) {
	t.Parallel()
	r := config.DefaultRules()
	if err := r.Platform.Validate(); err != nil || r.Channel != r.Platform || r.Grace != time.Minute || r.Reopen != 30*time.Minute || r.CommonCause.Endpoints != 5 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestLoadReceiversAndRoutes(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", "xoxb-from-the-environment")
	t.Chdir(t.TempDir())
	supply(t)
	put(t, "hookvigil.yaml", `
version: 1
include: conf.d
tls: {ca_files: [ca.pem]}
receivers:
  ops: {kind: slack, token: "${HOOKVIGIL_TEST_VALUE}", channel: C0123456789, api_url: "https://slack.example.com/api/", timeout: 5s, signing_secret_file: ""}
  mail:
    kind: email
    smtp: {host: smtp.example.com, port: 2525, tls: implicit, username: u, password_file: secrets/smtp}
    from: Alerts <alerts@example.com>
    to: [sre@example.com]
    timeout: 2m
routes:
  - {match: {severity: critical, rule: [endpoint_down, common_cause], merchant: toko-maju, channel: [ID_BCA]}, to: [ops, mail]}
`, 0o644)
	put(t, "conf.d/more.yaml", "receivers: {backup: {kind: slack, webhook_url_file: ../secrets/slack.url}}\nroutes:\n  - {match: {severity: [critical, high]}, to: backup}\n  - {to: backup}\n", 0o644)
	cfg, faults := config.Load("hookvigil.yaml")
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	want := []config.Receiver{
		{Name: "backup", Kind: "slack", Slack: &slack.Config{WebhookURL: "https://hooks.slack.com/services/T0/B0/" + marker}},
		{Name: "mail", Kind: "email", Email: &email.Config{
			SMTP: email.Server{Host: "smtp.example.com", Port: 2525, TLS: "implicit", Username: "u", Password: marker, Roots: cfg.Defaults.Roots},
			From: "Alerts <alerts@example.com>", To: []string{"sre@example.com"}, Timeout: 2 * time.Minute,
		}},
		{Name: "ops", Kind: "slack", Slack: &slack.Config{Token: "xoxb-from-the-environment", Channel: "C0123456789", APIURL: "https://slack.example.com/api/", Timeout: 5 * time.Second}},
	}
	if len(cfg.Receivers) != len(want) || cfg.Defaults.Roots == nil {
		t.Fatalf("got %+v, roots %v", cfg.Receivers, cfg.Defaults.Roots)
	}
	for i, r := range cfg.Receivers {
		if !r.Equal(want[i]) {
			t.Errorf("got  %+v\nwant %+v", r, want[i])
		}
	}
	routes := []config.Route{
		{To: []string{"ops", "mail"}, Match: config.Match{
			Severity: []rules.Severity{"critical"}, Rule: []rules.Rule{"endpoint_down", "common_cause"}, Merchant: []string{"toko-maju"}, Channel: []string{"ID_BCA"},
		}},
		{To: []string{"backup"}, Match: config.Match{Severity: []rules.Severity{"critical", "high"}}},
		{To: []string{"backup"}},
	}
	if !reflect.DeepEqual(cfg.Routes, routes) {
		t.Errorf("got  %+v\nwant %+v", cfg.Routes, routes)
	}
}

func TestLoadSourcesAndHeartbeats(t *testing.T) {
	cfg := mustLoad(t, `
version: 1
server: {tokens: [{name: core, role: ingest, source: queue, token_file: secrets/good.token}]}
sources: [{id: core}, {id: queue, grade: C, discover: false}, {id: tail, discover: true}]
watch:
  - {id: nightly, heartbeat: true, every: 24h, grace: 7d}
  - {id: alertmanager, url: "http://127.0.0.1:9093/-/ready", every: 30s, grace: 2m}
  - {id: hourly, heartbeat: true, every: 1s}
`)
	if want := []config.Source{{ID: "core", Grade: "A"}, {ID: "queue", Grade: "C"}, {ID: "tail", Grade: "A", Discover: true}}; !reflect.DeepEqual(cfg.Sources, want) {
		t.Errorf("got %+v, want %+v", cfg.Sources, want)
	}
	want := []config.Heartbeat{{ID: "nightly", Every: 24 * time.Hour, Grace: 7 * 24 * time.Hour}, {ID: "hourly", Every: time.Second, Grace: time.Second}}
	if !reflect.DeepEqual(cfg.Heartbeats, want) {
		t.Errorf("got %+v, want %+v", cfg.Heartbeats, want)
	}
}

// TestReceiverEqual: a reload of the same file changes no receiver, and a
// rotated secret or another root does.
func TestReceiverEqual(t *testing.T) {
	const text = "version: 1\ntls: {ca_files: [ca.pem]}\nreceivers:\n  mail: {kind: email, smtp: {host: smtp.example.com, username: u, password_file: secrets/smtp}, from: a@example.com, to: [b@example.com]}\n" +
		"  ops: {kind: slack, webhook_url_file: secrets/slack.url}\nroutes: [{to: [mail, ops]}]\n"
	first := mustLoad(t, text).Receivers
	for name, tt := range map[string]struct {
		change    func(t *testing.T)
		mail, ops bool // alike after it
	}{
		"nothing":             {func(*testing.T) {}, true, true},
		"the password":        {func(t *testing.T) { t.Helper(); put(t, "secrets/smtp", "rotated", 0o600) }, false, true},
		"the URL":             {func(t *testing.T) { t.Helper(); put(t, "secrets/slack.url", "https://hooks.slack.com/x", 0o600) }, true, false},
		"a root":              {func(t *testing.T) { t.Helper(); put(t, "ca.pem", read(t, "client.pem")+other(t), 0o644) }, false, true},
		"what is not its own": {func(t *testing.T) { t.Helper(); put(t, "hookvigil.yaml", text+"log: {level: debug}\n", 0o644) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			here := t.TempDir()
			if err := os.CopyFS(here, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			t.Chdir(here)
			for _, secret := range []string{"secrets/smtp", "secrets/slack.url"} {
				if err := os.Chmod(secret, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tt.change(t)
			cfg, faults := config.Load("hookvigil.yaml")
			if config.Failed(faults) {
				t.Fatalf("want no error:\n%s", printed(t, faults))
			}
			if mail, ops := cfg.Receivers[0].Equal(first[0]), cfg.Receivers[1].Equal(first[1]); mail != tt.mail || ops != tt.ops {
				t.Errorf("mail alike %t, ops alike %t; want %t, %t", mail, ops, tt.mail, tt.ops)
			}
		})
	}
	if first[0].Equal(first[1]) {
		t.Error("two receivers are alike")
	}
}

func other(t *testing.T) string {
	t.Helper()
	cert, _ := selfSigned(t)
	return cert
}

package config_test

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// load writes text into a fresh folder beside what supply gives, and loads it.
func load(t *testing.T, text string) (*config.Config, []config.Fault) {
	t.Helper()
	t.Chdir(t.TempDir())
	supply(t)
	put(t, "hookvigil.yaml", text, 0o644)
	return config.Load("hookvigil.yaml")
}

// mustLoad fails on any fault but the remark that a key is not used yet.
func mustLoad(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, faults := load(t, text)
	faults = slices.DeleteFunc(faults, func(f config.Fault) bool { return strings.HasPrefix(f.Message, "not in this version: ") })
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	return cfg
}

func TestLoadDefaults(t *testing.T) {
	cfg := mustLoad(t, "version: 1\nmerchants:\nserver:\n")
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Path: "hookvigil.yaml", DataDir: filepath.Join(dir, "data"),
		Log:      config.Log{Level: slog.LevelInfo, Format: "logfmt"},
		Server:   config.Server{Listen: "127.0.0.1:8420"},
		Defaults: registry.DefaultDefaults(), Probes: "all", Schedule: "xendit", Rules: config.DefaultRules(),
		Digest: config.Digest{Config: digest.DefaultConfig(), Bucket: rules.BucketLength}, Retention: ingest.DefaultRetention(),
		Incidents: config.DefaultIncidents(), Deadman: config.DefaultDeadman(),
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
}

func TestLoadValues(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", "a-token-of-sixteen")
	cfg := mustLoad(t, `
version: 1
data_dir: /var/lib/hookvigil
log: {level: debug, format: json}
server:
  listen: :8443
  public_url: https://hooks.example.com/base
  tls: {cert_file: client.pem, key_file: client.key}
  tokens:
    - {name: ops, role: operator, merchants: [toko-maju], token: "${HOOKVIGIL_TEST_VALUE}"}
    - {name: core, role: ingest, source: core, token_file: secrets/other.token}
guard: {allow: [10.0.0.0/8], allow_ports: [81], deny_ports: [9000]}
resolver: "[2001:db8::53]:53"
defaults:
  probe: {level: refuse, timeout: 3s, confirm: 0}
  certificate: {interval: 1h, warn_below: 21d, page_below: 5d}
  schedule: svix
metrics: {probes: "off"}
`)
	if cfg.DataDir != "/var/lib/hookvigil" || cfg.Log != (config.Log{Level: slog.LevelDebug, Format: "json"}) || cfg.Probes != "off" {
		t.Errorf("got %+v", cfg)
	}
	s := cfg.Server
	if s.Listen != ":8443" || s.PublicURL.String() != "https://hooks.example.com/base" || s.OperatorURL != nil || !filepath.IsAbs(s.TLS.KeyFile) {
		t.Errorf("got %+v", s)
	}
	tokens := []config.Token{
		{Name: "ops", Role: "operator", Merchants: []string{"toko-maju"}, Token: "a-token-of-sixteen"},
		{Name: "core", Role: "ingest", Source: "core", Token: marker + "-other-and-long-enough"},
	}
	if !reflect.DeepEqual(s.Tokens, tokens) {
		t.Errorf("tokens %+v", s.Tokens)
	}
	guard := probes.GuardConfig{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, AllowPorts: []uint16{81}, DenyPorts: []uint16{9000}, Resolver: "[2001:db8::53]:53",
	}
	if !reflect.DeepEqual(cfg.Guard, guard) {
		t.Errorf("guard %+v", cfg.Guard)
	}
	d := cfg.Defaults
	if d.Probe.Level != probes.LevelRefuse || d.Probe.Timeout != 3*time.Second || d.Probe.AckBudget != 3*time.Second || d.Probe.Confirm != 0 || d.Probe.Interval != time.Minute {
		t.Errorf("probe defaults %+v", d.Probe)
	}
	if d.Certificate.Interval != time.Hour || d.Certificate.Timeout != 10*time.Second || d.Certificate.Policy.WarnBelow.Cap != 21*24*time.Hour || d.Schedule != "svix" || cfg.Schedule != "svix" {
		t.Errorf("certificate defaults %+v, schedule %s", d.Certificate, d.Schedule)
	}
}

func TestLoadRecords(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", "from-the-environment")
	cfg := mustLoad(t, `
version: 1
x-probe: &gentle {level: reach, interval: 5m}
tls: {ca_files: [ca.pem]}
receivers: {mail: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com, to: [sre@example.com]}}
routes: [{to: [mail]}]
incidents: {merchants: {receiver: mail}}
merchants:
  - id: 4711
    digest: {to: [ops@a.example], mode: off}
    incidents: {to: [ops@a.example]}
    endpoints:
      - id: a
        url: https://a.example/$${x}
        products: [PAYOUT]
        token_file: secrets/good.token
        deadline: 10s
        probe: {<<: *gentle, timeout: 7s, body: {note: "${HOOKVIGIL_TEST_VALUE}", list: [1, 2.5, true, null, "1"]}}
        certificate: {ca_file: ca.pem, client_cert_file: client.pem, client_key_file: client.key, served_file: client.pem}
      - {id: b, url: "https://b.example/", probe: *gentle}
certificate_files: [{id: ours, path: client.pem, key_path: client.key}]
targets: [{id: ledger, address: "ledger.internal:8443", interval: 1h, client_cert_file: client.pem, client_key_file: client.key}]
`)
	r := cfg.Records
	if m := r.Merchants[0]; m.ID != "4711" || m.Digest.Mode != "off" || m.Origin != registry.OriginFile || !slices.Equal(m.Incidents.To, []string{"ops@a.example"}) {
		t.Errorf("merchant %+v", m)
	}
	a, b := r.Endpoints[0], r.Endpoints[1]
	if a.Merchant != "4711" || a.Origin != registry.OriginFile || a.URL != "https://a.example/${x}" || a.Token != marker+"-good-and-long-enough" {
		t.Errorf("endpoint %+v", a)
	}
	if got, want := string(a.Probe.Body), `{"list":[1,2.5,true,null,"1"],"note":"from-the-environment"}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if a.Probe.Interval.String() != "5m" || a.Probe.Timeout.String() != "7s" || b.Probe.Interval.String() != "5m" || b.Probe.Timeout != nil {
		t.Errorf("probes %+v and %+v", a.Probe, b.Probe)
	}
	if m := a.Material; m.Roots == nil || m.ClientCert == nil || len(m.Served) != 1 || len(m.Fingerprint) != 64 {
		t.Errorf("material %+v", m)
	}
	if m := b.Material; m.Roots != nil || m.ClientCert != nil || len(m.Fingerprint) != 64 {
		t.Errorf("material %+v, want the fingerprint of tls.ca_files alone", m)
	}
	if cfg.Defaults.Roots == nil || r.Targets[0].Material.ClientCert == nil || !filepath.IsAbs(r.CertificateFiles[0].Path) {
		t.Errorf("roots %v, records %+v", cfg.Defaults.Roots, r)
	}
}

// TestFingerprintFollowsTheFiles: a rotated token must count as a change, and
// nothing else may.
func TestFingerprintFollowsTheFiles(t *testing.T) {
	const text = "version: 1\nmerchants: [{id: a, endpoints: [{id: a, url: \"https://a.example/\", token_file: secrets/good.token}]}]\n"
	first := mustLoad(t, text).Records.Endpoints[0].Material.Fingerprint
	again, _ := config.Load("hookvigil.yaml")
	put(t, "secrets/good.token", "rotated", 0o600)
	rotated, _ := config.Load("hookvigil.yaml")
	if got := again.Records.Endpoints[0].Material.Fingerprint; got != first {
		t.Errorf("the same files give %s, then %s", first, got)
	}
	if got := rotated.Records.Endpoints[0].Material.Fingerprint; got == first {
		t.Error("a rotated token gives the same fingerprint")
	}
}

func TestMerchantsFileOfItsOwnerMayHoldTokens(t *testing.T) {
	t.Setenv("HOOKVIGIL_TEST_VALUE", "from-the-environment")
	t.Chdir(t.TempDir())
	put(t, "hookvigil.yaml", "version: 1\nmerchants_file: shops/merchants.ndjson\n", 0o644)
	put(t, "shops/ca.pem", func() string { cert, _ := selfSigned(t); return cert }(), 0o644)
	put(t, "shops/merchants.ndjson", `{"id":"a","endpoints":[{"id":"a","url":"https://a.example/","token":"literal"}]}
{"id":"b","endpoints":[{"id":"b","url":"https://b.example/","token":"${HOOKVIGIL_TEST_VALUE}","certificate":{"ca_file":"ca.pem"}}]}
`, 0o600)
	cfg, faults := config.Load("hookvigil.yaml")
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	a, b := cfg.Records.Endpoints[0], cfg.Records.Endpoints[1]
	if a.Token != "literal" || b.Token != "from-the-environment" || b.Material.Roots == nil || b.Merchant != "b" || b.Origin != registry.OriginFile {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestLoadNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "cannot be read: no such file or directory",
		dir:                             "cannot be read: is not a regular file",
	} {
		cfg, faults := config.Load(name)
		if cfg == nil || len(faults) != 1 || faults[0].Message != want || faults[0].File != name {
			t.Errorf("got %v, want %s", faults, want)
		}
	}
}

package config_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// TestExamplesLoad loads each example as a stranger would have it after
// init, with the secrets that its comments ask for.
func TestExamplesLoad(t *testing.T) {
	want := map[string]struct{ merchants, endpoints, targets, warnings int }{
		"full":       {1, 1, 1, 0},
		"merchant":   {1, 3, 0, 0},
		"minimal":    {1, 2, 0, 0},
		"platform":   {2, 3, 1, 0},
		"prometheus": {1, 2, 2, 0},
	}
	t.Setenv("CALLBACK_TOKEN", "a-token-of-the-platform")
	for _, name := range config.Examples() {
		t.Run(name, func(t *testing.T) {
			text, err := config.Example(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			put(t, "hookvigil.yaml", text, 0o644)
			for _, token := range regexp.MustCompile(`> (secrets/\S+)`).FindAllStringSubmatch(text, -1) {
				put(t, token[1], "token-of-"+token[1], 0o600)
			}
			put(t, "conf.d/README", "", 0o644)
			cfg, faults := config.Load("hookvigil.yaml")
			r := cfg.Records
			got := want[name]
			got.merchants, got.endpoints, got.targets, got.warnings = len(r.Merchants), len(r.Endpoints), len(r.Targets), len(faults)
			if got != want[name] {
				t.Errorf("got %+v, want %+v; faults:\n%s", got, want[name], printed(t, faults))
			}
			if _, found := registry.Build(r, cfg.Defaults); len(found) > 0 {
				t.Errorf("the registry refuses what was loaded: %v", found)
			}
		})
	}
	if len(config.Examples()) != len(want) {
		t.Errorf("examples %v, want %d of them", config.Examples(), len(want))
	}
}

func printed(t *testing.T, faults []config.Fault) string {
	t.Helper()
	var b bytes.Buffer
	config.Print(&b, faults)
	return b.String()
}

// TestFullExampleSwitchedOn loads the full example with every setting that it
// shows switched off.
func TestFullExampleSwitchedOn(t *testing.T) {
	text, err := config.Example("full")
	if err != nil {
		t.Fatal(err)
	}
	on := regexp.MustCompile(`(?m)^( *)#(\S)`).ReplaceAllString(text, "$1$2")
	shown := on
	on = regexp.MustCompile(`(?m)^.*(TOKO_MAJU|SMTP_PASSWORD|PROMETHEUS_TOKEN).*\n`).ReplaceAllString(on, "") // they exclude a file
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("CORE_TOKEN", "a-token-of-the-sender")
	t.Setenv("HOOK_TOKEN", "a-token-of-a-program")
	t.Setenv("SLACK_WEBHOOK", "https://hooks.slack.com/services/T0/B0/x")
	supply(t)
	put(t, "hookvigil.yaml", on, 0o644)
	cert, key := selfSigned(t)
	for _, name := range []string{"server.pem", "ca.pem", "client.pem", "served.pem"} {
		put(t, name, cert, 0o644)
	}
	put(t, "server.key", key, 0o600)
	put(t, "client.key", key, 0o600)
	put(t, "secrets/program.secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0o600)
	put(t, "secrets/dkim.key", signingKey(t), 0o600)
	put(t, "secrets/ops.token", "a-token-of-an-operator", 0o600)
	put(t, "secrets/deadman.url", "https://hc.example.com/ping/1", 0o600)
	put(t, "secrets/toko-maju.token", "a-token-of-a-merchant", 0o600)
	put(t, "secrets/prometheus.token", "a-token-of-a-prometheus", 0o600)
	put(t, "conf.d/more.yaml", "targets: [{id: vault, address: \"vault.example.com:443\"}]\n", 0o644)
	put(t, "merchants.ndjson", `{"id":"acme"}`+"\n", 0o644)

	cfg, faults := config.Load("hookvigil.yaml")
	if config.Failed(faults) || len(faults) != 4 {
		t.Errorf("%d faults, want the 4 warnings of keys to come:\n%s", len(faults), printed(t, faults))
	}
	if r := cfg.Records; len(r.Merchants) != 2 || len(r.Targets) != 2 || len(r.CertificateFiles) != 1 || len(cfg.Server.Tokens) != 2 {
		t.Errorf("got %+v and %d tokens", r, len(cfg.Server.Tokens))
	}
	if len(cfg.Sources) != 2 || len(cfg.Receivers) != 7 || len(cfg.Routes) != 5 || len(cfg.Heartbeats) != 1 {
		t.Errorf("sources %+v, receivers %+v, routes %+v, heartbeats %+v", cfg.Sources, cfg.Receivers, cfg.Routes, cfg.Heartbeats)
	}
	if cfg.Sources[0].Tail == nil || cfg.Sources[1].Prometheus == nil {
		t.Errorf("sources %+v, want one with a file and one with a Prometheus", cfg.Sources)
	}
	if !reflect.DeepEqual(cfg.Rules, config.DefaultRules()) {
		t.Errorf("the full example does not show the defaults of the rules:\ngot  %+v\nwant %+v", cfg.Rules, config.DefaultRules())
	}
	if want := (config.Digest{Config: digest.DefaultConfig(), Bucket: rules.BucketLength, Receiver: "mail", ReportTo: "ops"}); cfg.Digest != want {
		t.Errorf("the full example does not show the defaults of the digest:\ngot  %+v\nwant %+v", cfg.Digest, want)
	}
	for _, key := range config.Keys() {
		if !regexp.MustCompile(`[\s{,]` + key + `:`).MatchString(shown) {
			t.Errorf("the full example does not show %s", key)
		}
	}
	if want := filepath.Join(dir, "data"); cfg.DataDir != want {
		t.Errorf("data_dir %s, want %s", cfg.DataDir, want)
	}
}

// TestDesignExample loads the example of the design document: what it shows
// must stay loadable.
func TestDesignExample(t *testing.T) {
	text := read(t, "testdata/design.yaml")
	t.Chdir(t.TempDir())
	put(t, "hookvigil.yaml", text, 0o644)
	cert, key := selfSigned(t)
	for _, name := range []string{"ca.pem", "internal-ca.pem", "client.pem"} {
		put(t, name, cert, 0o644)
	}
	put(t, "client.key", key, 0o600)
	for _, name := range []string{"ingest", "toko-maju"} {
		put(t, "secrets/"+name+".token", "a-token-of-"+name+"-and-more", 0o600)
	}
	put(t, "secrets/slack.token", "xoxb-a-token-of-slack", 0o600)
	put(t, "secrets/smtp", "a-password", 0o600)
	cfg, faults := config.Load("hookvigil.yaml")
	if config.Failed(faults) {
		t.Errorf("want warnings only:\n%s", printed(t, faults))
	}
	var warned []string
	for _, f := range faults {
		warned = append(warned, f.Path)
	}
	if want := []string{
		"digest.from", "witness", "watch[].url",
	}; !slices.Equal(warned, want) {
		t.Errorf("warnings of %v, want %v", warned, want)
	}
	if want := (config.Digest{Config: digest.DefaultConfig(), Bucket: rules.BucketLength, Receiver: "mail", ReportTo: "ops"}); cfg.Digest != want {
		t.Errorf("digest %+v, want %+v", cfg.Digest, want)
	}
	if r := cfg.Records; len(r.Merchants) != 1 || len(r.Endpoints) != 1 || len(r.Targets) != 1 || len(r.CertificateFiles) != 1 {
		t.Errorf("got %+v", r)
	}
	if len(cfg.Sources) != 1 || len(cfg.Receivers) != 2 || len(cfg.Routes) != 2 || len(cfg.Heartbeats) != 1 {
		t.Errorf("sources %+v, receivers %+v, routes %+v, heartbeats %+v", cfg.Sources, cfg.Receivers, cfg.Routes, cfg.Heartbeats)
	}
}

func TestExampleUnknown(t *testing.T) {
	t.Parallel()
	_, err := config.Example("../later")
	if want := `there is no example "../later"; one of full, merchant, minimal, platform, prometheus`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

package config_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes"
)

// signingKey is a private key that signs mails, as PEM.
func signingKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestLoadWebhooksAndSignedMail(t *testing.T) {
	const secrets = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LTAx\nwhsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLTAx"
	t.Setenv("HOOKVIGIL_TEST_VALUE", marker)
	t.Chdir(t.TempDir())
	supply(t)
	key := signingKey(t)
	put(t, "secrets/hook.secret", secrets+"\n", 0o600)
	put(t, "secrets/hook.url", "https://pager.example.com/"+marker+"\n", 0o600)
	put(t, "secrets/dkim.key", key, 0o600)
	put(t, "hookvigil.yaml", `
version: 1
tls: {ca_files: [ca.pem]}
receivers:
  a: {kind: webhook, url: "https://pager.example.com/hook", secret_file: secrets/hook.secret}
  b:
    kind: webhook
    url_file: secrets/hook.url
    secret_file: secrets/hook.secret
    headers: {X-Team: payments, X-Shift: 2, Authorization: "Bearer ${HOOKVIGIL_TEST_VALUE}"}
    timeout: 5s
  c:
    kind: email
    smtp: {host: smtp.example.com}
    from: alerts@mail.example.com
    to: [sre@example.com]
    connections: 8
    dkim: {domain: example.com, selector: s2023, key_file: secrets/dkim.key}
routes: [{to: [a, b, c]}]
`, 0o644)
	cfg, faults := config.Load("hookvigil.yaml")
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	roots := cfg.Defaults.Roots
	want := []config.Receiver{
		{Name: "a", Kind: "webhook", Webhook: &webhook.Config{URL: "https://pager.example.com/hook", Secret: secrets, Roots: roots}},
		{Name: "b", Kind: "webhook", Webhook: &webhook.Config{
			URL: "https://pager.example.com/" + marker, Secret: secrets, Roots: roots, Timeout: 5 * time.Second,
			Headers: map[string]probes.Secret{"X-Team": "payments", "X-Shift": "2", "Authorization": "Bearer " + marker},
		}},
		{Name: "c", Kind: "email", Email: &email.Config{
			SMTP: email.Server{Host: "smtp.example.com", Roots: roots}, From: "alerts@mail.example.com", To: []string{"sre@example.com"},
			Connections: 8, DKIM: email.DKIM{Domain: "example.com", Selector: "s2023", Key: probes.Secret(strings.TrimSpace(key))},
		}},
	}
	if len(cfg.Receivers) != len(want) {
		t.Fatalf("got %+v", cfg.Receivers)
	}
	for i, r := range cfg.Receivers {
		if !r.Equal(want[i]) {
			t.Errorf("got  %+v\nwant %+v", r, want[i])
		}
	}
	other := want[0]
	other.Webhook = &webhook.Config{URL: want[0].Webhook.URL, Secret: secrets, Timeout: time.Second, Roots: roots}
	if other.Equal(cfg.Receivers[0]) {
		t.Error("another timeout makes no difference")
	}
}

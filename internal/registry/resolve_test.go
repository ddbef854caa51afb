package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

func span(d time.Duration) *registry.Duration { return new(registry.Duration(d)) }

// share and life are the two spellings of a threshold.
func share(s float64) *certificate.Threshold      { return &certificate.Threshold{Share: s} }
func life(d time.Duration) *certificate.Threshold { return &certificate.Threshold{Cap: d} }

// endpoint returns a good endpoint that change has changed.
func endpoint(change func(*registry.Endpoint)) registry.Endpoint {
	ep := registry.Endpoint{ID: "toko-payouts", Merchant: "toko", URL: "https://hooks.toko.example/payout"}
	if change != nil {
		change(&ep)
	}
	return ep
}

func withProbe(s registry.ProbeSpec) func(*registry.Endpoint) {
	return func(ep *registry.Endpoint) { ep.Probe = s }
}

func withCertificate(s registry.CertificateSpec) func(*registry.Endpoint) {
	return func(ep *registry.Endpoint) { ep.Certificate = s }
}

func TestEndpointFaultsNamePathValueAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	const openssl = "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | sha256sum"
	for name, tt := range map[string]struct {
		change              func(*registry.Endpoint)
		path, message, hint string
	}{
		"no ID": {
			func(ep *registry.Endpoint) { ep.ID = "" },
			"id", `"" is not an ID`, "letters, digits, and . _ : - after the first; at most 128",
		},
		"no URL": {
			func(ep *registry.Endpoint) { ep.URL = "" },
			"url", "the scheme is neither http nor https; write https://host/path", "",
		},
		"a URL of another kind": {
			func(ep *registry.Endpoint) { ep.URL = "ftp://toko.example/" },
			"url", "the scheme is neither http nor https; write https://host/path", "",
		},
		"a password in the URL": {
			func(ep *registry.Endpoint) { ep.URL = "https://me:hunter2@toko.example/" },
			"url", "a user name or password before the host; leave it out; the token of an endpoint has a setting of its own", "",
		},
		"an unknown level": {
			withProbe(registry.ProbeSpec{Level: new(probes.Level("deep"))}),
			"probe.level", `"deep" is not a probe level; one of tls, reach, refuse, ping`, "",
		},
		"an interval just under 1s": {
			withProbe(registry.ProbeSpec{Interval: span(time.Second - 1)}),
			"probe.interval", "999.999999ms is outside [1s, 24h]", "",
		},
		"an interval just over 24h": {
			withProbe(registry.ProbeSpec{Interval: span(day + 1)}),
			"probe.interval", "24h0m0.000000001s is outside [1s, 24h]", "",
		},
		"a timeout just over 30s": {
			withProbe(registry.ProbeSpec{Timeout: span(30*time.Second + 1)}),
			"probe.timeout", "30.000000001s is outside (0s, 30s]; platforms give up after 30s", "",
		},
		"an ack budget of nothing": {
			withProbe(registry.ProbeSpec{AckBudget: span(0)}),
			"probe.ack_budget", "0s is outside (0s, timeout = 30s]", "",
		},
		"an ack budget just over the timeout": {
			withProbe(registry.ProbeSpec{Timeout: span(10 * time.Second), AckBudget: span(10*time.Second + 1)}),
			"probe.ack_budget", "10.000000001s is outside (0s, timeout = 10s]", "",
		},
		"less than no confirmation": {
			withProbe(registry.ProbeSpec{Confirm: new(-1)}),
			"probe.confirm", "-1 is outside [0, 10]", "",
		},
		"eleven confirmations": {
			withProbe(registry.ProbeSpec{Confirm: new(11)}),
			"probe.confirm", "11 is outside [0, 10]", "",
		},
		"confirmations just under 1s apart": {
			withProbe(registry.ProbeSpec{ConfirmAfter: span(time.Second - 1)}),
			"probe.confirm_after", "999.999999ms is outside [1s, 1h]", "",
		},
		"confirmations just over 1h apart": {
			withProbe(registry.ProbeSpec{ConfirmAfter: span(time.Hour + 1)}),
			"probe.confirm_after", "1h0m0.000000001s is outside [1s, 1h]", "",
		},
		"a ping that looks like money": {
			withProbe(registry.ProbeSpec{Body: json.RawMessage(`{"data":{"amount":1}}`)}),
			"probe.body", `the body template has the business key "amount"`, "a ping must not look like money",
		},
		"a ping that hides its mark": {
			withProbe(registry.ProbeSpec{Body: json.RawMessage(`{"synthetic":false}`)}),
			"probe.body", `the body template overrides the mark "synthetic"`, "a ping must not look like money",
		},
		"a body that is no object": {
			withProbe(registry.ProbeSpec{Body: json.RawMessage(`[]`)}),
			"probe.body", "the body template is not a JSON object", "a ping must not look like money",
		},
		"level tls over http": {
			func(ep *registry.Endpoint) {
				ep.URL, ep.Probe.Level = "http://toko.example/", new(probes.LevelTLS)
			},
			"probe.level", "level tls needs an https:// URL", "use https:// or level: reach",
		},
		"keep-alive without a request": {
			withProbe(registry.ProbeSpec{Level: new(probes.LevelTLS), KeepAlive: new(true)}),
			"probe.keep_alive", "keep_alive has no meaning at level tls, which sends no request", "",
		},
		"a token in a header of HTTP's own": {
			func(ep *registry.Endpoint) { ep.TokenHeader = "content-length" },
			"token_header", `"content-length" cannot carry a token; wanted a header of its own, such as x-callback-token or authorization`, "",
		},
		"a token with a line break": {
			func(ep *registry.Endpoint) { ep.Token = "hunter2\n" },
			"token", "the token holds characters that a header cannot carry (a line break?)", "",
		},
		"a token that cannot sign": {
			func(ep *registry.Endpoint) { ep.Token, ep.Signature = "hunter2!", probes.SchemeStandardWebhooks },
			"token", "the token is not a Standard Webhooks secret; wanted whsec_ and base64", "",
		},
		"an unknown retry schedule": {
			func(ep *registry.Endpoint) { ep.Schedule = "stripe" },
			"schedule", `"stripe" is not a retry schedule: neither a preset nor offsets such as 15m,1h,3h`,
			"one of adyen, convoy, eventgrid, hook0, none, outpost, standard-webhooks, svix, unknown, xendit",
		},
		"a deadline of nothing": {
			func(ep *registry.Endpoint) { ep.Deadline = span(0) },
			"deadline", "0s is outside (0s, 30s]; platforms give up after 30s", "",
		},
		"a deadline just over 30s": {
			func(ep *registry.Endpoint) { ep.Deadline = span(30*time.Second + time.Millisecond) },
			"deadline", "30.001s is outside (0s, 30s]; platforms give up after 30s", "",
		},
		"a product that is no word": {
			func(ep *registry.Endpoint) { ep.Products = []string{"PAYOUT", "pay out"} },
			"products", `"pay out" is not a product`, "a word such as PAYOUT",
		},
		"51 products": {
			func(ep *registry.Endpoint) { ep.Products = strings.Fields(strings.Repeat("P ", 51)) },
			"products", "51 products; at most 50", "",
		},
		"looks just under 1s apart": {
			withCertificate(registry.CertificateSpec{Interval: span(time.Second - 1)}),
			"certificate.interval", "999.999999ms is outside [1s, 24h]", "",
		},
		"looks just over 24h apart": {
			withCertificate(registry.CertificateSpec{Interval: span(day + time.Second)}),
			"certificate.interval", "24h0m1s is outside [1s, 24h]", "",
		},
		"a look without time": {
			withCertificate(registry.CertificateSpec{Timeout: span(0)}),
			"certificate.timeout", "0s is outside (0s, 30s]", "",
		},
		"a look of just over 30s": {
			withCertificate(registry.CertificateSpec{Timeout: span(30*time.Second + 1)}),
			"certificate.timeout", "30.000000001s is outside (0s, 30s]", "",
		},
		"paging before warning, in days": {
			withCertificate(registry.CertificateSpec{WarnBelow: life(14 * day), PageBelow: life(14*day + 1)}),
			"certificate.page_below", "336h0m0.000000001s is more than warn_below 14d", "page_below must not be more than warn_below",
		},
		"paging a share before warning in days": {
			withCertificate(registry.CertificateSpec{WarnBelow: life(7*day - 1), PageBelow: share(0.5)}),
			"certificate.page_below", "50% is more than warn_below 167h59m59.999999999s", "page_below must not be more than warn_below",
		},
		"a pin that is too short": {
			withCertificate(registry.CertificateSpec{Pins: []string{strings.Repeat("ab", 32), strings.Repeat("ab", 31)}}),
			"certificate.pins[1]", `"` + strings.Repeat("ab", 29) + `a…" is not 64 hex digits of a SPKI sha256`, openssl,
		},
		"a pin in base64": {
			withCertificate(registry.CertificateSpec{Pins: []string{"sha256/AAAA="}}),
			"certificate.pins[0]", `"sha256/AAAA=" is not 64 hex digits of a SPKI sha256`, openssl,
		},
		"a client certificate without its key": {
			withCertificate(registry.CertificateSpec{ClientCertFile: "client.pem"}),
			"certificate.client_cert_file", "client_cert_file and client_key_file come together", "",
		},
		"a client key without its certificate": {
			withCertificate(registry.CertificateSpec{ClientKeyFile: "client.key"}),
			"certificate.client_cert_file", "client_cert_file and client_key_file come together", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := registry.ResolveEndpoint(endpoint(tt.change), registry.DefaultDefaults())
			message, hint := oneFault(t, faults, tt.path)
			if message != tt.message || hint != tt.hint {
				t.Errorf("got  %q, hint %q\nwant %q, hint %q", message, hint, tt.message, tt.hint)
			}
			if strings.Contains(message+hint, "hunter2") {
				t.Errorf("the message tells the secret: %q", message)
			}
		})
	}
}

func TestEndpointWarnings(t *testing.T) {
	t.Parallel()
	ping := new(probes.LevelPing)
	for name, tt := range map[string]struct {
		change              func(*registry.Endpoint)
		path, message, hint string // empty: no warning
	}{
		"a ping without a token": {
			withProbe(registry.ProbeSpec{Level: ping}),
			"probe.level", "ping without a token: most endpoints answer 401", "give token_file",
		},
		"a ping with a token in clear": {
			func(ep *registry.Endpoint) {
				ep.URL, ep.Token, ep.Probe.Level = "http://toko.example/", "hunter2", ping
			},
			"probe.level", "the token is not sent over http://", "use https://, or set probe.allow_cleartext: true",
		},
		"a token in clear that is allowed": {
			func(ep *registry.Endpoint) {
				ep.URL, ep.Token = "http://toko.example/", "hunter2"
				ep.Probe = registry.ProbeSpec{Level: ping, AllowCleartext: new(true)}
			}, "", "", "",
		},
		"a ping with a token over https": {
			func(ep *registry.Endpoint) { ep.Token, ep.Probe.Level = "hunter2", ping }, "", "", "",
		},
		"reach over http": {
			func(ep *registry.Endpoint) { ep.URL = "http://toko.example/" }, "", "", "",
		},
		"refuse without a token": {
			withProbe(registry.ProbeSpec{Level: new(probes.LevelRefuse)}), "", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := registry.ResolveEndpoint(endpoint(tt.change), registry.DefaultDefaults())
			if tt.path == "" {
				if len(faults) != 0 {
					t.Errorf("faults %+v, want none", faults)
				}
				return
			}
			want := registry.Fault{Path: tt.path, Message: tt.message, Hint: tt.hint, Warning: true}
			if len(faults) != 1 || faults[0] != want {
				t.Errorf("got  %+v\nwant %+v", faults, want)
			}
		})
	}
}

func TestEndpointsOnTheGoodSideOfEachBound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*registry.Endpoint){
		"all defaults":                              nil,
		"probed every second":                       withProbe(registry.ProbeSpec{Interval: span(time.Second)}),
		"probed once a day":                         withProbe(registry.ProbeSpec{Interval: span(day)}),
		"a timeout of 30s":                          withProbe(registry.ProbeSpec{Timeout: span(30 * time.Second)}),
		"the shortest timeout":                      withProbe(registry.ProbeSpec{Timeout: span(1)}),
		"an ack budget of all of it":                withProbe(registry.ProbeSpec{Timeout: span(10 * time.Second), AckBudget: span(10 * time.Second)}),
		"the shortest ack budget":                   withProbe(registry.ProbeSpec{AckBudget: span(1)}),
		"no confirmation":                           withProbe(registry.ProbeSpec{Confirm: new(0)}),
		"ten confirmations":                         withProbe(registry.ProbeSpec{Confirm: new(10)}),
		"confirmations 1s apart":                    withProbe(registry.ProbeSpec{ConfirmAfter: span(time.Second)}),
		"confirmations 1h apart":                    withProbe(registry.ProbeSpec{ConfirmAfter: span(time.Hour)}),
		"a harmless body":                           withProbe(registry.ProbeSpec{Body: json.RawMessage(`{"note":"hello"}`)}),
		"level tls over https":                      withProbe(registry.ProbeSpec{Level: new(probes.LevelTLS)}),
		"keep-alive with requests":                  withProbe(registry.ProbeSpec{KeepAlive: new(true)}),
		"a deadline of 30s":                         func(ep *registry.Endpoint) { ep.Deadline = span(30 * time.Second) },
		"the shortest deadline":                     func(ep *registry.Endpoint) { ep.Deadline = span(1) },
		"50 products":                               func(ep *registry.Endpoint) { ep.Products = strings.Fields(strings.Repeat("P ", 50)) },
		"a header of its own":                       func(ep *registry.Endpoint) { ep.Token, ep.TokenHeader = "t", "X-Toko-Token" },
		"a secret that can sign":                    func(ep *registry.Endpoint) { ep.Token, ep.Signature = "whsec_aGVsbG8=", probes.SchemeStandardWebhooks },
		"a look every second":                       withCertificate(registry.CertificateSpec{Interval: span(time.Second)}),
		"a look a day":                              withCertificate(registry.CertificateSpec{Interval: span(day)}),
		"a look of 30s":                             withCertificate(registry.CertificateSpec{Timeout: span(30 * time.Second)}),
		"the shortest look":                         withCertificate(registry.CertificateSpec{Timeout: span(1)}),
		"paging and warning together":               withCertificate(registry.CertificateSpec{WarnBelow: life(14 * day), PageBelow: life(14 * day)}),
		"equal shares":                              withCertificate(registry.CertificateSpec{WarnBelow: share(0.1)}),
		"a share that pages at most when days warn": withCertificate(registry.CertificateSpec{WarnBelow: life(7 * day), PageBelow: share(0.5)}),
		"a whole life":                              withCertificate(registry.CertificateSpec{WarnBelow: share(1), PageBelow: share(1)}),
		"a pin in capitals":                         withCertificate(registry.CertificateSpec{Pins: []string{strings.Repeat("AB", 32)}}),
		"a pin with colons":                         withCertificate(registry.CertificateSpec{Pins: []string{strings.Repeat("AB:", 31) + "AB"}}),
		"a client certificate":                      withCertificate(registry.CertificateSpec{ClientCertFile: "c.pem", ClientKeyFile: "c.key"}),
		"an address instead of name":                func(ep *registry.Endpoint) { ep.URL = "https://[2001:db8::1]:8443/" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, faults := registry.ResolveEndpoint(endpoint(change), registry.DefaultDefaults()); len(faults) != 0 {
				t.Errorf("faults %+v, want none", faults)
			}
		})
	}
}

func TestAllFaultsOfAnEndpointAtOnce(t *testing.T) {
	t.Parallel()
	_, faults := registry.ResolveEndpoint(registry.Endpoint{
		ID: "-", URL: "toko", TokenHeader: "Host", Token: "\n", Schedule: "?", Deadline: span(time.Minute), Products: []string{""},
		Probe:       registry.ProbeSpec{Timeout: span(45 * time.Second), Confirm: new(99), Body: json.RawMessage(`1`)},
		Certificate: registry.CertificateSpec{Interval: span(0), Pins: []string{"x"}, ClientKeyFile: "k"},
	}, registry.DefaultDefaults())
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	want := "id url probe.timeout probe.confirm probe.body token_header token schedule deadline " +
		"certificate.interval certificate.pins[0] certificate.client_cert_file products"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package registry_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

func TestTargetFaultsNamePathValueAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		target              registry.Target
		path, message, hint string
	}{
		"no ID": {
			registry.Target{ID: "", Address: "ledger.internal:8443"},
			"id", `"" is not an ID`, "letters, digits, and . _ : - after the first; at most 128",
		},
		"no address": {
			registry.Target{ID: "ledger"},
			"address", `"" is not host:port; wanted ledger.internal:8443`, "",
		},
		"no port": {
			registry.Target{ID: "ledger", Address: "ledger.internal"},
			"address", `"ledger.internal" is not host:port; wanted ledger.internal:8443`, "",
		},
		"no host": {
			registry.Target{ID: "ledger", Address: ":8443"},
			"address", `":8443" is not host:port; wanted ledger.internal:8443`, "",
		},
		"an IPv6 address without brackets": {
			registry.Target{ID: "ledger", Address: "2001:db8::1:443"},
			"address", `"2001:db8::1:443" is not host:port; wanted ledger.internal:8443`, "",
		},
		"a URL": {
			registry.Target{ID: "ledger", Address: "https://ledger.internal:8443"},
			"address", `"https://ledger.internal:8443" is not host:port; wanted ledger.internal:8443`, "",
		},
		"a path before the port": {
			registry.Target{ID: "ledger", Address: "ledger.internal/health:8443"},
			"address", `"ledger.internal/health:8443" is not host:port: a port, path or query does not belong to a host; wanted ledger.internal:8443`, "",
		},
		"a space": {
			registry.Target{ID: "ledger", Address: "led ger:8443"},
			"address", `"led ger:8443" is not host:port: white space; write a space in the path as %20; wanted ledger.internal:8443`, "",
		},
		"a user name": {
			registry.Target{ID: "ledger", Address: "me@ledger.internal:8443"},
			"address", `"me@ledger.internal:8443" is not host:port: a user name or password before the host; leave it out; ` +
				`the token of an endpoint has a setting of its own; wanted ledger.internal:8443`, "",
		},
		"NUL and a line break": {
			registry.Target{ID: "ledger", Address: "led\x00\nger:8443"},
			"address", `"led ger:8443" is not host:port: a control character; wanted ledger.internal:8443`, "",
		},
		"port 0": {
			registry.Target{ID: "ledger", Address: "ledger.internal:0"},
			"address", `port "0" is outside 1..65535`, "",
		},
		"port 65536": {
			registry.Target{ID: "ledger", Address: "ledger.internal:65536"},
			"address", `port "65536" is outside 1..65535`, "",
		},
		"a port by name": {
			registry.Target{ID: "ledger", Address: "ledger.internal:https"},
			"address", `port "https" is outside 1..65535`, "",
		},
		"a server name with a port": {
			registry.Target{ID: "ledger", Address: "10.0.0.7:8443", ServerName: "ledger.internal:8443"},
			"server_name", `"ledger.internal:8443" is not a server name: a port, path or query does not belong to a host`,
			"a host name without a port, such as ledger.internal",
		},
		"a server name for many": {
			registry.Target{ID: "ledger", Address: "10.0.0.7:8443", ServerName: "*.internal"},
			"server_name", `"*.internal" is not a server name: the host holds a character other than letters, digits, - and _`,
			"a host name without a port, such as ledger.internal",
		},
		"an interval just under 1s": {
			registry.Target{ID: "ledger", Address: "ledger.internal:8443", CertificateSpec: registry.CertificateSpec{Interval: span(time.Second - 1)}},
			"interval", "999.999999ms is outside [1s, 24h]", "",
		},
		"a timeout just over 30s": {
			registry.Target{ID: "ledger", Address: "ledger.internal:8443", CertificateSpec: registry.CertificateSpec{Timeout: span(30*time.Second + 1)}},
			"timeout", "30.000000001s is outside (0s, 30s]", "",
		},
		"paging before warning": {
			registry.Target{ID: "ledger", Address: "ledger.internal:8443", CertificateSpec: registry.CertificateSpec{PageBelow: life(31 * day)}},
			"page_below", "31d is more than warn_below 25%", "page_below must not be more than warn_below",
		},
		"a bad pin": {
			registry.Target{ID: "ledger", Address: "ledger.internal:8443", CertificateSpec: registry.CertificateSpec{Pins: []string{"zz"}}},
			"pins[0]", `"zz" is not 64 hex digits of a SPKI sha256`,
			"openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | sha256sum",
		},
		"half a client certificate": {
			registry.Target{ID: "ledger", Address: "ledger.internal:8443", CertificateSpec: registry.CertificateSpec{ClientCertFile: "c.pem"}},
			"client_cert_file", "client_cert_file and client_key_file come together", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := registry.ResolveTarget(tt.target, registry.DefaultDefaults())
			message, hint := oneFault(t, faults, tt.path)
			if message != tt.message || hint != tt.hint {
				t.Errorf("got  %q, hint %q\nwant %q, hint %q", message, hint, tt.message, tt.hint)
			}
		})
	}
}

func TestTargetsAreReady(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		address, serverName string
		host                string
		port                uint16
	}{
		"a name":                    {"ledger.internal:8443", "", "ledger.internal", 8443},
		"a short name":              {"ledger:8443", "", "ledger", 8443},
		"a name with an underscore": {"led_ger:8443", "", "led_ger", 8443},
		"an IPv4 address":           {"10.0.0.7:8443", "ledger.internal", "10.0.0.7", 8443},
		"an IPv6 address":           {"[2001:db8::1]:443", "ledger.internal", "2001:db8::1", 443},
		"the first port":            {"ledger.internal:1", "", "ledger.internal", 1},
		"the last port":             {"ledger.internal:65535", "", "ledger.internal", 65535},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, faults := registry.ResolveTarget(registry.Target{ID: "ledger", Address: tt.address, ServerName: tt.serverName}, registry.DefaultDefaults())
			if len(faults) != 0 {
				t.Fatalf("faults %+v, want none", faults)
			}
			got := w.Watch.Target
			if got.ID != "ledger" || got.Host != tt.host || got.Port != tt.port || got.ServerName != tt.serverName || !got.Own {
				t.Errorf("got %+v, want %s %d of our own as %q", got, tt.host, tt.port, tt.serverName)
			}
		})
	}
}

func TestTargetsTakeDefaultsAndOverrides(t *testing.T) {
	t.Parallel()
	d := registry.DefaultDefaults()
	d.Roots = x509.NewCertPool()
	own := x509.NewCertPool()
	plain, faults := registry.ResolveTarget(registry.Target{ID: "a", Address: "a:443"}, d)
	if len(faults) != 0 || plain.Watch.Interval != 15*time.Minute || plain.Watch.Target.Timeout != 10*time.Second || plain.Watch.Policy.Roots != d.Roots {
		t.Errorf("defaults: %+v, faults %+v", plain.Watch, faults)
	}
	other, faults := registry.ResolveTarget(registry.Target{
		ID: "b", Address: "b:443", Material: registry.Material{Roots: own},
		CertificateSpec: registry.CertificateSpec{Interval: span(time.Hour), Timeout: span(time.Second), WarnBelow: life(40 * day), Pins: []string{strings.Repeat("0f", 32)}},
	}, d)
	w := other.Watch
	if len(faults) != 0 || w.Interval != time.Hour || w.Target.Timeout != time.Second || w.Policy.Roots != own || w.Policy.WarnBelow != *life(40 * day) {
		t.Errorf("overrides: %+v, faults %+v", w, faults)
	}
	if len(w.Policy.Pins) != 1 || w.Policy.Pins[0][31] != 0x0f || w.Policy.PageBelow != d.Certificate.Policy.PageBelow {
		t.Errorf("pins %v, page_below %+v", w.Policy.Pins, w.Policy.PageBelow)
	}
}

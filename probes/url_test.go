package probes_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/probes"
)

func TestParseURLAccepts(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	tests := map[string]struct {
		raw, want string
		port      uint16
	}{
		"plain":                            {"https://hooks.example.com/payout", "https://hooks.example.com/payout", 443},
		"cleartext":                        {"http://hooks.example.com", "http://hooks.example.com", 80},
		"upper case":                       {"HTTPS://Hooks.Example.COM/Payout", "https://hooks.example.com/Payout", 443},
		"port":                             {"https://h.example:8443/", "https://h.example:8443/", 8443},
		"highest port":                     {"https://h.example:65535/", "https://h.example:65535/", 65535},
		"lowest port":                      {"https://h.example:1/", "https://h.example:1/", 1},
		"query":                            {"https://h.example/p?token=s3cret&x=%20", "https://h.example/p?token=s3cret&x=%20", 443},
		"query without a path":             {"https://h.example?a=b", "https://h.example?a=b", 443},
		"at sign and colon in the path":    {"https://h.example/a@b:c", "https://h.example/a@b:c", 443},
		"escaped path":                     {"https://h.example/a%2Fb%20c", "https://h.example/a%2Fb%20c", 443},
		"one label":                        {"https://intranet/x", "https://intranet/x", 443},
		"underscore and hyphen":            {"https://a_b-c.example/", "https://a_b-c.example/", 443},
		"international name":               {"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", 443},
		"IPv4":                             {"https://192.0.2.1/", "https://192.0.2.1/", 443},
		"forbidden IPv4 is not its matter": {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/", 8080},
		"IPv6":                             {"https://[2001:DB8:0:0::1]:8443/", "https://[2001:db8::1]:8443/", 8443},
		"IPv6 without a port":              {"https://[2001:db8::1]", "https://[2001:db8::1]", 443},
		"digits before a name":             {"https://1e100.net/", "https://1e100.net/", 443},
		"0x before other letters":          {"https://h.0xyz/", "https://h.0xyz/", 443},
		"longest label":                    {"https://" + label + ".example/", "https://" + label + ".example/", 443},
		"longest host": {
			"https://" + strings.Repeat(label+".", 3) + strings.Repeat("b", 61) + "/",
			"https://" + strings.Repeat(label+".", 3) + strings.Repeat("b", 61) + "/", 443,
		},
		"longest URL": {"https://h.example/" + strings.Repeat("a", 2030), "https://h.example/" + strings.Repeat("a", 2030), 443},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := probes.ParseURL(tt.raw)
			if err != nil {
				t.Fatalf("got %v, want no error", err)
			}
			if u.String() != tt.want {
				t.Errorf("got %s, want %s", u, tt.want)
			}
			if got := probes.PortOf(u); got != tt.port {
				t.Errorf("got port %d, want %d", got, tt.port)
			}
		})
	}
}

func TestParseURLRefuses(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	tests := map[string]struct{ raw, reason string }{
		"empty":                  {"", "scheme"},
		"no scheme":              {"hooks.example.com/payout", "scheme"},
		"protocol-relative":      {"//hooks.example.com/payout", "scheme"},
		"ftp":                    {"ftp://h.example/", "scheme"},
		"file":                   {"file:///etc/passwd", "scheme"},
		"gopher":                 {"gopher://h.example:70/", "scheme"},
		"javascript":             {"javascript://h.example/", "scheme"},
		"opaque":                 {"https:h.example", "scheme"},
		"one slash":              {"https:/h.example", "scheme"},
		"no host":                {"https:///path", "no host"},
		"only a port":            {"https://:443/", "no host"},
		"only a query":           {"https://?a=b", "no host"},
		"user":                   {"https://user@h.example/", "user name"},
		"user and password":      {"https://u:p@h.example/", "user name"},
		"empty user":             {"https://@h.example/", "user name"},
		"two at signs":           {"https://a@b@h.example/", "user name"},
		"fragment":               {"https://h.example/#x", "fragment"},
		"empty fragment":         {"https://h.example/#", "fragment"},
		"fragment in the host":   {"https://h.example#@evil.example/", "fragment"},
		"backslash host":         {`https://h.example\@evil.example/`, "backslash"},
		"backslash slashes":      {`https:\\h.example\`, "backslash"},
		"space":                  {"https://h.example/a b", "white space"},
		"leading space":          {" https://h.example/", "white space"},
		"tab in the host":        {"https://h.exa\tmple/", "white space"},
		"line end":               {"https://h.example/\r\nX-Evil: 1", "white space"},
		"trailing line end":      {"https://h.example/\n", "white space"},
		"NUL":                    {"https://h.example/\x00", "control character"},
		"escape":                 {"https://h.example/\x1b[2J", "control character"},
		"delete":                 {"https://h.example/\x7f", "control character"},
		"umlaut host":            {"https://bücher.example/", "not ASCII"},
		"full-width digits":      {"https://１２７.0.0.1/", "not ASCII"},
		"ideographic full stop":  {"https://127。0。0。1/", "not ASCII"},
		"umlaut path":            {"https://h.example/ü", "not ASCII"},
		"bad UTF-8":              {"https://h.example/\xff", "not ASCII"},
		"escaped host":           {"https://%68.example/", "percent sign in the host"},
		"escaped dot":            {"https://127%2e0.0.1/", "percent sign in the host"},
		"zone":                   {"https://[fe80::1%25lo]/", "percent sign in the host"},
		"bad escape in path":     {"https://h.example/%zz", "percent sign in the path"},
		"trailing dot":           {"https://h.example./", "ends in a dot"},
		"trailing dot, number":   {"https://127.0.0.1./", "ends in a dot"},
		"two dots":               {"https://h..example/", "empty label"},
		"leading dot":            {"https://.example/", "empty label"},
		"asterisk":               {"https://*.example/", "character other than"},
		"comma":                  {"https://a,b/", "character other than"},
		"template":               {"https://{host}/", "character other than"},
		"label of 64":            {"https://a" + label + ".example/", "63 bytes"},
		"host of 254":            {"https://" + strings.Repeat(label+".", 3) + strings.Repeat("b", 62) + "/", "253 bytes"},
		"URL of 2049":            {"https://h.example/" + strings.Repeat("a", 2031), "2048 bytes"},
		"2049 once escaped":      {"https://h.example/" + strings.Repeat("|", 1000), "2048 bytes"},
		"decimal":                {"http://2130706433/", "number"},
		"zero":                   {"http://0/", "number"},
		"octal":                  {"http://0177.0.0.1/", "number"},
		"octal whole":            {"http://017700000001/", "number"},
		"hex":                    {"http://0x7f000001/", "number"},
		"hex, upper case":        {"http://0X7F000001/", "number"},
		"hex and short":          {"http://0x7f.1/", "number"},
		"hex last":               {"http://127.0.0.0x1/", "number"},
		"bare 0x":                {"http://127.0.0.0x/", "number"},
		"short":                  {"http://127.1/", "number"},
		"three parts":            {"http://127.0.1/", "number"},
		"five parts":             {"http://127.0.0.0.1/", "number"},
		"leading zeros":          {"http://127.000.000.001/", "number"},
		"part too large":         {"http://127.0.0.256/", "number"},
		"name that ends in one":  {"http://h.example.1/", "number"},
		"empty port":             {"https://h.example:/", "port"},
		"port 0":                 {"https://h.example:0/", "port"},
		"port 65536":             {"https://h.example:65536/", "port"},
		"port that wraps":        {"https://h.example:65979/", "port"},
		"negative port":          {"https://h.example:-1/", "port"},
		"signed port":            {"https://h.example:+443/", "port"},
		"port with a zero":       {"https://h.example:0443/", "port"},
		"port with letters":      {"https://h.example:https/", "port"},
		"two ports":              {"https://h.example:80:443/", "port"},
		"IPv6 without brackets":  {"https://2001:db8::1/", "port"},
		"empty IPv6 port":        {"https://[2001:db8::1]:/", "port"},
		"IPv6 not closed":        {"https://[2001:db8::1/", "IPv6"},
		"text after the bracket": {"https://[2001:db8::1]x/", "IPv6"},
		"IPv4 in brackets":       {"https://[127.0.0.1]/", "IPv6"},
		"name in brackets":       {"https://[h.example]/", "IPv6"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := probes.ParseURL(tt.raw)
			if err == nil {
				t.Fatalf("got %s, want an error about %q", u, tt.reason)
			}
			refused, ok := errors.AsType[*probes.URLError](err)
			if !ok {
				t.Fatalf("got %T, want *probes.URLError", err)
			}
			if !strings.Contains(refused.Reason, tt.reason) {
				t.Errorf("got %q, want %q in it", refused.Reason, tt.reason)
			}
		})
	}
}

func TestParseURLTellsNoSecret(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://MARK:MARK@h.example/", "https://h.example/?token=MARK#x", "https://h.example:MARK/",
		"https://h.example/%MARK?k=MARK", "https://h.example/MARK?\x00MARK", "MARK://MARK/MARK", "https://MARK%/MARK",
	} {
		_, err := probes.ParseURL(raw)
		if err == nil {
			t.Fatalf("%q: got no error, want one", raw)
		}
		if strings.Contains(err.Error(), "MARK") {
			t.Errorf("%q: got %q, want no part of the URL in it", raw, err)
		}
	}
}

func TestShowURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		u    *url.URL
		want string
	}{
		"nil": {nil, ""},
		"query, userinfo and fragment": {
			&url.URL{Scheme: "https", User: url.UserPassword("u", "p"), Host: "h.example:8443", Path: "/a", RawQuery: "k=v", Fragment: "f"},
			"https://h.example:8443/a",
		},
		"controls in the path": {&url.URL{Scheme: "https", Host: "h.example", Path: "/a\r\nb\x1b"}, "https://h.example/a%0D%0Ab%1B"},
		"200 runes": {
			&url.URL{Scheme: "https", Host: "h.example", Path: "/" + strings.Repeat("a", 182)},
			"https://h.example/" + strings.Repeat("a", 182),
		},
		"201 runes": {
			&url.URL{Scheme: "https", Host: "h.example", Path: "/" + strings.Repeat("a", 183)},
			"https://h.example/" + strings.Repeat("a", 181) + "…",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := probes.ShowURL(tt.u)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if n := utf8.RuneCountInString(got); n > 200 {
				t.Errorf("got %d runes, want at most 200", n)
			}
		})
	}
}

func TestPortOfWhatDidNotPass(t *testing.T) {
	t.Parallel()
	for _, u := range []*url.URL{{}, {Scheme: "ftp", Host: "h.example"}, {Scheme: "https", Host: "h.example:99999"}} {
		if got := probes.PortOf(u); got != 0 {
			t.Errorf("%s: got %d, want 0", u, got)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"https://hooks.example.com/payout?x=1", "http://127.0.0.1:8080/", "https://[::ffff:7f00:1]:443/", "http://0x7f.1/",
		"https://u:p@h/", "https://h/%zz", "https://h/a|b", "HTTP://H:80", "https://h?#", "https://1.2.3.4.5/", "https://h//..//%2e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := probes.ParseURL(raw)
		if err != nil {
			if _, ok := errors.AsType[*probes.URLError](err); !ok {
				t.Fatalf("got %T, want *probes.URLError", err)
			}
			return
		}
		again, err := probes.ParseURL(u.String())
		if err != nil || again.String() != u.String() || again.Host != u.Host || again.Path != u.Path || again.RawQuery != u.RawQuery {
			t.Fatalf("got %v (%v), want %s again", again, err, u)
		}
		checkFuzzedHost(t, u)
	})
}

func checkFuzzedHost(t *testing.T, u *url.URL) {
	t.Helper()
	if u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" || probes.PortOf(u) == 0 {
		t.Fatalf("got %#v, want http or https, a port, no user, no fragment", u)
	}
	host := u.Hostname()
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.:-_") != "" {
		t.Fatalf("got host %q, want letters, digits and .:-_ only", host)
	}
	addr, err := netip.ParseAddr(host)
	if err == nil && addr.String() != host {
		t.Fatalf("got host %q, want %q", host, addr)
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if err != nil && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == "") {
		t.Fatalf("got host %q, which some readers take for a number", host)
	}
	if shown := probes.ShowURL(u); u.RawQuery != "" && strings.Contains(shown, "?") || utf8.RuneCountInString(shown) > 200 {
		t.Fatalf("got %q shown, want no query, at most 200 runes", shown)
	}
}

package main

import "testing"

func TestHostPort(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arg  string
		host string // empty: refused
		port uint16
	}{
		"a name":                     {"hooks.example.com", "hooks.example.com", 443},
		"a name and port":            {"hooks.example.com:8443", "hooks.example.com", 8443},
		"upper case":                 {"HOOKS.example.com", "hooks.example.com", 443},
		"one label":                  {"localhost", "localhost", 443},
		"an address":                 {"192.0.2.1", "192.0.2.1", 443},
		"an address and port":        {"192.0.2.1:1", "192.0.2.1", 1},
		"the last port":              {"192.0.2.1:65535", "192.0.2.1", 65535},
		"a bare IPv6 address":        {"2001:db8::1", "2001:db8::1", 443},
		"IPv6 in brackets":           {"[2001:db8::1]", "2001:db8::1", 443},
		"IPv6 in brackets and port":  {"[::1]:8443", "::1", 8443},
		"IPv6 in another spelling":   {"[2001:DB8:0::1]:8443", "2001:db8::1", 8443},
		"nothing":                    {"", "", 0},
		"a port alone":               {":443", "", 0},
		"port 0":                     {"a.example:0", "", 0},
		"a port too high":            {"a.example:65536", "", 0},
		"a port with a sign":         {"a.example:+1", "", 0},
		"a port in words":            {"a.example:https", "", 0},
		"a colon too many":           {"a.example:443:1", "", 0},
		"a name in brackets":         {"[a.example]:443", "", 0},
		"a bracket that stays open":  {"[::1", "", 0},
		"IPv6 with a zone":           {"fe80::1%eth0", "", 0},
		"an address with zeros":      {"192.0.02.1", "", 0},
		"an address in hex":          {"0x7f000001", "", 0},
		"a URL":                      {"https://a.example", "", 0},
		"a path":                     {"a.example/x", "", 0},
		"a query":                    {"a.example?x", "", 0},
		"a user":                     {"me@a.example", "", 0},
		"white space":                {"a .example", "", 0},
		"a character beyond ASCII":   {"häuser.example", "", 0},
		"two dots":                   {"a..example", "", 0},
		"a backslash before another": {`a.example\@b.example`, "", 0},
	} {
		host, port, err := hostPort(c.arg, 443)
		if refused := err != nil; refused != (c.host == "") {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if err == nil && (host != c.host || port != c.port) {
			t.Errorf("%s: %s and %d, want %s and %d", name, host, port, c.host, c.port)
		}
	}
}

func FuzzHostPort(f *testing.F) {
	for _, s := range []string{"a.example", "a.example:1", "[::1]:443", "::1", "[::", "a:b:c", "%", "a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := hostPort(s, 443)
		if err == nil && (host == "" || port == 0) {
			t.Errorf("%q gives %q and %d", s, host, port)
		}
	})
}

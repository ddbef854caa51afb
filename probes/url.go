package probes

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a URL: RFC 1035 for names, RFC 9110's usual limit for the whole.
const (
	maxURLBytes   = 2048
	maxHostBytes  = 253
	maxLabelBytes = 63
	maxShownRunes = 200
)

// A URLError says why the URL policy refuses a URL. Neither field repeats the
// URL, so that no query or password gets into a log.
type URLError struct {
	Reason string // what is wrong
	Hint   string // how to write it instead; may be empty
}

// Error implements error.
func (e *URLError) Error() string {
	if e.Hint == "" {
		return e.Reason
	}
	return e.Reason + "; " + e.Hint
}

// ParseURL reads the URL of an endpoint. It is stricter than [url.Parse], so
// that whatever reads the URL later sees the same host: http or https, a host,
// at most 2048 bytes of ASCII; no userinfo, fragment, white space, control
// character or backslash; no percent sign in the host; an IPv4 address only in
// its canonical form. The host comes back in lower case, an IPv6 address in
// its canonical form. Every error is a [*URLError].
//
// It judges neither addresses nor ports: [Guard] does, when it dials.
func ParseURL(raw string) (*url.URL, error) {
	if err := checkURLBytes(raw); err != nil {
		return nil, err
	}
	authority, err := authorityOf(raw)
	if err != nil {
		return nil, err
	}
	host, err := canonicalAuthority(authority)
	if err != nil {
		return nil, err
	}
	u, perr := url.Parse(raw)
	if perr != nil { // its text holds the whole URL
		return nil, &URLError{"a percent sign in the path is not followed by two hex digits", "write a percent sign as %25"}
	}
	if u.Host != authority || u.User != nil || u.Opaque != "" {
		return nil, &URLError{"the host can be read in two ways", "write https://host/path"}
	}
	u.Host = host
	if len(u.String()) > maxURLBytes {
		return nil, errURLTooLong()
	}
	return u, nil
}

func errURLTooLong() *URLError {
	return &URLError{"longer than " + strconv.Itoa(maxURLBytes) + " bytes", ""}
}

// checkURLBytes refuses what no part of a URL may hold.
func checkURLBytes(raw string) error {
	if len(raw) > maxURLBytes {
		return errURLTooLong()
	}
	for i := range len(raw) {
		switch c := raw[i]; {
		case c >= utf8.RuneSelf:
			return &URLError{"a character that is not ASCII", "write an international host name in its xn-- form, and percent-encode the path"}
		case c == ' ' || c >= '\t' && c <= '\r':
			return &URLError{"white space", "write a space in the path as %20"}
		case c < ' ' || c == 0x7f:
			return &URLError{"a control character", ""}
		case c == '\\':
			return &URLError{"a backslash", "write / between the parts of a path"}
		case c == '#':
			return &URLError{"a fragment (#...)", "it is never sent: leave it out, or write # as %23"}
		}
	}
	return nil
}

// authorityOf returns what stands between :// and the path.
func authorityOf(raw string) (string, error) {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", &URLError{"the scheme is neither http nor https", "write https://host/path"}
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	switch {
	case rest == "":
		return "", &URLError{"no host", "write https://host/path"}
	case strings.Contains(rest, "@"):
		return "", &URLError{"a user name or password before the host", "leave it out; the token of an endpoint has a setting of its own"}
	case strings.Contains(rest, "%"):
		return "", &URLError{"a percent sign in the host", "write the host plainly, an IPv6 address without a zone"}
	}
	return rest, nil
}

// canonicalAuthority checks host[:port] and returns it in canonical form.
func canonicalAuthority(authority string) (string, error) {
	if inner, ok := strings.CutPrefix(authority, "["); ok {
		literal, rest, closed := strings.Cut(inner, "]")
		addr, err := netip.ParseAddr(literal)
		if err != nil || !addr.Is6() || !closed || rest != "" && rest[0] != ':' {
			return "", &URLError{"not an IPv6 address between [ and ]", "write [2001:db8::1] or [2001:db8::1]:8443"}
		}
		return "[" + addr.String() + "]" + rest, checkPort(rest)
	}
	host, rest := authority, ""
	if i := strings.IndexByte(authority, ':'); i >= 0 {
		host, rest = authority[:i], authority[i:]
	}
	if err := checkPort(rest); err != nil {
		return "", err
	}
	return strings.ToLower(host) + rest, checkHost(host)
}

// checkPort checks what follows the host: nothing, or a colon and a port.
func checkPort(rest string) error {
	if rest == "" {
		return nil
	}
	port, err := strconv.ParseUint(rest[1:], 10, 16)
	if err != nil || port == 0 || strconv.FormatUint(port, 10) != rest[1:] {
		return &URLError{"the port is not a number in [1, 65535]", "leave out the colon as well for the usual port; write an IPv6 address in [ and ]"}
	}
	return nil
}

// checkHost checks a host that is not an IPv6 address: a name, or an IPv4
// address in canonical form.
func checkHost(host string) error {
	switch {
	case host == "":
		return &URLError{"no host", "write https://host/path"}
	case len(host) > maxHostBytes:
		return &URLError{"the host is longer than 253 bytes", ""}
	case strings.HasSuffix(host, "."):
		return &URLError{"the host ends in a dot", "leave out the dot: every name is looked up as absolute"}
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if err := checkLabel(label); err != nil {
			return err
		}
		last = label
	}
	if !numeric(last) {
		return nil
	}
	if _, err := netip.ParseAddr(host); err != nil { // which knows the usual form only
		return &URLError{"the host is a number, but not an IPv4 address in its usual form", "write four decimal numbers without leading zeros: 192.0.2.1"}
	}
	return nil
}

func checkLabel(label string) error {
	if label == "" {
		return &URLError{"the host has an empty label (two dots, or one in front)", ""}
	}
	if len(label) > maxLabelBytes {
		return &URLError{"a label of the host is longer than 63 bytes", ""}
	}
	for i := range len(label) {
		switch c := label[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return &URLError{"the host holds a character other than letters, digits, - and _", ""}
		}
	}
	return nil
}

// numeric reports whether some reader takes a host that ends in this label for
// an IPv4 address (the "ends in a number" rule of the WHATWG URL standard).
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(strings.ToLower(label), "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// ShowURL returns u as people may see it: scheme, host, port and path, without
// userinfo, query and fragment, at most 200 runes. The empty string for nil.
func ShowURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := []rune(u.Scheme + "://" + u.Host + u.EscapedPath())
	if len(shown) > maxShownRunes {
		shown = append(shown[:maxShownRunes-1], '…')
	}
	return string(shown)
}

// PortOf returns the port of u: the one it names, or 80 for http and 443 for
// https. It is 0, which every guard refuses, when u did not pass [ParseURL].
func PortOf(u *url.URL) uint16 {
	switch {
	case u.Port() != "":
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return 0
		}
		return uint16(port)
	case u.Scheme == "https":
		return 443
	case u.Scheme == "http":
		return 80
	default:
		return 0
	}
}

package webhook

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// Bounds of [Config.Timeout].
const (
	DefaultTimeout = 10 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 30 * time.Second // the outbox cuts a send there
)

// Bounds of a signing secret in bytes, decoded, and of what a config holds
// (Standard Webhooks, "Symmetric").
const (
	secretPrefix = "whsec_"
	minSecret    = 24
	maxSecret    = 64
	maxSecrets   = 4  // of one receiver: each makes a signature
	maxHeaders   = 20 // of one receiver
)

// Config is one address with the secrets that sign what goes there. The zero
// Config is refused. It is read-only once in use.
type Config struct {
	URL     probes.Secret            // https, or http to this machine; all but its host counts as secret
	Secret  probes.Secret            // whsec_ and base64; several, for a rotation, are separated by white space: each signs
	Headers map[string]probes.Secret // more headers for each request; nil: none
	Timeout time.Duration            // of one request, in [100ms, 30s]; 0: 10 s
	Roots   *x509.CertPool           // whom to trust; nil: the system's
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats a secret.
func (c Config) Validate() error {
	list := []error{urlFault(c.URL.Reveal())}
	if _, err := keys(c.Secret); err != nil {
		list = append(list, fmt.Errorf("secret: %w", err))
	}
	if len(c.Headers) > maxHeaders {
		list = append(list, fmt.Errorf("headers: %d of them; want at most %d", len(c.Headers), maxHeaders))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		list = append(list, headerFault(name, c.Headers[name].Reveal()))
	}
	if c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > maxTimeout) {
		list = append(list, fmt.Errorf("timeout: %s is outside [%s, %s]; 0 means %s", c.Timeout, minTimeout, maxTimeout, DefaultTimeout))
	}
	return errors.Join(list...)
}

func urlFault(raw string) error {
	if raw == "" {
		return errors.New("url: is empty; want https://host/path")
	}
	u, err := probes.ParseURL(raw)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return errors.New("url: is not https; want https://..., because incidents and secrets are sent there")
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// keys decodes the signing secrets, in the order in which they stand.
func keys(s probes.Secret) ([][]byte, error) {
	words := strings.Fields(s.Reveal())
	if len(words) == 0 {
		return nil, errors.New("is empty; want whsec_ and 24 to 64 random bytes in base64: (printf whsec_; openssl rand -base64 32)")
	}
	if len(words) > maxSecrets {
		return nil, fmt.Errorf("holds %d secrets; want at most %d, the new one first", len(words), maxSecrets)
	}
	var list [][]byte
	for i, w := range words {
		text, ok := strings.CutPrefix(w, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		switch {
		case !ok:
			return nil, fmt.Errorf("number %d does not begin with whsec_; want whsec_ and base64", i+1)
		case err != nil: // its text tells where, which is of no use
			return nil, fmt.Errorf("number %d is no base64 behind whsec_", i+1)
		case len(key) < minSecret || len(key) > maxSecret:
			return nil, fmt.Errorf("number %d has %d bytes behind whsec_; want %d to %d", i+1, len(key), minSecret, maxSecret)
		}
		list = append(list, key)
	}
	return list, nil
}

// token is RFC 9110's word for what may name a header.
var token = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$")

// headerFault refuses what is no header, and what is ours to say.
func headerFault(name, value string) error {
	switch {
	case !token.MatchString(name):
		return fmt.Errorf("headers: %q is no name of a header", clip(name))
	case slices.Contains(ours(), textproto.CanonicalMIMEHeaderKey(name)):
		return fmt.Errorf("headers.%s: is set by the receiver itself; leave it out", name)
	case strings.TrimSpace(value) == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("headers.%s: is empty, or holds a line break or a character that is not ASCII", name)
	default:
		return nil
	}
}

// ours are the headers that no config may set.
func ours() []string {
	return []string{
		"Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Proxy-Connection", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "User-Agent", "Webhook-Id", "Webhook-Signature", "Webhook-Timestamp",
	}
}

// clip bounds a stranger's text in a message.
func clip(s string) string { return s[:min(len(s), 80)] }

func (c Config) timeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

package config

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// Deadman is who watches the pager: whom we call while all is well, so that
// our silence is noticed outside, and how often each lane proves that it works
// (reference alerting.md section 4.9). It is comparable.
type Deadman struct {
	URL   probes.Secret // asked with GET; http or https, without user and fragment; empty: nobody is called
	Every time.Duration // between two calls, in [1s, 1h]; default 60s
	Prove time.Duration // between two silent proofs of a lane, in [1m, 24h]; default 1h; 0: none
}

// The bounds of the dead-man ping and of proofs: our own choice.
const (
	leastProve   = time.Minute
	mostProve    = 24 * time.Hour
	mostPingWait = time.Hour
)

// DefaultDeadman returns the settings of a file that has none.
func DefaultDeadman() Deadman { return Deadman{Every: time.Minute, Prove: time.Hour} }

// deadmanLayout is deadman as it is written.
type deadmanLayout struct {
	URL     probes.Secret      `yaml:"url"`
	URLFile string             `yaml:"url_file"`
	Every   *registry.Duration `yaml:"every"`
	Prove   *registry.Duration `yaml:"prove"`
}

// deadman returns what in says over the defaults. Nothing that it reports
// holds the URL: who knows it can call in our place.
func (l *loader) deadman(in deadmanLayout) Deadman {
	c := DefaultDeadman()
	n, _ := l.root.find("deadman")
	if n == nil || n.empty() {
		return c
	}
	p := place{node: n, path: "deadman"}
	c.URL = l.secret(p, secretSetting{"url", in.URL, in.URLFile, ""})
	key := "url"
	if in.URLFile != "" {
		key = "url_file"
	}
	if message, hint := wrongPing(c.URL); message != "" {
		l.report(p, registry.Fault{Path: key, Message: message, Hint: hint})
	} else if clearPing(c.URL) {
		l.report(p, registry.Fault{Path: key, Message: "goes over the network in clear text: who reads it can call in our place", Hint: "use https", Warning: true})
	}
	l.takeSpans(spanSetting{"deadman.every", in.Every, &c.Every, time.Second, mostPingWait})
	if in.Prove != nil && in.Prove.Std() == 0 {
		c.Prove = 0
		return c
	}
	l.takeSpans(spanSetting{"deadman.prove", in.Prove, &c.Prove, leastProve, mostProve})
	return c
}

// wrongPing says why a URL cannot be called, without a word of it; empty: it
// can, or there is none.
func wrongPing(secret probes.Secret) (message, hint string) {
	if secret == "" {
		return "", ""
	}
	const wanted = "wanted the address that the other side gave, such as https://hc.example.com/ping/ID"
	u, err := url.Parse(secret.Reveal())
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "is not a URL of http or https", wanted
	case u.User != nil || u.Fragment != "":
		return "has a user or a fragment", wanted
	default:
		return "", ""
	}
}

// clearPing reports whether a URL leaves this machine without TLS.
func clearPing(secret probes.Secret) bool {
	u, err := url.Parse(secret.Reveal())
	if err != nil || u.Scheme != "http" {
		return false
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return !addr.IsLoopback()
	}
	return u.Hostname() != "localhost"
}

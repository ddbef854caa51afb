package alertmanager

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// Defaults and bounds of [Config].
const (
	DefaultTimeout      = 10 * time.Second
	DefaultResolveAfter = 5 * time.Minute // Alertmanager's own resolve_timeout
	minTimeout          = 100 * time.Millisecond
	maxTimeout          = 30 * time.Second // the outbox cuts a send there
	refreshEvery        = time.Minute
	minResolveAfter     = 2 * time.Minute // twice the pace at which a live incident is told again
	maxResolveAfter     = 24 * time.Hour
	maxURLs             = 16
	maxLabels           = 30
)

// alertsPath is where alerts go, below each URL.
const alertsPath = "/api/v2/alerts"

// Config is one Alertmanager, or all instances of a cluster: every one of them
// gets every alert, as Prometheus does it, because a cluster shares only what
// it has sent. The zero Config is refused: it has no URL.
type Config struct {
	URLs         []string          // before /api/v2/alerts, at most 16
	Username     string            // with Password: basic authentication
	Password     probes.Secret     //
	Token        probes.Secret     // bearer token; not with Username
	Labels       map[string]string // that all alerts have beside ours, at most 30
	ResolveAfter time.Duration     // an alert that is not told again ends then, in [2m, 24h]; 0: 5 min
	Timeout      time.Duration     // of one request, in [100ms, 30s]; 0: 10 s
	Roots        *x509.CertPool    // nil: the system's
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats a secret.
func (c Config) Validate() error {
	faults := c.urlFaults()
	faults = append(faults, c.authFaults()...)
	faults = append(faults, c.labelFaults()...)
	if d := c.ResolveAfter; d != 0 && (d < minResolveAfter || d > maxResolveAfter) {
		faults = append(faults, fmt.Errorf("resolve_after: %s is outside [%s, %s]; 0 means %s; a live incident is told again about every minute", d, minResolveAfter, maxResolveAfter, DefaultResolveAfter))
	}
	if d := c.Timeout; d != 0 && (d < minTimeout || d > maxTimeout) {
		faults = append(faults, fmt.Errorf("timeout: %s is outside [%s, %s]; 0 means %s", d, minTimeout, maxTimeout, DefaultTimeout))
	}
	return errors.Join(faults...)
}

func (c Config) urlFaults() []error {
	switch {
	case len(c.URLs) == 0:
		return []error{errors.New("urls: is missing; want the address of each Alertmanager, such as [http://127.0.0.1:9093]")}
	case len(c.URLs) > maxURLs:
		return []error{fmt.Errorf("urls: has %d addresses; want at most %d", len(c.URLs), maxURLs)}
	}
	var faults []error
	for i, raw := range c.URLs {
		if why := c.urlFault(raw); why != "" {
			faults = append(faults, fmt.Errorf("urls[%d]: %s", i, why))
		} else if slices.ContainsFunc(c.URLs[:i], func(o string) bool { return endpoint(o) == endpoint(raw) }) {
			faults = append(faults, fmt.Errorf("urls[%d]: stands here twice", i))
		}
	}
	return faults
}

func (c Config) urlFault(raw string) string {
	u, err := probes.ParseURL(raw)
	switch {
	case err != nil:
		return err.Error()
	case strings.Contains(raw, "?"):
		return "has a query (?...); want http://host:9093"
	case strings.HasSuffix(endpoint(u.Path), alertsPath+alertsPath):
		return "ends in " + alertsPath + "; leave that out: it is added"
	case u.Scheme != "https" && c.authorized() && !loopback(u.Hostname()):
		return "is not https; want https://..., because a password or a token is sent there"
	default:
		return ""
	}
}

func (c Config) authorized() bool { return c.Token != "" || c.Username != "" || c.Password != "" }

func (c Config) authFaults() []error {
	var faults []error
	switch {
	case c.Token != "" && (c.Username != "" || c.Password != ""):
		faults = append(faults, errors.New("token: a username or a password is set as well; want one of the two ways"))
	case c.Username == "" && c.Password != "":
		faults = append(faults, errors.New("username: is missing; a password is set"))
	case c.Username != "" && c.Password == "":
		faults = append(faults, errors.New("password: is missing; a username is set"))
	}
	if strings.Contains(c.Username, ":") {
		faults = append(faults, errors.New("username: holds a colon, which basic authentication does not have"))
	}
	for _, secret := range []struct {
		key   string
		value string
	}{{"username", c.Username}, {"password", c.Password.Reveal()}, {"token", c.Token.Reveal()}} {
		if strings.ContainsFunc(secret.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			faults = append(faults, fmt.Errorf("%s: holds a line break or another control character", secret.key))
		}
	}
	return faults
}

// labelName is what every Alertmanager takes as the name of a label
// (prometheus.io/docs/concepts/data_model).
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (c Config) labelFaults() []error {
	if len(c.Labels) > maxLabels {
		return []error{fmt.Errorf("labels: has %d entries; want at most %d", len(c.Labels), maxLabels)}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		value := c.Labels[name]
		shown := clean(name, 40)
		switch {
		case !labelName.MatchString(name), strings.HasPrefix(name, "__"), len(name) > maxName:
			faults = append(faults, fmt.Errorf("labels.%s: is no name of a label; want letters, digits and _, no digit first, no __ first", shown))
		case slices.Contains(ours(), name):
			faults = append(faults, fmt.Errorf("labels.%s: is set by hookvigil itself; want another name", shown))
		case value == "" || clean(value, maxName) != value:
			faults = append(faults, fmt.Errorf("labels.%s: is empty, longer than %d characters, or holds a line break or an angle bracket", shown, maxName))
		}
	}
	return faults
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// endpoint is where alerts are posted.
func endpoint(base string) string { return strings.TrimRight(base, "/") + alertsPath }

// hostOf names an Alertmanager to people.
func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Scheme + "://" + u.Host
}

// Destination is where the notices of a receiver of that name go: its one
// lane, in which an incident is a record that is kept up to date, and told anew
// while it lives.
func Destination(name string) alerting.Destination {
	return alerting.Destination{Lane: name + "/alerts", Form: alerting.FormState, Refresh: refreshEvery}
}

package pagerduty

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// Defaults of [Config], and the bounds of its Timeout.
const (
	DefaultURL     = "https://events.pagerduty.com"
	DefaultClient  = "hookvigil"
	DefaultTimeout = 10 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 30 * time.Second // the outbox cuts a send there
)

// ProveEvery is how often a test key proves that events arrive (reference
// alerting.md section 4.9).
const ProveEvery = 7 * 24 * time.Hour

// keyLength is that of PagerDuty's own integration keys, in letters and digits
// (developer.pagerduty.com, Events API v2: "the GUID of one of your Events API
// V2 integrations").
const keyLength = 32

// maxKey bounds the routing keys of others, in characters.
const maxKey = 256

// maxClient bounds [Config.Client], in characters.
const maxClient = 100

// enqueue is where events go, below the URL.
const enqueue = "/v2/enqueue"

// Config is one integration of a PagerDuty service. The zero Config is
// refused: it has no routing key.
type Config struct {
	RoutingKey probes.Secret // integration key of an Events API v2 integration
	// TestKey is that of another service, with low urgency, which is triggered
	// and resolved each [ProveEvery] to prove that events arrive: there is no
	// event that nobody notices. It does not prove RoutingKey. Empty: no proof.
	TestKey probes.Secret
	URL     string        // before /v2/enqueue; empty: DefaultURL; the EU's is https://events.eu.pagerduty.com
	Client  string        // who PagerDuty says sent it, at most 100 characters; empty: DefaultClient
	Timeout time.Duration // of one request, in [100ms, 30s]; 0: 10 s
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats a secret.
func (c Config) Validate() error {
	faults := []error{c.keyFault("routing_key", c.RoutingKey), c.testFault(), urlFault(c.baseURL())}
	if utf8.RuneCountInString(c.Client) > maxClient || alerting.Line(c.Client, maxClient) != c.Client {
		faults = append(faults, fmt.Errorf("client: is longer than %d characters, or holds a line break or a control character; want a name such as %s", maxClient, DefaultClient))
	}
	if c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > maxTimeout) {
		faults = append(faults, fmt.Errorf("timeout: %s is outside [%s, %s]; 0 means %s", c.Timeout, minTimeout, maxTimeout, DefaultTimeout))
	}
	return errors.Join(faults...)
}

// keyFault says what is wrong with a key, without showing any of it.
func (c Config) keyFault(name string, secret probes.Secret) error {
	key := secret.Reveal()
	switch {
	case key == "":
		return fmt.Errorf("%s: is missing; want the integration key of an Events API v2 integration of the service", name)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("%s: holds white space, a control character or one that is not ASCII; want the key alone, without a line break", name)
	case len(key) > maxKey:
		return fmt.Errorf("%s: has %d characters; want at most %d", name, len(key), maxKey)
	case c.ofPagerDuty() && len(key) != keyLength:
		return fmt.Errorf("%s: has %d characters; PagerDuty's have %d: want the integration key of an Events API v2 integration, not an API token", name, len(key), keyLength)
	case c.ofPagerDuty() && strings.ContainsFunc(key, func(r rune) bool { return !letterOrDigit(r) }):
		return fmt.Errorf("%s: holds a character that is neither a letter nor a digit; PagerDuty's have %d of these: want the integration key of an Events API v2 integration, without quotes or a prefix", name, keyLength)
	default:
		return nil
	}
}

// testFault refuses a key for proofs that is none, or would wake somebody each
// week.
func (c Config) testFault() error {
	switch c.TestKey {
	case "":
		return nil
	case c.RoutingKey:
		return errors.New("test_key: is the routing key, which would wake somebody each week; want the integration key of a service of its own, with low urgency")
	default:
		return c.keyFault("test_key", c.TestKey)
	}
}

func letterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// ofPagerDuty reports whether events go to PagerDuty itself.
func (c Config) ofPagerDuty() bool {
	u, err := probes.ParseURL(c.baseURL())
	return err == nil && strings.HasSuffix("."+u.Hostname(), ".pagerduty.com")
}

// urlFault refuses what is no URL, and a key in clear text over a network.
func urlFault(raw string) error {
	u, err := probes.ParseURL(raw)
	switch {
	case err != nil:
		return fmt.Errorf("url: %w", err)
	case u.Scheme != "https" && !loopback(u.Hostname()):
		return errors.New("url: is not https; want https://..., because the routing key is sent there")
	case strings.Contains(raw, "?"):
		return fmt.Errorf("url: has a query (?...); want %s", DefaultURL)
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), enqueue):
		return fmt.Errorf("url: ends in %s; leave that out: it is added", enqueue)
	default:
		return nil
	}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (c Config) baseURL() string { return cmp.Or(c.URL, DefaultURL) }

// endpoint is where events are posted.
func (c Config) endpoint() string { return strings.TrimRight(c.baseURL(), "/") + enqueue }

// Destination is where the notices of a receiver of that name go: its one
// lane, in which an incident is a record that is kept up to date.
func Destination(name string) alerting.Destination {
	return alerting.Destination{Lane: name + "/events", Form: alerting.FormState}
}

// ProofDestination is where the silent proofs of a receiver of that name go: a
// lane of its own, so that what becomes of the test key stops no page.
func ProofDestination(name string) alerting.Destination {
	return alerting.Destination{Lane: name + "/proof", Form: alerting.FormState}
}

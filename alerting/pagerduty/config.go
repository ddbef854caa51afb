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

// keyLength is that of PagerDuty's own integration keys, in characters
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
	URL        string        // before /v2/enqueue; empty: DefaultURL; the EU's is https://events.eu.pagerduty.com
	Client     string        // who PagerDuty says sent it, at most 100 characters; empty: DefaultClient
	Timeout    time.Duration // of one request, in [100ms, 30s]; 0: 10 s
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats a secret.
func (c Config) Validate() error {
	faults := []error{c.keyFault(), urlFault(c.baseURL())}
	if utf8.RuneCountInString(c.Client) > maxClient || clean(c.Client, maxClient) != c.Client {
		faults = append(faults, fmt.Errorf("client: is longer than %d characters, or holds a line break or a control character; want a name such as %s", maxClient, DefaultClient))
	}
	if c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > maxTimeout) {
		faults = append(faults, fmt.Errorf("timeout: %s is outside [%s, %s]; 0 means %s", c.Timeout, minTimeout, maxTimeout, DefaultTimeout))
	}
	return errors.Join(faults...)
}

func (c Config) keyFault() error {
	key := c.RoutingKey.Reveal()
	switch {
	case key == "":
		return errors.New("routing_key: is missing; want the integration key of an Events API v2 integration of the service")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("routing_key: holds white space, a control character or one that is not ASCII; want the key alone, without a line break")
	case len(key) > maxKey:
		return fmt.Errorf("routing_key: has %d characters; want at most %d", len(key), maxKey)
	case c.ofPagerDuty() && len(key) != keyLength:
		return fmt.Errorf("routing_key: has %d characters; PagerDuty's have %d: want the integration key of an Events API v2 integration, not an API token", len(key), keyLength)
	default:
		return nil
	}
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

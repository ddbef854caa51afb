package promquery

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Defaults and bounds of [Config].
const (
	DefaultEvery   = rules.TickLength
	DefaultTimeout = 5 * time.Second

	minEvery   = time.Second
	maxEvery   = time.Minute
	minTimeout = 100 * time.Millisecond
	maxQuery   = 4 << 10 // bytes: it goes into a request's URL
)

// Config is one pair of queries. The zero Config is refused by Validate.
type Config struct {
	Source string // what the pair is called in logs and metrics

	// URL of the server, without /api/v1/query: http or https, with a path
	// before it and a query (?dedup=true) if there must be. What stands before
	// an @ is sent as user and password, and is in no error.
	URL    string
	Total  string // PromQL: all first attempts, as counters
	Good   string // PromQL: those that were delivered; or else Failed. Without a series of a scope there is no sample of it
	Failed string // PromQL: those that failed; without a series of a scope, none did
	Labels Labels

	Every   time.Duration // between two asks, in [1s, 1m]; 0: 10 s; no less than the scrape interval gives more
	Timeout time.Duration // of one ask, both queries, in [100ms, Every]; 0: 5 s, or Every when that is less

	Token probes.Secret  // bearer token; empty: none
	Roots *x509.CertPool // whom to trust; nil: the system's

	// Observe is told of each ask. It is called by Run's goroutine and must not
	// block. nil: nobody listens.
	Observe func(Asked)
}

// Labels names the labels of the series that say what a counter is about. An
// empty name: there is no such label.
type Labels struct {
	Product string
	Channel string
}

// Sample is what was counted in one scope between two asks.
type Sample struct {
	Scope  rules.Scope // platform, product:X or channel:X
	From   time.Time   // of the ask before, in UTC: usually Every before At, more after answers that failed
	At     time.Time   // of the ask, in UTC: the moment both queries were evaluated for
	First  int         // first attempts; 0: there was no traffic
	Failed int         // of them failed
}

// Handler is given the samples of one ask, ordered by scope. samples is its own.
type Handler func(ctx context.Context, samples []Sample)

// Asked is one ask, and how it stands since.
type Asked struct {
	Source string
	At     time.Time     // for which moment
	Took   time.Duration // both queries
	Err    error         // nil: both were answered

	Series     int // of both answers
	Stale      int // series whose value has the time that it had before
	Missing    int // series that were there in the last five minutes, and are not now
	Bad        int // series without a usable value (not a number, negative, a histogram) or with a label over 256 bytes
	Resets     int // series that began again at zero
	Unclear    int // scopes left out: a counter fell, or rose, by more than can be
	Mismatched int // scopes whose failed (or good) do not go with their total, three times in a row
	First      int // of all traffic
	Failed     int // of all traffic

	LastData time.Time     // of the last ask that gave a sample of all traffic; zero: none did
	Lag      time.Duration // since then, or since Run began
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats the URL or the token.
func (c Config) Validate() error {
	faults := []error{c.urlFault(), queryFault("total", c.Total, true), queryFault("good", c.Good, false), queryFault("failed", c.Failed, false)}
	if (c.Good == "") == (c.Failed == "") {
		faults = append(faults, errors.New("failed: want exactly one of good and failed"))
	}
	faults = append(faults, labelFault("labels.product", c.Labels.Product), labelFault("labels.channel", c.Labels.Channel))
	if c.Every != 0 && (c.Every < minEvery || c.Every > maxEvery) {
		faults = append(faults, fmt.Errorf("every: %s is outside [%s, %s]; 0 means %s", c.Every, minEvery, maxEvery, DefaultEvery))
	}
	if most := cmp.Or(c.Every, DefaultEvery); c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > most) {
		faults = append(faults, fmt.Errorf("timeout: %s is outside [%s, %s], the time between two asks; 0 means %s", c.Timeout, minTimeout, most, min(DefaultTimeout, most)))
	}
	return errors.Join(faults...)
}

func (c Config) urlFault() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url: is no URL of a server; want http://host:9090 or https://host/path")
	case u.Fragment != "":
		return errors.New("url: has a fragment (#...); leave it out")
	case u.Scheme == "http" && (c.Token != "" || u.User != nil) && !loopback(u.Hostname()):
		return errors.New("url: is not https; want https://..., because a secret is sent there")
	case u.User != nil && c.Token != "":
		return errors.New("token: the URL has a user as well; want one of the two")
	default:
		return nil
	}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func queryFault(key, text string, needed bool) error {
	switch {
	case text == "" && needed:
		return fmt.Errorf("%s: is empty; want PromQL that gives counters, such as webhooks_total", key)
	case len(text) > maxQuery:
		return fmt.Errorf("%s: has %d bytes; want at most %d: a recording rule is the place for a long query", key, len(text), maxQuery)
	default:
		return nil
	}
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func labelFault(key, name string) error {
	if name == "" || labelName.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%s: %q is no name of a label; want letters, digits and _", key, cut(name, 80))
}

// filled returns c with its defaults.
func (c Config) filled() Config {
	c.Every = cmp.Or(c.Every, DefaultEvery)
	c.Timeout = cmp.Or(c.Timeout, min(DefaultTimeout, c.Every))
	if c.Observe == nil {
		c.Observe = func(Asked) {}
	}
	return c
}

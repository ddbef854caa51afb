package slack

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// Bounds of [Config.Timeout].
const (
	DefaultTimeout = 10 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 30 * time.Second // the outbox cuts a send there
)

// Config is one workspace's way in: a bot token with a channel, or an incoming
// webhook. The zero Config is refused.
type Config struct {
	Token      probes.Secret // bot token, xoxb-...; empty: WebhookURL is used
	Channel    string        // ID of the channel, as in C0123456789; only with Token; a notice's Recipient goes before it
	APIURL     string        // of the Web API; empty: https://slack.com/api/
	WebhookURL probes.Secret // basic mode: no updates, no threads, no proof after a lost answer
	Timeout    time.Duration // of one request, in [100ms, 30s]; 0: 10 s

	// With one of these, the message of a live incident has buttons; only with
	// Token. Users are who may press them, by Slack's ID (U0123ABCD); others
	// are refused. Silences adds the button that silences: set it when
	// somebody is there who does ([Buttons]).
	SigningSecret probes.Secret // interactions come by HTTP, signed with it
	AppToken      probes.Secret // xapp-...: they come by Socket Mode
	Users         map[string]User
	Silences      bool

	// Wordings word kinds of notice whose facts are not [alerting.Facts], such
	// as digests; nil, or none for a kind: they are worded as incidents are.
	Wordings map[alerting.Kind]Wording
}

// Validate reports every fault at once, each with its key; nil when there is
// none. No fault repeats a secret.
func (c Config) Validate() error {
	faults := c.modeFaults()
	if c.Token != "" {
		faults = append(faults, tokenFault(c.Token.Reveal()), channelFault(c.Channel))
	}
	if c.WebhookURL != "" {
		faults = append(faults, urlFault("webhook_url", c.WebhookURL.Reveal()), hookPathFault(c.WebhookURL.Reveal()))
	}
	faults = append(faults, c.buttonFaults()...)
	if c.APIURL != "" {
		faults = append(faults, urlFault("api_url", c.APIURL), queryFault(c.APIURL))
	}
	if c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > maxTimeout) {
		faults = append(faults, fmt.Errorf("timeout: %s is outside [%s, %s]; 0 means %s", c.Timeout, minTimeout, maxTimeout, DefaultTimeout))
	}
	return errors.Join(faults...)
}

// modeFaults looks at which settings there are.
func (c Config) modeFaults() []error {
	var faults []error
	switch {
	case c.Token == "" && c.WebhookURL == "":
		faults = append(faults, errors.New("token: neither a token nor a webhook URL is set; want a bot token (xoxb-...) and a channel, or an incoming webhook alone"))
	case c.Token != "" && c.WebhookURL != "":
		faults = append(faults, errors.New("webhook_url: a token is set as well; want one of the two: the token can do more"))
	}
	if c.Token == "" && c.Channel != "" {
		faults = append(faults, errors.New("channel: set without a token; leave it out: an incoming webhook has its own channel"))
	}
	if c.Token == "" && c.APIURL != "" {
		faults = append(faults, errors.New("api_url: set without a token; leave it out: an incoming webhook has its own address"))
	}
	return faults
}

// interactive reports whether messages have buttons, and somebody hears them.
func (c Config) interactive() bool {
	return c.Token != "" && (c.SigningSecret != "" || c.AppToken != "")
}

func tokenFault(token string) error {
	switch {
	case badSecret(token):
		return errors.New("token: holds white space, a control character or one that is not ASCII; want the token alone, without a line break")
	case strings.HasPrefix(token, "xapp-"):
		return errors.New("token: is an app-level token (xapp-...); want the bot user's OAuth token (xoxb-...)")
	case !strings.HasPrefix(token, "xoxb-") && !strings.HasPrefix(token, "xoxp-") && !strings.HasPrefix(token, "xoxe."):
		return errors.New("token: is no token of a Slack bot; want the bot user's OAuth token (xoxb-...)")
	default:
		return nil
	}
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{6,30}$`)

func channelFault(channel string) error {
	if channelID.MatchString(channel) {
		return nil
	}
	return fmt.Errorf("channel: %q is no ID of a channel; want one such as C0123456789: a name does not do for updates, the ID stands at the end of the channel's details", alerting.Line(channel, 80))
}

// urlFault refuses what is no URL, and a secret in clear text over a network.
func urlFault(key, raw string) error {
	u, err := probes.ParseURL(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return fmt.Errorf("%s: is not https; want https://..., because a secret is sent there", key)
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func queryFault(raw string) error {
	if strings.Contains(raw, "?") {
		return errors.New("api_url: has a query (?...); want https://host/api/")
	}
	return nil
}

func hookPathFault(raw string) error {
	if u, err := url.Parse(raw); err == nil && strings.Trim(u.Path, "/") == "" {
		return errors.New("webhook_url: has no path; want the whole address, which begins with https://hooks.slack.com/services/")
	}
	return nil
}

// apiURL is where the Web API is, with a slash at the end.
func (c Config) apiURL() string {
	if c.APIURL == "" {
		return slackgo.APIURL
	}
	return strings.TrimSuffix(c.APIURL, "/") + "/"
}

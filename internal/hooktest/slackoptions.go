package hooktest

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Defaults of [SlackOptions].
const (
	DefaultSlackToken   = "xoxb-hooktest"
	DefaultSlackChannel = "C0HOOKTEST" // its name is alerts
	DefaultSlackHook    = "/services/T0HOOKTEST/B0HOOKTEST/hooktest"

	DefaultSlackSigning  = "hooktest-signing-secret"
	DefaultSlackAppToken = "xapp-hooktest"
	DefaultSlackPresser  = "U0PRESSER" // who presses a button
)

const hookPrefix = "/services/"

// SlackOptions shapes a fake Slack. The zero value listens on 127.0.0.1, takes
// DefaultSlackToken, and has one channel with one incoming webhook.
type SlackOptions struct {
	Addr     string            // address to listen on, port 0 for any; empty: 127.0.0.1:0
	Token    string            // the bot token; empty: DefaultSlackToken
	Channels []SlackChannel    // nil: DefaultSlackChannel alone
	Hooks    map[string]string // channel IDs by the webhook's path, which starts with /services/; nil: DefaultSlackHook of the first channel

	SigningSecret string // with which [Slack.Press] signs; empty: DefaultSlackSigning
	AppToken      string // for apps.connections.open; empty: DefaultSlackAppToken
}

// SlackChannel is a conversation. The zero value is refused: it has no ID.
type SlackChannel struct {
	ID        string // as in C0123456789
	Name      string // without #; may be empty
	Archived  bool   // answers is_archived; is_inactive to chat.update
	NotMember bool   // answers not_in_channel; its webhooks work all the same
}

// prepare fills in what was left out and refuses what cannot be.
func (o *SlackOptions) prepare() error {
	o.Addr = orElse(o.Addr, "127.0.0.1:0")
	if _, err := netip.ParseAddrPort(o.Addr); err != nil {
		return fmt.Errorf("option Addr: %q is no IP address with a port, such as 127.0.0.1:0 or [::1]:0", o.Addr)
	}
	o.Token = orElse(o.Token, DefaultSlackToken)
	o.SigningSecret = orElse(o.SigningSecret, DefaultSlackSigning)
	o.AppToken = orElse(o.AppToken, DefaultSlackAppToken)
	if o.Channels == nil {
		o.Channels = []SlackChannel{{ID: DefaultSlackChannel, Name: "alerts"}}
	}
	if slices.ContainsFunc(o.Channels, func(c SlackChannel) bool { return c.ID == "" }) {
		return errors.New("option Channels: one has no ID")
	}
	if o.Hooks == nil && len(o.Channels) > 0 {
		o.Hooks = map[string]string{DefaultSlackHook: o.Channels[0].ID}
	}
	o.Hooks = maps.Clone(o.Hooks)
	for path := range o.Hooks {
		if !strings.HasPrefix(path, hookPrefix) {
			return fmt.Errorf("option Hooks: a path does not start with %s", hookPrefix)
		}
	}
	return nil
}

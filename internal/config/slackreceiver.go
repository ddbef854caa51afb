package config

import (
	"reflect"

	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// slackLayout is a receiver of kind slack as it is written.
type slackLayout struct {
	Kind              string             `yaml:"kind"`
	Token             probes.Secret      `yaml:"token"`
	TokenFile         string             `yaml:"token_file"`
	Channel           string             `yaml:"channel"`
	APIURL            string             `yaml:"api_url"`
	WebhookURL        probes.Secret      `yaml:"webhook_url"`
	WebhookURLFile    string             `yaml:"webhook_url_file"`
	Timeout           *registry.Duration `yaml:"timeout"`
	SigningSecret     probes.Secret      `yaml:"signing_secret"`
	SigningSecretFile string             `yaml:"signing_secret_file"`
	AppToken          probes.Secret      `yaml:"app_token"`
	AppTokenFile      string             `yaml:"app_token_file"`
	Users             *node              `yaml:"users"` // by Slack's ID of the person
}

// slackUserLayout is a person who may press buttons.
type slackUserLayout struct {
	Name string `yaml:"name"`
	Role string `yaml:"role"`
}

// slackReceiver takes a receiver of kind slack.
func (l *loader) slackReceiver(p place) *slack.Config {
	var in slackLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := slack.Config{
		Channel: in.Channel, APIURL: in.APIURL,
		Token:      l.secret(p, secretSetting{"token", in.Token, in.TokenFile, "xoxb-" + unreadable}),
		WebhookURL: l.secret(p, secretSetting{"webhook_url", in.WebhookURL, in.WebhookURLFile, "https://hooks.slack.com/services/" + unreadable}),

		SigningSecret: l.secret(p, secretSetting{"signing_secret", in.SigningSecret, in.SigningSecretFile, unreadable}),
		AppToken:      l.secret(p, secretSetting{"app_token", in.AppToken, in.AppTokenFile, "xapp-" + unreadable}),
		Users:         l.slackUsers(p, in.Users),
	}
	takeSpan(&c.Timeout, in.Timeout)
	if c.Token == "" && c.WebhookURL == "" {
		l.report(p, registry.Fault{
			Path: "token_file", Message: "neither a token nor a webhook URL is set",
			Hint: "give token_file: secrets/slack.token (xoxb-...) and channel: C0123456789, or webhook_url_file: secrets/slack.url alone",
		})
		return &c
	}
	if c.Token != "" && c.WebhookURL == "" {
		l.needs(p, "channel", c.Channel, "C0123456789")
	}
	files := map[string]string{"token": in.TokenFile, "webhook_url": in.WebhookURLFile, "signing_secret": in.SigningSecretFile, "app_token": in.AppTokenFile}
	for _, f := range joined(c.Validate()) {
		if files[f.Path] != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

// slackUsers takes the people of a receiver.
func (l *loader) slackUsers(p place, n *node) map[string]slack.User {
	_, at := p.node.find("users")
	if n == nil || n.empty() || !l.dec.wants(n, kindMapping, under(p.path, "users"), at) {
		return nil
	}
	users := map[string]slack.User{}
	for _, u := range n.pairs {
		var in slackUserLayout
		path := under(under(p.path, "users"), clip(u.key))
		if l.dec.wants(u.value, kindMapping, path, u.at) && l.dec.value(u.value, reflect.ValueOf(&in).Elem(), path, u.at) {
			users[u.key] = slack.User{Name: in.Name, Role: slack.Role(in.Role)}
		}
	}
	return users
}

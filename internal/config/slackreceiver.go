package config

import (
	"reflect"

	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// slackLayout is a receiver of kind slack as it is written.
type slackLayout struct {
	Kind           string             `yaml:"kind"`
	Token          probes.Secret      `yaml:"token"`
	TokenFile      string             `yaml:"token_file"`
	Channel        string             `yaml:"channel"`
	APIURL         string             `yaml:"api_url"`
	WebhookURL     probes.Secret      `yaml:"webhook_url"`
	WebhookURLFile string             `yaml:"webhook_url_file"`
	Timeout        *registry.Duration `yaml:"timeout"`
	SigningSecret  ignored            `yaml:"signing_secret_file" later:"incidents are not acknowledged in Slack yet"`
}

// slackReceiver takes a receiver of kind slack.
func (l *loader) slackReceiver(p place) *slack.Config {
	var in slackLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := slack.Config{
		Channel: in.Channel, APIURL: in.APIURL,
		Token:      l.secret(p, secretSetting{"token", in.Token, in.TokenFile, "xoxb-" + unreadable}),
		WebhookURL: l.secret(p, secretSetting{"webhook_url", in.WebhookURL, in.WebhookURLFile, "https://hooks.slack.com/services/" + unreadable}),
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
	for _, f := range joined(c.Validate()) {
		if f.Path == "token" && in.TokenFile != "" || f.Path == "webhook_url" && in.WebhookURLFile != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

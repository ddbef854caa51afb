package config

import (
	"reflect"

	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// pagerdutyLayout is a receiver of kind pagerduty as it is written.
type pagerdutyLayout struct {
	Kind           string             `yaml:"kind"`
	RoutingKey     probes.Secret      `yaml:"routing_key"`
	RoutingKeyFile string             `yaml:"routing_key_file"`
	URL            string             `yaml:"url"`
	Client         string             `yaml:"client"`
	Timeout        *registry.Duration `yaml:"timeout"`
}

// keyStand is in the place of a key that cannot be read: as long as one.
const keyStand = "unreadable-unreadable-unreadable"

// pagerdutyReceiver takes a receiver of kind pagerduty.
func (l *loader) pagerdutyReceiver(p place) *pagerduty.Config {
	var in pagerdutyLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := pagerduty.Config{
		RoutingKey: l.secret(p, secretSetting{"routing_key", in.RoutingKey, in.RoutingKeyFile, keyStand}),
		URL:        in.URL, Client: in.Client,
	}
	takeSpan(&c.Timeout, in.Timeout)
	if c.RoutingKey == "" {
		l.report(p, registry.Fault{
			Path: "routing_key_file", Message: "is missing",
			Hint: "give routing_key_file: secrets/pagerduty.key, with the integration key of an Events API v2 integration of the service",
		})
		c.RoutingKey = keyStand
	}
	for _, f := range joined(c.Validate()) {
		if f.Path == "routing_key" && in.RoutingKeyFile != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

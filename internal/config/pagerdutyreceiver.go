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
	TestKey        probes.Secret      `yaml:"test_key"`
	TestKeyFile    string             `yaml:"test_key_file"`
	URL            string             `yaml:"url"`
	Client         string             `yaml:"client"`
	Timeout        *registry.Duration `yaml:"timeout"`
}

// What is in the place of a key that cannot be read has the form of one.
const (
	keyStand     = "unreadable0unreadable0unreadable"
	testKeyStand = "unreadable1unreadable1unreadable"
)

// pagerdutyReceiver takes a receiver of kind pagerduty.
func (l *loader) pagerdutyReceiver(p place) *pagerduty.Config {
	var in pagerdutyLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := pagerduty.Config{
		RoutingKey: l.secret(p, secretSetting{"routing_key", in.RoutingKey, in.RoutingKeyFile, keyStand}),
		TestKey:    l.secret(p, secretSetting{"test_key", in.TestKey, in.TestKeyFile, testKeyStand}),
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
	files := map[string]string{"routing_key": in.RoutingKeyFile, "test_key": in.TestKeyFile}
	for _, f := range joined(c.Validate()) {
		if files[f.Path] != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

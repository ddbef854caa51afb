package config

import (
	"reflect"

	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// alertmanagerLayout is a receiver of kind alertmanager as it is written.
type alertmanagerLayout struct {
	Kind         string             `yaml:"kind"`
	URLs         words              `yaml:"urls"`
	Username     string             `yaml:"username"`
	Password     probes.Secret      `yaml:"password"`
	PasswordFile string             `yaml:"password_file"`
	Token        probes.Secret      `yaml:"token"`
	TokenFile    string             `yaml:"token_file"`
	Labels       *node              `yaml:"labels"`
	ResolveAfter *registry.Duration `yaml:"resolve_after"`
	Timeout      *registry.Duration `yaml:"timeout"`
}

// alertmanagerReceiver takes a receiver of kind alertmanager.
func (l *loader) alertmanagerReceiver(p place) *alertmanager.Config {
	var in alertmanagerLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := alertmanager.Config{
		URLs: in.URLs, Username: in.Username, Labels: l.alertLabels(p, in.Labels), Roots: l.cfg.Defaults.Roots,
		Password: l.secret(p, secretSetting{"password", in.Password, in.PasswordFile, unreadable}),
		Token:    l.secret(p, secretSetting{"token", in.Token, in.TokenFile, unreadable}),
	}
	takeSpan(&c.ResolveAfter, in.ResolveAfter)
	takeSpan(&c.Timeout, in.Timeout)
	files := map[string]string{"password": in.PasswordFile, "token": in.TokenFile}
	for _, f := range joined(c.Validate()) {
		if files[f.Path] != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

// alertLabels takes what all alerts are labelled with.
func (l *loader) alertLabels(p place, n *node) map[string]string {
	path := under(p.path, "labels")
	if n == nil || !l.dec.wants(n, kindMapping, path, n.at) {
		return nil
	}
	labels := map[string]string{}
	for _, pair := range n.pairs {
		var value string
		if l.dec.value(pair.value, reflect.ValueOf(&value).Elem(), under(path, clip(pair.key)), pair.at) {
			labels[pair.key] = value
		}
	}
	return labels
}

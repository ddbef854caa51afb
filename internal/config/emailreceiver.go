package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// emailLayout is a receiver of kind email as it is written.
type emailLayout struct {
	Kind        string             `yaml:"kind"`
	SMTP        smtpLayout         `yaml:"smtp"`
	From        string             `yaml:"from"`
	To          []string           `yaml:"to"`
	Timeout     *registry.Duration `yaml:"timeout"`
	Connections int                `yaml:"connections"`
	DKIM        *dkimLayout        `yaml:"dkim"`
}

type dkimLayout struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"`
}

type smtpLayout struct {
	Host         string        `yaml:"host"`
	Port         int           `yaml:"port"`
	TLS          string        `yaml:"tls"`
	Username     string        `yaml:"username"`
	Password     probes.Secret `yaml:"password"`
	PasswordFile string        `yaml:"password_file"`
}

// emailReceiver takes a receiver of kind email.
func (l *loader) emailReceiver(p place) *email.Config {
	var in emailLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := email.Config{
		From: in.From, To: in.To, Connections: in.Connections, DKIM: l.dkim(p, in.DKIM),
		SMTP: email.Server{
			Host: in.SMTP.Host, Port: in.SMTP.Port, TLS: in.SMTP.TLS, Username: in.SMTP.Username,
			Password: l.secret(p, secretSetting{"smtp.password", in.SMTP.Password, in.SMTP.PasswordFile, unreadable}),
			Roots:    l.cfg.Defaults.Roots,
		},
	}
	takeSpan(&c.Timeout, in.Timeout)
	if c.SMTP.Host == "" {
		l.report(p, registry.Fault{Path: "smtp.host", Message: "is missing", Hint: "give smtp: {host: smtp.example.com}"})
	}
	l.needs(p, "from", c.From, "alerts@example.com")
	for i, to := range in.To {
		if slices.Contains(in.To[:i], to) {
			l.report(p, registry.Fault{Path: fmt.Sprintf("to[%d]", i), Message: quote(to) + " stands here twice"})
		}
	}
	for _, f := range joined(c.Validate()) {
		if f.Path == "dkim.key" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

// dkim takes how mails are signed. Without a key that can be read, which is
// reported, it is as if they were not.
func (l *loader) dkim(p place, in *dkimLayout) email.DKIM {
	if in == nil {
		return email.DKIM{}
	}
	key := l.secret(p, secretSetting{key: "dkim.key", file: in.KeyFile})
	if key == "" && in.KeyFile != "" {
		return email.DKIM{}
	}
	if key == "" {
		l.report(p, registry.Fault{Path: "dkim.key_file", Message: "is missing", Hint: "give key_file: secrets/dkim.key, a private key as PEM"})
		return email.DKIM{}
	}
	return email.DKIM{Domain: in.Domain, Selector: in.Selector, Key: key}
}

package config

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// webhookLayout is a receiver of kind webhook as it is written.
type webhookLayout struct {
	Kind       string             `yaml:"kind"`
	URL        string             `yaml:"url"` // as it is, where it is no secret
	URLFile    string             `yaml:"url_file"`
	Secret     probes.Secret      `yaml:"secret"`
	SecretFile string             `yaml:"secret_file"`
	Headers    *node              `yaml:"headers"`
	Timeout    *registry.Duration `yaml:"timeout"`
}

// What stands for a URL and a secret that cannot be read, so that they are not
// refused as well.
const (
	hookURLStand    = "https://" + unreadable + ".example.com/"
	hookSecretStand = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// webhookReceiver takes a receiver of kind webhook.
func (l *loader) webhookReceiver(p place) *webhook.Config {
	var in webhookLayout
	l.dec.value(p.node, reflect.ValueOf(&in).Elem(), p.path, p.node.at)
	c := webhook.Config{
		URL:     l.secret(p, secretSetting{"url", probes.Secret(in.URL), in.URLFile, hookURLStand}),
		Secret:  l.secret(p, secretSetting{"secret", in.Secret, in.SecretFile, hookSecretStand}),
		Headers: l.hookHeaders(p, in.Headers), Roots: l.cfg.Defaults.Roots,
	}
	takeSpan(&c.Timeout, in.Timeout)
	if c.URL == "" {
		l.report(p, registry.Fault{Path: "url", Message: "is missing", Hint: "give url: https://host/path, or url_file: secrets/hook.url when it is a secret"})
		c.URL = hookURLStand
	}
	if c.Secret == "" {
		l.report(p, registry.Fault{
			Path: "secret_file", Message: "is missing: what is sent is signed",
			Hint: "give secret_file: secrets/hook.secret, and make it with (printf whsec_; openssl rand -base64 32)",
		})
		c.Secret = hookSecretStand
	}
	files := map[string]string{"url": in.URLFile, "secret": in.SecretFile}
	for _, f := range joined(c.Validate()) {
		if files[f.Path] != "" {
			f.Path += "_file"
		}
		l.report(p, f)
	}
	return &c
}

// secretHeader is a header whose value is a secret.
var secretHeader = regexp.MustCompile(`(?i)authorization|token|secret|key|passw|cookie|credential|signature`)

// hookHeaders takes what each request says besides.
func (l *loader) hookHeaders(p place, n *node) map[string]probes.Secret {
	path := under(p.path, "headers")
	if n == nil || !l.dec.wants(n, kindMapping, path, n.at) {
		return nil
	}
	headers := map[string]probes.Secret{}
	for _, pair := range n.pairs {
		var value string
		at := under(path, clip(pair.key))
		if !l.dec.value(pair.value, reflect.ValueOf(&value).Elem(), at, pair.at) {
			continue
		}
		if secretHeader.MatchString(pair.key) && !strings.Contains(pair.value.text, "${") {
			l.out.add(pair.at, Fault{Path: at, Message: "a secret does not stand in the configuration itself", Hint: "write ${NAME} to take it from the environment, as in Bearer ${TOKEN}"})
			continue
		}
		headers[pair.key] = probes.Secret(value)
	}
	return headers
}

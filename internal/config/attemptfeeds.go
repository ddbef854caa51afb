package config

import (
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// tailLayout is a source's tail as a mapping; a text is its path alone.
type tailLayout struct {
	Path   string             `yaml:"path"`
	Poll   *registry.Duration `yaml:"poll"`
	Linger *registry.Duration `yaml:"linger"`
}

// prometheusLayout is a source's prometheus.
type prometheusLayout struct {
	URL    string `yaml:"url"`
	Total  string `yaml:"total"`
	Good   string `yaml:"good"`
	Failed string `yaml:"failed"`
	Labels struct {
		Product string `yaml:"product"`
		Channel string `yaml:"channel"`
	} `yaml:"labels"`
	Every     *registry.Duration `yaml:"every"`
	Timeout   *registry.Duration `yaml:"timeout"`
	Token     probes.Secret      `yaml:"token"`
	TokenFile string             `yaml:"token_file"`
	CAFile    string             `yaml:"ca_file"`
}

// tailed takes the file of the source at p; nil when it has none.
func (l *loader) tailed(p place, in sourceLayout) *tail.Config {
	if in.Tail == nil {
		return nil
	}
	var t tailLayout
	var v any = &t
	key := "tail.path"
	if in.Tail.kind != kindMapping {
		v, key = &t.Path, "tail"
	}
	forget := l.dec.enter(p.node, p.path)
	fits := l.dec.value(in.Tail, reflect.ValueOf(v).Elem(), under(p.path, "tail"), in.Tail.at)
	forget()
	if l.needs(p, key, t.Path, "/var/log/core/attempts.ndjson"); !fits || t.Path == "" {
		return nil
	}
	c := tail.Config{Path: l.pathAt(p, key, t.Path), Source: or(in.ID, exampleID("source"))}
	takeSpan(&c.Poll, t.Poll)
	takeSpan(&c.Linger, t.Linger)
	for _, f := range joined(c.Validate()) {
		l.report(p, registry.Fault{Path: "tail." + f.Path, Message: f.Message})
	}
	l.tailedFile(p, key, c.Path)
	return &c
}

// tailedFile refuses a file that is none, and one that two sources share: what
// was read of it is remembered by its path.
func (l *loader) tailedFile(p place, key, path string) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		l.report(p, registry.Fault{Path: key, Message: path + " is not a regular file", Hint: "give the file that records are appended to; it need not exist yet"})
	}
	_, at := p.node.find(key)
	same := recordKey{"tail", path}
	if first, ok := l.first[same]; ok {
		l.report(p, registry.Fault{
			Path: key, Message: "the same file is read for another source; first on " + lineFrom(first, at),
			Hint: "a file holds the attempts of one source",
		})
		return
	}
	l.first[same] = at
}

// pathAt returns an absolute path: a relative one is relative to the folder of
// the file in which it stands, at a key of the record at p.
func (l *loader) pathAt(p place, key, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	_, at := p.node.find(key)
	return filepath.Join(at.src.dir, path)
}

// asked takes the Prometheus of the source at p; nil when it has none.
func (l *loader) asked(p place, in sourceLayout) *promquery.Config {
	q := in.Prometheus
	if q == nil {
		return nil
	}
	c := promquery.Config{
		Source: or(in.ID, exampleID("source")), URL: q.URL, Total: q.Total, Good: q.Good, Failed: q.Failed,
		Labels: promquery.Labels{Product: q.Labels.Product, Channel: q.Labels.Channel},
		Token:  l.secret(p, secretSetting{"prometheus.token", q.Token, q.TokenFile, ""}),
		Roots:  l.cfg.Defaults.Roots,
	}
	takeSpan(&c.Every, q.Every)
	takeSpan(&c.Timeout, q.Timeout)
	if q.CAFile != "" {
		path := l.pathAt(p, "prometheus.ca_file", q.CAFile)
		certs, err := l.files.certificates(path)
		if err != nil {
			l.report(p, registry.Fault{Path: "prometheus.ca_file", Message: err.Error()})
		}
		c.Roots = l.pool(path, certs)
	}
	for _, f := range joined(c.Validate()) {
		if f.Path == "token" && q.TokenFile != "" {
			f.Path = "token_file"
		}
		l.report(p, registry.Fault{Path: "prometheus." + f.Path, Message: f.Message})
	}
	l.userInURL(p, "prometheus.url", q.URL)
	return &c
}

// userInURL refuses a password that stands in a URL of the file itself.
func (l *loader) userInURL(p place, key, text string) {
	n, _ := p.node.find(key)
	u, err := url.Parse(text)
	if err != nil || u.User == nil || n == nil || strings.Contains(n.text, "${") {
		return
	}
	l.report(p, registry.Fault{Path: key, Message: "has a user; a secret does not stand in the configuration itself", Hint: "give token_file, or write https://${PROMETHEUS_USER}@host to take it from the environment"})
}

// countedTwice refuses attempts that a file brings and a Prometheus counts.
func (l *loader) countedTwice(p place, s Source) {
	if s.countsTwice() && s.Tail != nil {
		l.report(p, registry.Fault{
			Path: "prometheus", Message: "counts the first attempts that tail brings: they would be in the ratios twice",
			Hint: "grade: C, when the file has failures alone; or leave one of the two out",
		})
	}
}

// countsTwice reports whether attempts of s would be counted in ratios beside
// what its Prometheus counts.
func (s Source) countsTwice() bool {
	return s.Prometheus != nil && s.Grade == deliveries.GradeAll
}

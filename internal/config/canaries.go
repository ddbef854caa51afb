package config

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// mostCanaries bounds the canaries of a file: a handful says as much.
const mostCanaries = 16

// The names of the canaries that are there without the file.
const (
	CanaryLoopback = "loopback" // our own listener
	CanaryResolver = "resolver" // the resolver, asked for the name of a canary
)

// Canary is an address outside that is well as long as our own way out is: it
// tells our trouble from that of endpoints. It is looked at through the guard,
// as endpoints are, at level tls: nothing is asked of it.
type Canary struct {
	ID  string   // unique; neither CanaryLoopback nor CanaryResolver
	URL *url.URL // passed probes.ParseURL
}

// canaryLayout is one entry of canaries.
type canaryLayout struct {
	ID  string `yaml:"id"`
	URL string `yaml:"url"`
}

// canaries returns those of the file. None are called that it does not name.
func (l *loader) canaries() []Canary {
	var list []Canary
	if n := len(l.in.Canaries); n > mostCanaries {
		l.bad("canaries", "two or three of different operators are enough", "%d canaries; at most %d", n, mostCanaries)
		return nil
	}
	for i, in := range l.in.Canaries {
		p := l.item("canaries", i, in.ID)
		if l.out.spoilt(p.node.at.src, p.path) {
			continue
		}
		if l.unique("canary", in.ID, p); in.ID != "" {
			l.reportAll(p, checkID(in.ID))
		}
		if slices.Contains([]string{CanaryLoopback, CanaryResolver}, in.ID) {
			l.report(p, registry.Fault{Path: "id", Message: fmt.Sprintf("%q is the name of a canary that is there always", in.ID), Hint: "give another, such as outside-1"})
		}
		if l.needs(p, "url", in.URL, "https://www.example.com/"); in.URL == "" {
			continue
		}
		u, err := probes.ParseURL(in.URL)
		if err != nil {
			l.report(p, registry.Fault{Path: "url", Message: err.Error()})
			continue
		}
		l.blocked(p, u)
		list = append(list, Canary{ID: in.ID, URL: u})
	}
	return list
}

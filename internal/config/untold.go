package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// untold warns of incidents that nobody is told of, and of what stands in the
// file without effect.
func (l *loader) untold() {
	switch {
	case len(l.cfg.Receivers) == 0:
	case len(l.cfg.Routes) == 0:
		l.warn("receivers", "routes: [{to: ["+l.cfg.Receivers[0].Name+"]}]", "there are no routes: incidents are shown on the page alone, and nobody is told")
	default:
		l.idle()
		l.unreached()
		l.uncaught()
	}
}

// idle warns of receivers that neither a route nor a digest names, unless
// digest has faults: it may be meant to name them.
func (l *loader) idle() {
	if l.failedUnder("digest") {
		return
	}
	for _, r := range l.cfg.Receivers {
		if r.Name == l.cfg.Digest.Receiver || r.Name == l.cfg.Digest.ReportTo || r.Name == l.cfg.Incidents.Merchants {
			continue
		}
		if slices.ContainsFunc(l.slacks, func(u slackUse) bool { return u.name == r.Name }) {
			continue
		}
		if !slices.ContainsFunc(l.cfg.Routes, func(rt Route) bool { return rt.names(r.Name) }) {
			message := "no route names it: it is told only of what is critical while other receivers fail"
			if r.Kind == KindWebhook { // nothing falls back to a program
				message = "no route names it: it is told of no incident"
			}
			l.report(l.standing[r.Name], registry.Fault{Message: message, Hint: "name it in routes, or remove it", Warning: true})
		}
	}
}

// unreached warns of routes behind one that takes everything.
func (l *loader) unreached() {
	i := slices.IndexFunc(l.cfg.Routes, func(r Route) bool { return r.Match.any() })
	if i >= 0 && i < len(l.cfg.Routes)-1 {
		l.report(l.item("routes", i+1, ""), registry.Fault{Message: "is never reached: the route before it takes every incident", Hint: "put the route without match last", Warning: true})
	}
}

// uncaught warns of severities that no route takes, or takes only in part.
func (l *loader) uncaught() {
	var none, some []string
	for _, word := range severities() {
		takes := func(r Route) bool {
			return len(r.Match.Severity) == 0 || slices.Contains(r.Match.Severity, rules.Severity(word))
		}
		switch {
		case slices.ContainsFunc(l.cfg.Routes, func(r Route) bool { return takes(r) && !r.Match.narrow() }):
		case slices.ContainsFunc(l.cfg.Routes, takes):
			some = append(some, word)
		default:
			none = append(none, word)
		}
	}
	hint := fmt.Sprintf("end the list with a route without match: - {to: [%s]}", l.cfg.Routes[len(l.cfg.Routes)-1].To[0])
	if len(none) > 0 {
		l.warn("routes", hint, "nobody is told of incidents of severity %s", strings.Join(none, " or "))
	}
	if len(some) > 0 {
		l.warn("routes", hint, "nobody is told of incidents of severity %s but those of the rules, merchants and channels that are named here", strings.Join(some, " or "))
	}
}

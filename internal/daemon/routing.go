package daemon

import (
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

// routesTo returns who is told of an incident: those of the first route that
// matches it.
func routesTo(routes []config.Route, w ways) func(alerting.Incident) []alerting.Destination {
	return func(in alerting.Incident) []alerting.Destination {
		r, ok := routeOf(routes, in)
		if !ok {
			return nil
		}
		return w.to(r.To)
	}
}

// escalatesTo returns whom the same route tells when nobody answers.
func escalatesTo(routes []config.Route, w ways) func(alerting.Incident) []alerting.Rung {
	return func(in alerting.Incident) []alerting.Rung {
		r, _ := routeOf(routes, in)
		var list []alerting.Rung
		for _, step := range r.Escalate {
			list = append(list, alerting.Rung{After: step.After, To: w.to(step.To)})
		}
		return list
	}
}

func routeOf(routes []config.Route, in alerting.Incident) (config.Route, bool) {
	i := slices.IndexFunc(routes, func(r config.Route) bool { return matches(r.Match, in) })
	if i < 0 {
		return config.Route{}, false
	}
	return routes[i], true
}

// to returns where receivers lead.
func (w ways) to(names []string) []alerting.Destination {
	var list []alerting.Destination
	for _, name := range names {
		list = append(list, w.leads[name]...)
	}
	return list
}

// matches reports whether an incident, or one of its members, is one of a
// route's; what a match does not name matches all.
func matches(m config.Match, in alerting.Incident) bool {
	ruled, channels, products := []rules.Rule{in.Rule}, []string{""}, []string{""}
	for _, member := range in.Members {
		ruled = append(ruled, member.Key.Rule)
		switch kind, id := member.Key.Scope.Split(); kind {
		case rules.ScopeChannel:
			channels = append(channels, id)
		case rules.ScopeProduct:
			products = append(products, id)
		}
	}
	kind, _ := in.Scope.Split()
	return has(m.Severity, in.Severity) && has(m.Rule, ruled...) && has(m.Merchant, in.Merchant) && has(m.Channel, channels...) &&
		has(m.Product, products...) && has(m.Scope, kind) && m.During.Has(in.OpenedAt)
}

func has[T comparable](list []T, of ...T) bool {
	return len(list) == 0 || slices.ContainsFunc(of, func(v T) bool { return slices.Contains(list, v) })
}

// desk returns the desk as cfg wants it.
func (d *Daemon) desk(cfg *config.Config, w ways) alerting.Desk {
	desk := alerting.Desk{
		Reopen: cfg.Rules.Reopen, Fold: cfg.Rules.CommonCause, Routes: routesTo(cfg.Routes, w), Leads: w.leadsTo, Escalate: escalatesTo(cfg.Routes, w),
		Settle: cfg.Incidents.Settle, Flap: cfg.Incidents.Flapping, Ladder: cfg.Incidents.Ladder,
		Merchants: alerting.MerchantMail{After: cfg.Incidents.MerchantsAfter, Hold: cfg.Incidents.MerchantsHold, To: d.hearers(cfg, w)},
		About:     d.about,
	}
	if u := cfg.Server.PublicURL; u != nil {
		desk.BaseURL = u.String()
	}
	return desk
}

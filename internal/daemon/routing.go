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
		for _, r := range routes {
			if !matches(r.Match, in) {
				continue
			}
			var list []alerting.Destination
			for _, name := range r.To {
				list = append(list, w.leads[name]...)
			}
			return list
		}
		return nil
	}
}

// matches reports whether an incident, or one of its members, is one of a
// route's; what a match does not name matches all.
func matches(m config.Match, in alerting.Incident) bool {
	ruled, channels := []rules.Rule{in.Rule}, []string{""}
	for _, member := range in.Members {
		ruled = append(ruled, member.Key.Rule)
		if kind, id := member.Key.Scope.Split(); kind == rules.ScopeChannel {
			channels = append(channels, id)
		}
	}
	return has(m.Severity, in.Severity) && has(m.Rule, ruled...) && has(m.Merchant, in.Merchant) && has(m.Channel, channels...)
}

func has[T comparable](list []T, of ...T) bool {
	return len(list) == 0 || slices.ContainsFunc(of, func(v T) bool { return slices.Contains(list, v) })
}

// desk returns the desk as cfg wants it.
func desk(cfg *config.Config, w ways) alerting.Desk {
	d := alerting.Desk{Reopen: cfg.Rules.Reopen, Fold: cfg.Rules.CommonCause, Routes: routesTo(cfg.Routes, w), Leads: w.has}
	if u := cfg.Server.PublicURL; u != nil {
		d.BaseURL = u.String()
	}
	return d
}

package daemon

import (
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/rules"
)

// toldIncident is an incident as a digest tells it. failing are the endpoints
// that fail at the end of its window.
func toldIncident(in alerting.Incident, ours bool, failing map[string]bool) digest.Incident {
	return digest.Incident{
		ID: in.Number(), Title: in.Title, Severity: in.Severity, Opened: in.StartedAt, Resolved: in.ResolvedAt, Ours: ours,
		Maintenance: ofPlannedWork(in), StillFails: closedTooSoon(in, failing),
	}
}

// ofPlannedWork reports whether an incident was of planned work, and told to
// nobody.
func ofPlannedWork(in alerting.Incident) bool {
	return in.Story.Hush.Kind == alerting.HushMaintenance && !in.Story.Told
}

// closedTooSoon reports whether a person closed an incident of which an endpoint
// fails.
func closedTooSoon(in alerting.Incident, failing map[string]bool) bool {
	if in.ResolvedAt.IsZero() || in.ResolvedBy == "" || in.Parent != "" {
		return false
	}
	return slices.ContainsFunc(in.Members, func(m alerting.Membership) bool {
		kind, id := m.Key.Scope.Split()
		return kind == rules.ScopeEndpoint && failing[id] && !m.Left.Before(in.ResolvedAt)
	})
}

// failing are the endpoints that fail at the end of the window, by ID.
func (g gathering) failing(list []digest.Endpoint) map[string]bool {
	set := map[string]bool{}
	for _, e := range list {
		if e.FailsNow(g.window) {
			set[e.ID] = true
		}
	}
	return set
}

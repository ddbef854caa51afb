package daemon

import (
	"net/url"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// downFact is what endpoint_down looks at after a probe.
func (d *Daemon) downFact(w *registry.Watched, m probes.Memory) rules.DownFact {
	return rules.DownFact{
		Endpoint: w.ID, Merchant: w.Merchant, Host: hostOf(w.Probe.URL), Memory: m, Policy: w.Probe.Policy,
		Delivered: d.column.lately.Delivered(w.ID),
	}
}

// certificateFact is what the rule certificate looks at after a round of looks.
func (d *Daemon) certificateFact(w watched, report certificate.Report) rules.CertificateFact {
	if w.subject.Kind == store.KindTarget {
		return rules.CertificateFact{Scope: rules.ScopeOf(rules.ScopeTarget, w.subject.ID), Host: w.url, Report: report}
	}
	f := rules.CertificateFact{
		Scope: rules.ScopeOf(rules.ScopeEndpoint, w.subject.ID), Report: report, Probed: true, Answered: d.board.answered(w.subject.ID),
	}
	if ep, ok := d.registry.Snapshot().Endpoint(w.subject.ID); ok {
		f.Merchant, f.Host = ep.Merchant, hostOf(ep.Probe.URL)
	}
	return f
}

func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// How many first attempts, and which share of them, make an endpoint's state
// "failing" (reference webhooks.md section 8.1, R3).
const (
	failingAttempts = 20
	failingRatio    = rules.Ratio(0.20)
)

// deliveries is the third signal of an endpoint.
func (d *Daemon) deliveries(endpoint string, now time.Time) rules.DeliveryView {
	if d.column.lately == nil {
		return rules.DeliveryView{}
	}
	first, failed, window := d.column.lately.Endpoint(endpoint, now)
	v := rules.DeliveryView{FirstAttempts: first, FailedFirst: failed, Window: window}
	ratio, known := v.Ratio()
	v.Failing = known && first >= failingAttempts && ratio >= failingRatio
	return v
}

// unwatched ends the conditions of what is no longer watched, or watched
// elsewhere: nobody would ever see it recover.
func (d *Daemon) unwatched(snap *registry.Snapshot, diff registry.Diff) {
	now := time.Now()
	gone := func(kind, id, why string) { d.column.conditions.Gone(rules.ScopeOf(kind, id), why, now) }
	for _, id := range diff.Endpoints.Removed {
		gone(rules.ScopeEndpoint, id, "it is no longer watched")
	}
	for _, id := range diff.Targets.Removed {
		gone(rules.ScopeTarget, id, "it is no longer watched")
	}
	for _, id := range diff.Endpoints.Changed {
		w, ok := snap.Endpoint(id)
		switch {
		case !ok:
		case w.Suspended:
			gone(rules.ScopeEndpoint, id, "it was suspended")
		case d.board.movedFrom(w):
			gone(rules.ScopeEndpoint, id, "its URL was changed: it is judged anew")
		}
	}
}

// strayConditions ends the conditions of what went while nobody looked.
func (d *Daemon) strayConditions() {
	snap, now := d.registry.Snapshot(), time.Now()
	for _, scope := range d.column.conditions.Scopes() {
		kind, id := scope.Split()
		ep, known := snap.Endpoint(id)
		if kind == rules.ScopeTarget {
			_, known = snap.Target(id)
		}
		if !known || kind == rules.ScopeEndpoint && ep.Suspended {
			d.column.conditions.Gone(scope, "it is no longer watched", now)
		}
	}
}

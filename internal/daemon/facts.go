package daemon

import (
	"net/url"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// downFact is what endpoint_down looks at after a probe.
func (d *Daemon) downFact(w *registry.Watched, m probes.Memory) rules.DownFact {
	f := rules.DownFact{Endpoint: w.ID, Merchant: w.Merchant, Host: hostOf(w.Probe.URL), Memory: m, Policy: w.Probe.Policy}
	if first, failed, _ := d.column.lately.Endpoint(w.ID, time.Now()); 2*failed <= first {
		f.Delivered = d.column.lately.Delivered(w.ID) // one that gets through among many that do not is no veto
	}
	at := d.column.waiting.Load().Endpoint(w.ID)
	if _, open := d.column.conditions.Open(rules.RuleEndpointDown, rules.ScopeOf(rules.ScopeEndpoint, w.ID)); !open && d.column.holdsBack(time.Now()) {
		at = conditions.EndpointWaits{} // what was delivered while nobody listened is not told yet
	}
	f.Oldest, f.Waiting, f.LastFault, f.DeliveredAtAll = at.Oldest, at.Waiting, at.Fault, later(at.Delivered, d.column.lately.Delivered(w.ID))
	return f
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// certificateFact is what the rule certificate looks at after a round of looks;
// answered is the start of the last probe that was answered before it.
func (d *Daemon) certificateFact(w watched, report certificate.Report, answered time.Time) rules.CertificateFact {
	if w.subject.Kind == store.KindTarget {
		return rules.CertificateFact{Scope: rules.ScopeOf(rules.ScopeTarget, w.subject.ID), Host: w.url, Report: report}
	}
	f := rules.CertificateFact{
		Scope: rules.ScopeOf(rules.ScopeEndpoint, w.subject.ID), Report: report, Probed: true, Answered: answered,
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

// deliveries is the third signal of an endpoint.
func (d *Daemon) deliveries(endpoint string, now time.Time) rules.DeliveryView {
	if d.column.lately == nil {
		return rules.DeliveryView{}
	}
	first, failed, window := d.column.lately.Endpoint(endpoint, now)
	v := rules.DeliveryView{FirstAttempts: first, FailedFirst: failed, Window: window}
	v.Backlog = d.column.backlogOfEndpoint(endpoint, first)
	ratio, known := v.Ratio()
	failing := d.settings.Load().Rules.Failing
	v.Failing = known && first >= failing.Attempts && ratio >= failing.Ratio
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
	for _, id := range diff.Merchants.Removed {
		d.column.conditions.End(rules.RuleMerchantErrorRatio, rules.ScopeOf(rules.ScopeMerchant, id), "there is no such merchant any more", now)
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
			d.column.conditions.Moved(rules.ScopeOf(rules.ScopeEndpoint, id), "its URL was changed: it is judged anew", now)
		case d.belongedToAnother(w):
			gone(rules.ScopeEndpoint, id, "it belongs to another merchant now")
		}
	}
}

// belongedToAnother reports whether a condition of an endpoint is another
// merchant's, who would not see it end.
func (d *Daemon) belongedToAnother(w *registry.Watched) bool {
	for _, rule := range conditions.RulesOfScopes() {
		s, open := d.column.conditions.Open(rule, rules.ScopeOf(rules.ScopeEndpoint, w.ID))
		if open && s.Merchant != w.Merchant {
			return true
		}
	}
	return false
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
		switch {
		case !known && kind == rules.ScopeEndpoint: // its ratio goes on while attempts name it
			for _, rule := range conditions.RulesOfScopes() {
				if rule != rules.RuleEndpointFailing {
					d.column.conditions.End(rule, scope, "it is no longer watched", now)
				}
			}
		case !known, kind == rules.ScopeEndpoint && ep.Suspended:
			d.column.conditions.Gone(scope, "it is no longer watched", now)
		case kind == rules.ScopeEndpoint && d.board.movedFrom(ep):
			d.column.conditions.Moved(scope, "its URL was changed: it is judged anew", now)
		}
	}
}

// freshFor is how long a ratio may be without attempts and still be told again.
const freshFor = 15 * time.Minute

// stillBad reports whether a condition is seen to be bad now. A channel without
// traffic, an endpoint that is blocked and a source that somebody knows to be
// silent are not: their conditions stay open, and nobody is told of them again
// and again.
func (d *Daemon) stillBad(k rules.Key) bool {
	kind, id := k.Scope.Split()
	now := time.Now()
	switch {
	case kind == rules.ScopeTarget:
		t, ok := d.registry.Snapshot().Target(id)
		return ok && rules.Certificate{}.Bad(d.board.target(t, now).Report)
	case k.Rule == rules.RuleCertificate || k.Rule == rules.RuleEndpointDown:
		w, ok := d.registry.Snapshot().Endpoint(id)
		return ok && d.looksBad(k.Rule, id, d.board.view(w, now))
	case conditions.RatioRule(k.Scope) == k.Rule:
		e, known := d.column.conditions.Ratio(k.Scope)
		return known && e.Numerator > 0 && now.Sub(e.To) < freshFor
	default:
		return true // it is judged each few minutes, and ends when nothing comes to judge it by
	}
}

// looksBad reports whether an endpoint meets one of the two rules that follow
// its looks.
func (d *Daemon) looksBad(rule rules.Rule, id string, v rules.EndpointView) bool {
	if rule == rules.RuleCertificate {
		return rules.Certificate{}.Bad(v.Certificate.Report)
	}
	return v.Probe.Result.Verdict == probes.Down || d.column.waiting.Load().Endpoint(id).Waiting > 0
}

package daemon

import (
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

// mostAsked bounds the endpoints of an incident whose cause is looked for: the
// first that has one speaks for all.
const mostAsked = 20

// about tells what is known around an incident. It reads memory alone.
func (d *Daemon) about(in alerting.Incident, merchant bool) alerting.About {
	var a alerting.About
	snap := d.registry.Snapshot()
	if m, ok := snap.Merchant(in.Merchant); ok {
		a.MerchantName, a.Language, a.Zone = m.Name, m.Language, m.Timezone
	}
	endpoints, merchants := badEndpoints(in)
	a.Endpoints, a.Merchants = len(endpoints), merchants
	if in.Rule == alerting.RuleCommonCause && in.Live() && !merchant && in.Failing > len(endpoints) && in.SharePeak == in.ShareNow {
		a.Endpoints, a.Merchants = in.Failing, 0 // those that are not confirmed yet, too; whose they are is not known
	}
	language := "en"
	if merchant {
		language = a.Language
	}
	d.why(&a, in, endpoints, language)
	d.loses(&a, in, endpoints)
	return a
}

// badEndpoints returns the endpoints of an incident that are bad now, in order,
// and of how many merchants they are.
func badEndpoints(in alerting.Incident) (ids []string, merchants int) {
	owners := map[string]bool{}
	for _, m := range in.Members {
		kind, id := m.Key.Scope.Split()
		if kind != rules.ScopeEndpoint || !m.Left.IsZero() && in.Live() {
			continue
		}
		ids = append(ids, id)
		owners[m.Merchant] = true
	}
	slices.Sort(ids)
	return slices.Compact(ids), len(owners)
}

// why fills in the cause: that of the first endpoint that has one; and of one
// endpoint alone what is seen of it now. Where the failures of a ratio come from
// the incident itself tells.
func (d *Daemon) why(a *alerting.About, in alerting.Incident, endpoints []string, language string) {
	snap, now := d.registry.Snapshot(), time.Now()
	for _, id := range endpoints[:min(len(endpoints), mostAsked)] {
		w, ok := snap.Endpoint(id)
		if !ok {
			continue
		}
		if a.Host == "" {
			a.Host = hostOf(w.Probe.URL)
		}
		view := d.board.view(w, now)
		if len(endpoints) == 1 {
			a.Now = seenNow(in.Rule, view)
		}
		f := d.causeOf(id, view)
		if f.Advice.English == "" {
			continue
		}
		a.Cause, a.Advice = string(f.Cause), f.Advice.English
		if language == "id" && f.Advice.Indonesian != "" {
			a.Advice = f.Advice.Indonesian
		}
		return
	}
}

// seenNow is what the signal that a rule follows sees of an endpoint now; empty
// when it has no opinion or sees nothing wrong, and for a rule that follows
// deliveries.
func seenNow(rule rules.Rule, v rules.EndpointView) string {
	switch p, c := v.Probe, v.Certificate; {
	case rule == rules.RuleEndpointDown && !p.Result.At.IsZero() && !p.Stale && p.Failures > 0:
		return fmt.Sprintf("%s at level %s, seen at %s; down since %s, %d probes in a row",
			p.Result.Fault, p.Result.Level, utcOf(p.Result.At), utcOf(p.Since), p.Failures)
	case rule == rules.RuleCertificate && !c.Report.At.IsZero() && !c.Stale && c.Report.Detail != "":
		return fmt.Sprintf("%s, seen at %s", c.Report.Detail, utcOf(c.Report.At))
	default:
		return ""
	}
}

func utcOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// loses fills in the loss clock: of the endpoints, or of all when the incident
// is the platform's.
func (d *Daemon) loses(a *alerting.About, in alerting.Incident, endpoints []string) {
	w := d.column.waiting.Load()
	var all conditions.Losses
	switch {
	case in.Scope == rules.ScopePlatform && in.Merchant == "" && len(endpoints) == 0:
		all = w.Losses()
	default:
		for _, id := range endpoints {
			all = all.Plus(w.LossesOf(id))
		}
	}
	a.Waiting, a.AtRisk, a.NextLoss, a.Lost = all.Waiting, all.AtRisk, all.Next, all.Lost
}

// hearers returns where a merchant wants incidents told.
func (d *Daemon) hearers(cfg *config.Config, w ways) func(string) []alerting.Destination {
	receiver := cfg.Incidents.Merchants
	if receiver == "" || !w.has(receiver+"/") {
		return nil
	}
	return func(merchant string) []alerting.Destination {
		m, ok := d.registry.Snapshot().Merchant(merchant)
		if !ok {
			return nil
		}
		var list []alerting.Destination
		for _, to := range m.Incidents.To {
			list = append(list, alerting.Destination{Lane: receiver + "/" + to, Recipient: to, Form: alerting.FormMerchant})
		}
		return list
	}
}

// level returns how much of a part of the traffic fails now.
func (d *Daemon) level(scope rules.Scope) (alerting.Level, bool) {
	e, ok := d.column.conditions.Ratio(scope)
	return alerting.Level{Evidence: e, Below: ok && d.column.conditions.Below(scope)}, ok
}

// doubt returns why our own side may be what fails.
func (d *Daemon) doubt() string {
	if _, why, ok := d.oursideDoubt(); ok {
		return why
	}
	return ""
}

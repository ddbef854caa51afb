package daemon

import (
	"context"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// plansTold is how far back plans are kept at hand for digests: a digest
// reaches back a week.
const plansTold = 8 * 24 * time.Hour

// plansOf finds the plans of an endpoint without asking each: digests ask for
// every endpoint. The zero plansOf knows of none. It is read-only.
type plansOf struct {
	since    time.Time // plans that were over before are not in it; zero: nothing was read
	merchant map[string][]alerting.Maintenance
	endpoint map[string][]alerting.Maintenance
}

// newPlansOf orders plans by what they name. Those of channels and products
// are about no endpoint.
func newPlansOf(plans []alerting.Maintenance, since time.Time) plansOf {
	p := plansOf{since: since, merchant: map[string][]alerting.Maintenance{}, endpoint: map[string][]alerting.Maintenance{}}
	for _, m := range plans {
		for _, id := range m.Matcher.Endpoint {
			p.endpoint[id] = append(p.endpoint[id], m)
		}
		if len(m.Matcher.Endpoint) > 0 {
			continue // an endpoint of the merchants that it names besides
		}
		for _, id := range m.Matcher.Merchant {
			p.merchant[id] = append(p.merchant[id], m)
		}
	}
	return p
}

// spans returns when an endpoint was in planned work within a window, oldest
// first and without overlap.
func (p plansOf) spans(endpoint, merchant string, w digest.Window) []digest.Window {
	like := alerting.Quieted{Scope: rules.ScopeOf(rules.ScopeEndpoint, endpoint), Merchant: merchant}
	var all []alerting.Span
	for _, m := range slices.Concat(p.endpoint[endpoint], p.merchant[merchant]) {
		if m.Matcher.Matches(like) {
			all = append(all, m.Spans(alerting.Span{From: w.Start, Until: w.End})...)
		}
	}
	var list []digest.Window
	for _, s := range alerting.Joined(all) {
		list = append(list, digest.Window{Start: s.From, End: s.Until})
	}
	return list
}

// plannedIn returns the plans that a digest of a window tells of. What was
// changed is in it when the call that changed it returns.
func (d *Daemon) plannedIn(ctx context.Context, w digest.Window) (plansOf, error) {
	if q := d.quarters.quiet.Load(); q != nil && !q.told.since.IsZero() && !w.Start.Before(q.told.since) {
		return q.told, nil
	}
	plans, err := d.store.MaintenanceSince(ctx, w.Start)
	return newPlansOf(plans, w.Start), err
}

// uncounted leaves of planned work what the quarters bear out: a plan that was
// changed later may claim time in which probes were counted all the same. Of
// each span the whole quarters within it are asked; where more than half of
// their time was watched, they were counted.
func uncounted(spans []digest.Window, quarters []store.EndpointQuarter, length time.Duration) []digest.Window {
	return slices.DeleteFunc(spans, func(s digest.Window) bool {
		var covered, within time.Duration
		for at := s.Start.Truncate(length); at.Before(s.End); at = at.Add(length) {
			if !at.Before(s.Start) && !at.Add(length).After(s.End) {
				within += length
			}
		}
		for _, q := range quarters {
			if !q.Start.Before(s.Start) && !q.Start.Add(length).After(s.End) {
				covered += q.Probe.Covered
			}
		}
		return within > 0 && covered > within/2
	})
}

package daemon

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// pages returns the built-in pages.
func (d *Daemon) pages() http.Handler {
	return web.New(pageSource{d}, d.log, web.Options{Panicked: func() { d.metrics.Panicked("page") }})
}

// pageSource is the daemon as the pages see it.
type pageSource struct{ d *Daemon }

// Summary implements web.Source.
func (s pageSource) Summary() web.Summary {
	last := s.d.lastReload()
	sum := web.Summary{Version: s.d.opts.Version, Started: s.d.started}
	if problems := s.d.problems.Load(); problems != nil {
		sum.Problems = *problems
	}
	sum.Reload.InForce = s.d.started
	switch {
	case last.failed:
		sum.Reload.Refused, sum.Reload.Problem = last.at, last.text
	case !last.at.IsZero():
		sum.Reload.InForce = last.at
	}
	return sum
}

// Entries implements web.Source.
func (s pageSource) Entries() iter.Seq[web.Entry] {
	return func(yield func(web.Entry) bool) {
		snap, now := s.d.registry.Snapshot(), time.Now()
		for _, w := range snap.KnownEndpoints() {
			word, _ := rules.EndpointState(s.d.board.view(w, now))
			if !yield(entryOf(snap, w, word)) {
				return
			}
		}
	}
}

func entryOf(snap *registry.Snapshot, w *registry.Watched, word rules.Word) web.Entry {
	m, _ := snap.Merchant(w.Merchant)
	return web.Entry{ID: w.ID, MerchantID: m.ID, MerchantName: m.Name, Shown: w.Shown, State: word}
}

// Endpoint implements web.Source.
func (s pageSource) Endpoint(id string) (web.Endpoint, bool) {
	snap := s.d.registry.Snapshot()
	w, ok := snap.Endpoint(id)
	if !ok {
		return web.Endpoint{}, false
	}
	view := s.d.board.view(w, time.Now())
	word, reasons := rules.EndpointState(view)
	return web.Endpoint{
		Entry: entryOf(snap, w, word), View: view, Reasons: reasons, Finding: s.d.causeOf(id, view), Products: w.Products, Policy: w.Probe.Policy,
	}, true
}

// Targets implements web.Source.
func (s pageSource) Targets() []web.Target {
	now, list := time.Now(), []web.Target{}
	for _, t := range s.d.registry.Snapshot().Targets() {
		list = append(list, web.Target{ID: t.ID, Address: t.Address, ServerName: t.ServerName, Certificate: s.d.board.target(t, now)})
	}
	files, _ := s.d.registry.CertificateFiles()
	for _, f := range files {
		view := rules.CertificateView{Report: s.d.board.file(f.ID)}
		list = append(list, web.Target{ID: f.ID, Address: f.Path, Certificate: view})
	}
	return list
}

// Incidents implements web.IncidentSource.
func (s pageSource) Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	return s.d.store.Incidents(ctx, f)
}

// Incident implements web.IncidentSource.
func (s pageSource) Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	return s.d.store.Incident(ctx, id)
}

// Digests implements web.DigestSource.
func (s pageSource) Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error) {
	return s.d.store.Digests().List(ctx, f)
}

// Ratios implements web.Source: the platform first, then
// the worst of its products, channels and types of event.
func (s pageSource) Ratios() []web.Ratio {
	list := []web.Ratio{}
	for scope, e := range s.d.column.conditions.Ratios() {
		_, open := s.d.column.conditions.Open(conditions.RatioRule(scope), scope)
		list = append(list, web.Ratio{Scope: scope, First: e.Denominator, Failed: e.Numerator, Window: e.To.Sub(e.From), Open: open})
	}
	share := func(r web.Ratio) float64 { return float64(r.Failed) / float64(max(r.First, 1)) }
	slices.SortFunc(list, func(a, b web.Ratio) int {
		if first := a.Scope == rules.ScopePlatform; first != (b.Scope == rules.ScopePlatform) {
			return map[bool]int{true: -1, false: 1}[first]
		}
		return cmp.Or(cmp.Compare(share(b), share(a)), cmp.Compare(b.First, a.First), cmp.Compare(a.Scope, b.Scope))
	})
	return list
}

package daemon

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// Bounds of the strip of a window: half-hours of six hours.
const (
	stripSteps = 12 // parts that are wanted,
	mostSteps  = 48 // and the most
)

// steps is how many parts the strip of a window has: near to stripSteps, and
// each made of whole buckets, so that what is counted in one lies in one. The
// finer one of two that are as near.
func steps(window, bucket time.Duration) int {
	buckets, best := int(window/max(bucket, 1)), 1
	off := func(n int) int { return max(n-stripSteps, stripSteps-n) }
	for n := 1; n <= min(buckets, mostSteps); n++ {
		if buckets%n == 0 && off(n) <= off(best) {
			best = n
		}
	}
	return best
}

// gathering collects what happened in one window.
type gathering struct {
	d      *Daemon
	ctx    context.Context //nolint:containedctx // of one call
	window digest.Window
	now    time.Time // states and backlogs are as of it
}

// merchant returns the facts of one merchant's digest.
func (g gathering) merchant(id string) (digest.Facts, error) {
	watched := g.d.endpointsOf(id)
	list, err := g.endpoints(watched)
	if err != nil {
		return digest.Facts{}, err
	}
	told, _, err := g.backlog(endpointIDs(watched))
	if err != nil {
		return digest.Facts{}, err
	}
	for i := range list {
		list[i].Backlog = told[list[i].ID]
	}
	incidents, err := g.incidents(id, g.failing(list))
	if err != nil {
		return digest.Facts{}, err
	}
	f := digest.Facts{Endpoints: list, Incidents: incidents, Footer: g.footer(), Made: g.now}
	for _, e := range list {
		f.Covered = max(f.Covered, e.Covered)
	}
	return f, nil
}

func (g gathering) footer() digest.Footer {
	if u := g.d.settings.Load().Server.PublicURL; u != nil {
		return digest.Footer{PublicURL: u.String()}
	}
	return digest.Footer{}
}

// endpoints returns what happened at each endpoint.
func (g gathering) endpoints(watched []*registry.Watched) ([]digest.Endpoint, error) {
	ids := endpointIDs(watched)
	length := g.window.End.Sub(g.window.Start)
	quarters, err := g.quarters(ids, g.window.Start.Add(-length))
	if err != nil {
		return nil, err
	}
	planned, err := g.d.plannedIn(g.ctx, g.window)
	if err != nil {
		return nil, err
	}
	of := map[string][]store.EndpointQuarter{}
	for _, q := range quarters {
		of[q.Endpoint] = append(of[q.Endpoint], q)
	}
	list := make([]digest.Endpoint, len(watched))
	for i, w := range watched {
		list[i] = g.endpoint(w, of[w.ID])
		list[i].Maintenance = uncounted(planned.spans(w.ID, w.Merchant, g.window), of[w.ID], g.d.quarters.length)
	}
	return list, nil
}

// quarters reads what is known of some endpoints until the end of the window,
// with what probes saw and is not saved yet: that may be all there is.
func (g gathering) quarters(ids []string, from time.Time) ([]store.EndpointQuarter, error) {
	g.d.saving.Lock()
	defer g.d.saving.Unlock()
	list, err := g.d.store.EndpointBuckets(g.ctx, ids, from, g.window.End)
	return g.d.quarters.unsaved(list, ids, g.window.Start, g.window.End), err
}

// endpoint puts the quarters of one endpoint together.
func (g gathering) endpoint(w *registry.Watched, quarters []store.EndpointQuarter) digest.Endpoint {
	var probe, attempts, before rules.Bucket
	length := g.window.End.Sub(g.window.Start)
	strip := make([]digest.Count, steps(length, g.d.quarters.length))
	for _, q := range quarters {
		if q.Start.Add(g.d.quarters.length).Compare(g.window.Start) <= 0 {
			before.Merge(q.Deliveries)
			continue
		}
		probe.Merge(q.Probe)
		attempts.Merge(q.Deliveries)
		at := int(max(q.Start.Sub(g.window.Start), 0) * time.Duration(len(strip)) / length)
		c := &strip[min(at, len(strip)-1)]
		c.Total += q.Probe.Total() + q.Deliveries.Total()
		c.Failed += q.Probe.Failed() + q.Deliveries.Failed()
	}
	took := attempts.Took
	if took.Count() == 0 {
		took = probe.Took
	}
	view := g.d.board.view(w, g.now)
	word, _ := rules.EndpointState(view)
	e := digest.Endpoint{
		ID: w.ID, URL: w.Shown, State: word, Covered: min(probe.Covered, length), Down: min(probe.Down, length), Deadline: w.Deadline,
		Answers: took.Count(), First: countOf(attempts), Before: countOf(before), Faults: faultsOf(probe, attempts), Strip: strip,
		Certificate: certificateOf(view.Certificate.Report), InMaintenance: g.d.quarters.quiet.Load().covers(w.ID, g.now),
	}
	if word == rules.StateDown {
		e.Now = view.Probe.Result.Fault
	}
	e.P50, _ = took.Quantile(0.50)
	e.P95, _ = took.Quantile(0.95)
	e.P99, _ = took.Quantile(0.99)
	return e
}

func countOf(b rules.Bucket) digest.Count { return digest.Count{Total: b.Total(), Failed: b.Failed()} }

func faultsOf(probe, attempts rules.Bucket) []digest.Fault {
	words := map[probes.Fault]digest.Fault{}
	for f, n := range probe.Counts {
		words[f] = digest.Fault{Word: f, Looks: n}
	}
	for f, n := range attempts.Counts {
		w := words[f]
		w.Word, w.Attempts = f, n
		words[f] = w
	}
	delete(words, probes.FaultNone)
	list := slices.Collect(maps.Values(words))
	slices.SortFunc(list, func(a, b digest.Fault) int {
		return cmp.Or(b.Attempts-a.Attempts, b.Looks-a.Looks, strings.Compare(string(a.Word), string(b.Word)))
	})
	return list
}

// certificateOf is the second signal's last word; nil when there was no look.
func certificateOf(rep certificate.Report) *digest.Certificate {
	if rep.At.IsZero() || rep.NotAfter.IsZero() {
		return nil
	}
	c := &digest.Certificate{Verdict: rep.Verdict, NotAfter: rep.NotAfter}
	if len(rep.Faults) > 0 {
		c.Fault = rep.Faults[0]
	}
	for _, a := range rep.Addresses {
		if a.NotAfter.Equal(rep.NotAfter) && len(a.Chain) > 0 {
			c.NotBefore = a.Chain[0].NotBefore
		}
	}
	return c
}

// incidents returns those of a merchant that touched the window, and those of
// the platform, which were not the merchant's fault. failing are the endpoints
// that fail at the end of the window.
func (g gathering) incidents(merchant string, failing map[string]bool) ([]digest.Incident, error) {
	own, err := g.touching(alerting.IncidentFilter{Merchants: []string{merchant}, Limit: 100})
	if err != nil {
		return nil, err
	}
	house, err := g.touching(alerting.IncidentFilter{Merchants: []string{""}, Limit: 100})
	if err != nil {
		return nil, err
	}
	list := []digest.Incident{}
	for _, in := range slices.Concat(own, house) {
		ours := in.Rule == rules.RulePlatformErrorRatio || in.Rule == rules.RuleChannelErrorRatio
		if in.Merchant != merchant && !ours || in.Parent != "" {
			continue
		}
		list = append(list, toldIncident(in, ours, failing))
	}
	slices.SortFunc(list, func(a, b digest.Incident) int { return a.Opened.Compare(b.Opened) })
	return list, nil
}

// touching returns the newest incidents that ran at some time of the window.
func (g gathering) touching(f alerting.IncidentFilter) ([]alerting.Incident, error) {
	all, err := g.d.store.Incidents(g.ctx, f)
	return slices.DeleteFunc(all, func(in alerting.Incident) bool {
		return !in.OpenedAt.Before(g.window.End) || !in.ResolvedAt.IsZero() && in.ResolvedAt.Before(g.window.Start)
	}), err
}

// endpointsOf returns the endpoints of a merchant.
func (d *Daemon) endpointsOf(merchant string) []*registry.Watched {
	return d.byMerchant(d.registry.Snapshot())[merchant]
}

// byMerchant returns the endpoints by merchant. It is made once for each
// snapshot: a tick asks for every merchant.
func (d *Daemon) byMerchant(snap *registry.Snapshot) map[string][]*registry.Watched {
	if c := d.merchants.Load(); c != nil && c.snap == snap {
		return c.of
	}
	c := &merchantIndex{snap: snap, of: map[string][]*registry.Watched{}}
	for _, w := range snap.Endpoints() {
		c.of[w.Merchant] = append(c.of[w.Merchant], w)
	}
	d.merchants.Store(c)
	return c.of
}

// merchantIndex is the endpoints of one snapshot by merchant.
type merchantIndex struct {
	snap *registry.Snapshot
	of   map[string][]*registry.Watched
}

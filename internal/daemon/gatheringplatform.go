package daemon

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Bounds of what the platform's digest lists.
const (
	endingSoon    = 14 * 24 * time.Hour // certificates
	endpointsRead = 500                 // whose quarters are read at a time
)

// platform returns the facts of the operators' own digest.
func (g gathering) platform() (digest.Facts, error) {
	snap := g.d.registry.Snapshot()
	p := digest.Platform{Merchants: len(snap.Merchants()), Endpoints: len(snap.Endpoints()), Certificates: g.ending(snap)}
	var err error
	if p.First, err = g.first(rules.ScopePlatform); err != nil {
		return digest.Facts{}, err
	}
	failing := map[string]bool{}
	if p.Worst, p.Probing, err = g.worst(snap, failing); err != nil {
		return digest.Facts{}, err
	}
	if p.Channels, err = g.channels(); err != nil {
		return digest.Facts{}, err
	}
	if p.Digests, err = g.ledgered(); err != nil {
		return digest.Facts{}, err
	}
	if p.Unsubscribed, err = g.left(snap); err != nil {
		return digest.Facts{}, err
	}
	if p.Dead, err = g.dead(); err != nil {
		return digest.Facts{}, err
	}
	if _, p.Backlog, err = g.backlog(nil); err != nil {
		return digest.Facts{}, err
	}
	incidents, err := g.touching(alerting.IncidentFilter{Limit: 1000})
	if err != nil {
		return digest.Facts{}, err
	}
	p.Broken, p.Recovered = g.turns(incidents, failing)
	p.Names = namesOf(snap, p)
	f := digest.Facts{Platform: &p, Covered: p.Probing, Footer: g.footer(), Made: g.now}
	for _, in := range slices.Backward(incidents) {
		if in.Parent == "" {
			f.Incidents = append(f.Incidents, toldIncident(in, in.Merchant == "", failing))
		}
	}
	return f, nil
}

// first counts the first attempts of a scope.
func (g gathering) first(scope rules.Scope) (digest.Count, error) {
	a, err := g.d.store.Tally(g.ctx, ingest.TallyQuery{Scopes: []rules.Scope{scope}, From: g.window.Start, To: g.window.End})
	return digest.Count{Total: a.First, Failed: a.FailedFirst}, err
}

// worst sums up by merchant, and says how much of the window was
// probed. It adds to failing the endpoints that fail at the end of the window.
func (g gathering) worst(snap *registry.Snapshot, failing map[string]bool) (list []digest.Merchant, probing time.Duration, err error) {
	of := map[string]*digest.Merchant{}
	for some := range slices.Chunk(snap.Endpoints(), endpointsRead) {
		endpoints, err := g.endpoints(some)
		if err != nil {
			return nil, 0, err
		}
		maps.Copy(failing, g.failing(endpoints))
		for i, e := range endpoints {
			probing = max(probing, e.Covered)
			m := of[some[i].Merchant]
			if m == nil {
				known, _ := snap.Merchant(some[i].Merchant)
				m = &digest.Merchant{ID: some[i].Merchant, Name: known.Name}
				of[m.ID] = m
			}
			m.Of++
			m.First.Total += e.First.Total
			m.First.Failed += e.First.Failed
			if failing[e.ID] {
				m.Failing++
			}
		}
	}
	for _, m := range of {
		if m.Failing > 0 || m.First.Failed > 0 {
			list = append(list, *m)
		}
	}
	return list, probing, nil
}

// channels counts by channel, worst first.
func (g gathering) channels() ([]digest.Channel, error) {
	list := []digest.Channel{}
	for scope := range g.d.column.conditions.Ratios() {
		kind, id := scope.Split()
		if kind != rules.ScopeChannel {
			continue
		}
		n, err := g.first(scope)
		if err != nil {
			return nil, err
		}
		list = append(list, digest.Channel{ID: id, First: n})
	}
	slices.SortFunc(list, func(a, b digest.Channel) int { return cmp.Or(b.First.Failed-a.First.Failed, cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// ledgered counts what became of the digests of the window before.
func (g gathering) ledgered() (digest.Ledgered, error) {
	length := g.window.End.Sub(g.window.Start)
	rows, err := g.d.store.Digests().List(g.ctx, digest.Filter{Kind: digest.KindHealth, From: g.window.Start.Add(-length), To: g.window.End, Limit: 1000})
	var n digest.Ledgered
	for _, r := range rows {
		switch r.State {
		case digest.StateSent:
			n.Sent++
		case digest.StateSkipped:
			n.Skipped++
		case digest.StateSuppressed:
			n.Suppressed++
		case digest.StateWaiting:
			n.Waiting++
		case digest.StateDead:
			n.Dead++
		default: // merged or stale: told by another row, or too late
		}
	}
	return n, err
}

// dead counts the notices that died in the window.
func (g gathering) dead() (int, error) {
	rows, err := g.d.store.Outbox(g.ctx, alerting.OutboxFilter{State: string(alerting.ResultDead), Limit: 1000})
	n := 0
	for _, r := range rows {
		if !r.Finished.Before(g.window.Start) && r.Finished.Before(g.window.End) {
			n++
		}
	}
	return n, err
}

// turns are the endpoints that became bad, or good, in the window. One that
// fails at its end has not become good, whoever closed its incident; planned
// work is neither.
func (g gathering) turns(incidents []alerting.Incident, failing map[string]bool) (broken, recovered []digest.Turn) {
	inside := func(t time.Time) bool { return !t.Before(g.window.Start) && t.Before(g.window.End) }
	for _, in := range incidents {
		if ofPlannedWork(in) {
			continue
		}
		for _, m := range in.Members {
			kind, id := m.Key.Scope.Split()
			if kind != rules.ScopeEndpoint || m.Key.Rule != rules.RuleEndpointDown {
				continue
			}
			t := digest.Turn{Endpoint: id, Merchant: m.Merchant, Fault: probes.Fault(m.Fault)}
			if inside(m.Since) {
				t.At = m.Since
				broken = append(broken, t)
			}
			if inside(m.Left) && !failing[id] {
				t.At = m.Left
				recovered = append(recovered, t)
			}
		}
	}
	return broken, recovered
}

// namesOf are the names of the merchants whose endpoints a digest lists; one
// that was removed has none.
func namesOf(snap *registry.Snapshot, p digest.Platform) []digest.Name {
	ids := map[string]bool{}
	for _, t := range slices.Concat(p.Broken, p.Recovered) {
		ids[t.Merchant] = true
	}
	for _, c := range p.Certificates {
		ids[c.Merchant] = true
	}
	var list []digest.Name
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if m, known := snap.Merchant(id); known && m.Name != "" {
			list = append(list, digest.Name{ID: id, Name: m.Name})
		}
	}
	return list
}

// ending lists the certificates that end soon, soonest first.
func (g gathering) ending(snap *registry.Snapshot) []digest.Expiring {
	var list []digest.Expiring
	now := time.Now()
	add := func(id, merchant string, ends time.Time) {
		if !ends.IsZero() && ends.Before(g.window.End.Add(endingSoon)) {
			list = append(list, digest.Expiring{ID: id, Merchant: merchant, NotAfter: ends})
		}
	}
	for _, w := range snap.Endpoints() {
		add(w.ID, w.Merchant, g.d.board.view(w, now).Certificate.Report.NotAfter)
	}
	for _, t := range snap.Targets() {
		add(t.ID, "", g.d.board.target(t, now).Report.NotAfter)
	}
	slices.SortFunc(list, func(a, b digest.Expiring) int { return a.NotAfter.Compare(b.NotAfter) })
	return list
}

package web_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

const day = 24 * time.Hour

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// source is a web.Source in memory, ordered by ID.
type source struct {
	summary   web.Summary
	endpoints []web.Endpoint
	targets   []web.Target
	ratios    []web.Ratio
	stands    []rules.Standing
	desk      desk
	ledger    ledger
}

func (s source) Ratios() []web.Ratio { return s.ratios }

func (s source) Conditions() []rules.Standing { return s.stands }

func (s source) Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	return s.desk.Incidents(ctx, f)
}

func (s source) Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	return s.desk.Incident(ctx, id)
}

func (s source) Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error) {
	return s.ledger.Digests(ctx, f)
}

func (s source) Summary() web.Summary  { return s.summary }
func (s source) Targets() []web.Target { return s.targets }

func (s source) Entries() iter.Seq[web.Entry] {
	return func(yield func(web.Entry) bool) {
		for i := range s.endpoints {
			if !yield(s.endpoints[i].Entry) {
				return
			}
		}
	}
}

func (s source) Endpoint(id string) (web.Endpoint, bool) {
	i, ok := slices.BinarySearchFunc(s.endpoints, id, func(e web.Endpoint, id string) int {
		switch {
		case e.ID < id:
			return -1
		case e.ID > id:
			return 1
		default:
			return 0
		}
	})
	if !ok {
		return web.Endpoint{}, false
	}
	return s.endpoints[i], true
}

// with returns an endpoint in the state that rules give its view.
func with(id, merchant, shown string, v rules.EndpointView) web.Endpoint {
	ep := web.Endpoint{
		Entry: web.Entry{ID: id, MerchantID: "m-" + id, MerchantName: merchant, Shown: shown}, View: v,
		Policy: probes.DefaultPolicy(), Products: []string{"PAYOUT"},
	}
	ep.State, ep.Reasons = rules.EndpointState(v)
	ep.Finding = rules.CauseOf(rules.CauseFactOf(v, rules.AttemptsFact{}))
	return ep
}

func healthyResult() probes.Result {
	return probes.Result{
		At: now.Add(-40 * time.Second), Took: 120 * time.Millisecond, Level: probes.LevelReach, Verdict: probes.Healthy,
		Fault: probes.FaultNone, Status: 204, Method: "OPTIONS", Addr: netip.MustParseAddrPort("192.0.2.7:443"),
		Phases: probes.Phases{
			Resolve: 5 * time.Millisecond, Connect: 20 * time.Millisecond, TLS: 45 * time.Millisecond,
			Wait: 50 * time.Millisecond, Read: time.Millisecond,
		},
		HTTPMajor: 1, HTTPMinor: 1, TLSVersion: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256,
		LeafExpiry: now.Add(61 * day), ServedExpiry: now.Add(61 * day), ChainExpiry: now.Add(61 * day),
	}
}

func downResult() probes.Result {
	r := healthyResult()
	r.Verdict, r.Fault, r.Status, r.Took = probes.Down, probes.FaultTimeoutResponse, 0, 30*time.Second
	r.HTTPMajor, r.HTTPMinor = 0, 0
	r.Phases = probes.Phases{Resolve: 5 * time.Millisecond, Connect: 20 * time.Millisecond, TLS: 45 * time.Millisecond, Wait: 29930 * time.Millisecond}
	r.Detail = "no head after 30s"
	return r
}

// report is a certificate that ends then, at one address.
func report(end time.Time, verdict certificate.Verdict, faults ...certificate.Fault) certificate.Report {
	rep := certificate.Report{At: now.Add(-3 * time.Minute), Verdict: verdict, Faults: faults, NotAfter: end}
	if len(faults) > 0 {
		rep.Detail = fmt.Sprintf("%s: valid until %s", faults[0], end.Format(time.DateOnly))
	}
	rep.Notes = []certificate.Fault{certificate.FaultChainOrder}
	rep.Addresses = []certificate.AddressReport{{
		Address: "192.0.2.7:443", Verdict: verdict, Faults: faults, Notes: []certificate.Fault{certificate.FaultChainOrder}, NotAfter: end, Detail: rep.Detail,
		Chain: []certificate.Link{
			{
				Subject: "CN=hooks.example", Issuer: "CN=Example CA R1", SANs: []string{"hooks.example", "*.hooks.example"}, NotBefore: end.Add(-200 * day), NotAfter: end,
				Key: "ECDSA P-256", Signature: "ECDSA-SHA256", Fingerprint: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
			},
			{
				Subject: "CN=Example CA R1", Issuer: "CN=Example Root", NotBefore: now.Add(-900 * day), NotAfter: now.Add(900 * day), CA: true,
				Key: "RSA 4096", Signature: "SHA256-RSA", Fingerprint: "aa1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
			},
		},
	}}
	return rep
}

// seven has one endpoint in each state, and two targets.
func seven() source {
	good := rules.CertificateView{Report: report(now.Add(61*day), certificate.OK)}
	slow := healthyResult()
	slow.Verdict, slow.Took, slow.Notes = probes.Degraded, 7340*time.Millisecond, probes.NoteSlow
	slow.Phases.Wait = 7270 * time.Millisecond
	plain := healthyResult()
	plain.Notes, plain.TLSVersion, plain.Phases.TLS = probes.NoteCleartext, 0, 0
	return source{
		summary: web.Summary{Version: "1.2.3", Started: now.Add(-26 * time.Hour), Reload: web.Reload{InForce: now.Add(-2 * time.Hour)}},
		endpoints: []web.Endpoint{
			with("acme-invoices", "Acme Pte Ltd", "https://hooks.acme.example/invoices", rules.EndpointView{
				Probe: rules.ProbeView{Result: healthyResult()}, Certificate: good,
				Deliveries: rules.DeliveryView{FirstAttempts: 360, Window: 6 * time.Hour}}),
			with("acme-payouts", "Acme Pte Ltd", "https://hooks.acme.example/payouts", rules.EndpointView{
				Probe:       rules.ProbeView{Result: downResult(), Confirmed: true, Failures: 5, Since: now.Add(-4 * time.Minute)},
				Certificate: rules.CertificateView{Report: report(now.Add(-3*day), certificate.Fail, certificate.FaultExpiredLeaf, certificate.FaultChainIncomplete)}}),
			with("borneo", "Toko Borneo", "http://borneo.example/hook", rules.EndpointView{
				Probe:      rules.ProbeView{Result: plain},
				Deliveries: rules.DeliveryView{FirstAttempts: 360, FailedFirst: 22, Failing: true, Backlog: 18, Window: 6 * time.Hour}}),
			with("ceres", "Ceres", "https://ceres.example/webhooks/xendit", rules.EndpointView{
				Probe: rules.ProbeView{Result: slow}, Certificate: rules.CertificateView{Report: report(now.Add(9*day), certificate.Warn, certificate.FaultExpiring)}}),
			with("dewi", "Dewi & Sons", "https://dewi.example/", rules.EndpointView{}),
			with("eka", "Eka", "https://eka.example/in", rules.EndpointView{Suspended: true, Probe: rules.ProbeView{Result: healthyResult()}, Certificate: good}),
			with("fajar", "Fajar", "https://fajar.example/in", rules.EndpointView{
				Probe: rules.ProbeView{Result: healthyResult()}, Certificate: good, Deliveries: rules.DeliveryView{FirstAttempts: 10, Backlog: 4, Window: time.Hour}}),
		},
		targets: []web.Target{
			{ID: "gateway", Address: "gateway.internal:8443", Certificate: good},
			{ID: "ledger", Address: "10.1.2.3:8443", ServerName: "ledger.internal", Certificate: rules.CertificateView{Report: report(now.Add(5*time.Hour), certificate.Warn, certificate.FaultExpiring)}},
		},
	}
}

// many has n healthy endpoints, of which every hundredth is down.
func many(n int) source {
	s := source{summary: web.Summary{Version: "dev"}}
	for i := range n {
		r := healthyResult()
		v := rules.EndpointView{Probe: rules.ProbeView{Result: r}}
		if i%100 == 99 {
			v.Probe = rules.ProbeView{Result: downResult(), Confirmed: true, Failures: 3, Since: now}
		}
		s.endpoints = append(s.endpoints, with(fmt.Sprintf("ep-%06d", i), fmt.Sprintf("Merchant %d", i/10), fmt.Sprintf("https://m%d.example/hook", i), v))
	}
	return s
}

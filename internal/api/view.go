package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// endpointView is an endpoint as it is answered. A signal without data is
// null.
type endpointView struct {
	ID          string           `json:"id"`
	Merchant    string           `json:"merchant"`
	URL         string           `json:"url" doc:"Without its query"`
	State       rules.Word       `json:"state" enum:"suspended,down,failing,degraded,recovering,healthy,no_data"`
	Reasons     []rules.Reason   `json:"reasons" doc:"What explains the state, by signal"`
	Cause       rules.Cause      `json:"cause" enum:"suspended,gone,our_trust_store,certificate,tls,endpoint_down,handler_broken,handler_slow,connection_broken,sender_blocked,auth_changed,payload_rejected,rate_limited,redirect,unauthenticated,probe_path_blocked,dispatcher_silent,certificate_expiring,recovered,healthy,unclear,no_data" doc:"Why it is so, by all signals together"`
	Advice      string           `json:"advice" doc:"What to do, in English; empty when there is nothing"`
	Products    []string         `json:"products"`
	Suspended   bool             `json:"suspended" doc:"By its record"`
	Origin      registry.Origin  `json:"origin" enum:"file,api,seen"`
	Probe       *probeView       `json:"probe"`
	Certificate *certificateView `json:"certificate"`
	Deliveries  *deliveryView    `json:"deliveries"`
	Record      *endpointRecord  `json:"record,omitempty" doc:"What PUT takes; for operators, in the answer for one endpoint"`
	Warnings    []warning        `json:"warnings,omitempty" doc:"Of a PUT: good, and still worth a look"`
}

// TransformSchema says that a signal may be null.
func (endpointView) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	for _, signal := range []string{"probe", "certificate", "deliveries"} {
		orNull(schema, signal)
	}
	return schema
}

func orNull(schema *huma.Schema, property string) {
	schema.Properties[property] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: schema.Properties[property].Ref}, {Type: "null"}}}
}

type probeView struct {
	Verdict           probes.Verdict `json:"verdict"`
	Fault             probes.Fault   `json:"fault"`
	Notes             []string       `json:"notes"`
	Status            int            `json:"status" doc:"0 without a complete head"`
	TookSeconds       float64        `json:"took_seconds"`
	At                time.Time      `json:"at"`
	Level             probes.Level   `json:"level"`
	Try               int            `json:"try" doc:"0 for a regular probe, 1.. for a confirming one"`
	Phases            phasesView     `json:"phases"`
	Address           string         `json:"address" doc:"ip:port that was dialled; empty when none was"`
	Detail            string         `json:"detail"`
	Location          string         `json:"location" doc:"Host that a 3xx pointed to"`
	RetryAfterSeconds float64        `json:"retry_after_seconds"`
	Since             *time.Time     `json:"since" doc:"First of the present failures; null without any"`
	Failures          int            `json:"failures" doc:"In a row"`
}

type phasesView struct {
	Resolve float64 `json:"resolve_seconds"`
	Connect float64 `json:"connect_seconds"`
	TLS     float64 `json:"tls_seconds"`
	Wait    float64 `json:"wait_seconds"`
	Read    float64 `json:"read_seconds"`
}

type certificateView struct {
	Verdict   certificate.Verdict `json:"verdict"`
	Faults    []certificate.Fault `json:"faults" doc:"Worst first"`
	Notes     []certificate.Fault `json:"notes"`
	NotAfter  *time.Time          `json:"not_after" doc:"null when no certificate was seen"`
	At        time.Time           `json:"at"`
	Detail    string              `json:"detail"`
	Addresses []addressView       `json:"addresses"`
}

type addressView struct {
	Address  string              `json:"address"`
	Verdict  certificate.Verdict `json:"verdict"`
	Faults   []certificate.Fault `json:"faults"`
	Notes    []certificate.Fault `json:"notes"`
	NotAfter *time.Time          `json:"not_after"`
	PathEnd  *time.Time          `json:"path_end" doc:"End of the longest-lived verified path; null when none verified"`
	Detail   string              `json:"detail"`
	Page     bool                `json:"page" doc:"Less is left than page_below"`
	Chain    []certificate.Link  `json:"chain,omitempty" doc:"As served, leaf first; not in lists"`
}

type deliveryView struct {
	FirstAttempts   int      `json:"first_attempts"`
	FailedFirst     int      `json:"failed_first"`
	FirstErrorRatio *float64 `json:"first_error_ratio" doc:"In [0, 1]; null without attempts"`
	WindowSeconds   float64  `json:"window_seconds"`
}

// viewOf shows an endpoint as lists show it.
func viewOf(w *registry.Watched, v rules.EndpointView) endpointView {
	v.Suspended = v.Suspended || w.Suspended
	state, reasons := rules.EndpointState(v)
	return endpointView{
		ID: w.ID, Merchant: w.Merchant, URL: w.Shown, State: state, Reasons: reasons,
		Products: filled(w.Products), Suspended: w.Suspended, Origin: w.Origin,
		Probe: viewOfProbe(v.Probe), Certificate: viewOfCertificate(v.Certificate, false), Deliveries: viewOfDeliveries(v.Deliveries),
	}
}

func viewOfProbe(p rules.ProbeView) *probeView {
	r := p.Result
	if r.At.IsZero() {
		return nil
	}
	address := ""
	if r.Addr.IsValid() {
		address = r.Addr.String()
	}
	return &probeView{
		Verdict: r.Verdict, Fault: r.Fault, Notes: r.Notes.Words(), Status: r.Status, TookSeconds: r.Took.Seconds(), At: r.At.UTC(),
		Level: r.Level, Try: r.Try, Address: address, Detail: r.Detail, Location: r.Location,
		RetryAfterSeconds: r.RetryAfter.Seconds(), Since: known(p.Since), Failures: p.Failures,
		Phases: phasesView{
			Resolve: r.Phases.Resolve.Seconds(), Connect: r.Phases.Connect.Seconds(), TLS: r.Phases.TLS.Seconds(),
			Wait: r.Phases.Wait.Seconds(), Read: r.Phases.Read.Seconds(),
		},
	}
}

func viewOfCertificate(c rules.CertificateView, chains bool) *certificateView {
	r := c.Report
	if r.At.IsZero() {
		return nil
	}
	v := &certificateView{
		Verdict: r.Verdict, Faults: filled(r.Faults), Notes: filled(r.Notes), NotAfter: known(r.NotAfter),
		At: r.At.UTC(), Detail: r.Detail, Addresses: make([]addressView, 0, len(r.Addresses)),
	}
	for _, a := range r.Addresses {
		shown := addressView{
			Address: a.Address, Verdict: a.Verdict, Faults: filled(a.Faults), Notes: filled(a.Notes),
			NotAfter: known(a.NotAfter), PathEnd: known(a.PathEnd), Detail: a.Detail, Page: a.Page,
		}
		if chains {
			shown.Chain = a.Chain
		}
		v.Addresses = append(v.Addresses, shown)
	}
	return v
}

func viewOfDeliveries(d rules.DeliveryView) *deliveryView {
	if d.Window == 0 {
		return nil
	}
	v := &deliveryView{FirstAttempts: d.FirstAttempts, FailedFirst: d.FailedFirst, WindowSeconds: d.Window.Seconds()}
	if ratio, ok := d.Ratio(); ok {
		v.FirstErrorRatio = new(float64(ratio))
	}
	return v
}

// known returns t, or nil for the zero time, so that JSON shows null.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

// filled returns list, or an empty one for nil, so that JSON shows [].
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

package api

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// hidden stands for a secret in answers; sent back, it means the stored one.
const hidden = "<secret>"

// endpointRecord is an endpoint as it is written: the keys of the YAML file.
// What it leaves out comes from the defaults.
type endpointRecord struct {
	ID          string            `json:"id,omitempty" doc:"As in the path"`
	Merchant    string            `json:"merchant"`
	URL         string            `json:"url" doc:"A query is answered as ?<secret>; sent back so, the stored one stays"`
	Products    []string          `json:"products,omitempty"`
	Token       probes.Secret     `json:"token,omitempty" doc:"Answered as <secret>; sent back so, the stored one stays, as long as scheme, host and port of the URL do"`
	TokenFile   string            `json:"token_file,omitempty" doc:"Refused here: give token"`
	TokenHeader string            `json:"token_header,omitempty" doc:"Empty: x-callback-token"`
	Signature   string            `json:"signature,omitempty" enum:"token,standard-webhooks"`
	Probe       probeRecord       `json:"probe,omitzero"`
	Certificate certificateRecord `json:"certificate,omitzero"`
	Schedule    string            `json:"schedule,omitempty" doc:"Retry schedule preset"`
	Deadline    string            `json:"deadline,omitempty" doc:"Of an attempt; default and most 30s"`
	Suspended   bool              `json:"suspended,omitempty"`
}

type probeRecord struct {
	Level          string          `json:"level,omitempty" enum:"tls,reach,refuse,ping"`
	Interval       string          `json:"interval,omitempty" doc:"1s to 1d"`
	Timeout        string          `json:"timeout,omitempty" doc:"At most 30s"`
	AckBudget      string          `json:"ack_budget,omitempty" doc:"Slower than this is degraded; at most timeout"`
	Confirm        *int            `json:"confirm,omitempty" doc:"Quick re-probes after a first failure; 0 to 10"`
	ConfirmAfter   string          `json:"confirm_after,omitempty"`
	KeepAlive      *bool           `json:"keep_alive,omitempty"`
	AllowCleartext *bool           `json:"allow_cleartext,omitempty"`
	Body           json.RawMessage `json:"body,omitempty" doc:"Extra fields of the ping: a JSON object"`
}

type certificateRecord struct {
	Interval       string   `json:"interval,omitempty"`
	Timeout        string   `json:"timeout,omitempty"`
	WarnBelow      string   `json:"warn_below,omitempty" doc:"Share of the lifetime left (25%), or a time (14d)"`
	PageBelow      string   `json:"page_below,omitempty" doc:"As warn_below"`
	Pins           []string `json:"pins,omitempty" doc:"SPKI sha256, hex"`
	CAFile         string   `json:"ca_file,omitempty" doc:"Refused here, like the other files"`
	ClientCertFile string   `json:"client_cert_file,omitempty"`
	ClientKeyFile  string   `json:"client_key_file,omitempty"`
	ServedFile     string   `json:"served_file,omitempty"`
}

// recordOf writes an endpoint as PUT takes it, its secrets hidden. Files that
// its file entry names are left out: they say nothing beyond this machine.
func recordOf(ep registry.Endpoint) *endpointRecord {
	base, _, query := strings.Cut(ep.URL, "?")
	if query {
		base += "?" + hidden
	}
	p, c := ep.Probe, ep.Certificate
	rec := &endpointRecord{
		ID: ep.ID, Merchant: ep.Merchant, URL: base, Products: ep.Products, Token: ep.Token, TokenHeader: ep.TokenHeader,
		Signature: string(ep.Signature), Schedule: ep.Schedule, Deadline: text(ep.Deadline), Suspended: ep.Suspended,
		Probe: probeRecord{
			Interval: text(p.Interval), Timeout: text(p.Timeout), AckBudget: text(p.AckBudget), ConfirmAfter: text(p.ConfirmAfter),
			Confirm: p.Confirm, KeepAlive: p.KeepAlive, AllowCleartext: p.AllowCleartext, Body: p.Body,
		},
		Certificate: certificateRecord{
			Interval: text(c.Interval), Timeout: text(c.Timeout), WarnBelow: text(c.WarnBelow), PageBelow: text(c.PageBelow), Pins: c.Pins,
		},
	}
	if p.Level != nil {
		rec.Probe.Level = string(*p.Level)
	}
	return rec
}

// text writes a setting that has a String, and nothing for the default.
func text[T interface{ String() string }](v *T) string {
	if v == nil {
		return ""
	}
	return (*v).String()
}

// reading turns a record into the registry's, and collects what is wrong.
type reading struct{ faults []*huma.ErrorDetail }

func (r *reading) bad(path, message string) {
	r.faults = append(r.faults, detail("body."+path, message))
}

// endpoint reads what was sent for the endpoint with that ID.
func (r *reading) endpoint(id string, in *endpointRecord) registry.Endpoint {
	if in.ID != "" && in.ID != id {
		r.bad("id", "is not the ID in the path; leave it out")
	}
	c := in.Certificate
	ep := registry.Endpoint{
		ID: id, Merchant: in.Merchant, URL: in.URL, Products: in.Products, Token: in.Token, TokenHeader: in.TokenHeader,
		TokenFile: in.TokenFile, Signature: probes.Scheme(in.Signature), Schedule: in.Schedule, Suspended: in.Suspended,
		Deadline: read[registry.Duration](r, "deadline", in.Deadline),
		Probe:    r.probe(in.Probe),
		Certificate: registry.CertificateSpec{
			Interval:  read[registry.Duration](r, "certificate.interval", c.Interval),
			Timeout:   read[registry.Duration](r, "certificate.timeout", c.Timeout),
			WarnBelow: read[certificate.Threshold](r, "certificate.warn_below", c.WarnBelow),
			PageBelow: read[certificate.Threshold](r, "certificate.page_below", c.PageBelow),
			Pins:      c.Pins, CAFile: c.CAFile, ClientCertFile: c.ClientCertFile, ClientKeyFile: c.ClientKeyFile, ServedFile: c.ServedFile,
		},
	}
	r.noFiles(ep)
	return ep
}

func (r *reading) probe(in probeRecord) registry.ProbeSpec {
	body := in.Body
	if string(body) == "null" {
		body = nil
	}
	return registry.ProbeSpec{
		Level:        read[probes.Level](r, "probe.level", in.Level),
		Interval:     read[registry.Duration](r, "probe.interval", in.Interval),
		Timeout:      read[registry.Duration](r, "probe.timeout", in.Timeout),
		AckBudget:    read[registry.Duration](r, "probe.ack_budget", in.AckBudget),
		ConfirmAfter: read[registry.Duration](r, "probe.confirm_after", in.ConfirmAfter),
		Confirm:      in.Confirm, KeepAlive: in.KeepAlive, AllowCleartext: in.AllowCleartext, Body: body,
	}
}

// noFiles refuses a record that names files of this machine: whoever may
// change endpoints need not be able to read the daemon's files.
func (r *reading) noFiles(ep registry.Endpoint) {
	const reason = "names a file on the daemon's machine: that is for the configuration file alone"
	for _, f := range []struct{ path, value, hint string }{
		{"token_file", ep.TokenFile, "; give token"},
		{"certificate.ca_file", ep.Certificate.CAFile, ""},
		{"certificate.client_cert_file", ep.Certificate.ClientCertFile, ""},
		{"certificate.client_key_file", ep.Certificate.ClientKeyFile, ""},
		{"certificate.served_file", ep.Certificate.ServedFile, "; give pins"},
	} {
		if f.value != "" {
			r.bad(f.path, reason+f.hint)
		}
	}
}

// keep puts the stored secrets in where ep asks for them; old is nil for a new
// endpoint. A stored secret never goes to another place than the one it was
// given for.
func (r *reading) keep(ep *registry.Endpoint, old *registry.Watched) {
	if base, ok := strings.CutSuffix(ep.URL, "?"+hidden); ok {
		if had, _, query := strings.Cut(stored(old).URL, "?"); query && had == base {
			ep.URL = stored(old).URL
		} else {
			r.bad("url", "there is no stored query for this URL; give it in full")
		}
	}
	if ep.Token != hidden {
		return
	}
	switch {
	case stored(old).Token == "":
		r.bad("token", "there is no stored token to keep; give it in full, or leave it out")
	case !samePlace(old.URL, ep.URL):
		r.bad("token", "the stored token is not sent to another scheme, host or port; give it in full")
	default:
		ep.Token = old.Token
	}
}

func stored(old *registry.Watched) registry.Endpoint {
	if old == nil {
		return registry.Endpoint{}
	}
	return old.Endpoint
}

// samePlace reports whether two URLs have the same scheme, host and port.
func samePlace(a, b string) bool {
	ua, erra := url.Parse(a)
	ub, errb := url.Parse(b)
	return erra == nil && errb == nil && strings.EqualFold(ua.Scheme, ub.Scheme) && strings.EqualFold(ua.Host, ub.Host)
}

// read parses one setting; nil for the default, or when it is wrong.
func read[T any, P interface {
	*T
	UnmarshalText(b []byte) error
}](r *reading, path, s string) *T {
	if s == "" {
		return nil
	}
	v := new(T)
	if err := P(v).UnmarshalText([]byte(s)); err != nil {
		r.bad(path, err.Error())
		return nil
	}
	return v
}

package main

import (
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// probeOutput is what probe --json prints.
type probeOutput struct {
	URL         string             `json:"url"` // without its query
	Verdict     probes.Verdict     `json:"verdict"`
	Fault       probes.Fault       `json:"fault"`
	Notes       []string           `json:"notes"`
	At          time.Time          `json:"at"`
	Level       probes.Level       `json:"level"`
	Method      string             `json:"method,omitempty"`
	Status      int                `json:"status"` // 0 without a complete head
	TookSeconds float64            `json:"took_seconds"`
	Phases      map[string]float64 `json:"phases"`
	Address     string             `json:"address,omitempty"`
	Location    string             `json:"location,omitempty"`
	RetryAfter  float64            `json:"retry_after_seconds,omitempty"`
	Detail      string             `json:"detail,omitempty"`
	Certificate *reportOutput      `json:"certificate"` // null over http://
}

func probeJSON(shown string, r probes.Result, rep *certificate.Report) probeOutput {
	out := probeOutput{
		URL: shown, Verdict: r.Verdict, Fault: r.Fault, Notes: r.Notes.Words(), At: r.At.UTC(), Level: r.Level, Method: r.Method, Status: r.Status,
		TookSeconds: r.Took.Seconds(), Location: r.Location, RetryAfter: r.RetryAfter.Seconds(), Detail: r.Detail,
		Phases: map[string]float64{
			"resolve_seconds": r.Phases.Resolve.Seconds(), "connect_seconds": r.Phases.Connect.Seconds(), "tls_seconds": r.Phases.TLS.Seconds(),
			"wait_seconds": r.Phases.Wait.Seconds(), "read_seconds": r.Phases.Read.Seconds(),
		},
	}
	if r.Addr.IsValid() {
		out.Address = r.Addr.String()
	}
	if rep != nil {
		out.Certificate = new(reportJSON(*rep))
	}
	return out
}

// reportOutput is a judgement of certificates as JSON: what is not known is
// null, and a list is never null.
type reportOutput struct {
	At        *time.Time          `json:"at"`
	Verdict   certificate.Verdict `json:"verdict"`
	Faults    []certificate.Fault `json:"faults"` // worst first
	Notes     []certificate.Fault `json:"notes"`
	NotAfter  *time.Time          `json:"not_after"` // null when no certificate was seen
	Detail    string              `json:"detail,omitempty"`
	Addresses []addressOutput     `json:"addresses"`
}

type addressOutput struct {
	Address  string              `json:"address"`
	Verdict  certificate.Verdict `json:"verdict"`
	Faults   []certificate.Fault `json:"faults"`
	Notes    []certificate.Fault `json:"notes"`
	NotAfter *time.Time          `json:"not_after"`
	PathEnd  *time.Time          `json:"path_end"` // of the longest-lived verified path; null when none verified
	Detail   string              `json:"detail,omitempty"`
	Page     bool                `json:"page"` // less is left than page_below
	Chain    []certificate.Link  `json:"chain"`
}

func reportJSON(rep certificate.Report) reportOutput {
	out := reportOutput{
		At: known(rep.At), Verdict: rep.Verdict, Faults: filled(rep.Faults), Notes: filled(rep.Notes),
		NotAfter: known(rep.NotAfter), Detail: rep.Detail, Addresses: []addressOutput{},
	}
	for _, a := range rep.Addresses {
		out.Addresses = append(out.Addresses, addressOutput{
			Address: a.Address, Verdict: a.Verdict, Faults: filled(a.Faults), Notes: filled(a.Notes),
			NotAfter: known(a.NotAfter), PathEnd: known(a.PathEnd), Detail: a.Detail, Page: a.Page, Chain: filled(a.Chain),
		})
	}
	return out
}

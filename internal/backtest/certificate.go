package backtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// mostDetail bounds what a look says in words, in bytes; a look itself says
// at most 200.
const mostDetail = 500

// certificateLine is a round of looks in a log, told from an attempt by
// "kind": "certificate". Beside kind, and endpoint or target, it is the
// certificate of GET /api/v1/endpoints/{id} and /targets/{id}; fields that are
// not named here are ignored.
type certificateLine struct {
	Endpoint  string              `json:"endpoint"` // one of the two
	Target    string              `json:"target"`
	At        time.Time           `json:"at"`
	Verdict   certificate.Verdict `json:"verdict"`
	Faults    []certificate.Fault `json:"faults"`
	NotAfter  time.Time           `json:"not_after"` // missing or null: none was seen
	Detail    string              `json:"detail"`    // missing: the faults
	Addresses []struct {
		Page bool `json:"page"` // less is left than page_below
	} `json:"addresses"`
}

// lookOf reads a round of looks; bad says why it is none.
func lookOf(line []byte) (f *rules.CertificateFact, bad string) {
	var c certificateLine
	if err := json.Unmarshal(line, &c); err != nil {
		return nil, "the look is not as it should be; wanted the fields of an endpoint's certificate in the API, endpoint or target, and kind"
	}
	unknown := slices.IndexFunc(c.Faults, func(f certificate.Fault) bool { return !slices.Contains(certificate.Faults(), f) })
	switch {
	case (c.Endpoint == "") == (c.Target == ""):
		return nil, "wanted one of endpoint and target"
	case c.At.Year() < 2000 || c.At.Year() >= far().Year():
		return nil, `at: is missing or no time; wanted RFC 3339 ("2023-11-11T13:00:00Z")`
	case !slices.Contains(certificate.Verdicts(), c.Verdict):
		return nil, "verdict: is not known; wanted ok, warn, fail or unknown"
	case unknown >= 0:
		return nil, fmt.Sprintf("faults[%d]: is not known; wanted words of GET /api/v1/endpoints", unknown)
	}
	return c.fact(), ""
}

func (c certificateLine) fact() *rules.CertificateFact {
	f := &rules.CertificateFact{Scope: rules.ScopeOf(rules.ScopeTarget, c.Target)}
	if c.Endpoint != "" {
		f.Scope, f.Probed = rules.ScopeOf(rules.ScopeEndpoint, c.Endpoint), true
	}
	f.Report = certificate.Report{At: c.At.UTC(), Verdict: c.Verdict, Faults: c.Faults, NotAfter: c.NotAfter.UTC(), Detail: c.detail()}
	for _, a := range c.Addresses {
		f.Report.Addresses = append(f.Report.Addresses, certificate.AddressReport{Page: a.Page})
	}
	return f
}

func (c certificateLine) detail() string {
	if c.Detail != "" {
		return strings.ToValidUTF8(c.Detail[:min(len(c.Detail), mostDetail)], "")
	}
	words := make([]string, len(c.Faults))
	for i, f := range c.Faults {
		words[i] = string(f)
	}
	text := strings.Join(words, ", ")
	if !c.NotAfter.IsZero() && text != "" {
		text += "; valid to " + c.NotAfter.UTC().Format(time.DateTime) + " UTC"
	}
	return text
}

// whose fills in whose certificate a look was at, and when the probe of the
// same endpoint was answered last.
func (p *prober) whose(f rules.CertificateFact, known *registry.Snapshot) rules.CertificateFact {
	kind, id := f.Scope.Split()
	if kind == rules.ScopeEndpoint {
		f.Merchant, f.Host = ownerOf(known, id)
		f.Answered = p.answered[id]
		return f
	}
	if t, ok := known.Target(id); ok {
		f.Host = t.Address
	}
	return f
}

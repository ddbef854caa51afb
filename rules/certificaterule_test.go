package rules_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// round is one round of looks, so many seconds after the first.
type round struct {
	at       int
	fault    certificate.Fault // empty: good
	answered int               // when the probe was answered last
}

func TestCertificateOpensOnItsOwnFindings(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		target bool // not probed
		rounds []round
		opened int // which round opens it, from 1; 0: none
		clear  int
	}{
		"one bad round opens nothing":                     {rounds: []round{{0, certificate.FaultExpiredLeaf, 0}}},
		"two bad rounds open it":                          {rounds: []round{{0, certificate.FaultExpiredLeaf, 0}, {30, certificate.FaultExpiredLeaf, 0}}, opened: 2},
		"a good one between begins anew":                  {rounds: []round{{0, certificate.FaultExpiredLeaf, 0}, {30, "", 0}, {60, certificate.FaultExpiredLeaf, 0}}},
		"one good round clears it":                        {rounds: []round{{0, certificate.FaultExpiredLeaf, 0}, {30, certificate.FaultExpiredLeaf, 0}, {60, "", 0}}, opened: 2, clear: 3},
		"an endpoint that refuses is the probe's to tell": {rounds: []round{{10, certificate.FaultConnectRefused, 0}, {40, certificate.FaultConnectRefused, 0}, {70, certificate.FaultConnectRefused, 10}}},
		"unless the probe was answered since":             {rounds: []round{{10, certificate.FaultConnectRefused, 0}, {40, certificate.FaultConnectRefused, 11}}, opened: 2},
		"a target that refuses opens it":                  {target: true, rounds: []round{{0, certificate.FaultConnectRefused, 0}, {30, certificate.FaultConnectRefused, 0}}, opened: 2},
		"what cannot be looked at clears nothing":         {rounds: []round{{0, certificate.FaultExpiredLeaf, 0}, {30, certificate.FaultExpiredLeaf, 0}, {60, certificate.FaultBlocked, 0}}, opened: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule, e := rules.DefaultCertificate(), rules.Episode{}
			opened, cleared, bad := 0, 0, 0
			for i, r := range tt.rounds {
				at := begin.Add(time.Duration(r.at) * time.Second)
				report := certificate.Report{At: at, Verdict: certificate.OK}
				if r.fault != "" {
					report.Verdict, report.Faults = r.fault.Usual(), []certificate.Fault{r.fault}
				}
				if bad++; !rule.Bad(report) {
					bad = 0
				}
				f := rules.CertificateFact{Scope: "endpoint:ep", Report: report, BadRuns: bad, Probed: !tt.target, Answered: begin.Add(time.Duration(r.answered) * time.Second)}
				var ch *rules.Change
				if e, ch = rule.Step(e, f, at); ch == nil {
					continue
				}
				if ch.Open {
					opened = i + 1
				} else {
					cleared = i + 1
				}
			}
			if opened != tt.opened || cleared != tt.clear {
				t.Errorf("opened in round %d and cleared in %d, want %d and %d", opened, cleared, tt.opened, tt.clear)
			}
		})
	}
}

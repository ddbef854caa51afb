package rules

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Certificate opens when the second signal says fail, or that less is left
// than page_below, in enough rounds of looks one after the other. That an
// endpoint cannot be reached is for endpoint_down to say: here it opens only
// once the probe has been answered since the first bad round, for then the two
// signals disagree.
type Certificate struct {
	Rounds int // bad rounds in a row that open it; default 2
	Good   int // good rounds in a row that clear it; default 1: a renewed certificate is a fact
}

// DefaultCertificate returns the defaults.
func DefaultCertificate() Certificate { return Certificate{Rounds: 2, Good: 1} }

// CertificateFact is one round of looks at one endpoint or target.
type CertificateFact struct {
	Scope    Scope // endpoint:... or target:...
	Merchant string
	Host     string
	Report   certificate.Report
	BadRuns  int // bad rounds in a row, this one included

	Probed   bool      // the probe looks at it too: an endpoint, not a target
	Answered time.Time // start of the last probe that was answered before this round began; zero: none is known
}

// Bad reports whether a round is one that may open the condition.
func (Certificate) Bad(rep certificate.Report) bool {
	if rep.Verdict == certificate.Fail {
		return true
	}
	for _, a := range rep.Addresses {
		if a.Page {
			return true
		}
	}
	return false
}

// Step takes one round's fact. It is pure.
func (c Certificate) Step(e Episode, f CertificateFact, now time.Time) (Episode, *Change) {
	if f.Report.Verdict == certificate.Unknown {
		return e, nil // blocked, our resolver: neither opens nor clears
	}
	if !c.Bad(f.Report) {
		e, cleared := e.good(c.Good)
		if !cleared {
			return e, nil
		}
		ch := c.tell(e, f, now)
		ch.Evidence.Text = "the certificate is good again, valid to " + clock(f.Report.NotAfter)
		return e, &ch
	}
	fault := ""
	if len(f.Report.Faults) > 0 {
		fault = string(f.Report.Faults[0])
	}
	e = e.pend(f.Report.At, fault)
	if e.Phase == PhasePending && (f.BadRuns < c.Rounds || f.forTheProbe() && !f.Answered.After(e.Since)) {
		return e, nil
	}
	e, told := e.open(now, High)
	if !told {
		return e, nil
	}
	ch := c.tell(e, f, now)
	ch.Evidence.Text = f.Report.Detail
	return e, &ch
}

// forTheProbe reports whether the fact is that an endpoint was not reached.
func (f CertificateFact) forTheProbe() bool {
	return f.Probed && len(f.Report.Faults) > 0 && !slices.ContainsFunc(f.Report.Faults, func(fault certificate.Fault) bool {
		return !fault.Unreached() && fault.Usual() == certificate.Fail
	})
}

func (c Certificate) tell(e Episode, f CertificateFact, now time.Time) Change {
	ch := e.change(RuleCertificate, f.Scope, now)
	ch.Merchant, ch.Host = f.Merchant, f.Host
	ch.Evidence.From, ch.Evidence.To = e.Since, f.Report.At
	ch.Evidence.Clears = count(c.Good, "good round of looks", "good rounds of looks")
	return ch
}

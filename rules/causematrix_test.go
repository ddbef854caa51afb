package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// oneOfEachKind has one fault for each kind that the matrix tells apart.
var oneOfEachKind = []probes.Fault{
	"", probes.FaultDNSNotFound, probes.FaultRefused, probes.FaultTLSExpired, probes.FaultTLSUntrusted, probes.FaultTLSVersion, probes.FaultReset,
	probes.FaultTimeoutResponse, probes.FaultHTTP5xx, probes.FaultHTTP401, probes.FaultHTTP404, probes.FaultHTTP410, probes.FaultHTTP429,
	probes.FaultHTTP4xx, probes.FaultHTTP3xx, probes.FaultAcceptsUnauthenticated,
}

// everyLook has every look that the matrix tells apart.
func everyLook() []Look {
	list := []Look{
		{}, {Verdict: probes.Healthy, Fault: probes.FaultNone}, {Verdict: probes.Degraded, Fault: probes.FaultNone},
		{Verdict: probes.Degraded, Fault: probes.FaultAcceptsUnauthenticated}, {Verdict: probes.Down, Fault: probes.FaultRefused, Pending: true},
	}
	for _, f := range oneOfEachKind {
		list = append(list, Look{Verdict: probes.Down, Fault: f})
	}
	return list
}

// everyServed has every certificate that the matrix tells apart.
func everyServed() []CauseFact {
	list := []CauseFact{{}}
	for v, faults := range map[certificate.Verdict][]certificate.Fault{
		certificate.OK:   {""},
		certificate.Warn: {certificate.FaultExpiring, certificate.FaultIssuerChanged},
		certificate.Fail: {certificate.FaultExpiredLeaf, certificate.FaultChainIncomplete, certificate.FaultHostnameMismatch, certificate.FaultSelfSigned, certificate.FaultNotTLS},
	} {
		for _, f := range faults {
			list = append(list, CauseFact{Certificate: v, Finding: f})
		}
	}
	return list
}

// everyFact calls see with each combination of what the matrix tells apart.
func everyFact(see func(CauseFact)) {
	looks := everyLook()
	for _, f := range everyServed() {
		for _, crowd := range []bool{false, true} {
			f.Crowd = crowd
			for _, f.Reach = range looks {
				for _, f.Ping = range looks {
					for _, f.Flow = range []Flow{FlowUnknown, FlowOK, FlowSilent, FlowRecovered, FlowFailing} {
						f.Fault = ""
						if f.Flow != FlowFailing {
							see(f)
							continue
						}
						for _, f.Fault = range oneOfEachKind {
							see(f)
						}
					}
				}
			}
		}
	}
}

func TestEachCombinationHasOneFinding(t *testing.T) {
	t.Parallel()
	combinations := 0
	met := make([]int, len(causeMatrix))
	everyFact(func(f CauseFact) {
		combinations++
		s := sightOf(f)
		i := slices.IndexFunc(causeMatrix, func(r causeRow) bool { return r.meets(s) })
		if i < 0 {
			t.Fatalf("no row is met by %+v", f)
		}
		met[i]++
		if met[i] > 100 && met[i]%37 != 0 {
			return // what a row says is alike
		}
		if wrong := implausible(f, CauseOf(f)); wrong != "" {
			t.Fatalf("%s: %+v of %+v", wrong, CauseOf(f), f)
		}
	})
	for i, n := range met {
		if n == 0 && !causeMatrix[i].suspended {
			t.Errorf("row %d (%s, %d) is never the first to be met: take it out, or move it up", i, causeMatrix[i].cause, causeMatrix[i].says)
		}
	}
	t.Logf("%d combinations, %d rows", combinations, len(causeMatrix))
}

// implausible says what is wrong with a finding; empty when nothing is.
func implausible(f CauseFact, got Finding) string {
	en, id := got.Advice.English, got.Advice.Indonesian
	quiet := got.Cause == CauseHealthy || got.Cause == CauseSuspended
	down := func(l Look) bool { return l.Verdict == probes.Down && !l.Pending }
	switch {
	case !slices.Contains(Causes(), got.Cause):
		return "a cause outside the set"
	case got.Tell == nil:
		return "no list of whom to tell"
	case (en == "") != quiet || (id == "") != quiet:
		return "advice without need, or none"
	case strings.ContainsAny(en+id, "{}"):
		return "a place that was not filled"
	case got.Cause == CauseHealthy && (f.Flow == FlowFailing || f.Flow == FlowSilent || f.Flow == FlowRecovered || down(f.Reach) || down(f.Ping)):
		return "healthy, and something fails"
	case got.Cause == CauseNoData && f.Flow != FlowUnknown:
		return "deliveries are data"
	case f.Flow == FlowOK && got.Cause == CauseEndpointDown:
		return "down, and deliveries get through"
	case f.Flow == FlowFailing && len(got.Tell) == 0:
		return "deliveries fail and nobody is told"
	case got.Cause == CauseOurTrustStore && slices.Contains(got.Tell, AudienceMerchant),
		got.Cause == CauseProbePathBlocked && slices.Contains(got.Tell, AudienceMerchant),
		got.Cause == CauseDispatcherSilent && slices.Contains(got.Tell, AudienceMerchant):
		return "a merchant is told of what is ours"
	}
	return ""
}

func TestWhatIsNoWordIsNotKnown(t *testing.T) {
	t.Parallel()
	odd := Look{Verdict: "odd", Fault: "odd"}
	for name, f := range map[string]CauseFact{
		"a flow": {Flow: "odd"}, "a look": {Reach: odd, Ping: odd}, "a certificate": {Certificate: "odd", Finding: "odd"},
		"one that nobody could look at": {Certificate: certificate.Unknown, Finding: certificate.FaultBlocked},
		"one that was not reached":      {Certificate: certificate.Fail, Finding: certificate.FaultConnectRefused},
		"no opinion":                    {Reach: Look{Verdict: probes.Unknown, Fault: probes.FaultInternal}, Ping: Look{Verdict: probes.Blocked, Fault: probes.FaultBlocked}},
	} {
		if got, want := sightOf(f), sightOf(CauseFact{}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for left, want := range map[time.Duration]servedBits{-1: servedExpired, 0: servedUnknown, 1: servedExpiring, expiresSoon - 1: servedExpiring, expiresSoon: servedUnknown} {
		if got := servedOf(CauseFact{Left: left}); got != want {
			t.Errorf("%s left: %b, want %b", left, got, want)
		}
	}
}

func TestEveryWordIsSorted(t *testing.T) {
	t.Parallel()
	for _, f := range append(probes.Faults(), "", "foreign") {
		for _, status := range []int{-1, 0, 403, 407, 422, 1 << 40} {
			if kind := kindOf(f, status); kind == 0 || kind&(kind-1) != 0 {
				t.Errorf("%s %d: kind %b, want one bit", f, status, kind)
			}
		}
		if kind, own := kindOf(f, 0), slices.Contains([]probes.Fault{
			"", "foreign", probes.FaultNone, probes.FaultBlocked, probes.FaultInvalidURL, probes.FaultSenderError, probes.FaultCanceled, probes.FaultInternal, probes.FaultUnknown,
		}, f); (kind == kindUnknown) != own {
			t.Errorf("%s: of unknown kind: %t, want %t", f, kind == kindUnknown, own)
		}
	}
	for _, f := range append(certificate.Faults(), "", "foreign") {
		for _, v := range append(certificate.Verdicts(), "", "foreign") {
			served := servedOf(CauseFact{Certificate: v, Finding: f})
			if served == 0 || served&(served-1) != 0 {
				t.Errorf("%s %s: %b, want one bit", v, f, served)
			}
		}
	}
}

func TestEveryCounselHasBothLanguages(t *testing.T) {
	t.Parallel()
	said := map[counsel]bool{sayNothing: true}
	for _, row := range causeMatrix {
		said[row.says] = true
	}
	for i, a := range causeAdvice {
		if (i > 0) != (a.English != "" && a.Indonesian != "") || !said[counsel(i)] {
			t.Errorf("counsel %d: %q and %q, said by a row: %t", i, a.English, a.Indonesian, said[counsel(i)])
		}
		for _, place := range []string{"{fault}", "{status}", "{since}"} {
			if strings.Count(a.English, place) != strings.Count(a.Indonesian, place) {
				t.Errorf("counsel %d: %s is not in both languages alike", i, place)
			}
		}
	}
	if len(causeAdvice) != int(sayNoData)+1 {
		t.Errorf("%d sentences, want %d", len(causeAdvice), sayNoData+1)
	}
}

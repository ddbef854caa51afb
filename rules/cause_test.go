package rules_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

var (
	lookedWell = rules.Look{Verdict: probes.Healthy, Fault: probes.FaultNone}
	lookedSlow = rules.Look{Verdict: probes.Degraded, Fault: probes.FaultNone}
	causeSince = time.Date(2026, 11, 21, 14, 2, 0, 0, time.UTC)
)

func lookedBad(f probes.Fault) rules.Look { return rules.Look{Verdict: probes.Down, Fault: f} }

// undelivered is a fact of deliveries that fail; its certificate is in order.
func undelivered(f probes.Fault, status int, reach, ping rules.Look) rules.CauseFact {
	return rules.CauseFact{Flow: rules.FlowFailing, Fault: f, Status: status, Since: causeSince, Reach: reach, Ping: ping, Certificate: certificate.OK}
}

// withCertificate is f with another certificate.
func withCertificate(f rules.CauseFact, v certificate.Verdict, fault certificate.Fault) rules.CauseFact {
	f.Certificate, f.Finding = v, fault
	return f
}

func crowded(f rules.CauseFact) rules.CauseFact {
	f.Crowd = true
	return f
}

// TestTheMatrix has a row for each of reference webhooks.md section 11.3, and
// what lies beside them.
func TestTheMatrix(t *testing.T) {
	t.Parallel()
	const merchant, sre = "merchant", "sre"
	none := rules.Look{}
	flow := func(fl rules.Flow, reach, ping rules.Look) rules.CauseFact {
		return rules.CauseFact{Flow: fl, Reach: reach, Ping: ping, Certificate: certificate.OK}
	}
	for name, tt := range map[string]struct {
		fact  rules.CauseFact
		cause rules.Cause
		tell  string
		says  string // in its English advice
	}{
		"everything fails":                            {undelivered(probes.FaultTimeoutConnect, 0, lookedBad(probes.FaultTimeoutConnect), lookedBad(probes.FaultTimeoutConnect)), rules.CauseEndpointDown, merchant, "firewall lets us in"},
		"everything fails, at many merchants":         {crowded(undelivered(probes.FaultRefused, 0, lookedBad(probes.FaultRefused), none)), rules.CauseEndpointDown, merchant + " " + sre, "server runs"},
		"the name is gone":                            {undelivered(probes.FaultDNSNotFound, 0, lookedBad(probes.FaultDNSNotFound), none), rules.CauseEndpointDown, merchant, "DNS records"},
		"the server answers 5xx to everything":        {undelivered(probes.FaultHTTP5xx, 502, lookedBad(probes.FaultHTTP5xx), none), rules.CauseEndpointDown, merchant, "server error (5xx)"},
		"nothing answers in time":                     {undelivered(probes.FaultTimeoutResponse, 0, lookedBad(probes.FaultTimeoutResponse), none), rules.CauseEndpointDown, merchant, "No answer comes in time since"},
		"every connection is cut":                     {undelivered(probes.FaultReset, 0, lookedBad(probes.FaultReset), none), rules.CauseEndpointDown, merchant, "(reset)"},
		"the probe fails without known reason":        {undelivered("", 0, lookedBad(probes.FaultUnknown), none), rules.CauseEndpointDown, merchant, "(unknown)"},
		"the probe alone, without deliveries":         {flow(rules.FlowUnknown, lookedBad(probes.FaultRefused), none), rules.CauseEndpointDown, merchant, "(refused)"},
		"deliveries alone":                            {undelivered(probes.FaultRefused, 0, none, none), rules.CauseEndpointDown, merchant, "(refused)"},
		"deliveries alone, without a name":            {undelivered(probes.FaultDNSFailed, 0, none, none), rules.CauseEndpointDown, merchant, "(dns_failed)"},
		"only the sender gets no connection":          {undelivered(probes.FaultTimeoutConnect, 0, lookedWell, lookedWell), rules.CauseSenderBlocked, merchant + " " + sre, "our probe does"},
		"a 401, and the ping too":                     {undelivered(probes.FaultHTTP401, 401, lookedWell, lookedBad(probes.FaultHTTP401)), rules.CauseAuthChanged, merchant, "401 since 2026-11-21 14:02:00 UTC: was a token rotated, or a firewall rule added?"},
		"a 403, and no ping":                          {undelivered(probes.FaultHTTP4xx, 403, lookedWell, none), rules.CauseAuthChanged, merchant, "403 since"},
		"a 400, and the ping too":                     {undelivered(probes.FaultHTTP4xx, 400, lookedWell, lookedBad(probes.FaultHTTP4xx)), rules.CauseAuthChanged, merchant, "400 since"},
		"a 404, and no ping":                          {undelivered(probes.FaultHTTP404, 404, lookedWell, none), rules.CauseAuthChanged, merchant, "did its path change"},
		"a 422, and the ping is taken":                {undelivered(probes.FaultHTTP4xx, 422, lookedWell, lookedWell), rules.CausePayloadRejected, merchant, "List the types that fail"},
		"a 422, and the ping is taken slowly":         {undelivered(probes.FaultHTTP4xx, 422, lookedWell, lookedSlow), rules.CausePayloadRejected, merchant, "422 for deliveries"},
		"a 401, and the ping is taken":                {undelivered(probes.FaultHTTP401, 0, lookedWell, lookedWell), rules.CausePayloadRejected, merchant, "another token"},
		"a 422, and no ping":                          {undelivered(probes.FaultHTTP4xx, 422, lookedWell, none), rules.CausePayloadRejected, merchant, "refuses deliveries (422)"},
		"a 4xx whose status nobody told":              {undelivered(probes.FaultHTTP4xx, 0, lookedWell, none), rules.CausePayloadRejected, merchant, "(4xx)"},
		"timeouts, and the ping is fast":              {undelivered(probes.FaultTimeoutResponse, 0, lookedWell, lookedWell), rules.CauseHandlerSlow, merchant, "does not keep up"},
		"5xx, and the ping is fast":                   {undelivered(probes.FaultHTTP5xx, 503, lookedWell, lookedWell), rules.CauseHandlerSlow, merchant, "Answer 2xx at once"},
		"timeouts, and no ping":                       {undelivered(probes.FaultTimeoutResponse, 0, lookedWell, none), rules.CauseHandlerSlow, merchant, "queue"},
		"5xx, and no ping":                            {undelivered(probes.FaultHTTP5xx, 500, lookedWell, none), rules.CauseHandlerBroken, merchant, "last deployment"},
		"5xx, and the ping too":                       {undelivered(probes.FaultHTTP5xx, 500, lookedWell, lookedBad(probes.FaultHTTP5xx)), rules.CauseHandlerBroken, merchant, "(http_5xx)"},
		"timeouts, and the ping too":                  {undelivered(probes.FaultTimeoutResponse, 0, lookedWell, lookedBad(probes.FaultTimeoutResponse)), rules.CauseHandlerBroken, merchant, "handler fails"},
		"too many requests":                           {undelivered(probes.FaultHTTP429, 429, lookedWell, none), rules.CauseRateLimited, merchant, "Raise its limit"},
		"gone":                                        {undelivered(probes.FaultHTTP410, 410, lookedWell, none), rules.CauseGone, merchant, "410 Gone since"},
		"gone, says the ping":                         {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultHTTP410)), rules.CauseGone, merchant, "Register its new address"},
		"a redirect":                                  {undelivered(probes.FaultHTTP3xx, 308, lookedWell, none), rules.CauseRedirect, merchant, "redirect (308)"},
		"a redirect, says the probe":                  {flow(rules.FlowUnknown, lookedBad(probes.FaultHTTP3xx), none), rules.CauseRedirect, merchant, "redirect (3xx)"},
		"answers that break off":                      {undelivered(probes.FaultClosed, 0, lookedWell, lookedWell), rules.CauseConnectionBroken, merchant, "(closed)"},
		"failures of unknown kind":                    {undelivered(probes.FaultUnknown, 0, lookedWell, lookedWell), rules.CauseUnclear, sre, "no other signal says why"},
		"an expired certificate":                      {withCertificate(undelivered(probes.FaultTLSExpired, 0, lookedBad(probes.FaultTLSExpired), none), certificate.Fail, certificate.FaultExpiredLeaf), rules.CauseCertificate, merchant, "has expired"},
		"an incomplete chain":                         {withCertificate(undelivered(probes.FaultTLSUntrusted, 0, lookedBad(probes.FaultTLSUntrusted), none), certificate.Fail, certificate.FaultChainIncomplete), rules.CauseCertificate, merchant, "(chain_incomplete)"},
		"another name":                                {withCertificate(undelivered(probes.FaultTLSHostname, 0, lookedBad(probes.FaultTLSHostname), none), certificate.Fail, certificate.FaultHostnameMismatch), rules.CauseCertificate, merchant, "another name"},
		"a self-signed certificate":                   {withCertificate(undelivered(probes.FaultTLSUntrusted, 0, lookedBad(probes.FaultTLSUntrusted), none), certificate.Fail, certificate.FaultSelfSigned), rules.CauseCertificate, merchant, "(self_signed)"},
		"an expired one that deliveries bear":         {withCertificate(flow(rules.FlowOK, lookedWell, none), certificate.Fail, certificate.FaultExpiredLeaf), rules.CauseCertificate, merchant, "strict senders"},
		"an expired one of a server that is off":      {withCertificate(undelivered(probes.FaultRefused, 0, lookedBad(probes.FaultRefused), none), certificate.Fail, certificate.FaultExpiredLeaf), rules.CauseEndpointDown, merchant, "(refused)"},
		"expired, says the probe alone":               {withCertificate(flow(rules.FlowUnknown, lookedBad(probes.FaultTLSExpired), none), "", ""), rules.CauseCertificate, merchant, "has expired"},
		"untrusted, says the probe alone":             {withCertificate(flow(rules.FlowUnknown, lookedBad(probes.FaultTLSUntrusted), none), "", ""), rules.CauseCertificate, merchant, "(tls_untrusted)"},
		"expired, say deliveries alone":               {withCertificate(undelivered(probes.FaultTLSExpired, 0, none, none), "", ""), rules.CauseCertificate, merchant, "has expired"},
		"untrusted, say deliveries alone":             {withCertificate(undelivered(probes.FaultTLSUntrusted, 0, none, none), "", ""), rules.CauseCertificate, merchant, "(tls_untrusted)"},
		"old TLS, say deliveries alone":               {withCertificate(undelivered(probes.FaultTLSVersion, 0, none, none), "", ""), rules.CauseTLS, merchant, "(tls_version)"},
		"old TLS, says the probe":                     {undelivered(probes.FaultTLSVersion, 0, lookedBad(probes.FaultTLSVersion), none), rules.CauseTLS, merchant, "TLS 1.2 or newer"},
		"old TLS, says the second look":               {withCertificate(flow(rules.FlowUnknown, lookedWell, none), certificate.Fail, certificate.FaultTLSVersion), rules.CauseTLS, merchant, "(tls_version)"},
		"TLS that only our look cannot do":            {withCertificate(flow(rules.FlowOK, lookedWell, none), certificate.Fail, certificate.FaultClientCertRequired), rules.CauseProbePathBlocked, sre, "client certificate"},
		"untrusted by the sender alone":               {undelivered(probes.FaultTLSUntrusted, 0, lookedWell, none), rules.CauseUnclear, sre, "sender's root certificates"},
		"untrusted by the sender, not probed":         {undelivered(probes.FaultTLSUntrusted, 0, none, none), rules.CauseUnclear, sre, "sender's root certificates"},
		"many merchants of one issuer":                {crowded(undelivered(probes.FaultTLSUntrusted, 0, lookedWell, none)), rules.CauseOurTrustStore, sre, "merchants have nothing to do"},
		"the same, and the probe's roots as old":      {crowded(undelivered(probes.FaultTLSUntrusted, 0, lookedBad(probes.FaultTLSUntrusted), none)), rules.CauseOurTrustStore, sre, "Update the sender's root certificates"},
		"many with a broken certificate":              {crowded(withCertificate(undelivered(probes.FaultTLSUntrusted, 0, lookedBad(probes.FaultTLSUntrusted), none), certificate.Fail, certificate.FaultUntrustedRoot)), rules.CauseCertificate, merchant, "(untrusted_root)"},
		"many that time out are no trust store":       {crowded(undelivered(probes.FaultTimeoutResponse, 0, lookedWell, none)), rules.CauseHandlerSlow, merchant, "queue"},
		"only the probe fails":                        {flow(rules.FlowOK, lookedBad(probes.FaultTimeoutConnect), none), rules.CauseProbePathBlocked, sre, "probe's addresses"},
		"the probe fails at both levels":              {flow(rules.FlowOK, lookedBad(probes.FaultTimeoutConnect), lookedBad(probes.FaultTimeoutConnect)), rules.CauseProbePathBlocked, sre, "(timeout_connect)"},
		"only the ping is refused":                    {flow(rules.FlowOK, lookedWell, lookedBad(probes.FaultHTTP401)), rules.CauseProbePathBlocked, sre, "ping's token"},
		"the ping is refused, no deliveries":          {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultHTTP401)), rules.CauseAuthChanged, merchant, "401: was a token rotated"},
		"the ping finds no path":                      {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultHTTP404)), rules.CauseAuthChanged, merchant, "404: did its path change"},
		"the ping meets a limit":                      {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultHTTP429)), rules.CauseRateLimited, merchant, "429"},
		"the ping meets a broken handler":             {flow(rules.FlowSilent, lookedWell, lookedBad(probes.FaultHTTP5xx)), rules.CauseHandlerBroken, merchant, "(http_5xx)"},
		"the ping is cut off":                         {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultReset)), rules.CauseConnectionBroken, merchant, "(reset)"},
		"the ping fails unknown":                      {flow(rules.FlowUnknown, lookedWell, lookedBad(probes.FaultUnknown)), rules.CauseUnclear, sre, "Our ping fails"},
		"none although expected":                      {flow(rules.FlowSilent, lookedWell, lookedWell), rules.CauseDispatcherSilent, sre, "dispatcher and its queue"},
		"none although expected, not probed":          {flow(rules.FlowSilent, none, none), rules.CauseDispatcherSilent, sre, "no sales"},
		"none, and the endpoint is down":              {flow(rules.FlowSilent, lookedBad(probes.FaultRefused), none), rules.CauseEndpointDown, merchant, "(refused)"},
		"a coming expiry":                             {withCertificate(flow(rules.FlowOK, lookedWell, lookedWell), certificate.Warn, certificate.FaultExpiring), rules.CauseCertificateExpiring, merchant, "ends soon"},
		"one that nobody judged, in 13 days":          {rules.CauseFact{Flow: rules.FlowOK, Reach: lookedWell, Left: 14*24*time.Hour - 1}, rules.CauseCertificateExpiring, merchant, "ends soon"},
		"one that nobody judged, in 14 days":          {rules.CauseFact{Flow: rules.FlowOK, Reach: lookedWell, Left: 14 * 24 * time.Hour}, rules.CauseHealthy, "", ""},
		"a short-lived one in order":                  {rules.CauseFact{Flow: rules.FlowOK, Certificate: certificate.OK, Left: 24 * time.Hour}, rules.CauseHealthy, "", ""},
		"another warning":                             {withCertificate(flow(rules.FlowOK, lookedWell, none), certificate.Warn, certificate.FaultIssuerChanged), rules.CauseCertificate, merchant, "(issuer_changed)"},
		"a wrong token is accepted":                   {flow(rules.FlowOK, rules.Look{Verdict: probes.Degraded, Fault: probes.FaultAcceptsUnauthenticated}, none), rules.CauseUnauthenticated, merchant, "wrong token"},
		"slow answers":                                {flow(rules.FlowOK, lookedSlow, none), rules.CauseHandlerSlow, merchant, "later than it should"},
		"slow pings":                                  {flow(rules.FlowOK, lookedWell, lookedSlow), rules.CauseHandlerSlow, merchant, "later than it should"},
		"a failure that is being confirmed":           {flow(rules.FlowUnknown, rules.Look{Verdict: probes.Down, Fault: probes.FaultRefused, Pending: true}, none), rules.CauseUnclear, "", "being confirmed"},
		"failures that are over":                      {rules.CauseFact{Flow: rules.FlowRecovered, Fault: probes.FaultRefused, Reach: lookedWell}, rules.CauseRecovered, "", "failed (refused), and get through again"},
		"over, and down again":                        {rules.CauseFact{Flow: rules.FlowRecovered, Fault: probes.FaultRefused, Reach: lookedBad(probes.FaultRefused)}, rules.CauseEndpointDown, merchant, "(refused)"},
		"failing, nobody knows how, and the ping too": {undelivered("", 0, lookedWell, lookedBad(probes.FaultHTTP5xx)), rules.CauseHandlerBroken, merchant, "(http_5xx)"},
		"all in order":                                {flow(rules.FlowOK, lookedWell, lookedWell), rules.CauseHealthy, "", ""},
		"deliveries in order, nothing else":           {rules.CauseFact{Flow: rules.FlowOK}, rules.CauseHealthy, "", ""},
		"the probe in order, nothing else":            {rules.CauseFact{Reach: lookedWell}, rules.CauseHealthy, "", ""},
		"a good certificate alone is no health":       {rules.CauseFact{Certificate: certificate.OK}, rules.CauseNoData, "", "no data"},
		"a probe without an opinion":                  {rules.CauseFact{Reach: rules.Look{Verdict: probes.Blocked, Fault: probes.FaultBlocked}}, rules.CauseNoData, "", "no data"},
		"nothing known":                               {rules.CauseFact{}, rules.CauseNoData, "", "no data"},
		"switched off":                                {rules.CauseFact{Suspended: true, Flow: rules.FlowFailing, Fault: probes.FaultRefused}, rules.CauseSuspended, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rules.CauseOf(tt.fact)
			tell := []string{}
			for _, a := range got.Tell {
				tell = append(tell, string(a))
			}
			if got.Cause != tt.cause || strings.Join(tell, " ") != tt.tell || !strings.Contains(got.Advice.English, tt.says) || (tt.says == "") != (got.Advice.English == "") {
				t.Errorf("%s to %v: %q; want %s to %q with %q", got.Cause, tell, got.Advice.English, tt.cause, tt.tell, tt.says)
			}
		})
	}
}

func TestNothingForeignGetsIntoAdvice(t *testing.T) {
	t.Parallel()
	const bad = "https://u:p@h/?token=MARKER\n{since}"
	for _, reach := range []rules.Look{{}, lookedWell, lookedBad(bad)} {
		f := rules.CauseFact{Flow: rules.FlowFailing, Fault: bad, Status: 1 << 40, Reach: reach, Ping: lookedBad(bad), Certificate: certificate.Fail, Finding: bad}
		for _, f.Certificate = range []certificate.Verdict{certificate.Fail, certificate.Warn, "", bad} {
			got := rules.CauseOf(f)
			if said := fmt.Sprint(got); strings.Contains(said, "MARKER") || !strings.Contains(said, "unknown") {
				t.Errorf("%q, want unknown for the foreign word", said)
			}
		}
	}
}

func TestAFindingIsNobodyElses(t *testing.T) {
	t.Parallel()
	f := undelivered(probes.FaultRefused, 0, lookedWell, rules.Look{})
	first := rules.CauseOf(f)
	first.Tell[0] = "changed"
	if got := rules.CauseOf(f); !slices.Equal(got.Tell, []rules.Audience{rules.AudienceMerchant, rules.AudienceSRE}) {
		t.Errorf("tell %v after another caller changed its own", got.Tell)
	}
	b, err := json.Marshal(rules.CauseOf(rules.CauseFact{Reach: lookedWell}))
	if want := `{"cause":"healthy","tell":[]}`; err != nil || string(b) != want {
		t.Errorf("%s (%v), want %s", b, err, want)
	}
}

func ExampleCauseOf() {
	found := rules.CauseOf(rules.CauseFact{
		Flow: rules.FlowFailing, Fault: probes.FaultHTTP401, Status: 401, Since: time.Date(2026, 11, 21, 14, 2, 0, 0, time.UTC),
		Reach: rules.Look{Verdict: probes.Healthy}, Certificate: certificate.OK,
	})
	fmt.Println(found.Cause, found.Tell)
	fmt.Println(found.Advice.English)
	// Output:
	// auth_changed [merchant]
	// 401 since 2026-11-21 14:02:00 UTC: was a token rotated, or a firewall rule added? Put the token from your settings in place, and let our requests in.
}

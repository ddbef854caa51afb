package dashboards_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

func TestAttemptsAreCounted(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	m.AttemptsTaken(5, 2, 1)
	m.AttemptsTaken(1, 0, -9)
	m.AttemptsRefused("busy")
	m.AttemptsRefused("nobody knows")
	m.AttemptsLate(4)
	m.LogBytes(64 << 20)
	m.ApplyLag(1500 * time.Millisecond)
	expect(t, scrape(t, m), []string{
		`hookvigil_attempts_total{result="accepted"} 6`,
		`hookvigil_attempts_total{result="duplicate"} 2`,
		`hookvigil_attempts_total{result="rejected"} 1`,
		`hookvigil_attempts_refused_total{reason="busy"} 1`,
		`hookvigil_attempts_refused_total{reason="full"} 0`,
		`hookvigil_attempts_refused_total{reason="too_large"} 0`,
		`hookvigil_attempts_refused_total{reason="closed"} 0`,
		`hookvigil_attempts_refused_total{reason="unknown"} 1`,
		`hookvigil_attempts_late_total 4`,
		`hookvigil_log_bytes 6.7108864e+07`,
		`hookvigil_apply_lag_seconds 1.5`,
	}, nil)
}

func TestDeliveriesAreCountedByOutcome(t *testing.T) {
	t.Parallel()
	want := map[string][]probes.Fault{
		"success":      {probes.FaultNone},
		"client_error": {probes.FaultHTTP4xx, probes.FaultHTTP401, probes.FaultHTTP404, probes.FaultHTTP410, probes.FaultHTTP429},
		"server_error": {probes.FaultHTTP5xx},
		"timeout":      {probes.FaultTimeoutDNS, probes.FaultTimeoutConnect, probes.FaultTimeoutTLS, probes.FaultTimeoutResponse},
		"tls": {
			probes.FaultTLSHandshake, probes.FaultTLSVersion, probes.FaultTLSExpired, probes.FaultTLSNotYetValid,
			probes.FaultTLSUntrusted, probes.FaultTLSHostname, probes.FaultTLSUsage, probes.FaultTLSClientCert,
		},
		"dns":     {probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed},
		"refused": {probes.FaultRefused, probes.FaultUnreachable},
		"other": {
			probes.FaultBlocked, probes.FaultInvalidURL, probes.FaultReset, probes.FaultClosed, probes.FaultMalformed, probes.FaultHeadTooLarge,
			probes.FaultHTTP3xx, probes.FaultAcceptsUnauthenticated, probes.FaultInternal, probes.FaultUnknown, "made up",
		},
		"": {probes.FaultSenderError, probes.FaultCanceled}, // in no ratio
	}
	outcomes := map[probes.Fault]string{"made up": "other"}
	for outcome, faults := range want {
		for _, f := range faults {
			outcomes[f] = outcome
		}
	}
	for _, f := range append(probes.Faults(), "made up") {
		outcome, known := outcomes[f]
		if !known {
			t.Errorf("fault %s has no outcome in this test: decide on one", f)
			continue
		}
		m := dashboards.New("dev")
		m.Delivered(map[probes.Fault]int{f: 3, probes.FaultReset: -1})
		first, failed := 3, 3
		lines := []string{}
		switch outcome {
		case "success":
			failed = 0
		case "":
			first, failed = 0, 0
		}
		if outcome != "" {
			lines = append(lines, fmt.Sprintf("hookvigil_deliveries_total{outcome=%q} 3", outcome))
		}
		lines = append(lines, fmt.Sprintf("hookvigil_deliveries_first_total %d", first), fmt.Sprintf("hookvigil_deliveries_first_failed_total %d", failed))
		text := scrape(t, m)
		expect(t, text, lines, nil)
		if n := strings.Count(text, "hookvigil_deliveries_total{"); n != 8 {
			t.Errorf("%d outcomes, want all 8 at any time", n)
		}
	}
}

func TestRatiosAreThoseOfThePlatformItsChannelsAndProducts(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	m.Ratios(map[rules.Scope]dashboards.FirstAttempts{
		rules.ScopePlatform:  {Counted: 1000, Failed: 40},
		"channel:ID_BCA":     {Counted: 4, Failed: 1},
		"channel:QRIS 2.0":   {Counted: 2, Failed: 9},
		"channel:quiet":      {},
		"channel:a?token=s":  {Counted: 1, Failed: 1},
		"channel:":           {Counted: 3, Failed: 0},
		"product:PAYOUT":     {Counted: 4, Failed: 1},
		"product:<b>":        {Counted: 4, Failed: 2},
		"type:paid":          {Counted: 4, Failed: 1},
		"merchant:toko-maju": {Counted: 4, Failed: 1},
		"endpoint:ep_9":      {Counted: 4, Failed: 1},
	})
	expect(t, scrape(t, m), []string{
		`hookvigil_delivery_error_ratio{scope="platform"} 0.04`,
		`hookvigil_delivery_error_ratio{scope="channel:ID_BCA"} 0.25`,
		`hookvigil_delivery_error_ratio{scope="channel:QRIS 2.0"} 1`,
		`hookvigil_delivery_error_ratio{scope="channel:unknown"} 0.25`,
		`hookvigil_delivery_error_ratio{scope="product:PAYOUT"} 0.25`,
		`hookvigil_delivery_error_ratio{scope="product:unknown"} 0.5`,
	}, []string{
		`hookvigil_delivery_error_ratio{scope="channel:quiet"`, `hookvigil_delivery_error_ratio{scope="type`,
		`hookvigil_delivery_error_ratio{scope="merchant`, `hookvigil_delivery_error_ratio{scope="endpoint`,
	})
	m.Ratios(nil)
	expect(t, scrape(t, m), nil, []string{"hookvigil_delivery_error_ratio{"})
}

func TestRatiosBeyondTheBoundAreCountedTogether(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	scopes := map[rules.Scope]dashboards.FirstAttempts{}
	for i := range 203 { // the busiest has the greatest number
		scopes[rules.Scope(fmt.Sprintf("channel:c%d", i))] = dashboards.FirstAttempts{Counted: 10 + i, Failed: 3}
	}
	m.Ratios(scopes)
	got := shownUnder(t, m, "hookvigil_delivery_error_ratio")
	if len(got) != 201 {
		t.Errorf("%d ratios, want 201: of 200 channels, and of all others", len(got))
	}
	if want := 9.0 / 33; got["channel:unknown"] != want {
		t.Errorf("ratio of the others %v, want %v", got["channel:unknown"], want)
	}
	if _, shown := got["channel:c2"]; shown {
		t.Error("one of the three quietest channels has a ratio of its own")
	}
	if want := 3.0 / 212; got["channel:c202"] != want {
		t.Errorf("ratio of the busiest %v, want %v", got["channel:c202"], want)
	}
}

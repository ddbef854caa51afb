package rules_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

func TestTheCauseOfAView(t *testing.T) {
	t.Parallel()
	now := causeSince.Add(time.Hour)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	probe := func(level probes.Level, v probes.Verdict, f probes.Fault) rules.ProbeView {
		p := rules.ProbeView{Result: probes.Result{At: now, Level: level, Verdict: v, Fault: f}}
		if v == probes.Down {
			p.Confirmed, p.Failures, p.Since = true, 3, ago(4*time.Minute)
		}
		return p
	}
	good := probe(probes.LevelReach, probes.Healthy, probes.FaultNone)
	down := probe(probes.LevelReach, probes.Down, probes.FaultRefused)
	first := down
	first.Confirmed = false
	stale := down
	stale.Stale = true
	ending := good
	ending.Result.LeafExpiry = now.Add(48 * time.Hour)
	some := rules.DeliveryView{FirstAttempts: 100, FailedFirst: 60, Window: 20 * time.Minute, Failing: true}
	well := rules.DeliveryView{FirstAttempts: 100, FailedFirst: 2, Window: 20 * time.Minute}
	few := rules.DeliveryView{FirstAttempts: 3, FailedFirst: 2, Window: 20 * time.Minute}
	cert := func(v certificate.Verdict, f ...certificate.Fault) rules.CertificateView {
		return rules.CertificateView{Report: certificate.Report{At: now, Verdict: v, Faults: f}}
	}
	old := cert(certificate.Fail, certificate.FaultExpiredLeaf)
	old.Stale = true
	for name, tt := range map[string]struct {
		view     rules.EndpointView
		attempts rules.AttemptsFact
		want     rules.Cause
	}{
		"nothing yet":                         {rules.EndpointView{}, rules.AttemptsFact{}, rules.CauseNoData},
		"switched off":                        {rules.EndpointView{Suspended: true, Probe: down}, rules.AttemptsFact{}, rules.CauseSuspended},
		"down":                                {rules.EndpointView{Probe: down}, rules.AttemptsFact{}, rules.CauseEndpointDown},
		"one failure":                         {rules.EndpointView{Probe: first}, rules.AttemptsFact{}, rules.CauseUnclear},
		"one failure that deliveries confirm": {rules.EndpointView{Probe: first, Deliveries: some}, rules.AttemptsFact{}, rules.CauseEndpointDown},
		"a failure of long ago":               {rules.EndpointView{Probe: stale}, rules.AttemptsFact{}, rules.CauseNoData},
		"gone":                                {rules.EndpointView{Probe: rules.ProbeView{Gone: true, Result: probes.Result{At: now, Level: probes.LevelPing, Verdict: probes.Down, Fault: probes.FaultHTTP410}}}, rules.AttemptsFact{}, rules.CauseGone},
		"down, and delivered before":          {rules.EndpointView{Probe: down, Deliveries: well}, rules.AttemptsFact{Delivered: ago(5 * time.Minute)}, rules.CauseEndpointDown},
		"down, and delivered since":           {rules.EndpointView{Probe: down, Deliveries: well}, rules.AttemptsFact{Delivered: ago(time.Minute)}, rules.CauseProbePathBlocked},
		"failing, and nobody knows how":       {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{}, rules.CauseUnclear},
		"failing with 401":                    {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(time.Minute), Since: ago(9 * time.Minute)}, rules.CauseAuthChanged},
		"failed, and delivered for 5 minutes": {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(6 * time.Minute), Delivered: ago(time.Minute)}, rules.CauseRecovered},
		"failed, and delivered for just less": {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(6 * time.Minute), Delivered: ago(time.Minute + 1)}, rules.CauseAuthChanged},
		"failed while the probe did":          {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultRefused, Failed: ago(6 * time.Minute), Outage: ago(5 * time.Minute)}, rules.CauseRecovered},
		"refused by the handler meanwhile":    {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(6 * time.Minute), Outage: ago(5 * time.Minute)}, rules.CauseAuthChanged},
		"failed, delivered, and down since":   {rules.EndpointView{Probe: down, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(20 * time.Minute), Delivered: ago(5 * time.Minute)}, rules.CauseEndpointDown},
		"failed, delivered, and still":        {rules.EndpointView{Probe: down, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP401, Failed: ago(20 * time.Minute), Delivered: ago(time.Minute)}, rules.CauseProbePathBlocked},
		"failed after the probe did":          {rules.EndpointView{Probe: good, Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultRefused, Failed: ago(5 * time.Minute), Outage: ago(6 * time.Minute)}, rules.CauseSenderBlocked},
		"few attempts, most of them failed":   {rules.EndpointView{Deliveries: few}, rules.AttemptsFact{Fault: probes.FaultRefused}, rules.CauseNoData},
		"few attempts, and a good probe":      {rules.EndpointView{Probe: good, Deliveries: few}, rules.AttemptsFact{Fault: probes.FaultRefused}, rules.CauseHealthy},
		"silent":                              {rules.EndpointView{Probe: good}, rules.AttemptsFact{Silent: true}, rules.CauseDispatcherSilent},
		"silent, says one who sees attempts":  {rules.EndpointView{Probe: good, Deliveries: well}, rules.AttemptsFact{Silent: true}, rules.CauseHealthy},
		"a ping with a wrong token":           {rules.EndpointView{Probe: probe(probes.LevelPing, probes.Down, probes.FaultHTTP401)}, rules.AttemptsFact{}, rules.CauseAuthChanged},
		"a ping to a handler that fails":      {rules.EndpointView{Probe: probe(probes.LevelPing, probes.Down, probes.FaultHTTP5xx), Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP5xx}, rules.CauseHandlerBroken},
		"a ping that does not get there":      {rules.EndpointView{Probe: probe(probes.LevelPing, probes.Down, probes.FaultRefused), Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultRefused}, rules.CauseEndpointDown},
		"a ping that is taken, events not":    {rules.EndpointView{Probe: probe(probes.LevelPing, probes.Healthy, probes.FaultNone), Deliveries: some}, rules.AttemptsFact{Fault: probes.FaultHTTP4xx, Status: 422}, rules.CausePayloadRejected},
		"a ping that is taken late":           {rules.EndpointView{Probe: probe(probes.LevelPing, probes.Degraded, probes.FaultNone)}, rules.AttemptsFact{}, rules.CauseHandlerSlow},
		"a wrong token is taken":              {rules.EndpointView{Probe: probe(probes.LevelRefuse, probes.Degraded, probes.FaultAcceptsUnauthenticated)}, rules.AttemptsFact{}, rules.CauseUnauthenticated},
		"an expired certificate":              {rules.EndpointView{Probe: good, Certificate: cert(certificate.Fail, certificate.FaultExpiredLeaf)}, rules.AttemptsFact{}, rules.CauseCertificate},
		"one that was expired long ago":       {rules.EndpointView{Probe: good, Certificate: old}, rules.AttemptsFact{}, rules.CauseHealthy},
		"a report of nothing":                 {rules.EndpointView{Certificate: cert(certificate.Fail)}, rules.AttemptsFact{}, rules.CauseCertificate},
		"an end that only the probe saw":      {rules.EndpointView{Probe: ending}, rules.AttemptsFact{}, rules.CauseCertificateExpiring},
		"an end that was judged in order":     {rules.EndpointView{Probe: ending, Certificate: cert(certificate.OK)}, rules.AttemptsFact{}, rules.CauseHealthy},
		"many of one issuer": {rules.EndpointView{Probe: good, Deliveries: some, Certificate: cert(certificate.OK)},
			rules.AttemptsFact{Fault: probes.FaultTLSUntrusted, Crowd: true}, rules.CauseOurTrustStore},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fact := rules.CauseFactOf(tt.view, tt.attempts)
			if got := rules.CauseOf(fact); got.Cause != tt.want {
				t.Errorf("%s, want %s; of %+v", got.Cause, tt.want, fact)
			}
		})
	}
}

func TestSinceIsOfTheSignalThatSpeaks(t *testing.T) {
	t.Parallel()
	probed, failed := causeSince.Add(-time.Hour), causeSince
	down := rules.ProbeView{Confirmed: true, Since: probed, Result: probes.Result{At: causeSince, Level: probes.LevelReach, Verdict: probes.Down, Fault: probes.FaultRefused}}
	ping := down
	ping.Result.Level, ping.Result.Fault = probes.LevelPing, probes.FaultHTTP401
	some := rules.DeliveryView{FirstAttempts: 100, FailedFirst: 60, Window: 20 * time.Minute, Failing: true}
	attempts := rules.AttemptsFact{Fault: probes.FaultHTTP401, Since: failed}
	for name, tt := range map[string]struct {
		view     rules.EndpointView
		attempts rules.AttemptsFact
		want     time.Time
	}{
		"nothing fails":                   {rules.EndpointView{}, attempts, time.Time{}},
		"deliveries":                      {rules.EndpointView{Deliveries: some}, attempts, failed},
		"deliveries, and the ping":        {rules.EndpointView{Deliveries: some, Probe: ping}, attempts, failed},
		"deliveries, nobody knows since":  {rules.EndpointView{Deliveries: some, Probe: ping}, rules.AttemptsFact{}, probed},
		"the probe cannot reach it":       {rules.EndpointView{Deliveries: some, Probe: down}, attempts, probed},
		"the probe alone":                 {rules.EndpointView{Probe: down}, rules.AttemptsFact{}, probed},
		"failures that the window forgot": {rules.EndpointView{Deliveries: rules.DeliveryView{FirstAttempts: 9}}, attempts, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rules.CauseFactOf(tt.view, tt.attempts).Since; !got.Equal(tt.want) {
				t.Errorf("since %v, want %v", got, tt.want)
			}
		})
	}
}

package daemon

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

func TestWhatIsSeenNow(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	bad := rules.ProbeView{
		Result: probes.Result{At: began.Add(30 * time.Minute), Level: probes.LevelPing, Verdict: probes.Down, Fault: probes.FaultHTTP5xx},
		Since:  began, Failures: 31,
	}
	good := rules.ProbeView{Result: probes.Result{At: began.Add(30 * time.Minute), Verdict: probes.Healthy, Fault: probes.FaultNone}}
	stale := bad
	stale.Stale = true
	cert := rules.CertificateView{Report: certificate.Report{At: began, Detail: "expired on 2026-05-01 00:00:00 UTC"}}
	for name, c := range map[string]struct {
		rule rules.Rule
		v    rules.EndpointView
		want string
	}{
		"it fails":           {rules.RuleEndpointDown, rules.EndpointView{Probe: bad}, "http_5xx at level ping, seen at 2026-05-04 10:30:00 UTC; down since 2026-05-04 10:00:00 UTC, 31 probes in a row"},
		"it is well":         {rules.RuleEndpointDown, rules.EndpointView{Probe: good}, ""},
		"it is stale":        {rules.RuleEndpointDown, rules.EndpointView{Probe: stale}, ""},
		"nobody looked":      {rules.RuleEndpointDown, rules.EndpointView{}, ""},
		"the certificate":    {rules.RuleCertificate, rules.EndpointView{Probe: bad, Certificate: cert}, "expired on 2026-05-01 00:00:00 UTC, seen at 2026-05-04 10:00:00 UTC"},
		"no certificate yet": {rules.RuleCertificate, rules.EndpointView{Probe: bad}, ""},
		"a rule of delivery": {rules.RuleLossComing, rules.EndpointView{Probe: bad, Certificate: cert}, ""},
	} {
		if got := seenNow(c.rule, c.v); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

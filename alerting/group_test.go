package alerting_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// broken is a certificate condition of endpoint e<i>.
func broken(i int, fault certificate.Fault) rules.Change {
	c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, noon, at(1))
	c.Key.Rule, c.Fault = rules.RuleCertificate, string(fault)
	return c
}

func TestCertificatesShareACause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    certificate.Fault
		severity rules.Severity
		title    string
	}{
		"expired ones wake somebody":       {certificate.FaultExpiredLeaf, rules.Critical, "6 endpoints: certificate expired_leaf"},
		"those that end soon wake nobody":  {certificate.FaultExpiring, rules.High, "6 endpoints: certificate expiring"},
		"and so do incomplete chains wake": {certificate.FaultChainIncomplete, rules.Critical, "6 endpoints: certificate chain_incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			for i := range 6 {
				c := broken(i, test.fault)
				h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
			}
			for i := range 6 {
				h.decide(at(1), broken(i, test.fault))
			}
			if n := len(h.world.Incidents); n != 1 {
				t.Fatalf("%d incidents, want 1", n)
			}
			if in := h.world.Incidents[0]; in.Title != test.title || in.Severity != test.severity {
				t.Errorf("got %s %q, want %s %q", in.Severity, in.Title, test.severity, test.title)
			}
		})
	}
}

func TestTheOtherSignalJoinsTheCauseThatExplainsIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		down  string
		cert  certificate.Fault
		joins bool
	}{
		"a probe that fails for TLS joins the certificates": {"tls_expired", certificate.FaultExpiredLeaf, true},
		"nobody answers either signal":                      {"refused", certificate.FaultConnectRefused, true},
		"a failing handler is its own":                      {"http_5xx", certificate.FaultExpiredLeaf, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			for i := range 6 {
				c := broken(i, test.cert)
				h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
				h.decide(at(1), c)
			}
			c := down("e3", "h3", true, at(1), at(3))
			c.Fault = test.down
			h.decide(at(3), c)
			live := 0
			for _, in := range h.world.Incidents {
				if in.Live() {
					live++
				}
			}
			if joined := live == 1; joined != test.joins {
				t.Errorf("%d live incidents, joined %t, want %t", live, joined, test.joins)
			}
		})
	}
}

// risen is a ratio condition that opens.
func risen(rule rules.Rule, scope rules.Scope, severity rules.Severity, minute float64) rules.Change {
	return rules.Change{
		Key: rules.Key{Rule: rule, Scope: scope, Episode: 1}, Number: 1, Open: true, Severity: severity,
		Since: at(minute), At: at(minute), Evidence: rules.Evidence{Text: "too many"},
	}
}

func TestChannelsAreALineOfThePlatform(t *testing.T) {
	t.Parallel()
	platform := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.High, 5)
	bca := risen(rules.RuleChannelErrorRatio, "channel:ID_BCA", rules.Critical, 4)
	qr := risen(rules.RuleChannelErrorRatio, "channel:QR", rules.Critical, 6)
	for name, turns := range map[string][][]rules.Change{
		"all in one turn, in whatever order": {{bca, qr, platform}},
		"the platform first":                 {{platform}, {bca}, {qr}},
		"a channel first":                    {{bca}, {platform}, {qr}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			for _, changes := range turns {
				h.decide(at(7), changes...)
			}
			var live []alerting.Incident
			for _, in := range h.world.Incidents {
				if in.Live() {
					live = append(live, in)
				}
			}
			if len(live) != 1 || len(live[0].Members) != 3 || live[0].Severity != rules.Critical {
				t.Fatalf("%d live incidents, want one, critical, with three members: %+v", len(live), live)
			}
			if want := "webhook failures are up on the whole platform"; live[0].Title != want {
				t.Errorf("title %q, want %q", live[0].Title, want)
			}
		})
	}
}

func TestChannelsWithoutThePlatformAreTheirOwn(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(7), risen(rules.RuleChannelErrorRatio, "channel:QR", rules.High, 6), risen(rules.RuleChannelErrorRatio, "channel:ID_BCA", rules.High, 7.5))
	if n := len(h.world.Incidents); n != 2 {
		t.Errorf("%d incidents, want 2: nothing says that they have one cause", n)
	}
}

func TestAChannelThatComesBackComesBackToThePlatform(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	platform, qr := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.High, 5), risen(rules.RuleChannelErrorRatio, "channel:QR", rules.Critical, 6)
	h.decide(at(7), platform, qr)
	platform.Open, platform.Number = false, 2
	qr.Open, qr.Number = false, 2
	h.decide(at(20), platform, qr)
	again := risen(rules.RuleChannelErrorRatio, "channel:QR", rules.High, 30)
	again.Key.Episode = 2
	h.decide(at(31), again)
	if n := len(h.world.Incidents); n != 1 || !h.world.Incidents[0].Live() {
		t.Errorf("%d incidents, want the platform's alone, live again", n)
	}
}

func TestALaneThatLeadsNowhereIsNotTold(t *testing.T) {
	t.Parallel()
	d := desk()
	d.Leads = func(d alerting.Destination) (alerting.Destination, bool) { return d, d.Lane != "gone/x" }
	h := &house{d: d}
	in := h.decide(at(2), down("a", "h1", true, noon, at(2))).Incidents[0]
	h.world.Told = map[string][]alerting.Destination{in.ID: {{Lane: "gone/x", Recipient: "x"}, {Lane: "old/y", Recipient: "y"}}}
	for _, n := range h.decide(at(9), down("a", "h1", false, noon, at(9))).Notices {
		if n.Lane == "gone/x" {
			t.Errorf("%s goes to a receiver that is not configured", n.Kind)
		}
	}
}

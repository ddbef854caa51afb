package alerting_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/rules"
)

// What is said of a part of the traffic begins with its name: once is enough.
func TestALineNamesItsScopeOnce(t *testing.T) {
	t.Parallel()
	platform := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.Critical, 5)
	invoices := risen(rules.RuleTypeErrorRatio, "type:invoice.paid", rules.High, 5)
	invoices.Evidence.Text = "type invoice.paid: 12 of 157 first attempts failed"
	silent := risen(rules.RuleChannelErrorRatio, "channel:QR", rules.High, 5)
	silent.Evidence.Text = "12 of 157 first attempts failed"
	h := &house{d: desk()}
	h.decide(at(10), platform)
	h.decide(at(11), invoices, silent)
	var said []string
	for _, e := range h.entries {
		said = append(said, e.Text)
	}
	lines := strings.Join(said, "\n")
	for _, want := range []string{"\ntype invoice.paid: 12 of 157", "\nchannel:QR: 12 of 157"} {
		if !strings.Contains(lines, want) {
			t.Errorf("no line begins %q:\n%s", want, lines)
		}
	}
}

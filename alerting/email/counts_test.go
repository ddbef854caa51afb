package email

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// TestCountsCallNothingAFailureThatIsNone: a numerator counts failures for some
// rules, which say of what, and duplicates, late events or missing retries for
// others: there the text of the evidence says it.
func TestCountsCallNothingAFailureThatIsNone(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 11, 11, 14, 0, 0, 0, time.UTC)
	const failed = " first attempts failed"
	counted := map[rules.Rule]string{
		rules.RuleEndpointDown: " probes failed", rules.RuleEndpointSlow: " answers were slow", rules.RulePlatformErrorRatio: failed,
		rules.RuleProductErrorRatio: failed, rules.RuleChannelErrorRatio: failed, rules.RuleTypeErrorRatio: failed, rules.RuleMerchantErrorRatio: failed,
	}
	for _, rule := range rules.Rules() {
		f := alerting.Facts{Rule: rule, Scope: "source:core", State: alerting.StateOpen, Evidence: rules.Evidence{
			Text: "so many of so many", Numerator: 22, Denominator: 360, Threshold: 0.01, From: at, To: at.Add(time.Hour),
		}}
		text := newLetter(alerting.Notice{}, f, at).text()
		want := "22 of 360" + counted[rule] + " (6.1%), threshold 1%, from 2023-11-11 14:00:00 UTC to 2023-11-11 15:00:00 UTC"
		rest := strings.NewReplacer(want, "", string(rules.RuleEndpointFailing), "").Replace(text)
		if !strings.Contains(text, want) || strings.Contains(rest, "fail") {
			t.Errorf("%s: the letter says\n%s\nwant %q, and nothing else about failures", rule, text, want)
		}
	}
}

package email

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// TestCountsCallNothingAFailure: a numerator counts failures for some rules,
// and duplicates, late events or missing retries for others. The text of the
// evidence says which.
func TestCountsCallNothingAFailure(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 11, 11, 14, 0, 0, 0, time.UTC)
	for _, rule := range rules.Rules() {
		f := alerting.Facts{Rule: rule, Scope: "source:core", State: alerting.StateOpen, Evidence: rules.Evidence{
			Text: "so many of so many", Numerator: 22, Denominator: 360, Threshold: 0.01, From: at, To: at.Add(time.Hour),
		}}
		text := newLetter(alerting.Notice{}, f, at).text()
		want := "22 of 360 (6.1%), threshold 1%, from 2023-11-11 14:00:00 UTC to 2023-11-11 15:00:00 UTC"
		if !strings.Contains(text, want) || strings.Contains(strings.ReplaceAll(text, string(rules.RuleEndpointFailing), ""), "fail") {
			t.Errorf("%s: the letter says\n%s\nwant %q, and nothing about failures", rule, text, want)
		}
	}
}

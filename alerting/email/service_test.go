package email

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// TestAMailNamesTheServiceAndReckonsInSeconds: whom it is about when that is no
// merchant, and a length that fits the moments beside it.
func TestAMailNamesTheServiceAndReckonsInSeconds(t *testing.T) {
	t.Parallel()
	from := time.Date(2023, 11, 11, 13, 48, 49, 100e6, time.UTC)
	f := alerting.Facts{
		Rule: rules.RuleCertificate, Scope: "target:ledger", State: alerting.StateResolved, StartedAt: from, ResolvedAt: from.Add(78700 * time.Millisecond),
		About: alerting.About{Service: "ledger"},
	}
	want := "Broken for our own service ledger from 2023-11-11 13:48:49 UTC on, for 1m18s."
	if text := newLetter(alerting.Notice{}, f, from).text(); !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
		t.Errorf("the letter says\n%s\nwant %q", text, want)
	}
}

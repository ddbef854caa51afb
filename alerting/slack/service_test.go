package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// TestAMessageNamesTheServiceAndReckonsInSeconds: whom it is about when that is
// no merchant, and a length that fits the moments beside it.
func TestAMessageNamesTheServiceAndReckonsInSeconds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := facts()
	f.Merchant, f.About = "", alerting.About{Service: "ledger", Host: "ledger.example:443"}
	f.StartedAt = time.Date(2023, 11, 11, 13, 48, 49, 100e6, time.UTC)
	f.State, f.ResolvedAt = alerting.StateResolved, f.StartedAt.Add(78700*time.Millisecond)
	b.send(notice(t, alerting.KindRoot, 1, f), alerting.Ref{})
	raw, err := json.Marshal(b.messages(1)[0].Latest())
	if err != nil {
		t.Fatal(err)
	}
	want := "Affected our own service ledger at ledger.example:443 from 2023-11-11 13:48:49 UTC to 2023-11-11 13:50:07 UTC, 1m18s"
	if !strings.Contains(string(raw), want) {
		t.Errorf("the message is\n%s\nwant %q", raw, want)
	}
}

package pagerduty

import (
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestAnAlertNamesTheService(t *testing.T) {
	t.Parallel()
	if got, want := affected(alerting.Facts{About: alerting.About{Service: "ledger"}}), "our own service ledger"; got != want {
		t.Errorf("it affects %q, want %q", got, want)
	}
}

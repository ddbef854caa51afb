package alertmanager

import (
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestAnAlertNamesTheService(t *testing.T) {
	t.Parallel()
	w := words{f: alerting.Facts{State: alerting.StateOpen, About: alerting.About{Service: "ledger"}}}
	if got, want := w.affected(), "our own service ledger"; got != want {
		t.Errorf("it affects %q, want %q", got, want)
	}
}

package alertmanager_test

import (
	"net/http"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

// A pulse posts no alert, and finds out that credentials are refused.
func TestAPulsePostsNothing(t *testing.T) {
	t.Parallel()
	pulse := alerting.Notice{Kind: alerting.KindPulse, IdemKey: "pulse/am/alerts:1"}
	b := newBench(t, nil)
	if _, err := b.r.Send(t.Context(), pulse, alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	b.last(0)
	refused := newBench(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	refused.fail(pulse, alerting.ClassAuth)
}

package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestABacklogIsToldAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	const want = `{"at":"2026-05-04T10:00:00Z","undelivered":212,"oldest":"2026-05-04T09:00:00Z","next_retry_at":"2026-05-04T10:13:00Z","missing_retries":3,` +
		`"at_risk_1h":0,"at_risk_6h":18,"at_risk_24h":212,"next_loss":{"at":"2026-05-04T14:00:00Z","events":18},"digests_left":0,"lost":7,` +
		`"recovery":{"p50_seconds":3000,"max_seconds":25200,"over_an_hour":90},` +
		`"wave":{"per_minute":[3,0,9],"later":0,"peak":9,"peak_at":"2026-05-04T10:02:00Z","factor":5.5,"minutes_over_2x":2},"worker_seconds":6360}` + "\n"
	for _, path := range []string{"/api/v1/endpoints/own-pay/backlog", "/api/v1/merchants/own/backlog", "/api/v1/backlog"} {
		if a := w.ask(t, http.MethodGet, path, viewerToken, ""); a.status != 200 || a.body != want {
			t.Errorf("%s: %d %s\nwant %s", path, a.status, a.body, want)
		}
	}
	if asked := []string{"endpoint own-pay", "merchant own", "merchant "}; !slices.Equal(w.backlogs.asked, asked) {
		t.Errorf("asked for %q, want %q", w.backlogs.asked, asked)
	}
}

func TestABacklogOfNothingIsNoLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.backlogs.has = deliveries.BacklogOf(slices.Values([]deliveries.Event{}), deliveries.BacklogOptions{Now: at})
	const want = `{"at":"2026-05-04T10:00:00Z","undelivered":0,"missing_retries":0,"at_risk_1h":0,"at_risk_6h":0,"at_risk_24h":0,"next_loss":null,"digests_left":0,"lost":0,` +
		`"recovery":{"p50_seconds":0,"max_seconds":0,"over_an_hour":0},"wave":{"per_minute":[],"later":0,"peak":0,"factor":null,"minutes_over_2x":0},"worker_seconds":0}` + "\n"
	if a := w.ask(t, http.MethodGet, "/api/v1/backlog", viewerToken, ""); a.body != want {
		t.Errorf("got %s\nwant %s", a.body, want)
	}
}

// TestTheBacklogOfOthersIsNotRead: who may not see it does not make us count.
func TestTheBacklogOfOthersIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for path, status := range map[string]int{
		"/api/v1/endpoints/rival-pay/backlog": 404, "/api/v1/merchants/rival/backlog": 404, "/api/v1/backlog": 403,
		"/api/v1/endpoints/nothing/backlog": 404, "/api/v1/merchants/nobody/backlog": 404,
	} {
		w.ask(t, http.MethodGet, path, ownAdmin, "").problem(t, status)
	}
	if len(w.backlogs.asked) > 0 {
		t.Errorf("asked for %q, want nothing", w.backlogs.asked)
	}
}

func TestSourcesAreToldWithTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	counts := deliveries.OrderCounts{Attempts: 9, Retries: 3, AckLost: 1, AfterSuccess: 2, Manual: 4, Semantic: 5, Inversions: 6, LargestInversion: 90 * time.Second}
	w.sources.list = []api.SourceView{
		{
			Name: "core", Declared: deliveries.GradeAll, Effective: deliveries.GradeFinal, Why: "attempts are missing", Since: at, LastAttemptAt: at.Add(time.Hour),
			Received: 100, Rejected: 2, Late: 1, Lags: []api.SourceLag{{Kind: "queue", Events: 50, P50: time.Second, P99: 90 * time.Second}},
			LagClasses: map[deliveries.LagClass]int{deliveries.LagDispatcher: 7}, Order: &deliveries.OrderReport{Until: at, Last24h: counts, Keys: 8, Dropped: 1, LowerBound: true},
		},
		{Name: "new"},
	}
	const none = `{"attempts":0,"retry":0,"ack_lost_suspect":0,"duplicate_after_success":0,"manual_duplicate":0,"semantic_duplicate":0,"inversions":0,"largest_inversion_seconds":0}`
	const want = `{"items":[{"name":"core","declared_grade":"A","effective_grade":"B","why":"attempts are missing","since":"2026-05-04T10:00:00Z","last_attempt_at":"2026-05-04T11:00:00Z",` +
		`"received":100,"rejected":2,"late":1,"lags":[{"kind":"queue","events":50,"p50_seconds":1,"p99_seconds":90}],"lag_classes":{"dispatcher_late":7},` +
		`"order":{"until":"2026-05-04T10:00:00Z","all":` + none + `,"last_15m":` + none + `,"last_24h":` +
		`{"attempts":9,"retry":3,"ack_lost_suspect":1,"duplicate_after_success":2,"manual_duplicate":4,"semantic_duplicate":5,"inversions":6,"largest_inversion_seconds":90},` +
		`"keys":8,"dropped":1,"lower_bound":true}},` +
		`{"name":"new","declared_grade":"","effective_grade":"","why":"","received":0,"rejected":0,"late":0,"lags":[],"lag_classes":{}}],"next":""}` + "\n"
	if a := w.ask(t, http.MethodGet, "/api/v1/sources", viewerToken, ""); a.body != want {
		t.Errorf("got %s\nwant %s", a.body, want)
	}
}

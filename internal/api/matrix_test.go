package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// callers, in the order of the columns below.
var callers = []struct{ name, token string }{
	{"nobody", ""}, {"wrong", "MARKER-guess"}, {"ingest", ingestToken},
	{"viewer", viewerToken}, {"operator", operatorToken}, {"admin", adminToken},
	{"own viewer", ownViewer}, {"own operator", ownOperator}, {"own admin", ownAdmin},
}

// Outcomes by caller: nobody, wrong, ingest; viewer, operator, admin; own
// viewer, own operator, own admin.
var (
	open           = []int{200, 200, 200, 200, 200, 200, 200, 200, 200}
	readsOwn       = []int{401, 401, 403, 200, 200, 200, 200, 200, 200}
	readsOthers    = []int{401, 401, 403, 200, 200, 200, 404, 404, 404}
	addsOwn        = []int{401, 401, 403, 403, 201, 201, 403, 201, 201}
	replacesOwn    = []int{401, 401, 403, 403, 200, 200, 403, 200, 200}
	addsOthers     = []int{401, 401, 403, 403, 201, 201, 403, 404, 404}
	replacesOther  = []int{401, 401, 403, 403, 200, 200, 403, 404, 404}
	dropsOwn       = []int{401, 401, 403, 403, 204, 204, 403, 204, 204}
	dropsOthers    = []int{401, 401, 403, 403, 204, 204, 403, 404, 404}
	silencesOthers = []int{401, 401, 403, 403, 201, 201, 403, 422, 422}
	houseReads     = []int{401, 401, 403, 200, 200, 200, 403, 403, 403}
	handsIn        = []int{401, 401, 200, 403, 403, 200, 403, 403, 200}
	beats          = []int{401, 401, 204, 403, 204, 204, 403, 403, 403}
	actsOnOwn      = []int{401, 401, 403, 403, 200, 200, 403, 200, 200}
	actsOnOthers   = []int{401, 401, 403, 403, 200, 200, 403, 404, 404}
	nobodyKnows    = []int{404, 404, 404, 404, 404, 404, 404, 404, 404}
	wrongType      = []int{415, 415, 415, 415, 415, 415, 415, 415, 415}
	houseActs      = []int{401, 401, 403, 403, 200, 200, 403, 403, 403}
	houseDrops     = []int{401, 401, 403, 403, 204, 204, 403, 403, 403}
	houseAdmin     = []int{401, 401, 403, 403, 403, 200, 403, 403, 403}
)

type matrixRow struct {
	path, body string
	want       []int
}

const (
	ownRecord   = `{"event":"e1","endpoint":"own-pay","started_at":"2026-01-01T00:00:00Z","status":200}`
	rivalRecord = `{"event":"e1","endpoint":"rival-pay","started_at":"2026-01-01T00:00:00Z","status":200}`

	ownBody   = `{"merchant":"own","url":"https://own.example/new"}`
	rivalBody = `{"merchant":"rival","url":"https://new.example/new"}`
)

// matrix has the rows of every pattern that the server registers.
var matrix = map[string][]matrixRow{
	"GET /api/v1/endpoints": {{"/api/v1/endpoints", "", readsOwn}, {"/api/v1/endpoints?merchant=rival", "", readsOwn}},
	"GET /api/v1/endpoints/{id}": {
		{"/api/v1/endpoints/own-pay", "", readsOwn}, {"/api/v1/endpoints/rival-pay", "", readsOthers},
	},
	"PUT /api/v1/endpoints/{id}": {
		{"/api/v1/endpoints/own-new", ownBody, addsOwn}, {"/api/v1/endpoints/own-pay", ownBody, replacesOwn},
		{"/api/v1/endpoints/rival-new", rivalBody, addsOthers},
		{"/api/v1/endpoints/rival-pay", ownBody, replacesOther}, // take it over
		{"/api/v1/endpoints/own-pay", rivalBody, replacesOther}, // give it away
	},
	"DELETE /api/v1/endpoints/{id}": {
		{"/api/v1/endpoints/own-pay", "", dropsOwn}, {"/api/v1/endpoints/rival-pay", "", dropsOthers},
	},
	"GET /api/v1/merchants": {{"/api/v1/merchants", "", readsOwn}},
	"GET /api/v1/merchants/{id}": {
		{"/api/v1/merchants/own", "", readsOwn}, {"/api/v1/merchants/rival", "", readsOthers},
	},
	"PUT /api/v1/merchants/{id}": {
		{"/api/v1/merchants/own", `{"name":"x"}`, replacesOwn}, {"/api/v1/merchants/own-new", `{"name":"x"}`, addsOwn},
		{"/api/v1/merchants/rival", `{"name":"x"}`, replacesOther}, {"/api/v1/merchants/third", `{"name":"x"}`, addsOthers},
	},
	"DELETE /api/v1/merchants/{id}": {
		{"/api/v1/merchants/own", "", dropsOwn}, {"/api/v1/merchants/rival", "", dropsOthers},
	},
	"POST /api/v1/import": {
		{"/api/v1/import", `{"id":"own"}`, replacesOwn},
		{"/api/v1/import", `{"id":"rival","name":"x"}`, replacesOwn}, // rejected by line: see below
	},
	"POST /api/v1/attempts": {
		{"/api/v1/attempts", "", handsIn}, {"/api/v1/attempts", ownRecord, handsIn},
		{"/api/v1/attempts", rivalRecord, handsIn}, // rejected by line: see attempts_test.go
	},
	"GET /api/v1/ratios": {
		{"/api/v1/ratios?scope=endpoint:own-pay", "", readsOwn}, {"/api/v1/ratios?scope=merchant:own", "", readsOwn},
		{"/api/v1/ratios?scope=endpoint:rival-pay", "", readsOthers}, {"/api/v1/ratios?scope=merchant:rival", "", readsOthers},
		{"/api/v1/ratios?scope=platform", "", houseReads}, {"/api/v1/ratios?scope=channel:QR", "", houseReads},
		{"/api/v1/ratios?scope=product:PAYOUT", "", houseReads},
	},
	"POST /api/v1/heartbeats/{id}": {{"/api/v1/heartbeats/backup", "", beats}},
	"GET /api/v1/incidents": {
		{"/api/v1/incidents", "", readsOwn}, {"/api/v1/incidents?merchant=rival", "", readsOwn},
		{"/api/v1/incidents?endpoint=rival-pay", "", readsOwn},
	},
	"GET /api/v1/incidents/{id}": {
		{"/api/v1/incidents/inc_own_aaaaaa", "", readsOwn}, {"/api/v1/incidents/aaaaaa", "", readsOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb", "", readsOthers}, {"/api/v1/incidents/bbbbbb", "", readsOthers},
		{"/api/v1/incidents/inc_all_cccccc", "", readsOthers}, {"/api/v1/incidents/cccccc", "", readsOthers},
	},
	"POST /api/v1/incidents/{id}/ack": {
		{"/api/v1/incidents/inc_own_aaaaaa/ack", `{"version":3}`, actsOnOwn}, {"/api/v1/incidents/aaaaaa/ack", `{"version":3}`, actsOnOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb/ack", `{"version":3}`, replacesOther}, {"/api/v1/incidents/inc_all_cccccc/ack", `{"version":3}`, replacesOther},
	},
	"POST /api/v1/incidents/{id}/resolve": {
		{"/api/v1/incidents/inc_own_aaaaaa/resolve", `{"version":3}`, actsOnOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb/resolve", `{"version":3}`, replacesOther},
	},
	"POST /api/v1/incidents/{id}/note": {
		{"/api/v1/incidents/inc_own_aaaaaa/note", `{"version":3,"text":"x"}`, actsOnOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb/note", `{"version":3,"text":"x"}`, replacesOther},
	},
	"POST /api/v1/incidents/{id}/reconcile": {
		{"/api/v1/incidents/inc_own_aaaaaa/reconcile", `{"version":3,"channel":"QR","action":"written_off","count":1}`, actsOnOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb/reconcile", `{"version":3,"channel":"QR","action":"written_off","count":1}`, replacesOther},
		{"/api/v1/incidents/cccccc/reconcile", `{"version":3,"channel":"QR","action":"written_off","count":1}`, replacesOther},
	},
	"GET /api/v1/incidents/{id}/report": {
		{"/api/v1/incidents/inc_own_aaaaaa/report", "", readsOwn}, {"/api/v1/incidents/aaaaaa/report?zone=Asia/Jakarta", "", readsOwn},
		{"/api/v1/incidents/inc_rival_bbbbbb/report", "", readsOthers}, {"/api/v1/incidents/inc_all_cccccc/report", "", readsOthers},
	},
	"GET /api/v1/silences": {{"/api/v1/silences", "", readsOwn}, {"/api/v1/silences?state=active", "", readsOwn}},
	"POST /api/v1/silences": {
		{"/api/v1/silences", `{"matcher":{"merchant":["own"]},"for":"1h","reason":"x"}`, addsOwn},
		{"/api/v1/silences", `{"matcher":{"merchant":["own"],"endpoint":["own-pay"],"incident":["aaaaaa"]},"for":"1h","reason":"x"}`, addsOwn},
		{"/api/v1/silences", `{"matcher":{"merchant":["rival"]},"for":"1h","reason":"x"}`, silencesOthers},
		{"/api/v1/silences", `{"matcher":{"merchant":["own","rival"]},"for":"1h","reason":"x"}`, silencesOthers},
		{"/api/v1/silences", `{"matcher":{"merchant":["own"],"endpoint":["rival-pay"]},"for":"1h","reason":"x"}`, silencesOthers},
		{"/api/v1/silences", `{"matcher":{"merchant":["own"],"incident":["inc_rival_bbbbbb"]},"for":"1h","reason":"x"}`, silencesOthers},
		{"/api/v1/silences", `{"matcher":{"endpoint":["own-pay"]},"for":"1h","reason":"x"}`, silencesOthers}, // it names no merchant
		{"/api/v1/silences", `{"matcher":{"channel":["QR"]},"for":"1h","reason":"x"}`, silencesOthers},
		{"/api/v1/silences", `{"matcher":{"all":true},"for":"1h","reason":"x"}`, silencesOthers},
	},
	"DELETE /api/v1/silences/{id}": {
		{"/api/v1/silences/sil_own", "", dropsOwn}, {"/api/v1/silences/sil_rival", "", dropsOthers},
		{"/api/v1/silences/sil_both", "", dropsOthers}, {"/api/v1/silences/sil_house", "", dropsOthers},
	},
	"GET /api/v1/maintenance": {{"/api/v1/maintenance", "", readsOwn}},
	"GET /api/v1/maintenance/{id}": {
		{"/api/v1/maintenance/own-nights", "", readsOwn}, {"/api/v1/maintenance/rival-nights", "", readsOthers},
		{"/api/v1/maintenance/qr-nights", "", readsOthers},
	},
	"PUT /api/v1/maintenance/{id}": {
		{"/api/v1/maintenance/own-day", nightsBody(0, "own"), addsOwn}, {"/api/v1/maintenance/own-nights", nightsBody(1, "own"), replacesOwn},
		{"/api/v1/maintenance/day", nightsBody(0, "rival"), silencesOthers},
		{"/api/v1/maintenance/own-nights", nightsBody(1, "rival"), []int{401, 401, 403, 403, 200, 200, 403, 422, 422}}, // give it away
		{"/api/v1/maintenance/rival-nights", nightsBody(1, "own"), replacesOther},                                      // take it over
	},
	"DELETE /api/v1/maintenance/{id}": {
		{"/api/v1/maintenance/own-nights?version=1", "", dropsOwn}, {"/api/v1/maintenance/rival-nights?version=1", "", dropsOthers},
		{"/api/v1/maintenance/qr-nights?version=1", "", dropsOthers},
	},
	"GET /api/v1/conditions": {
		{"/api/v1/conditions", "", readsOwn}, {"/api/v1/conditions?merchant=rival", "", readsOwn},
		{"/api/v1/conditions?scope=endpoint:rival-pay", "", readsOwn}, {"/api/v1/conditions?scope=platform", "", readsOwn},
	},
	"GET /api/v1/digests": {
		{"/api/v1/digests", "", readsOwn}, {"/api/v1/digests?merchant=rival", "", readsOwn}, {"/api/v1/digests?kind=platform", "", readsOwn},
	},
	"GET /api/v1/digests/preview": {
		{"/api/v1/digests/preview?merchant=own&format=text", "", readsOwn}, {"/api/v1/digests/preview?merchant=rival", "", readsOthers},
		{"/api/v1/digests/preview?merchant=rival&format=html", "", readsOthers}, {"/api/v1/digests/preview?format=eml", "", houseReads},
	},
	"GET /api/v1/digests/unsubscribed": {
		{"/api/v1/digests/unsubscribed", "", readsOwn}, {"/api/v1/digests/unsubscribed?merchant=rival", "", readsOwn},
	},
	"POST /api/v1/digests/unsubscribe": {
		{"/api/v1/digests/unsubscribe", `{"merchant":"own","address":"ops@own.example"}`, actsOnOwn},
		{"/api/v1/digests/unsubscribe", `{"merchant":"rival","address":"ops@rival.example"}`, actsOnOthers},
	},
	"POST /api/v1/digests/subscribe": {
		{"/api/v1/digests/subscribe", `{"merchant":"own","address":"ops@own.example"}`, actsOnOwn},
		{"/api/v1/digests/subscribe", `{"merchant":"rival","address":"ops@rival.example"}`, actsOnOthers},
	},
	"GET /unsubscribe/{token}":  {{"/unsubscribe/own-link", "", open}, {"/unsubscribe/other", "", nobodyKnows}},
	"POST /unsubscribe/{token}": {{"/unsubscribe/own-link", "x=y", wrongType}, {"/unsubscribe/other", "x=y", nobodyKnows}},
	"GET /api/v1/events": {
		{"/api/v1/events", "", readsOwn}, {"/api/v1/events?merchant=rival", "", readsOwn}, {"/api/v1/events?endpoint=rival-pay", "", readsOwn},
	},
	"GET /api/v1/events/{source}/{id}": {
		{"/api/v1/events/core/evt_1", "", readsOwn}, {"/api/v1/events/core/evt_nobody", "", readsOthers}, {"/api/v1/events/a%2Fb%20c/..%2Fevt%2F7%3Fx=1%23%252F%20%C3%A9;", "", readsOwn},
	},
	"GET /api/v1/endpoints/{id}/attempts": {
		{"/api/v1/endpoints/own-pay/attempts", "", readsOwn}, {"/api/v1/endpoints/rival-pay/attempts", "", readsOthers},
	},
	"GET /api/v1/endpoints/{id}/backlog": {
		{"/api/v1/endpoints/own-pay/backlog", "", readsOwn}, {"/api/v1/endpoints/rival-pay/backlog", "", readsOthers},
	},
	"GET /api/v1/merchants/{id}/backlog": {
		{"/api/v1/merchants/own/backlog", "", readsOwn}, {"/api/v1/merchants/rival/backlog", "", readsOthers},
	},
	"GET /api/v1/backlog":                {{"/api/v1/backlog", "", houseReads}},
	"GET /api/v1/facets/{kind}":          {{"/api/v1/facets/channel", "", houseReads}},
	"GET /api/v1/sources":                {{"/api/v1/sources", "", houseReads}},
	"GET /api/v1/outbox":                 {{"/api/v1/outbox", "", houseActs}},
	"POST /api/v1/outbox/{id}/retry":     {{"/api/v1/outbox/n-2-slack%2Fops/retry", "", houseDrops}},
	"POST /api/v1/outbox/{id}/drop":      {{"/api/v1/outbox/n-2-slack%2Fops/drop", "", houseDrops}},
	"POST /api/v1/receivers/{name}/test": {{"/api/v1/receivers/slack/test", "", houseActs}},
	"GET /api/v1/targets":                {{"/api/v1/targets", "", readsOwn}},
	"GET /api/v1/targets/{id}":           {{"/api/v1/targets/ledger", "", readsOthers}},
	"GET /api/v1/sd/prometheus":          {{"/api/v1/sd/prometheus", "", readsOwn}},
	"GET /api/v1/openapi.json":           {{"/api/v1/openapi.json", "", readsOwn}},
	"POST /slack/interactions":           {{"/slack/interactions", "payload=x", unsigned}},
	"GET /-/healthy":                     {{"/-/healthy", "", open}},
	"GET /-/ready":                       {{"/-/ready", "", open}},
	"GET /-/duty":                        {{"/-/duty", "", houseReads}},
	"POST /-/reload":                     {{"/-/reload", "", houseAdmin}},
	"GET /metrics":                       {{"/metrics", "", houseReads}},
	"GET /metrics/probes":                {{"/metrics/probes", "", houseReads}},
	"GET /probe": {
		{"/probe?target=own-pay", "", readsOwn}, {"/probe?target=rival-pay", "", readsOthers},
		{"/probe?target=https://rival.example/hook", "", readsOthers},
	},
	"/": {{"/", "", houseReads}, {"/merchants/rival", "", houseReads}},
}

func TestEveryRouteIsInTheMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	patterns := w.server.Patterns()
	for _, p := range patterns {
		if len(matrix[p]) == 0 {
			t.Errorf("route %q has no row in the matrix: who may use it?", p)
		}
	}
	for p := range matrix {
		if !slices.Contains(patterns, p) {
			t.Errorf("the matrix has rows for %q, which is no route", p)
		}
	}
}

// TestMatrix asks every route as everybody, for what is theirs and what is
// not.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for pattern, rows := range matrix {
		method, _, ok := strings.Cut(pattern, " ")
		if !ok {
			method = http.MethodGet
		}
		for _, row := range rows {
			t.Run(method+" "+row.path, func(t *testing.T) {
				t.Parallel()
				w, changed := newWorld(t, allTokens()), false
				for i, who := range callers {
					if changed {
						w = newWorld(t, allTokens()) // as it was before the change
					}
					a := w.ask(t, method, row.path, who.token, row.body)
					changed = method != http.MethodGet && a.status < 300
					if a.status != row.want[i] {
						t.Errorf("as %s: status %d, want %d: %s", who.name, a.status, row.want[i], a.body)
					}
					checkIsolation(t, w, who.name, row, a)
				}
			})
		}
	}
}

// checkIsolation looks for what belongs to another merchant, in what a caller
// without a right to it got and did.
func checkIsolation(t *testing.T, w *world, who string, row matrixRow, a answer) {
	t.Helper()
	if !strings.HasPrefix(who, "own ") && who != "nobody" && who != "wrong" && who != "ingest" {
		return
	}
	for _, theirs := range []string{"Rival Name", "rival.example", "rival-pay", "filed", "ledger"} {
		if strings.Contains(a.body, theirs) && !strings.Contains(row.path+row.body, theirs) {
			t.Errorf("as %s: the answer shows %q: %s", who, theirs, a.body)
		}
	}
	if rival, _ := w.registry.Snapshot().Merchant("rival"); rival.Name != "Rival Name" {
		t.Errorf("as %s: merchant rival is now %+v", who, rival)
	}
	ep, ok := w.registry.Snapshot().Endpoint("rival-pay")
	if !ok || ep.Merchant != "rival" || len(w.registry.Snapshot().Endpoints()) > 5 {
		t.Errorf("as %s: the endpoints of others changed", who)
	}
}

// TestRefusedCallersSeeNoTraceOfTokens searches answers and log for tokens.
func TestRefusedCallersSeeNoTraceOfTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, who := range callers {
		for _, path := range []string{"/api/v1/endpoints", "/-/duty", "/metrics"} {
			a := w.ask(t, http.MethodGet, path, who.token, "")
			if strings.Contains(a.body, "MARKER") {
				t.Errorf("as %s, %s: a token is in the answer: %s", who.name, path, a.body)
			}
		}
	}
	if strings.Contains(w.log.String(), "MARKER") {
		t.Errorf("a token is in the log:\n%s", w.log)
	}
}

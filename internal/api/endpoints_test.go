package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

func TestEndpointViewHasTheKeysOfTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got map[string]any
	w.ask(t, http.MethodGet, "/api/v1/endpoints/own-pay", viewerToken, "").into(t, 200, &got)
	want := map[string]any{
		"id": "own-pay", "merchant": "own", "url": "https://own.example/hook", "state": "down",
		"cause":    "handler_broken",
		"advice":   "The server stands, and its handler fails (http_5xx) since 2026-05-04 09:59:00 UTC. Look into the log of the handler at that time, and at the last deployment.",
		"products": []any{"PAYOUT", "QR"}, "suspended": false, "origin": "api",
		"reasons": []any{
			map[string]any{"signal": "probe", "word": "http_5xx", "text": "http_5xx since 2026-05-04 09:59:00 UTC, 3 failures in a row"},
			map[string]any{"signal": "certificate", "word": "expiring", "text": "ends in 2 days"},
			map[string]any{"signal": "deliveries", "word": "failing", "text": "50 of 200 first attempts failed (25%)"},
		},
		"probe": map[string]any{
			"verdict": "down", "fault": "http_5xx", "notes": []any{"slow"}, "status": 503.0, "took_seconds": 1.5, "at": "2026-05-04T10:00:00Z",
			"level": "ping", "try": 2.0, "address": "192.0.2.1:443", "detail": "503 Service Unavailable", "location": "",
			"retry_after_seconds": 120.0, "since": "2026-05-04T09:59:00Z", "failures": 3.0,
			"phases": map[string]any{"resolve_seconds": 0.25, "connect_seconds": 0.0, "tls_seconds": 0.0, "wait_seconds": 1.0, "read_seconds": 0.0},
		},
		"deliveries": map[string]any{"first_attempts": 200.0, "failed_first": 50.0, "first_error_ratio": 0.25, "window_seconds": 3600.0},
		"certificate": map[string]any{
			"verdict": "warn", "faults": []any{"expiring"}, "notes": []any{}, "not_after": "2026-05-06T10:00:00Z", "at": "2026-05-04T10:00:00Z",
			"detail": "ends in 2 days",
			"addresses": []any{map[string]any{
				"address": "192.0.2.1:443", "verdict": "warn", "faults": []any{"expiring"}, "notes": []any{},
				"not_after": "2026-05-06T10:00:00Z", "path_end": nil, "detail": "", "page": false, "chain": got["certificate"].(map[string]any)["addresses"].([]any)[0].(map[string]any)["chain"],
			}},
		},
	}
	if a, b := pretty(t, got), pretty(t, want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func pretty(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSignalsWithoutDataAreNull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for id, want := range map[string]struct{ state, probe, deliveries string }{
		"own-void":  {`"suspended"`, "null", "null"},
		"rival-pay": {`"no_data"`, "null", `{"first_attempts":0,"failed_first":0,"first_error_ratio":null,"window_seconds":3600}`},
	} {
		var got map[string]json.RawMessage
		w.ask(t, http.MethodGet, "/api/v1/endpoints/"+id, viewerToken, "").into(t, 200, &got)
		if string(got["state"]) != want.state || string(got["probe"]) != want.probe || string(got["certificate"]) != "null" || string(got["deliveries"]) != want.deliveries {
			t.Errorf("%s: got %s, want %+v and no certificate", id, pretty(t, got), want)
		}
	}
}

func TestTheCauseIsThatOfTheDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for id, want := range map[string]string{
		"own-void":  `"cause":"suspended","advice":"","products"`,
		"rival-pay": `"cause":"no_data","advice":"We have no data about it. `,
	} {
		for _, path := range []string{listPath + "/" + id, listPath + "?q=" + id} {
			if a := w.ask(t, http.MethodGet, path, viewerToken, ""); !strings.Contains(a.body, want) {
				t.Errorf("%s: %s, want %s", path, a.body, want)
			}
		}
	}
	document := w.ask(t, http.MethodGet, "/api/v1/openapi.json", viewerToken, "").body
	words, err := json.Marshal(rules.Causes())
	if err != nil || !strings.Contains(document, `"enum":`+string(words)) {
		t.Errorf("the document does not list the causes %s (%v)", words, err)
	}
}

func ids(t *testing.T, a answer) ([]string, string) {
	t.Helper()
	var got struct {
		Items []struct{ ID string }
		Next  string
	}
	a.into(t, 200, &got)
	list := []string{}
	for _, item := range got.Items {
		list = append(list, item.ID)
	}
	return list, got.Next
}

func TestListIsFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"all":                       {viewerToken, "", []string{"filed-pay", "own-pay", "own-void", "rival-pay"}},
		"by merchant":               {viewerToken, "?merchant=own", []string{"own-pay", "own-void"}},
		"by state":                  {viewerToken, "?state=no_data", []string{"filed-pay", "rival-pay"}},
		"by both":                   {viewerToken, "?merchant=own&state=down", []string{"own-pay"}},
		"by words of the ID":        {viewerToken, "?q=PAY", []string{"filed-pay", "own-pay", "rival-pay"}},
		"by words of the URL":       {viewerToken, "?q=rival.example", []string{"rival-pay"}},
		"not by the URL's query":    {viewerToken, "?q=" + storedQuery, []string{}},
		"own ones alone":            {ownViewer, "", []string{"own-pay", "own-void"}},
		"of others, with own token": {ownViewer, "?merchant=rival", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, next := ids(t, w.ask(t, http.MethodGet, listPath+tt.query, tt.token, "")); !slices.Equal(got, tt.want) || next != "" {
				t.Errorf("got %v and next %q, want %v and none", got, next, tt.want)
			}
		})
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?cursor=%21", "?cursor=bm9uZQ", "?state=fine", "?merchnt=own"} {
		w.ask(t, http.MethodGet, listPath+query, viewerToken, "").problem(t, 422)
	}
}

func TestStatesOfTheFilterAreTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, word := range rules.Words() {
		if a := w.ask(t, http.MethodGet, listPath+"?state="+string(word), viewerToken, ""); a.status != 200 {
			t.Errorf("state %s: status %d, want 200", word, a.status)
		}
	}
}

func TestPagesMeetEveryItemOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	change := registry.Change{}
	for i := range 250 {
		change.PutEndpoints = append(change.PutEndpoints, registry.Endpoint{ID: fmt.Sprintf("e%03d", i), Merchant: "own", URL: "https://own.example/"})
	}
	if _, err := w.registry.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	var got []string
	cursor, pages := "", 0
	for {
		list, next := ids(t, w.ask(t, http.MethodGet, listPath+"?merchant=own&limit=36&cursor="+cursor, viewerToken, ""))
		got, cursor, pages = append(got, list...), next, pages+1
		if next == "" {
			break
		}
	}
	if len(got) != 252 || !slices.IsSorted(got) || len(slices.Compact(got)) != 252 || pages != 7 {
		t.Errorf("%d items in %d pages, want each of 252 once in 7 full pages", len(got), pages)
	}
}

func TestPutReadsEverySetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	const sent = `{"merchant":"own","url":"https://new.example/hook","products":["QR"],"token":"whsec_c2VjcmV0","token_header":"X-Sig",
		"signature":"standard-webhooks","probe":{"level":"ping","interval":"2m","timeout":"10s","ack_budget":"3s","confirm":0,
		"confirm_after":"20s","keep_alive":true,"allow_cleartext":true,"body":{"note":"hi"}},"certificate":{"interval":"30m","timeout":"5s",
		"warn_below":"20d","page_below":"5%","pins":["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]},
		"schedule":"svix","deadline":"20s","suspended":true}`
	var got struct{ Record json.RawMessage }
	w.ask(t, http.MethodPut, "/api/v1/endpoints/new", operatorToken, sent).into(t, 201, &got)
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(got.Record, &a), json.Unmarshal([]byte(sent), &b)); err != nil {
		t.Fatal(err)
	}
	b["id"], b["token"] = "new", "<secret>"
	if x, y := pretty(t, a), pretty(t, b); x != y {
		t.Errorf("record\n%s\nwant\n%s", x, y)
	}
	ep, _ := w.registry.Snapshot().Endpoint("new")
	if ep.Token != "whsec_c2VjcmV0" || ep.Probe.Policy.Confirm != 0 || !ep.Probe.Policy.KeepAlive {
		t.Errorf("stored %+v", ep.Probe)
	}
	if actor := w.registry.applied[0].Actor; actor != "operator" {
		t.Errorf("actor %q, want operator", actor)
	}
}

func TestWhatIsAnsweredCanBePutBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	before, _ := w.registry.Snapshot().Endpoint("own-pay")
	var got struct{ Record json.RawMessage }
	w.ask(t, http.MethodGet, "/api/v1/endpoints/own-pay", operatorToken, "").into(t, 200, &got)
	if a := w.ask(t, http.MethodPut, "/api/v1/endpoints/own-pay", operatorToken, string(got.Record)); a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	after, _ := w.registry.Snapshot().Endpoint("own-pay")
	if after.URL != before.URL || after.Token != before.Token || after.Probe.Policy != before.Probe.Policy {
		t.Error("the endpoint is not what it was")
	}
	var merchant json.RawMessage
	w.ask(t, http.MethodGet, "/api/v1/merchants/own", operatorToken, "").into(t, 200, &merchant)
	if a := w.ask(t, http.MethodPut, "/api/v1/merchants/own", operatorToken, string(merchant)); a.status != 200 {
		t.Errorf("the merchant: status %d: %s", a.status, a.body)
	}
}

func TestPutNamesEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for name, tt := range map[string]struct{ id, body, location, words string }{
		"a span without a unit":               {"new", `{"merchant":"own","url":"https://a.example/","deadline":"20"}`, "body.deadline", "no unit"},
		"a timeout beyond the bound":          {"new", `{"merchant":"own","url":"https://a.example/","probe":{"timeout":"45s"}}`, "body.probe.timeout", "(0s, 30s]"},
		"an unknown level":                    {"new", `{"merchant":"own","url":"https://a.example/","probe":{"level":"deep"}}`, "body.probe.level", "tls"},
		"an unknown field":                    {"new", `{"merchant":"own","url":"https://a.example/","probe":{"retries":1}}`, "body.probe.retries", "unexpected"},
		"no URL":                              {"new", `{"merchant":"own"}`, "body", "url"},
		"a URL with a password":               {"new", `{"merchant":"own","url":"https://u:` + sentMarker + `@a.example/"}`, "body.url", "user name"},
		"an unknown merchant":                 {"new", `{"merchant":"none","url":"https://a.example/"}`, "body.merchant", "no merchant"},
		"another ID than the path's":          {"new", `{"id":"old","merchant":"own","url":"https://a.example/"}`, "body.id", "path"},
		"a bad ID":                            {"new%20", `{"merchant":"own","url":"https://a.example/"}`, "body.id", "not an ID"},
		"a file for the token":                {"new", `{"merchant":"own","url":"https://a.example/","token_file":"/etc/shadow"}`, "body.token_file", "give token"},
		"a file for the CA":                   {"new", `{"merchant":"own","url":"https://a.example/","certificate":{"ca_file":"/etc/shadow"}}`, "body.certificate.ca_file", "configuration file alone"},
		"no stored token to keep":             {"new", `{"merchant":"own","url":"https://a.example/","token":"<secret>"}`, "body.token", "no stored token"},
		"the stored token for another host":   {"own-pay", `{"merchant":"own","url":"https://evil.example/hook","token":"<secret>"}`, "body.token", "another scheme, host or port"},
		"the stored token for another port":   {"own-pay", `{"merchant":"own","url":"https://own.example:8443/hook","token":"<secret>"}`, "body.token", "another scheme, host or port"},
		"the stored token in clear text":      {"own-pay", `{"merchant":"own","url":"http://own.example/hook","token":"<secret>"}`, "body.token", "another scheme, host or port"},
		"the stored query for another host":   {"own-pay", `{"merchant":"own","url":"https://evil.example/hook?<secret>"}`, "body.url", "no stored query"},
		"no stored query":                     {"own-void", `{"merchant":"own","url":"https://own.example/void?<secret>"}`, "body.url", "no stored query"},
		"a share of the lifetime out of line": {"new", `{"merchant":"own","url":"https://a.example/","certificate":{"warn_below":"120%"}}`, "body.certificate.warn_below", "share"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.ask(t, http.MethodPut, "/api/v1/endpoints/"+tt.id, operatorToken, tt.body)
			a.problem(t, 422).hasFault(t, tt.location, tt.words)
			if strings.Contains(a.body, sentMarker) {
				t.Errorf("the answer repeats a secret: %s", a.body)
			}
		})
	}
	p := w.ask(t, http.MethodPut, "/api/v1/endpoints/new", operatorToken,
		`{"merchant":"own","url":"https://a.example/","deadline":"x","probe":{"interval":"y","timeout":"z"}}`).problem(t, 422)
	if len(p.Errors) != 3 {
		t.Errorf("%d faults, want all three at once: %+v", len(p.Errors), p.Errors)
	}
}

func TestWarningsOfAGoodPutAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got struct {
		Warnings []struct{ Location, Message string }
	}
	w.ask(t, http.MethodPut, "/api/v1/endpoints/new", operatorToken, `{"merchant":"own","url":"https://a.example/","probe":{"level":"ping"}}`).into(t, 201, &got)
	if len(got.Warnings) != 1 || got.Warnings[0].Location != "body.probe.level" || !strings.Contains(got.Warnings[0].Message, "without a token") {
		t.Errorf("warnings %+v, want one of a ping without a token", got.Warnings)
	}
}

func TestWhatTheFileSaysIsReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, r := range []struct{ method, path, body string }{
		{http.MethodPut, "/api/v1/endpoints/filed-pay", ownBody}, {http.MethodDelete, "/api/v1/endpoints/filed-pay", ""},
		{http.MethodPut, "/api/v1/merchants/filed", `{}`}, {http.MethodDelete, "/api/v1/merchants/filed", ""},
	} {
		p := w.ask(t, r.method, r.path, adminToken, r.body).problem(t, 409)
		if !strings.Contains(p.Detail, "read-only") {
			t.Errorf("%s %s: %q, want why", r.method, r.path, p.Detail)
		}
	}
}

func TestMerchantIsDroppedWithItsEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	if a := w.ask(t, http.MethodDelete, "/api/v1/merchants/own", operatorToken, ""); a.status != 204 || a.body != "" {
		t.Errorf("status %d and %q, want 204 and nothing", a.status, a.body)
	}
	for _, path := range []string{"/api/v1/merchants/own", "/api/v1/endpoints/own-pay"} {
		w.ask(t, http.MethodGet, path, viewerToken, "").problem(t, 404)
		w.ask(t, http.MethodDelete, path, operatorToken, "").problem(t, 404)
	}
}

func TestMerchantIsCheckedAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	p := w.ask(t, http.MethodPut, "/api/v1/merchants/new", operatorToken, `{"timezone":"Mars/Base","digest":{"to":["x"]}}`).problem(t, 422)
	p.hasFault(t, "body.timezone", "time zone")
	p.hasFault(t, "body.digest.to", "mail address")
	var got map[string]any
	w.ask(t, http.MethodGet, "/api/v1/merchants/own", viewerToken, "").into(t, 200, &got)
	if got["endpoints"] != 2.0 || got["origin"] != "api" || got["name"] != "Own Shop" {
		t.Errorf("got %v, want two endpoints, origin api", got)
	}
}

func TestChainsAreNotInLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for path, want := range map[string]bool{
		listPath: false, "/api/v1/targets": false, listPath + "/own-pay": true, "/api/v1/targets/ledger": true,
	} {
		a := w.ask(t, http.MethodGet, path, viewerToken, "")
		if got := strings.Contains(a.body, `"chain":[{"subject":"CN=own.example"`); got != want || !strings.Contains(a.body, `"path_end":null`) {
			t.Errorf("%s: a chain is shown: %t, want %t, beside its address: %s", path, got, want, a.body)
		}
	}
}

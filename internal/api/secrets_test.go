package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestNoSecretIsEverSeen sends and stores secrets in every way there is, and
// then searches all answers and the debug log for them.
func TestNoSecretIsEverSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	type request struct{ method, path, body string }
	var requests []request
	for _, body := range []string{
		`{"merchant":"own","url":"https://own.example/hook?k=` + sentMarker + `","token":"` + sentMarker + `"}`,
		`{"merchant":"own","url":"https://u:` + sentMarker + `@own.example/hook","token":"` + sentMarker + `"}`,
		`{"merchant":"own","url":"gopher://own.example/?` + sentMarker + `","token":"` + sentMarker + `"}`,
		`{"merchant":"own","url":"https://own.example/%zz?` + sentMarker + `"}`,
		`{"merchant":"own","url":"https://own.example/","token":["` + sentMarker + `"]}`,
		`{"merchant":"own","url":"https://own.example/","token":"` + sentMarker + `\n"}`,
		`{"merchant":"own","url":"https://own.example/","signature":"standard-webhooks","token":"whsec_` + sentMarker + `!"}`,
		`{"merchant":"own","url":"https://own.example/","token":"` + sentMarker + `",`,
		`{"token":"` + sentMarker + `"}`, `"` + sentMarker + `"`, `["` + sentMarker + `"]`, sentMarker,
	} {
		requests = append(requests, request{http.MethodPut, "/api/v1/endpoints/own-pay", body})
		requests = append(requests, request{http.MethodPut, "/api/v1/endpoints/own-pay?unknown=" + sentMarker, body})
		requests = append(requests, request{http.MethodPost, importPath, `{"id":"own","endpoints":[` + strings.Replace(body, `"merchant":"own"`, `"id":"own-pay"`, 1) + `]}`})
		requests = append(requests, request{http.MethodGet, "/api/v1/endpoints/own-pay", ""}, request{http.MethodGet, listPath, ""})
	}
	for _, pattern := range slices.Sorted(maps.Keys(matrix)) {
		method, _, ok := strings.Cut(pattern, " ")
		if !ok {
			method = http.MethodGet
		}
		for _, row := range matrix[pattern] {
			requests = append(requests, request{method, row.path, row.body})
			sep := "?"
			if strings.Contains(row.path, "?") {
				sep = "&"
			}
			requests = append(requests, request{method, row.path + sep + "limit=" + sentMarker, row.body})
			requests = append(requests, request{method, row.path + sep + "token=" + sentMarker, row.body})
		}
	}
	requests = append(requests, request{http.MethodGet, "/panic?x=" + sentMarker, ""})
	for _, r := range requests {
		for _, token := range []string{adminToken, ownOperator, "MARKER-wrong"} {
			a := w.ask(t, r.method, r.path, token, r.body)
			for key, values := range a.header {
				a.body += key + ": " + strings.Join(values, ",")
			}
			if strings.Contains(a.body, "MARKER") {
				t.Errorf("%s %s as %s: a secret is in the answer: %s", r.method, r.path, token, a.body)
			}
		}
	}
	log := w.log.String()
	if !strings.Contains(log, "msg=request") {
		t.Fatal("there is no access log to search")
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "MARKER") {
			t.Errorf("a secret is in the log: %s", line)
		}
	}
}

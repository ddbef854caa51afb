package api_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestUnknownRoutesAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for name, tt := range map[string]struct {
		method, path string
		want         int
		allow        string
	}{
		"an unknown route":              {http.MethodGet, "/api/v1/nothing", 404, ""},
		"an unknown version":            {http.MethodPost, "/api/v9/endpoints", 404, ""},
		"an unknown duty":               {http.MethodGet, "/-/nothing", 404, ""},
		"a wrong method of a list":      {http.MethodPost, "/api/v1/endpoints", 405, "GET, HEAD"},
		"a wrong method of a record":    {http.MethodPatch, "/api/v1/endpoints/own-pay", 405, "GET, HEAD, PUT, DELETE"},
		"a wrong method of an import":   {http.MethodGet, "/api/v1/import", 405, "POST"},
		"a wrong method of the reload":  {http.MethodGet, "/-/reload", 405, "POST"},
		"a wrong method of the metrics": {http.MethodDelete, "/metrics", 405, "GET, HEAD"},
		"a preflight gets no CORS":      {http.MethodOptions, "/api/v1/endpoints", 405, "GET, HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.ask(t, tt.method, tt.path, adminToken, "", header("Origin", w.url))
			a.problem(t, tt.want)
			if got := a.header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("Access-Control-Allow-Origin %q, want none", got)
			}
		})
	}
}

func TestPagesOfOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil) // a browser on this machine needs no token
	for name, tt := range map[string]struct {
		method string
		opts   []func(*http.Request)
		want   int
	}{
		"another site":                    {http.MethodPut, []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 403},
		"a sister site":                   {http.MethodPut, []func(*http.Request){header("Sec-Fetch-Site", "same-site")}, 403},
		"an old browser, another origin":  {http.MethodPut, []func(*http.Request){header("Origin", "https://evil.example")}, 403},
		"our own page":                    {http.MethodPut, []func(*http.Request){header("Sec-Fetch-Site", "same-origin")}, 200},
		"a program":                       {http.MethodPut, nil, 200},
		"a form of another site":          {http.MethodPut, []func(*http.Request){header("Content-Type", "text/plain")}, 415},
		"reading is the browser's affair": {http.MethodGet, []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := ""
			if tt.method == http.MethodPut {
				body = `{"name":"` + name + `"}`
			}
			a := w.ask(t, tt.method, "/api/v1/merchants/own", "", body, tt.opts...)
			if a.status != tt.want {
				t.Errorf("status %d, want %d: %s", a.status, tt.want, a.body)
			}
		})
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	const path = "/api/v1/merchants/own"
	for name, tt := range map[string]struct {
		path, body string
		want       int
	}{
		"more than 8 MiB":           {path, `{"name":"` + strings.Repeat("x", 8<<20) + `"}`, 413},
		"more than 32 MiB of lines": {"/api/v1/import", strings.Repeat(" ", 33<<20), 413},
		"33 levels":                 {path, `{"name":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`, 400},
		"a million levels":          {path, strings.Repeat("[", 1<<20), 400},
		"not JSON":                  {path, `{"name":`, 400},
		"two documents":             {path, `{"name":"a"}{"name":"b"}`, 400},
		"a key twice":               {path, `{"name":"a","Name":"b"}`, 400},
		"nothing":                   {path, "", 400},
		"a list":                    {path, `[]`, 422},
		"an unknown field":          {path, `{"nom":"a"}`, 422},
		"a number for a text":       {path, `{"name":1}`, 422},
		"an unknown query":          {path + "?dry_run=1", `{"name":"a"}`, 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := http.MethodPut
			if tt.path != path && !strings.HasPrefix(tt.path, path) {
				method = http.MethodPost
			}
			a := w.ask(t, method, tt.path, operatorToken, tt.body)
			a.problem(t, tt.want)
			if len(a.body) > 2000 {
				t.Errorf("the answer repeats what was sent: %d bytes", len(a.body))
			}
		})
	}
	p := w.ask(t, http.MethodPut, path, operatorToken, `{"nom":"a"}`).problem(t, 422)
	p.hasFault(t, "body.nom", "unexpected")
	if len(w.registry.applied) != 0 {
		t.Errorf("applied %+v, want nothing", w.registry.applied)
	}
}

func TestHeadsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodGet, "/-/healthy", "", "", header("X-Long", strings.Repeat("x", 80<<10)))
	if a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", a.status)
	}
}

func TestPanicIsAnsweredLoggedAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	p := w.ask(t, http.MethodGet, "/panic?q="+sentMarker, viewerToken, "").problem(t, 500)
	if strings.Contains(p.Detail, "purpose") || len(p.Errors) > 0 {
		t.Errorf("the answer tells %+v, want no details", p)
	}
	log := w.log.String()
	if !strings.Contains(log, "handler panicked") || !strings.Contains(log, "world_test.go") {
		t.Errorf("the log has no stack:\n%s", log)
	}
	if strings.Contains(log, sentMarker) {
		t.Errorf("the log has the panic's value or the query:\n%s", log)
	}
	if w.panicked != 1 {
		t.Errorf("panics counted %d, want 1", w.panicked)
	}
}

func TestPanicAfterHalfAnAnswerCutsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/panic-late", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+viewerToken)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var buf strings.Builder
	if _, err := io.Copy(&buf, res.Body); err == nil {
		t.Errorf("read %q to its end, want an error", buf.String())
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, path := range []string{"/", "/api/v1/endpoints", "/api/v1/none", "/-/healthy", "/metrics?token=x"} {
		a := w.ask(t, http.MethodGet, path, viewerToken, "")
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if got := a.header.Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", path, key, got, want)
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
	}
}

func TestRequestsAreObservedByRouteNotByPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, r := range []struct{ method, path string }{
		{http.MethodGet, "/api/v1/endpoints/own-pay"}, {http.MethodGet, "/api/v1/endpoints/none"}, {http.MethodGet, "/some/page"},
		{http.MethodGet, "/api/nothing"}, {"BREW", "/api/v1/endpoints"},
	} {
		w.ask(t, r.method, r.path, viewerToken, "")
	}
	want := []observed{
		{"/api/v1/endpoints/{id}", "GET", 200}, {"/api/v1/endpoints/{id}", "GET", 404}, {"/", "GET", 200},
		{"unknown", "GET", 404}, {"unknown", "OTHER", 405},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.seen, want) {
		t.Errorf("observed %v, want %v", w.seen, want)
	}
}

// TestTheRegistrysOwnTroubleIsNotTold breaks the store below a change.
func TestTheRegistrysOwnTroubleIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.registry.err = errors.New("disk on fire")
	p := w.ask(t, http.MethodPut, "/api/v1/merchants/own", operatorToken, `{}`).problem(t, 503)
	if strings.Contains(p.Detail, "fire") || len(p.Errors) != 0 {
		t.Errorf("the answer tells %+v, want no cause", p)
	}
	if !strings.Contains(w.log.String(), "disk on fire") {
		t.Errorf("the log does not tell the cause:\n%s", w.log)
	}
	w.ask(t, http.MethodPost, "/api/v1/import", operatorToken, `{"id":"own"}`).problem(t, 503)
}

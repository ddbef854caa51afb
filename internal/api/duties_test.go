package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
)

func TestDutiesSayWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.duties.ready, w.duties.duty = []string{"store is read-only"}, []string{"outbox is 40m old", "probes are 3m late"}
	for name, tt := range map[string]struct {
		path, accept string
		status       int
		kind, body   string
	}{
		"alive":                       {"/-/healthy", "", 200, "text/plain; charset=utf-8", "ok\n"},
		"alive, in JSON":              {"/-/healthy", "application/json", 200, "application/json", `{"status":"ok","reasons":[]}` + "\n"},
		"not ready":                   {"/-/ready", "*/*", 503, "text/plain; charset=utf-8", "store is read-only\n"},
		"duty neglected, a line each": {"/-/duty", "", 503, "text/plain; charset=utf-8", "outbox is 40m old\nprobes are 3m late\n"},
		"duty neglected, in JSON": {
			"/-/duty", "text/html, application/json", 503, "application/json",
			`{"status":"failing","reasons":["outbox is 40m old","probes are 3m late"]}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.ask(t, http.MethodGet, tt.path, viewerToken, "", header("Accept", tt.accept))
			if a.status != tt.status || a.body != tt.body || a.header.Get("Content-Type") != tt.kind {
				t.Errorf("got %d %s %q, want %d %s %q", a.status, a.header.Get("Content-Type"), a.body, tt.status, tt.kind, tt.body)
			}
		})
	}
}

// TestRemarksChangeNoAnswer: a watcher that looks at the status sees none.
func TestRemarksChangeNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.duties.remarks = []string{"nobody has tried the pager"}
	neglected := newWorld(t, allTokens())
	neglected.duties.remarks, neglected.duties.duty = w.duties.remarks, []string{"outbox is 40m old"}
	for name, tt := range map[string]struct {
		of                 *world
		path, accept, body string
		status             int
	}{
		"on duty":            {w, "/-/duty", "", "ok\nnote: nobody has tried the pager\n", 200},
		"on duty, in JSON":   {w, "/-/duty", "application/json", `{"status":"ok","reasons":[],"remarks":["nobody has tried the pager"]}` + "\n", 200},
		"off duty":           {neglected, "/-/duty", "", "outbox is 40m old\nnote: nobody has tried the pager\n", 503},
		"ready says no more": {w, "/-/ready", "", "ok\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := tt.of.ask(t, http.MethodGet, tt.path, viewerToken, "", header("Accept", tt.accept)); a.status != tt.status || a.body != tt.body {
				t.Errorf("got %d %q, want %d %q", a.status, a.body, tt.status, tt.body)
			}
		})
	}
}

func TestReloadAnswersTheDiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.duties.report = api.ReloadReport{Diff: registry.Diff{Endpoints: registry.Changes{Added: []string{"a"}}}}
	a := w.ask(t, http.MethodPost, "/-/reload", adminToken, "")
	const none = `{"added":[],"removed":[],"changed":[]}`
	want := `{"diff":{"merchants":` + none + `,"endpoints":{"added":["a"],"removed":[],"changed":[]},"targets":` + none + `},"warnings":[]}` + "\n"
	if a.status != 200 || a.body != want {
		t.Errorf("got %d %s, want %s", a.status, a.body, want)
	}
}

func TestReloadOfABadFileAnswersItsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	fault := api.ConfigFault{Path: "probe.timeout", File: "hookvigil.yaml", Line: 31, Column: 16, Message: "45s is outside (0s, 30s]", Hint: "platforms give up after 30s"}
	w.duties.report = api.ReloadReport{Faults: []api.ConfigFault{fault, {Path: "server", Message: "odd"}}}
	p := w.ask(t, http.MethodPost, "/-/reload", adminToken, "").problem(t, 422)
	p.hasFault(t, "hookvigil.yaml:31:16: probe.timeout", "45s is outside (0s, 30s]; platforms give up after 30s")
	p.hasFault(t, "server", "odd")
	if len(p.Faults) != 2 || p.Faults[0] != fault {
		t.Errorf("faults %+v, want %+v first of two", p.Faults, fault)
	}
	w.duties.err = errors.New("cannot try")
	if p := w.ask(t, http.MethodPost, "/-/reload", adminToken, "").problem(t, 503); strings.Contains(p.Detail, "cannot try") {
		t.Errorf("the answer tells %q", p.Detail)
	}
}

func TestRoutesOfMissingPartsAre404(t *testing.T) {
	t.Parallel()
	full := newWorld(t, allTokens())
	bare := newBareWorld(t, full)
	for _, path := range []string{
		"/metrics", "/metrics/probes", "/probe?target=own-pay", "/", "/api/v1/ratios?scope=platform",
		"/api/v1/incidents", "/api/v1/incidents/inc_own_aaaaaa", "/api/v1/outbox",
	} {
		bare.ask(t, http.MethodGet, path, "", "").problem(t, 404)
	}
	for path, body := range map[string]string{
		"/api/v1/attempts": "{}", "/api/v1/heartbeats/backup": "", "/api/v1/receivers/slack/test": "", "/api/v1/outbox/n/retry": "",
		"/api/v1/outbox/n/drop": "", "/api/v1/incidents/inc_own_aaaaaa/ack": `{"version":3}`,
	} {
		if p := bare.ask(t, http.MethodPost, path, "", body).problem(t, 404); !strings.Contains(p.Detail, "does not serve that") {
			t.Errorf("%s: detail %q, want that this daemon does not serve it", path, p.Detail)
		}
	}
	var got imported
	bare.ask(t, http.MethodPost, importPath, "", `{"id":"own"}`).into(t, 200, &got)
	if got.Merchants != 0 || len(got.Rejected) != 1 {
		t.Errorf("import without a decoder: %+v, want the line rejected", got)
	}
}

package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type document struct {
	OpenAPI    string
	Info       struct{ Version string }
	Paths      map[string]map[string]struct{ Security []map[string]any }
	Components struct {
		SecuritySchemes map[string]struct{ Type, Scheme string }
		Schemas         map[string]struct {
			Properties map[string]json.RawMessage
		}
	}
}

func TestOpenAPIDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodGet, "/api/v1/openapi.json", viewerToken, "")
	var doc document
	a.into(t, 200, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Version != "1.2.3" {
		t.Errorf("version %q of program %q, want 3.1.x of 1.2.3", doc.OpenAPI, doc.Info.Version)
	}
	for _, pattern := range w.server.Patterns() {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			continue // pages
		}
		op, ok := doc.Paths[path][strings.ToLower(method)]
		if !ok {
			t.Errorf("%s is not in the document", pattern)
			continue
		}
		if len(op.Security) == 0 {
			t.Errorf("%s: the document does not say who may", pattern)
		}
	}
	if s := doc.Components.SecuritySchemes["bearer"]; s.Type != "http" || s.Scheme != "bearer" {
		t.Errorf("security schemes %+v, want a bearer token", doc.Components.SecuritySchemes)
	}
	if _, ok := doc.Components.Schemas["ErrorDetail"].Properties["value"]; ok {
		t.Error("the document promises to repeat what was sent")
	}
	checkReferences(t, a.body, doc)
}

// checkReferences follows every $ref of the document.
func checkReferences(t *testing.T, text string, doc document) {
	t.Helper()
	const mark = `"$ref":"#/components/schemas/`
	found := 0
	for rest := text; ; found++ {
		_, after, ok := strings.Cut(rest, mark)
		if !ok {
			break
		}
		name, _, _ := strings.Cut(after, `"`)
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("the document refers to %q, which it does not have", name)
		}
		rest = after
	}
	if found == 0 {
		t.Error("the document refers to no schema")
	}
}

func TestNoDocumentationPageIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, path := range []string{"/docs", "/openapi.json", "/openapi.yaml", "/schemas/EndpointView.json"} {
		if a := w.ask(t, http.MethodGet, path, viewerToken, ""); a.body != "<h1>Rival Name</h1>" {
			t.Errorf("%s: %d %s, want the pages of the daemon", path, a.status, a.body)
		}
	}
}

package api

import (
	"bytes"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// newHuma returns huma as we use it: JSON alone, problems without what was
// sent, and neither documentation pages nor schema links.
func newHuma(mux humago.Mux, version string) huma.API {
	if version == "" {
		version = "dev"
	}
	api := humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "hookvigil", Version: version,
				Description: "Watches webhook endpoints. Errors are RFC 9457 problems. Lists take limit and cursor.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "A token of server.tokens."},
					"basic":  {Type: "http", Scheme: "basic", Description: "Any user name, and a token as the password."},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{scrub},
	})
	api.UseMiddleware(watchUpload)
	return api
}

// describe tells the document who may use a route.
func describe(op *huma.Operation, a access) {
	switch {
	case a.open:
		op.Security = []map[string][]string{{}}
		return
	case a.house:
		op.Description = "Role " + a.wanted() + ", for all merchants."
	default:
		op.Description = "Role " + a.wanted() + "; a token for some merchants sees those alone."
	}
	op.Security = []map[string][]string{{"bearer": {}}, {"basic": {}}}
}

// documentOf writes the OpenAPI document.
func documentOf(a huma.API) []byte {
	doc := a.OpenAPI()
	if e := doc.Components.Schemas.Map()["ErrorDetail"]; e != nil {
		delete(e.Properties, "value") // never answered: it may be a token
	}
	var buf bytes.Buffer
	if err := encode(&buf, doc); err != nil {
		return nil // a test reads the document
	}
	return buf.Bytes()
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.document) // the client is gone: nobody to tell
}

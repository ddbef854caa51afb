package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

func TestDecodeEntry(t *testing.T) {
	t.Parallel()
	m, eps, err := config.DecodeEntry([]byte(`{"id":"acme","name":"Acme","digest":{"to":["a@acme.example"],"mode":"off"},"endpoints":[
		{"id":"acme-payouts","url":"https://a.example/${x}","token":"literal","probe":{"level":"ping","timeout":"10s","body":{"x_file":1}}}]}`), false)
	if err != nil {
		t.Fatal(err)
	}
	ep := eps[0]
	if m.ID != "acme" || m.Digest.Mode != "off" || m.Origin != "" || len(eps) != 1 {
		t.Errorf("got %+v", m)
	}
	if ep.Merchant != "acme" || ep.URL != "https://a.example/${x}" || ep.Token != "literal" || *ep.Probe.Level != "ping" || string(ep.Probe.Body) != `{"x_file":1}` {
		t.Errorf("got %+v", ep)
	}
}

func TestDecodeEntryFaults(t *testing.T) {
	t.Parallel()
	const withFiles = `{"id":"a","endpoints":[{"id":"a","url":"https://a.example/","token_file":"/etc/shadow","certificate":{"ca_file":"/etc/shadow","served_file":"x"}}]}`
	tests := map[string]struct {
		line  string
		files bool
		want  string // empty: accepted
	}{
		"an unknown key":                 {line: `{"id":"a","naem":"A"}`, want: "naem: unknown key (did you mean name?)"},
		"a key of another signal":        {line: `{"id":"a","endpoints":[{"id":"a","timeout":"1s"}]}`, want: "endpoints[0].timeout: unknown key (did you mean probe.timeout?)"},
		"every fault at once":            {line: `{"id":[],"name":{},"x":1}`, want: "id: wanted a text, got a list; name: wanted a text, got a mapping; x: unknown key"},
		"files in the API":               {line: withFiles, want: "endpoints[0].token_file: a file cannot be named here (give the value itself, or use the configuration file); endpoints[0].certificate.ca_file: a file cannot be named here"},
		"files in a file":                {line: withFiles, files: true},
		"the merchant of another":        {line: `{"id":"a","endpoints":[{"id":"a","merchant":"b"}]}`, want: "endpoints[0].merchant: unknown key"},
		"no object":                      {line: `"a"`, want: "wanted one JSON object a line, got a text"},
		"nothing":                        {line: ``, want: "not valid JSON: the object is not closed"},
		"null":                           {line: `null`, want: "wanted one JSON object a line, got nothing"},
		"a text that is not closed":      {line: `{"id":"a`, want: "not valid JSON"},
		"a comma too many":               {line: `{"id":"a",}`, want: "not valid JSON: invalid character '}'"},
		"two objects":                    {line: `{} {}`, want: "something follows the object"},
		"a doubled key":                  {line: `{"id":"a","id":"a"}`, want: `the key "id" stands here twice`},
		"deeper than anyone needs":       {line: `{"id":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", want: "is nested deeper than 32 levels"},
		"a number where a text is":       {line: `{"id":5}`, want: "id: wanted a text, got a number (write it in quotes)"},
		"a text where a number is":       {line: `{"id":"a","endpoints":[{"id":"a","probe":{"confirm":"2"}}]}`, want: "endpoints[0].probe.confirm: wanted a whole number, got a text (write it without quotes)"},
		"a fraction":                     {line: `{"id":"a","endpoints":[{"id":"a","probe":{"confirm":2.5}}]}`, want: "wanted a whole number, got 2.5"},
		"a bare duration":                {line: `{"id":"a","endpoints":[{"id":"a","deadline":30}]}`, want: `endpoints[0].deadline: "30" has no unit`},
		"a body that is no object":       {line: `{"id":"a","endpoints":[{"id":"a","probe":{"body":[1]}}]}`, want: "endpoints[0].probe.body: wanted a mapping, got a list"},
		"a token that is a number":       {line: `{"id":"a","endpoints":[{"id":"a","token":{"hunter2":1}}]}`, want: "endpoints[0].token: wanted a single value, got a mapping"},
		"null is as good as left out":    {line: `{"id":"a","name":null,"endpoints":[{"id":"a","probe":null,"deadline":null}]}`},
		"a boolean":                      {line: `{"id":"a","endpoints":[{"id":"a","suspended":true}]}`},
		"a boolean in quotes":            {line: `{"id":"a","endpoints":[{"id":"a","suspended":"true"}]}`, want: "endpoints[0].suspended: wanted true or false, got a text (write true)"},
		"control characters in an error": {line: "{\"id\":\"a\",\"x\\u001b[31m\":1}", want: "x[31m: unknown key"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := config.DecodeEntry([]byte(tt.line), tt.files)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want it accepted", err)
				}
				return
			}
			var refused *config.EntryError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), marker) {
				t.Errorf("a secret is printed: %v", err)
			}
		})
	}
}

package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

func TestHideURL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ line, want string }{
		"a query without a value":          {"url: https://h.example/?hunter2", "url: https://h.example/?<secret>"},
		"a query with spaces":              {`url: "https://h.example/?a hunter2" # x`, `url: "https://h.example/?<secret>" # x`},
		"a query with spaces, unquoted":    {"url: https://h.example/?a hunter2 # x", "url: https://h.example/?<secret> # x"},
		"a slash in the password":          {"url: https://me:hun/ter2@h.example/a", "url: https://<secret>@h.example/a"},
		"spaces in the password":           {`url: "https://hunter2: a b'<>@h.example/a"`, `url: "https://<secret>@h.example/a"`},
		"an @ in the password":             {"url: https://me:a@hunter2@h.example/a", "url: https://<secret>@h.example/a"},
		"a quote that is not escaped":      {`url: "https://me:a"hunter2@h.example/a"`, `url: "https://<secret>@h.example/a"`},
		"a doubled quote":                  {`url: 'https://me:a'' hunter2@h.example/a'`, `url: 'https://<secret>@h.example/a'`},
		"a question mark in the password":  {"url: https://hunter2:a?b@h.example/", "url: https://<secret>"},
		"an @ in the query":                {"url: https://h.example/?to=a@hunter2", "url: https://<secret>"},
		"both":                             {"url: https://hunter2@h.example/?hunter2", "url: https://<secret>@h.example/?<secret>"},
		"no scheme":                        {"url: h.example/?hunter2", "url: h.example/?<secret>"},
		"in a flow mapping":                {"- {url: https://h.example/?hunter2, level: tls}", "- {url: https://h.example/?<secret>, level: tls}"},
		"last in a flow mapping":           {"- [{url: https://h.example/?hun,ter2}]", "- [{url: https://h.example/?<secret>}]"},
		"two in JSON":                      {`{"a":"https://h.example/?hunter2","url":"https://u:hunter2@h.example/"}`, `{"a":"https://h.example/?<secret>","url":"https://<secret>@h.example/"}`},
		"escaped slashes in JSON":          {`{"url":"https:\/\/me:hunter2@h.example\/"}`, `{"url":"https:\/\/<secret>@h.example\/"}`},
		"everything escaped in JSON":       {`{"url":"https\u003A\u002f\u002fme:hunter2\u0040h.example/\u003Fhunter2"}`, `{"url":"https\u003A\<secret>\u0040h.example/\u003F<secret>"}`},
		"inside the value of a secret key": {`token: https://h.example/?hunter2 x`, "token: <secret>"},
		"a mail address":                   {"to: [ops@acme.example]", "to: [ops@acme.example]"},
		"a URL and a mail address":         {"{url: https://h.example/a, to: [ops@acme.example]}", "{url: https://h.example/a, to: [ops@acme.example]}"},
		"the key of YAML":                  {"? a: b", "? a: b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := config.Hide(tt.line, 1); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestURLsOnSeveralLines: what continues a URL is not shown, what follows it
// is.
func TestURLsOnSeveralLines(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a quote":              "url: \"https://h.example/?a\n  hunter2 \\q\"\n",
		"a quote never closed": "url: \"https://h.example/?a\n  hunter2\n  hunter2: x\n",
		"without quotes":       "url: https://me:\n  hunter2@h.example: x\n",
		"folded":               "url: >-\n  https://me:\n  hunter2@h.example\n",
		"below its key":        "url:\n  https://me:\n  hunter2@h.example\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for line := range strings.Count(text, "\n") {
				if got := config.Excerpt(text, line+1, 1); strings.Contains(got, marker) {
					t.Errorf("line %d:\n%s", line+1, got)
				}
			}
		})
	}
	const siblings = "endpoints:\n  - url: https://h.example/\n    suspended: ture\n  - {url: https://h.example/?x}\n  - {suspended: ture}\n"
	for _, line := range []int{3, 5} {
		if got := config.Excerpt(siblings, line, 1); !strings.Contains(got, "ture") {
			t.Errorf("line %d is hidden:\n%s", line, got)
		}
	}
}

// FuzzHideURL: whatever stands around a marker in the user info or the query
// of a URL, and however the value is written, the marker is not shown.
func FuzzHideURL(f *testing.F) {
	for _, around := range [][2]string{
		{"", ""}, {"a@", "@b"}, {"hun/", "/x"}, {"a?", "?"}, {"a b", " c"}, {"'", "'"}, {`"`, `"`}, {`\`, `\`}, {"<", ">"}, {"#", "#"}, {"{[", "]}"}, {"a=", "&b=c"},
		{"token: ${", "}"}, {"://", "://"}, {"%40", "%3f"}, {"\t", "\t"}, {"ü", "\u2028"}, {",", ","}, {"''", "''"}, {": ", ": "}, {" \"", "\" "}, {"?://@", "?://@"},
	} {
		f.Add(around[0], around[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "\r\n") {
			return // another line
		}
		part := before + marker + after
		for _, format := range []string{"https://%s@h.example/a", "https://u:%s@h.example/a?b", "https://h.example/a?%s", "https://h.example/?k=%s&l=m", "HTTP:/u:%s@h.example"} {
			for _, line := range spelt(t, fmt.Sprintf(format, part)) {
				if got, _ := config.Hide(line, 1); strings.Contains(got, marker) {
					t.Errorf("%s is shown as %s", line, got)
				}
			}
		}
	})
}

// spelt returns lines that hold a value, in every spelling that can hold it.
func spelt(t *testing.T, value string) []string {
	t.Helper()
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		fmt.Sprintf(`{"id":"a","url":%s,"x":"b"}`, quoted),
		fmt.Sprintf("- {id: 'it''s', url: %s}", quoted),
		fmt.Sprintf("  url: '%s' # c", strings.ReplaceAll(value, "'", "''")),
	}
	if strings.Contains(value, " #") || strings.Contains(value, "\t#") {
		return lines // a comment begins there
	}
	lines = append(lines, "  url: "+value, "- url: "+value+" # c")
	if !strings.Contains(value, ", ") && !strings.Contains(value, ",\t") { // else the next key may
		lines = append(lines, "- {id: a, url: "+value+", level: tls}", "[{url: "+value+"}]")
	}
	return lines
}

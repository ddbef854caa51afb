package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

type imported struct {
	Merchants, Endpoints int
	Rejected             []struct {
		Line   int
		Reason string
	}
}

func (i imported) reasons() map[int]string {
	m := map[int]string{}
	for _, r := range i.Rejected {
		m[r.Line] = r.Reason
	}
	return m
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

const importPath = "/api/v1/import"

func TestImportTakesTheGoodLinesAndNamesTheBad(t *testing.T) {
	t.Parallel()
	lines := strings.Join([]string{
		`{"id":"m1","name":"One","endpoints":[{"id":"m1-a","url":"https://a.example/?k=` + sentMarker + `","token":"` + sentMarker + `"},{"id":"m1-b","url":"https://b.example/"}]}`,
		``,
		`{"id":"m2","endpoints":[{"id":"m2-a","url":"ftp://a.example/?k=` + sentMarker + `"}]}`,
		`{"id":"m3",`,
		`{"id":"m4","colour":"red"}`,
		`{"id":"m1"}`,
		`{"id":"m5","endpoints":[{"id":"m1-b","url":"https://c.example/"}]}`,
		`{"id":"filed"}`,
		`{"id":"m6","endpoints":[{"id":"filed-pay","url":"https://c.example/"}]}`,
		`{"id":"m7","endpoints":[{"id":"m7-a","url":"https://c.example/","token_file":"/etc/shadow"}]}`,
		`{"id":"m8","endpoints":[{"id":"m8-a","url":"https://c.example/","token":"<secret>"}]}`,
		`{"id":"m9","timezone":"Mars/Base"}`,
		`{"id":"m10","id":"own"}`,
		`{"id":"own","endpoints":[{"id":"own-pay","url":"https://own.example/hook?<secret>","token":"<secret>"}]}`,
	}, "\n")
	want := map[int]string{
		3: "m2-a", 4: "JSON", 5: "colour", 6: "line 1 already", 7: "line 1 already", 8: "read-only", 9: "read-only",
		10: "token_file", 11: "no stored token", 12: "timezone", 13: "twice",
	}
	for name, coy := range map[string]bool{"the registry names the faults": false, "the registry names nothing": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			w.registry.coy = coy
			a := w.ask(t, http.MethodPost, importPath, operatorToken, zipped(t, lines), header("Content-Encoding", "gzip"))
			var got imported
			a.into(t, 200, &got)
			if got.Merchants != 2 || got.Endpoints != 3 || len(got.Rejected) != len(want) {
				t.Errorf("got %+v, want 2 merchants, 3 endpoints, %d lines rejected", got, len(want))
			}
			for line, words := range want {
				if reason := got.reasons()[line]; reason == "" || !coy && !strings.Contains(reason, words) {
					t.Errorf("line %d: reason %q, want %q", line, reason, words)
				}
			}
			if strings.Contains(a.body+w.log.String(), "MARKER") {
				t.Errorf("a secret is in the answer or the log: %s", a.body)
			}
			ep, _ := w.registry.Snapshot().Endpoint("own-pay")
			if ep.Token != storedToken || !strings.Contains(ep.URL, storedQuery) {
				t.Error("the stored secrets of own-pay are gone")
			}
			if n := len(w.registry.applied); !coy && n != 2 {
				t.Errorf("%d changes, want one that was refused and one of all good lines", n)
			}
		})
	}
}

func TestImportOfOthersIsRejectedByLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got imported
	w.ask(t, http.MethodPost, importPath, ownOperator, strings.Join([]string{
		`{"id":"rival","name":"taken"}`,
		`{"id":"nobody"}`,
		`{"id":"own","name":"New Name"}`,
		`{"id":"own-new","endpoints":[{"id":"rival-pay","url":"https://own.example/"}]}`,
	}, "\n")).into(t, 200, &got)
	if got.Merchants != 1 || len(got.Rejected) != 3 {
		t.Fatalf("got %+v, want one merchant and three lines rejected", got)
	}
	if a, b := got.reasons()[1], got.reasons()[2]; strings.ReplaceAll(a, "rival", "x") != strings.ReplaceAll(b, "nobody", "x") {
		t.Errorf("a merchant of others is told from one that is not there: %q, %q", a, b)
	}
	if m, _ := w.registry.Snapshot().Merchant("own"); m.Name != "New Name" {
		t.Errorf("own merchant %+v, want the new name", m)
	}
}

func TestImportIsOneChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var lines strings.Builder
	for i := range 500 {
		fmt.Fprintf(&lines, `{"id":"m%d","endpoints":[{"id":"m%d-a","url":"https://a.example/%d"}]}`+"\n", i, i, i)
	}
	var got imported
	w.ask(t, http.MethodPost, importPath, operatorToken, lines.String()).into(t, 200, &got)
	if got.Merchants != 500 || got.Endpoints != 500 || len(got.Rejected) != 0 || len(w.registry.applied) != 1 {
		t.Errorf("got %+v in %d changes, want 500 and 500 in one", got, len(w.registry.applied))
	}
}

func TestImportIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	mib := zipped(t, strings.Repeat(strings.Repeat(" ", 1023)+"\n", 1<<10))
	bomb := strings.Repeat(mib, 33) // members of one gzip stream
	for name, tt := range map[string]struct {
		body, encoding string
		want           int
	}{
		"a bomb":               {bomb, "gzip", 413},
		"a line over 1 MiB":    {`{"id":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413},
		"no gzip at all":       {"{}", "gzip", 400},
		"gzip that is cut":     {zipped(t, strings.Repeat(`{"id":"m"}`+"\n", 1000))[:40], "gzip", 400},
		"another compression":  {"{}", "br", 415},
		"nothing":              {"", "", 400},
		"a query that is none": {"{}", "", 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := importPath
			if tt.want == 422 {
				path += "?merge=1"
			}
			var opts []func(*http.Request)
			if tt.encoding != "" {
				opts = append(opts, header("Content-Encoding", tt.encoding))
			}
			w.ask(t, http.MethodPost, path, operatorToken, tt.body, opts...).problem(t, tt.want)
		})
	}
}

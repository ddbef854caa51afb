package web_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"html"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func options() web.Options { return web.Options{Now: func() time.Time { return now }} }

// get asks a handler over src for one path.
func get(t *testing.T, src web.Source, path string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, web.New(src, nil, options()), http.MethodGet, path)
}

func ask(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return rec
}

var rowID = regexp.MustCompile(`<th (?:role="rowheader" )?scope="row"><a href="/endpoints/([^"]+)"`)

// idsIn returns the endpoints of the overview's table, in order.
func idsIn(page string) []string {
	var ids []string
	for _, m := range rowID.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestGolden(t *testing.T) {
	t.Parallel()
	troubled := source{summary: web.Summary{
		Version: "1.2.3", Started: now.Add(-time.Hour),
		Problems: []string{"the oldest probe is 95 s late", "nothing was saved for 12 minutes: disk full"},
		Reload:   web.Reload{InForce: now.Add(-time.Hour), Refused: now, Problem: "hookvigil.yaml:31:16: probe.timeout: 45s is outside (0s, 30s]"},
	}}
	for name, tt := range map[string]struct {
		src  source
		path string
	}{
		"overview":  {seven(), "/"},
		"badday":    {badDay(), "/"},
		"incidents": {badDay(), "/incidents"},
		"incident":  {badDay(), "/incidents/inc_m4k7q2w6x3ztplat"},
		"resolved":  {badDay(), "/incidents/fifty0ver7xyz"},
		"endpoint":  {seven(), "/endpoints/acme-payouts"},
		"standing":  {badDay(), "/endpoints/acme-payouts"},
		"target":    {seven(), "/targets/ledger"},
		"troubled":  {troubled, "/?refresh=30"},
		"looking":   {badDay(), "/?state=down&q=acme"},
		"unread":    {unread(), "/"},
		"open":      {badDay(), "/incidents/payouts2ab7cd"},
		"hostile":   {hostileNames(), "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, tt.src, tt.path)
			if rec.Code != http.StatusOK {
				t.Fatalf("status %d, want 200", rec.Code)
			}
			file := filepath.Join("testdata", name+".golden.html")
			got := regexp.MustCompile(`style\.css\?v=[0-9a-f]+`).ReplaceAll(rec.Body.Bytes(), []byte("style.css?v=0"))
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the page differs from %s; look at it with: go test ./dashboards/web -run Golden -update && git diff", file)
			}
		})
	}
}

func TestOverviewOrdersFiltersAndSearches(t *testing.T) {
	t.Parallel()
	all := []string{"acme-payouts", "borneo", "ceres", "fajar", "eka", "dewi", "acme-invoices"}
	for name, tt := range map[string]struct {
		query string
		want  []string
	}{
		"most urgent first":               {"", all},
		"one state":                       {"state=down", []string{"acme-payouts"}},
		"the state without data":          {"state=no_data", []string{"dewi"}},
		"a state that is no word":         {"state=sleepy", nil},
		"by ID":                           {"q=acme", []string{"acme-payouts", "acme-invoices"}},
		"by merchant, in any case":        {"q=TOKO+borneo", []string{"borneo"}},
		"by URL":                          {"q=webhooks%2Fxendit", []string{"ceres"}},
		"by a name with an ampersand":     {"q=dewi+%26", []string{"dewi"}},
		"search and state":                {"q=acme&state=healthy", []string{"acme-invoices"}},
		"nothing found":                   {"q=zzz", nil},
		"white space around it":           {"q=++eka++", []string{"eka"}},
		"a page past the end is the last": {"page=99", all},
		"a page that is no number":        {"page=x", all},
		"a page below the first":          {"page=-3", all},
		"a query longer than any name":    {"q=" + strings.Repeat("x", 10_000), nil},
		"a query that is not UTF-8":       {"q=%ff%fe", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, seven(), "/?"+tt.query)
			if rec.Code != http.StatusOK {
				t.Fatalf("status %d, want 200", rec.Code)
			}
			if got := idsIn(rec.Body.String()); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("endpoints %v, want %v", got, tt.want)
			}
			if len(tt.want) == 0 && !strings.Contains(rec.Body.String(), "No endpoint matches") {
				t.Error("an empty page does not say so")
			}
		})
	}
}

func TestARowSaysEachThingOnce(t *testing.T) {
	t.Parallel()
	page := get(t, seven(), "/").Body.String()
	for what, want := range map[string]int{
		"22 of 360 first attempts failed (6.1%)": 1, "not probed yet": 1, "events waiting for a retry": 2, "wait for a retry": 0,
		"timeout_response since 11:56:00, 5 failures in a row": 1, "switched off in its record": 1, ">Why<": 0,
	} {
		if got := strings.Count(page, what); got != want {
			t.Errorf("%q is there %d times, want %d", what, got, want)
		}
	}
	whole := get(t, seven(), "/endpoints/borneo").Body.String()
	if !strings.Contains(whole, "deliveries</span> <bdi>22 of 360") {
		t.Error("the page of the endpoint leaves a reason out")
	}
}

func TestOverviewPages(t *testing.T) {
	t.Parallel()
	h := web.New(many(350), nil, options()) // 3 of them down
	page := func(path string) string { return ask(t, h, http.MethodGet, path).Body.String() }
	first := page("/?q=ep-")
	ids := idsIn(first)
	if len(ids) != 100 || ids[0] != "ep-000099" || ids[2] != "ep-000299" || ids[3] != "ep-000000" {
		t.Errorf("first page: %d endpoints %v, want 100, the 3 that are down first", len(ids), ids)
	}
	if !strings.Contains(first, `rel="next" href="/?page=2&amp;q=ep-#all"`) || strings.Contains(first, `rel="prev"`) {
		t.Error("the first page must lead to the second, keep the search, and lead nowhere before")
	}
	seen := map[string]int{}
	for n := 1; n <= 4; n++ {
		for _, id := range idsIn(page(fmt.Sprintf("/?page=%d", n))) {
			seen[id]++
		}
	}
	if len(seen) != 350 {
		t.Errorf("%d endpoints on all pages, want 350", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d pages, want 1", id, n)
		}
	}
	for _, last := range []string{"/?page=4", "/?page=9223372036854775807"} {
		text := page(last)
		if len(idsIn(text)) != 50 || strings.Contains(text, `rel="next"`) || !strings.Contains(text, "Endpoints 301 to 350 of 350") {
			t.Errorf("%s must have the last 50 and lead nowhere after", last)
		}
	}
	if exact := get(t, many(100), "/").Body.String(); strings.Contains(exact, `aria-label="Pages"`) {
		t.Error("100 endpoints are one page, want no links to others")
	}
}

func TestOverviewSaysWhenItIsEmpty(t *testing.T) {
	t.Parallel()
	page := get(t, source{}, "/").Body.String()
	for _, want := range []string{"No endpoint is configured yet", "<title>nothing watched · hookvigil</title>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, "<table") {
		t.Error("an empty overview has a table")
	}
}

func TestOverviewShowsManyTargetsWorstFirst(t *testing.T) {
	t.Parallel()
	src := seven()
	for i := range 150 {
		src.targets = append(src.targets, web.Target{ID: fmt.Sprintf("t%03d", i), Address: "h:443", Certificate: src.targets[0].Certificate})
	}
	page := get(t, src, "/").Body.String()
	if !strings.Contains(page, "52 more are not shown") {
		t.Error("152 targets, 100 shown: the rest is not mentioned")
	}
	if strings.Index(page, "/targets/ledger") > strings.Index(page, "/targets/gateway") {
		t.Error("the target that expires comes after one that is well")
	}
	if !strings.Contains(get(t, src, "/?q=t149").Body.String(), "/targets/t149") {
		t.Error("a target cannot be searched for")
	}
}

func TestRefreshIsAChoice(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		on   bool
		link string
	}{
		"/":                           {false, "/?refresh=30"},
		"/?state=down":                {false, "/?refresh=30&amp;state=down"},
		"/?state=down&refresh=30":     {true, "/?state=down"},
		"/endpoints/dewi":             {false, "/endpoints/dewi?refresh=30"},
		"/endpoints/dewi?refresh=1":   {true, "/endpoints/dewi"},
		"/targets/ledger?refresh=now": {true, "/targets/ledger"},
	} {
		page := get(t, seven(), path).Body.String()
		if got := strings.Contains(page, `<meta http-equiv="refresh" content="30">`); got != want.on {
			t.Errorf("%s: refreshes %t, want %t", path, got, want.on)
		}
		if !strings.Contains(page, `href="`+want.link+`#refresh"`) {
			t.Errorf("%s: no link to %s", path, want.link)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := web.New(seven(), nil, options())
	for path, want := range map[string]int{
		"/": 200, "/endpoints/dewi": 200, "/targets/ledger": 200, "/assets/style.css": 200,
		"/endpoints/nobody": 404, "/targets/nobody": 404, "/assets/": 404, "/endpoints/": 404, "/x": 404, "/assets/../../etc/passwd": 307,
	} {
		rec := ask(t, h, http.MethodGet, path)
		if rec.Code != want {
			t.Errorf("GET %s: %d, want %d", path, rec.Code, want)
		}
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if got := rec.Header().Get(name); got != value {
				t.Errorf("GET %s: %s: %q, want %q", path, name, got, value)
			}
		}
	}
	if rec := ask(t, h, http.MethodPost, "/"); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d, want 405", rec.Code)
	}
	link := regexp.MustCompile(`/assets/style\.css\?v=[0-9a-f]+`).FindString(ask(t, h, http.MethodGet, "/").Body.String())
	css := ask(t, h, http.MethodGet, link)
	if css.Code != http.StatusOK || !strings.HasPrefix(css.Header().Get("Content-Type"), "text/css") || !strings.Contains(css.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("stylesheet %s: %d, %v", link, css.Code, css.Header())
	}
	if page := ask(t, h, http.MethodGet, "/"); page.Header().Get("Cache-Control") != "no-store" {
		t.Error("a page may be kept by a cache")
	}
}

func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	for name, text := range hostileTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			r := downResult()
			r.Detail, r.Location, r.Method = text, text, text
			rep := src.endpoints[1].View.Certificate.Report
			rep.Detail = text
			rep.Addresses[0].Chain[0].Subject, rep.Addresses[0].Chain[0].SANs = text, []string{text}
			v := rules.EndpointView{Probe: rules.ProbeView{Result: r, Confirmed: true}, Certificate: rules.CertificateView{Report: rep}}
			src.endpoints[1] = with("acme-payouts", text, text, v)
			src.summary.Problems = []string{text}
			src.summary.Reload = web.Reload{Refused: now, Problem: text}
			src.targets[0].Address, src.targets[0].ServerName = text, text
			for _, path := range []string{"/", "/endpoints/acme-payouts", "/targets/gateway"} {
				page := get(t, src, path).Body.String()
				checkHarmless(t, page)
				if len(page) > 60_000 {
					t.Errorf("%s: %d bytes, want texts to be cut", path, len(page))
				}
			}
			search := ask(t, web.New(src, nil, options()), http.MethodGet, "/?q="+strings.NewReplacer("%", "%25", "\x00", "%00", "\r", "%0d", "\n", "%0a", "<", "%3c", `"`, "%22", " ", "+", "&", "%26", "\xff", "%ff", "\xfe", "%fe", "{", "%7b", "}", "%7d").Replace(text))
			checkHarmless(t, search.Body.String())
		})
	}
}

var (
	tag     = regexp.MustCompile(`<[^>]*>`)
	turning = regexp.MustCompile(`[\x{202a}-\x{202e}\x{2066}-\x{2069}\x00-\x08\x0b-\x1f\x7f-\x{9f}]`)
	typed   = regexp.MustCompile(`<input id="q"[^>]*>`) // the search keeps what its reader typed
)

// checkHarmless wants a page whose tags are ours alone.
func checkHarmless(t *testing.T, page string) {
	t.Helper()
	for _, m := range tag.FindAllString(page, -1) {
		low := strings.ToLower(m)
		for _, bad := range []string{"<script", "<b>", "<i>", " onmouseover", `href="javascript`} {
			if strings.Contains(low, bad) && !strings.Contains(low, `value="`) {
				t.Errorf("a text became a tag: %s", m)
			}
		}
	}
	if strings.Contains(page, `" onmouseover`) {
		t.Error("a text left its attribute")
	}
	if m := turning.FindString(strings.ReplaceAll(page, typed.FindString(page), "")); m != "" {
		t.Errorf("a text turns the direction of writing, or holds a control: %q", m)
	}
	if !strings.HasSuffix(page, "</html>\n") {
		t.Error("the page is not whole")
	}
}

func TestIDsOfAnySpellingAreLinked(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "a?b#c", "a b", "..", "%2f", `"><b>`} {
		src := source{endpoints: []web.Endpoint{with(id, "M", "https://m.example/", rules.EndpointView{})}}
		ids := idsIn(get(t, src, "/").Body.String())
		if len(ids) != 1 {
			t.Errorf("%q: no row", id)
			continue
		}
		if id == ".." {
			continue // a path that a mux cleans; no ID may be spelled so
		}
		rec := get(t, src, "/endpoints/"+html.UnescapeString(ids[0]))
		if rec.Code != http.StatusOK {
			t.Errorf("%q: its link /endpoints/%s answers %d", id, ids[0], rec.Code)
		}
	}
}

func TestEndpointPageTellsEverything(t *testing.T) {
	t.Parallel()
	page := get(t, seven(), "/endpoints/acme-payouts").Body.String()
	for _, want := range []string{
		"<title>acme-payouts down · hookvigil</title>", "Acme Pte Ltd", "https://hooks.acme.example/payouts", "PAYOUT",
		"5 failures in a row", "put the event in a queue", "Renew it and reload every server", "Serve the full chain", "Put the leaf first",
		"no head after 30s", "29.93 s", "not reached", "192.0.2.7:443", "TLS 1.3, TLS_AES_128_GCM_SHA256", "CN=Example CA R1",
		"*.hooks.example", "expired 3 days ago", `<time datetime="2026-11-21T11:59:20Z">2026-11-21 11:59:20 UTC</time>`, "no data yet", "5s, at the latest 30s",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	never := get(t, seven(), "/endpoints/dewi").Body.String()
	for _, want := range []string{"not probed yet", "not looked at yet", "no data yet"} {
		if !strings.Contains(never, want) {
			t.Errorf("an endpoint never looked at: no %q", want)
		}
	}
	if strings.Contains(never, "0001-01-01") {
		t.Error("a time that never was is shown")
	}
}

// broken panics wherever it is told to.
type broken struct {
	source
	at string
}

func (b broken) Endpoint(id string) (web.Endpoint, bool) {
	if id == b.at {
		panic("the source broke")
	}
	return b.source.Endpoint(id)
}

func (b broken) Entries() iter.Seq[web.Entry] {
	if b.at == "" {
		return nil // ranging over it is a nil dereference
	}
	return b.source.Entries()
}

func TestABrokenPageHarmsNoOther(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var panics atomic.Int64
	opt := options()
	opt.Panicked = func() { panics.Add(1) }
	h := web.New(broken{seven(), "borneo"}, slog.New(slog.NewTextHandler(&log, nil)), opt)
	for path, want := range map[string]int{"/": 500, "/endpoints/borneo": 500, "/endpoints/dewi": 200, "/?state=down": 200} {
		rec := ask(t, h, http.MethodGet, path)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
		if strings.Contains(rec.Body.String(), "the source broke") || !strings.HasSuffix(rec.Body.String(), "</html>\n") {
			t.Errorf("%s: the page tells the cause or is not whole", path)
		}
		if rec.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: no content policy", path)
		}
	}
	if panics.Load() != 2 {
		t.Errorf("%d panics reported, want 2", panics.Load())
	}
	if text := log.String(); !strings.Contains(text, "the source broke") || !strings.Contains(text, "fixture_test.go") && !strings.Contains(text, "web_test.go") {
		t.Errorf("the log has no cause or no stack: %s", text)
	}
	if rec := get(t, broken{seven(), ""}, "/"); rec.Code != http.StatusInternalServerError {
		t.Errorf("a runtime error: %d, want 500", rec.Code)
	}
}

func TestServesOverTheWireAtOnce(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(web.New(many(250), nil, options()))
	defer srv.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, path := range []string{"/", "/?page=3", "/endpoints/ep-000099", "/assets/style.css"} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close() // read to its end
				if err != nil || resp.StatusCode != http.StatusOK || len(body) < 1000 {
					t.Errorf("%s: %d, %d bytes, %v", path, resp.StatusCode, len(body), err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkOverview(b *testing.B) {
	h := web.New(many(100_000), nil, options())
	for name, path := range map[string]string{"first": "/", "last": "/?page=1000", "search": "/?q=merchant+99"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody))
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Code)
				}
			}
		})
	}
}

// ExampleNew serves the pages of a daemon that watches nothing yet.
func ExampleNew() {
	h := web.New(source{summary: web.Summary{Version: "1.0.0"}}, slog.New(slog.DiscardHandler), web.Options{})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody))
	fmt.Println(rec.Code, rec.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

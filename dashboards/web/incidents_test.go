package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

var incidentLink = regexp.MustCompile(`<a href="/incidents/([^"#]+)"><bdi>`)

// incidentsIn returns the incidents that a page lists, in order.
func incidentsIn(page string) []string {
	var ids []string
	for _, m := range incidentLink.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// over returns in as it is after it was resolved.
func over(in alerting.Incident) alerting.Incident {
	in.State, in.ResolvedAt = alerting.StateResolved, now
	return in
}

// crowd has n live incidents of low severity, newest first, and a critical
// one that is older than all of them.
func crowd(n int) source {
	src := seven()
	for i := range n {
		src.desk.incidents = append(src.desk.incidents, quick(fmt.Sprintf("low%05d", i), rules.Low, 10+i))
	}
	src.desk.incidents = append(src.desk.incidents, quick("oldcritical", rules.Critical, 10_000))
	return src
}

func TestOverviewShowsTheWorstIncidentsFirst(t *testing.T) {
	t.Parallel()
	src := seven()
	src.desk.incidents = []alerting.Incident{
		quick("low-new", rules.Low, 1), over(quick("gone", rules.Critical, 2)), quick("high-new", rules.High, 3),
		quick("critical-new", rules.Critical, 4), quick("high-old", rules.High, 5), quick("critical-old", rules.Critical, 6),
	}
	got := incidentsIn(get(t, src, "/").Body.String())
	if want := []string{"critical-new", "critical-old", "high-new", "high-old", "low-new"}; !slices.Equal(got, want) {
		t.Errorf("incidents %v, want %v", got, want)
	}
}

func TestOverviewBoundsItsIncidents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lows int // and one that is critical and oldest
		want string
	}{
		"ten":                              {9, ""},
		"eleven":                           {10, ">1 more<"},
		"exactly one reading":              {999, ">990 more<"},
		"more than one reading":            {1000, ">991 more<"},
		"one short of what is read at all": {4998, ">4,989 more<"},
		"as many as are read at all":       {4999, ">More than 4,990 more<"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := get(t, crowd(tt.lows), "/").Body.String()
			ids := incidentsIn(page)
			if len(ids) != 10 || ids[0] != "oldcritical" || ids[1] != "low00000" {
				t.Errorf("incidents %v, want 10, first the critical one, then the newest", ids)
			}
			if got := strings.Contains(page, " more</a>"); got != (tt.want != "") {
				t.Errorf("says that there are more: %t", got)
			}
			if !strings.Contains(page, tt.want) {
				t.Errorf("no %q", tt.want)
			}
			if len(idsIn(page)) != 7 {
				t.Error("the endpoints are not all there")
			}
		})
	}
}

func TestOverviewShowsTheNewestOfEachTimeline(t *testing.T) {
	t.Parallel()
	page := get(t, badDay(), "/").Body.String()
	for _, want := range []string{"2 earlier lines", "severity raised", "by <bdi>rini</bdi>", "being rolled back", "acme-payouts is down: timeout_response"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, "40 of 610") {
		t.Error("a line older than the newest three is shown")
	}
	if strings.Index(page, "severity raised") > strings.Index(page, "being rolled back") {
		t.Error("a timeline must be read from the top")
	}
}

func TestOverviewSaysWhenNoIncidentIsOpen(t *testing.T) {
	t.Parallel()
	page := get(t, seven(), "/").Body.String()
	if strings.Count(page, "No incident is open.") != 1 || len(incidentsIn(page)) != 0 {
		t.Error("want one quiet line")
	}
	if strings.Contains(get(t, seven(), "/endpoints/dewi").Body.String(), "Live incidents") {
		t.Error("the page of an endpoint without incidents speaks of them")
	}
}

func TestWhoLooksForEndpointsGetsOneLineOfIncidents(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/?q=acme", "/?state=down", "/?page=2"} {
		page := get(t, badDay(), path).Body.String()
		if ids := incidentsIn(page); len(ids) != 0 || !strings.Contains(page, `<a href="/incidents?show=live">2 live incidents</a>`) {
			t.Errorf("%s: incidents %v, want their number alone", path, ids)
		}
	}
	if ids := incidentsIn(get(t, badDay(), "/?refresh=30").Body.String()); len(ids) != 2 {
		t.Errorf("an overview that refreshes shows %v, want both", ids)
	}
}

func TestIncidentList(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query string
		want  []string
	}{
		"live and recent":        {"", []string{"inc_m4k7q2w6x3ztplat", "payouts2ab7cd", "fifty0ver7xyz", "foldedqqqqqq"}},
		"live alone":             {"?show=live", []string{"inc_m4k7q2w6x3ztplat", "payouts2ab7cd"}},
		"a filter that is none":  {"?show=%3Cscript%3E", []string{"inc_m4k7q2w6x3ztplat", "payouts2ab7cd", "fifty0ver7xyz", "foldedqqqqqq"}},
		"live alone, refreshing": {"?show=live&refresh=30", []string{"inc_m4k7q2w6x3ztplat", "payouts2ab7cd"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, badDay(), "/incidents"+tt.query)
			if got := incidentsIn(rec.Body.String()); rec.Code != http.StatusOK || !slices.Equal(got, tt.want) {
				t.Errorf("%d: incidents %v, want 200: %v", rec.Code, got, tt.want)
			}
		})
	}
	page := get(t, badDay(), "/incidents?show=live&refresh=30").Body.String()
	for _, want := range []string{`href="/incidents?refresh=30"`, `href="/incidents?refresh=30&amp;show=live" aria-current="page"`, `href="/incidents?show=live#refresh">Stop refreshing`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestIncidentListIsBounded(t *testing.T) {
	t.Parallel()
	src := crowd(150)
	for i := range 150 {
		src.desk.incidents = slices.Insert(src.desk.incidents, 0, over(quick(fmt.Sprintf("over%03d", i), rules.High, 0)))
	}
	page := get(t, src, "/incidents").Body.String()
	ids := incidentsIn(page)
	if len(ids) != 200 || ids[0] != "oldcritical" || ids[99] != "low00098" || ids[100] != "over149" {
		t.Errorf("%d incidents, want 100 that live and the last 100: %v", len(ids), ids)
	}
	if !strings.Contains(page, "151 live incidents, worst and newest first; 51 are not shown") {
		t.Error("what is left out is not mentioned")
	}
	empty := get(t, seven(), "/incidents").Body.String()
	if !strings.Contains(empty, "No incident is open.") || !strings.Contains(empty, "There has been no incident yet.") || strings.Contains(empty, "<table") {
		t.Error("an empty list does not say so")
	}
}

func TestIncidentListSaysWhyNothingIsOver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lows int // and one that is critical; all live
		want string
	}{
		"two that live":             {1, "No incident is over yet."},
		"one less than are read":    {98, "No incident is over yet."},
		"as many live as are read":  {99, "The last 100 incidents are all live:"},
		"more live than are read":   {150, "The last 100 incidents are all live:"},
		"one that lives, and alone": {0, "No incident is over yet."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if page := get(t, crowd(tt.lows), "/incidents").Body.String(); !strings.Contains(page, tt.want) {
				t.Errorf("the page lacks %q", tt.want)
			}
		})
	}
}

func TestEndpointPageLinksItsLiveIncidents(t *testing.T) {
	t.Parallel()
	page := get(t, badDay(), "/endpoints/acme-payouts").Body.String()
	if ids := incidentsIn(page); !slices.Equal(ids, []string{"payouts2ab7cd"}) {
		t.Errorf("incidents %v, want its own that lives", ids)
	}
	if ids := incidentsIn(get(t, badDay(), "/endpoints/borneo").Body.String()); len(ids) != 0 {
		t.Errorf("incidents %v of an endpoint whose incident is over", ids)
	}
	src := badDay()
	for i := range 10 {
		in := quick(fmt.Sprintf("also%02d", i), rules.Low, 10)
		in.Members = src.desk.incidents[0].Members
		src.desk.incidents = append(src.desk.incidents, in)
	}
	page = get(t, src, "/endpoints/acme-payouts").Body.String()
	if ids := incidentsIn(page); len(ids) != 10 || !strings.Contains(page, "There are more") {
		t.Errorf("%d incidents, want 10 and a word of the rest", len(ids))
	}
}

// errStore stands for a store that is away; it must stay in the log.
var errStore = errors.New("disk I/O error at /var/lib/secret-place")

func failing(context.Context) error { return errStore }

func TestAStoreThatFailsCostsOnlyTheIncidents(t *testing.T) {
	t.Parallel()
	lists, ones := badDay(), badDay()
	lists.desk.list, lists.desk.one, ones.desk.one = failing, failing, failing
	for name, tt := range map[string]struct {
		src  source
		path string
		code int
		want []string
	}{
		"the overview":             {lists, "/", 200, []string{"Incidents cannot be read just now", "/endpoints/acme-payouts", "/targets/ledger", "312 of 5,120"}},
		"the overview, a timeline": {ones, "/", 200, []string{"/incidents/inc_m4k7q2w6x3ztplat", "Its timeline cannot be read just now", "/endpoints/acme-payouts"}},
		"the page of an endpoint":  {lists, "/endpoints/acme-payouts", 200, []string{"Incidents cannot be read just now", "no head after 30s"}},
		"the list":                 {lists, "/incidents", 503, []string{"Incidents cannot be read just now", "does not mean that there are none"}},
		"an incident":              {ones, "/incidents/payouts2ab7cd", 503, []string{"Incidents cannot be read just now"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, tt.src, tt.path)
			page := rec.Body.String()
			if rec.Code != tt.code {
				t.Errorf("status %d, want %d", rec.Code, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(page, want) {
					t.Errorf("no %q", want)
				}
			}
			for _, bad := range []string{"secret-place", "No incident is open", "This page broke"} {
				if strings.Contains(page, bad) {
					t.Errorf("the page says %q", bad)
				}
			}
			checkHarmless(t, page)
		})
	}
}

func TestAStoreThatFailsIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	at := now
	src := badDay()
	src.desk.list = failing
	h := web.New(src, slog.New(slog.NewTextHandler(&log, nil)), web.Options{Now: func() time.Time { return at }})
	lines := func() int { return strings.Count(log.String(), "incidents cannot be shown") }
	for range 50 {
		ask(t, h, http.MethodGet, "/")
		ask(t, h, http.MethodGet, "/incidents")
	}
	if got := lines(); got != 1 || !strings.Contains(log.String(), "disk I/O error") {
		t.Errorf("%d lines, want 1 with the cause: %s", got, log.String())
	}
	at = at.Add(time.Minute)
	ask(t, h, http.MethodGet, "/")
	if got := lines(); got != 2 {
		t.Errorf("%d lines after a minute, want 2", got)
	}

	log.Reset()
	at = at.Add(time.Hour)
	gone, leave := context.WithCancel(t.Context())
	leave()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/incidents", http.NoBody))
	if got := lines(); got != 0 {
		t.Errorf("%d lines about a reader who left, want none", got)
	}
}

func TestAStoreThatHangsDoesNotHangThePages(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{"/": 200, "/endpoints/acme-payouts": 200, "/incidents": 503, "/incidents/payouts2ab7cd": 503} {
		synctest.Test(t, func(t *testing.T) {
			src := badDay()
			hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
			src.desk.list, src.desk.one = hang, hang
			start := time.Now()
			rec := get(t, src, path)
			if took := time.Since(start); rec.Code != want || took != 3*time.Second {
				t.Errorf("%s: %d after %v, want %d after 3s", path, rec.Code, took, want)
			}
		})
	}
}

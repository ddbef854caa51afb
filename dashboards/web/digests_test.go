package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards/web"
)

var (
	digestTable = regexp.MustCompile(`(?s)<h2 id="digests">.*?</section>`)
	digestWho   = regexp.MustCompile(`(?s)<th role="rowheader" scope="row">(.*?)(?:<span|</th>)`)
	preview     = regexp.MustCompile(`href="(/api/v1/digests/preview[^"]*)"`)
)

// toldIn returns whose digests a page shows, in order.
func toldIn(page string) []string {
	var who []string
	for _, m := range digestWho.FindAllStringSubmatch(digestTable.FindString(page), -1) {
		who = append(who, html.UnescapeString(strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(m[1])))
	}
	return who
}

// previews returns the links to digests on a page, in order.
func previews(page string) []string {
	var links []string
	for _, m := range preview.FindAllStringSubmatch(page, -1) {
		links = append(links, html.UnescapeString(m[1]))
	}
	return links
}

// unread has a store that cannot be read.
func unread() source {
	src := seven()
	src.desk.list, src.ledger.broke = failing, failing
	return src
}

func TestOverviewShowsTheLastDigests(t *testing.T) {
	t.Parallel()
	src := seven()
	src.ledger.rows = toldToday()
	page := get(t, src, "/").Body.String()
	want := []string{"The platform", "Acme Pte Ltd", "Toko Borneo", "Ceres", "dewi", "Fajar", "indah", "gita", "hadi", "Eka"}
	if got := toldIn(page); !slices.Equal(got, want) {
		t.Errorf("digests of\n%q, want the newest window of each, first the platform, then the worst:\n%q", got, want)
	}
	for _, want := range []string{
		"2026-11-21 12:00 to 18:00 Asia/Jakarta", "2026-11-21 05:00 to 11:00 UTC", // the same hours
		"not delivered", "3 things to do", "1 thing to do", "attention", "on its way", "nothing was wrong", "a later digest tells it",
		"there is nobody to tell", "it was too late to tell", "not judged", "summary of a week",
		`<time datetime="2026-11-21T11:20:04Z">11:20:04</time>`, `due <time datetime="2026-11-21T11:20:00Z">11:20:00</time>`,
		"2026-11-12 12:00 to 2026-11-19 12:00 Asia/Jakarta", `<p><a href="/api/v1/digests">and 1 older</a></p>`,
	} {
		if !strings.Contains(digestTable.FindString(page), want) {
			t.Errorf("no %q", want)
		}
	}
	links := previews(page)
	if want := []string{
		"/api/v1/digests/preview?format=html&window=2026-11-21T05%3A00%3A00Z",
		"/api/v1/digests/preview?format=html&merchant=acme&window=2026-11-21T05%3A00%3A00Z",
	}; len(links) != 5 || !slices.Equal(links[:2], want) {
		t.Errorf("links %q, want 5: a window that told nothing has none, nor has a week; first %q", links, want)
	}
}

func TestDigestsAreOneSmallQuestion(t *testing.T) {
	t.Parallel()
	src := seven()
	for i := range 300 {
		src.ledger.rows = append(src.ledger.rows, told(fmt.Sprintf("m%03d", i), "", now.Add(-time.Hour), digest.StateSent, 0))
	}
	src.ledger.rows[7].Verdict = digest.Act
	for path, want := range map[string]int{"/": 1, "/?refresh=30": 1, "/?q=acme": 0, "/?state=down": 0, "/?page=2": 0, "/endpoints/dewi": 0, "/incidents": 0} {
		var asked []digest.Filter
		src.ledger.asked = &asked
		who := toldIn(get(t, src, path).Body.String())
		if len(asked) != want {
			t.Errorf("%s: the ledger was asked %d times, want %d", path, len(asked), want)
		}
		if len(who) != want*10 || want == 1 && who[0] != "m007" {
			t.Errorf("%s: digests of %q, want %d, first the one that needs action", path, who, want*10)
		}
		for _, f := range asked {
			if f != (digest.Filter{Limit: 40}) {
				t.Errorf("%s: asked for %+v, want few of any merchant", path, f)
			}
		}
	}
}

// repeated is rows of n merchants, each with so many windows, of the platform
// one long ago.
func repeated(merchants, windows int) []digest.Row {
	var rows []digest.Row
	for w := range windows {
		for m := range merchants {
			rows = append(rows, told(fmt.Sprintf("m%02d", m), "", now.Add(time.Duration(-w)*6*time.Hour), digest.StateSent, 0))
		}
	}
	return append(rows, told("", "", now.Add(-30*day), digest.StateSent, 0))
}

func backwards(rows []digest.Row) []digest.Row {
	slices.Reverse(rows)
	return rows
}

func TestEachMerchantHasItsNewestDigest(t *testing.T) {
	t.Parallel()
	week := told("m00", "", now, digest.StateSent, 0)
	week.Kind, week.Window.Start = digest.KindSummary, now.Add(-7*day)
	for name, tt := range map[string]struct {
		rows []digest.Row
		want []string
		more string
	}{
		"one of each":             {repeated(2, 1), []string{"The platform", "m00", "m01"}, ""},
		"three windows of each":   {repeated(2, 3), []string{"The platform", "m00", "m01"}, ">and 4 older<"},
		"oldest first":            {backwards(repeated(2, 3)), []string{"The platform", "m01", "m00"}, ">and 4 older<"},
		"a week that ended too":   {append([]digest.Row{week}, repeated(1, 1)...), []string{"The platform", "m00"}, ">and 1 older<"},
		"more merchants than ten": {repeated(11, 1), []string{"The platform", "m00", "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08"}, ">and 2 more<"},
		"one short of all asked":  {repeated(2, 19), []string{"The platform", "m00", "m01"}, ">and 36 older<"},
		"more than is asked for":  {repeated(2, 20), []string{"m00", "m01"}, ">and at least 38 older<"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			src.ledger.rows = tt.rows
			page := get(t, src, "/").Body.String()
			if got := toldIn(page); !slices.Equal(got, tt.want) {
				t.Errorf("digests of %q, want %q", got, tt.want)
			}
			if !strings.Contains(page, tt.more) || strings.Contains(page, `href="/api/v1/digests"`) != (tt.more != "") {
				t.Errorf("want a link %q", tt.more)
			}
			if strings.Contains(digestTable.FindString(page), "2026-11-20 ") {
				t.Error("a window is shown that is older than its merchant's newest")
			}
		})
	}
}

func TestOverviewWithoutDigestsSaysWhy(t *testing.T) {
	t.Parallel()
	if page := get(t, seven(), "/").Body.String(); !strings.Contains(page, "No window has closed yet") || len(previews(page)) != 0 {
		t.Error("without any digest the page does not say so")
	}
	page := get(t, unread(), "/")
	text := page.Body.String()
	if page.Code != http.StatusOK || !strings.Contains(text, "Digests cannot be read just now") || len(idsIn(text)) != 7 {
		t.Errorf("%d: a ledger that cannot be read costs more than its section, or is not mentioned", page.Code)
	}
	for _, bad := range []string{"secret-place", "No window has closed"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page says %q", bad)
		}
	}
}

func TestADigestOfANewerVersionIsStillListed(t *testing.T) {
	t.Parallel()
	for name, snapshot := range map[string]string{"a newer version": `{"version":99,"name":"X"}`, "no JSON": `{`, "another shape": `{"version":1,"actions":7}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			row := told("acme", "Acme", now.Add(-time.Hour), digest.StateSent, 2)
			row.Snapshot = json.RawMessage(snapshot)
			src.ledger.rows = []digest.Row{row}
			if got := toldIn(get(t, src, "/").Body.String()); !slices.Equal(got, []string{"acme"}) {
				t.Errorf("digests of %q, want acme's by its ID", got)
			}
		})
	}
}

func TestALedgerThatFailsIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	at, src := now, seven()
	src.ledger.broke = failing
	h := web.New(src, slog.New(slog.NewTextHandler(&log, nil)), web.Options{Now: func() time.Time { return at }})
	for _, want := range []int{1, 2} {
		for range 20 {
			ask(t, h, http.MethodGet, "/")
		}
		if got := strings.Count(log.String(), "digests cannot be shown"); got != want || !strings.Contains(log.String(), "disk I/O error") {
			t.Errorf("%d lines, want %d with the cause: %s", got, want, log.String())
		}
		at = at.Add(time.Minute)
	}
}

func TestALedgerThatHangsDoesNotHangTheOverview(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := badDay()
		src.ledger.broke = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		start := time.Now()
		page := get(t, src, "/").Body.String()
		if took := time.Since(start); took != time.Second || !strings.Contains(page, "Digests cannot be read") || len(incidentsIn(page)) != 2 {
			t.Errorf("after %v, want the rest of the page after 1s", took)
		}
	})
}

// A digest that waited when the last of its readers left is not one that nobody
// was to be told.
func TestOverviewSaysThatAllHaveLeft(t *testing.T) {
	t.Parallel()
	left := told("gita", "Gita", now.Add(-7*time.Hour), digest.StateSuppressed, 0)
	left.Finished = left.ClosedAt.Add(time.Minute)
	src := seven()
	src.ledger.rows = []digest.Row{left}
	table := digestTable.FindString(get(t, src, "/").Body.String())
	if !strings.Contains(table, "all it was for have unsubscribed") || strings.Contains(table, "there is nobody to tell") {
		t.Errorf("shows %s", table)
	}
}

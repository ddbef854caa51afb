package api_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

const digestsPath = "/api/v1/digests"

// fakeDigests is a ledger in memory.
type fakeDigests struct {
	mu      sync.Mutex
	rows    []digest.Row
	filters []digest.Filter
	windows []time.Time // that previews were asked for
	err     error       // answered by everything

	publicURL string // in the footer of previews
}

// newFakeDigests has two windows of three merchants and of the platform.
func newFakeDigests() *fakeDigests {
	f := &fakeDigests{}
	for i := range 2 {
		w := digest.Window{Start: at.Add(time.Duration(i) * 6 * time.Hour), End: at.Add(time.Duration(i+1) * 6 * time.Hour)}
		for _, m := range []string{"own", "rival", "filed", ""} {
			r := digest.Row{
				Merchant: m, Kind: digest.KindHealth, Window: w, Zone: "Asia/Jakarta", State: digest.StateSent, Verdict: digest.OK,
				Covered: 90 * time.Minute, ClosedAt: w.End.Add(3 * time.Minute), Due: w.End.Add(20 * time.Minute), Finished: w.End.Add(21 * time.Minute),
				Snapshot: json.RawMessage(`{"note":"frozen"}`),
			}
			if m == "" {
				r.Kind = digest.KindPlatform
			}
			if i == 1 {
				r.State, r.Finished = digest.StateWaiting, time.Time{}
			}
			f.rows = append(f.rows, r)
		}
	}
	return f
}

// Digests has windows that start together in the wrong order: where the limit
// cuts through them, it is not said which stay.
func (f *fakeDigests) Digests(_ context.Context, want digest.Filter) ([]digest.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filters = append(f.filters, want)
	if want.Limit < 1 || want.Limit > 1000 {
		return nil, errors.New("a limit outside 1 to 1000")
	}
	rows := slices.DeleteFunc(slices.Clone(f.rows), func(r digest.Row) bool {
		return want.Merchant != "" && r.Merchant != want.Merchant || want.Kind != "" && r.Kind != want.Kind ||
			want.State != "" && r.State != want.State || !want.To.IsZero() && !r.Window.Start.Before(want.To) ||
			r.Window.Start.Before(want.From)
	})
	slices.SortFunc(rows, func(a, b digest.Row) int {
		return cmp.Or(b.Window.Start.Compare(a.Window.Start), cmp.Compare(b.Merchant, a.Merchant))
	})
	return rows[:min(len(rows), want.Limit)], f.err
}

func (f *fakeDigests) DigestPreview(_ context.Context, merchant string, window time.Time) (digest.Facts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.windows = append(f.windows, window)
	if !slices.Contains([]string{"", "own", "rival", "filed"}, merchant) {
		return digest.Facts{}, fmt.Errorf("merchant: %w", registry.ErrNotFound)
	}
	facts := factsOf(merchant)
	facts.Footer.PublicURL = f.publicURL
	return facts, f.err
}

func factsOf(merchant string) digest.Facts {
	f := digest.Facts{
		Version: digest.Version, Kind: digest.KindHealth, Merchant: merchant, Name: "Kopi & <b>Søn</b>", Language: "en", Zone: "Asia/Jakarta",
		Window: digest.Window{Start: at, End: at.Add(6 * time.Hour)}, Covered: 5 * time.Hour,
		Endpoints: []digest.Endpoint{{ID: merchant + "-hook", URL: "https://hooks.example/" + merchant, State: "failing", First: digest.Count{Total: 360, Failed: 22}}},
	}
	if merchant == "" {
		f.Kind, f.Name, f.Endpoints, f.Platform = digest.KindPlatform, "", nil, &digest.Platform{Merchants: 3, Endpoints: 5}
	}
	return digest.Judge(f)
}

type digestList struct {
	Items []struct {
		Merchant, Kind, State string
		WindowStart           time.Time `json:"window_start"`
	}
	Next string
}

// short writes the rows as "merchant hour".
func (l digestList) short() []string {
	var list []string
	for _, r := range l.Items {
		list = append(list, r.Merchant+" "+r.WindowStart.Format("15h"))
	}
	return list
}

func TestDigestsAreListedByWhoSeesThem(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"all, newest first":               {viewerToken, "", []string{" 16h", "filed 16h", "own 16h", "rival 16h", " 10h", "filed 10h", "own 10h", "rival 10h"}},
		"of a merchant":                   {viewerToken, "?merchant=rival", []string{"rival 16h", "rival 10h"}},
		"of the platform":                 {viewerToken, "?kind=platform", []string{" 16h", " 10h"}},
		"those on their way":              {viewerToken, "?state=waiting&kind=health", []string{"filed 16h", "own 16h", "rival 16h"}},
		"of a merchant that is not there": {viewerToken, "?merchant=nobody", nil},
		"one's own":                       {ownViewer, "", []string{"own 16h", "own 10h"}},
		"one's own, said aloud":           {ownViewer, "?merchant=own", []string{"own 16h", "own 10h"}},
		"one's own on their way":          {ownViewer, "?state=waiting", []string{"own 16h"}},
		"another's":                       {ownViewer, "?merchant=rival", nil},
		"the platform's, with a scope":    {ownViewer, "?kind=platform", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got digestList
			a := w.ask(t, http.MethodGet, digestsPath+tt.query, tt.token, "")
			a.into(t, 200, &got)
			if !slices.Equal(got.short(), tt.want) || got.Next != "" {
				t.Errorf("got %q and next %q, want %q and no further page", got.short(), got.Next, tt.want)
			}
			if strings.Contains(a.body, "frozen") || strings.Contains(a.body, "0001-01-01") {
				t.Errorf("the list shows too much: %s", a.body)
			}
			for _, f := range w.digests.filters {
				if tt.token == ownViewer && !strings.HasPrefix(f.Merchant, "own") {
					t.Errorf("the ledger was asked for %+v, want one's own alone", f)
				}
			}
		})
	}
}

func TestADigestSaysWhatBecameOfItsWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.digests.rows = w.digests.rows[:1]
	w.digests.rows[0].MergedInto = at.Add(6 * time.Hour)
	const want = `{"items":[{"merchant":"own","kind":"health","window_start":"2026-05-04T10:00:00Z","window_end":"2026-05-04T16:00:00Z",` +
		`"timezone":"Asia/Jakarta","state":"sent","verdict":"ok","covered_seconds":5400,"closed_at":"2026-05-04T16:03:00Z",` +
		`"due_at":"2026-05-04T16:20:00Z","finished_at":"2026-05-04T16:21:00Z","merged_into":"2026-05-04T16:00:00Z"}],"next":""}` + "\n"
	if a := w.ask(t, http.MethodGet, digestsPath, viewerToken, ""); a.body != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
}

// TestDigestsGoOnBehindTheirCursor turns every page, however windows start
// together, and finds each row once.
func TestDigestsGoOnBehindTheirCursor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token, query string
		limit, want  int
	}{
		"one at a time":                  {viewerToken, "", 1, 8},
		"three at a time":                {viewerToken, "", 3, 8},
		"as many as there are":           {viewerToken, "", 8, 8},
		"of a merchant":                  {viewerToken, "&merchant=rival", 1, 2},
		"of a scope":                     {ownViewer, "", 1, 2},
		"of a scope with more merchants": {bothToken, "", 1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, append(allTokens(), both()))
			known, order := map[string]bool{}, []time.Time{}
			for cursor := "first"; cursor != ""; {
				var got digestList
				query := fmt.Sprintf("?limit=%d%s&cursor=%s", tt.limit, tt.query, url.QueryEscape(strings.TrimPrefix(cursor, "first")))
				w.ask(t, http.MethodGet, digestsPath+query, tt.token, "").into(t, 200, &got)
				if len(got.Items) > tt.limit || len(got.Items) == 0 {
					t.Fatalf("a page of %d rows, want 1 to %d", len(got.Items), tt.limit)
				}
				for i, row := range got.short() {
					if known[row] {
						t.Fatalf("%q stands on two pages", row)
					}
					known[row], order = true, append(order, got.Items[i].WindowStart)
				}
				cursor = got.Next
			}
			if len(known) != tt.want || !slices.IsSortedFunc(order, func(a, b time.Time) int { return b.Compare(a) }) {
				t.Errorf("found %d rows at %v, want %d, newest first", len(known), order, tt.want)
			}
		})
	}
}

// TestALongLedgerHidesNoOther: while one merchant's rows are not read to their
// end, older ones of another wait.
func TestALongLedgerHidesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, append(allTokens(), both()))
	row := w.digests.rows[0]
	row.Merchant = "own"
	for i := range 2100 {
		row.Window.Start = at.Add(time.Duration(24+i) * time.Hour)
		w.digests.rows = append(w.digests.rows, row)
	}
	known := map[string]int{}
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		var got digestList
		w.ask(t, http.MethodGet, digestsPath+"?limit=1000&cursor="+cursor, bothToken, "").into(t, 200, &got)
		if cursor = got.Next; pages > 5 {
			t.Fatal("the pages do not end")
		}
		for _, r := range got.Items {
			known[r.Merchant]++
		}
	}
	if known["own"] != 2102 || known["rival"] != 2 {
		t.Errorf("found %v, want 2,102 of own and 2 of rival", known)
	}
	w.digests.filters = nil
	w.ask(t, http.MethodGet, digestsPath+"?limit=1", bothToken, "").into(t, 200, new(any))
	if n := len(w.digests.filters); n > 2*2 { // a read for each merchant, and one for the end of a window
		t.Errorf("a page of one row asked the ledger %d times, want four at most", n)
	}
}

// TestTooManyDigestsOfOneWindowAreSaid: the ledger gives a thousand at most.
// What cannot be listed is not left out in silence.
func TestTooManyDigestsOfOneWindowAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	row := w.digests.rows[0]
	for i := range 1200 {
		row.Merchant = fmt.Sprintf("m-%04d", i)
		w.digests.rows = append(w.digests.rows, row)
	}
	var got digestList
	cursor, found := "", 0
	for range 3 { // 4 newer rows and the first 1,000 of that window are reached
		w.ask(t, http.MethodGet, digestsPath+"?limit=400&cursor="+cursor, viewerToken, "").into(t, 200, &got)
		cursor, found = got.Next, found+len(got.Items)
	}
	if found != 1004 || cursor == "" {
		t.Fatalf("found %d rows and cursor %q, want 1,004 and one that goes on", found, cursor)
	}
	p := w.ask(t, http.MethodGet, digestsPath+"?limit=400&cursor="+cursor, viewerToken, "").problem(t, 422)
	if want := "more than 1000 digests have a window that starts at 2026-05-04T10:00:00Z; ask for them by merchant, kind or state"; p.Detail != want {
		t.Errorf("got %q, want %q", p.Detail, want)
	}
}

func TestWrongQuestionsForDigestsAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query, location, words string
		status                 int
	}{
		"a cursor that is none":       {"?cursor=x", "query.cursor", "is not a cursor", 422},
		"a cursor of another list":    {"?cursor=MTppbmNfb3du", "query.cursor", "is not a cursor", 422}, // 1:inc_own
		"a state that is none":        {"?state=lost", "query.state", "one of", 422},
		"a kind that is none":         {"?kind=daily", "query.kind", "one of", 422},
		"a limit over a thousand":     {"?limit=1001", "query.limit", "1000", 422},
		"a preview at no time":        {"/preview?window=yesterday", "query.window", "is not a time", 422},
		"a preview of the future":     {"/preview?window=2999-01-01T00:00:00Z", "query.window", "has begun", 422},
		"a preview of the first year": {"/preview?window=0001-01-01T00:00:00Z", "query.window", "has begun", 422},
		"a preview as a picture":      {"/preview?format=png", "query.format", "one of", 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			w.ask(t, http.MethodGet, digestsPath+tt.query, viewerToken, "").problem(t, tt.status).hasFault(t, tt.location, tt.words)
			if len(w.digests.windows) > 0 {
				t.Error("the preview was made all the same")
			}
		})
	}
}

func TestALedgerThatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.digests.err = errors.New("disk of " + storedToken)
	for _, path := range []string{digestsPath, digestsPath + "/preview"} {
		a := w.ask(t, http.MethodGet, path, viewerToken, "")
		if p := a.problem(t, 503); strings.Contains(p.Detail, storedToken) {
			t.Errorf("%s: the cause is shown: %s", path, a.body)
		}
	}
	bare := newBareWorld(t, w)
	for _, path := range []string{digestsPath, digestsPath + "/preview"} {
		bare.ask(t, http.MethodGet, path, "", "").problem(t, 404)
	}
}

package api_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

const eventsPath = "/api/v1/events"

type eventList struct {
	Items []struct{ Source, ID, Endpoint, Merchant, State string }
	Next  string
}

// short writes the events as "id endpoint state".
func (l eventList) short() []string {
	var list []string
	for _, e := range l.Items {
		list = append(list, e.ID+" "+e.Endpoint+" "+e.State)
	}
	return list
}

func TestEventsAreListedByWhoSeesThem(t *testing.T) {
	t.Parallel()
	ours := []string{"evt_1 own-pay retrying", "evt_lost own-pay exhausted", "evt_done own-pay delivered", oddEvent + " own-void retrying"}
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"all": {viewerToken, "", []string{
			"evt_1 own-pay retrying", "evt_1 rival-pay retrying", "evt_lost own-pay exhausted", "evt_done own-pay delivered",
			"evt_nobody stray retrying", oddEvent + " own-void retrying",
		}},
		"of a merchant":                 {viewerToken, "?merchant=rival", []string{"evt_1 rival-pay retrying"}},
		"in one of two states":          {viewerToken, "?state=exhausted&state=delivered", []string{"evt_lost own-pay exhausted", "evt_done own-pay delivered"}},
		"at an endpoint":                {viewerToken, "?endpoint=stray", []string{"evt_nobody stray retrying"}},
		"of a source":                   {viewerToken, "?source=a%2Fb+c", []string{oddEvent + " own-void retrying"}},
		"of no such type":               {viewerToken, "?type=payout.failed", nil},
		"of no such product":            {viewerToken, "?product=QR", nil},
		"of no such channel":            {viewerToken, "?channel=QR", nil},
		"about no such key":             {viewerToken, "?key=x", nil},
		"in a window":                   {viewerToken, "?from=2026-05-04T12:00:00%2B02:00&to=2026-05-04T10:00:02Z&merchant=rival", []string{"evt_1 rival-pay retrying"}},
		"before the window":             {viewerToken, "?from=2026-05-04T10:00:02Z", nil},
		"one's own, nobody's hidden":    {ownViewer, "", ours},
		"one's own, said aloud":         {ownViewer, "?merchant=own", ours},
		"another's":                     {ownViewer, "?merchant=rival", nil},
		"at another's endpoint":         {ownViewer, "?endpoint=rival-pay", nil},
		"at an endpoint of nobody":      {ownViewer, "?endpoint=stray", nil},
		"of a merchant that is unknown": {viewerToken, "?merchant=nobody", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got eventList
			newWorld(t, allTokens()).ask(t, http.MethodGet, eventsPath+tt.query, tt.token, "").into(t, 200, &got)
			if !slices.Equal(got.short(), tt.want) || got.Next != "" {
				t.Errorf("got %q, next %q; want %q", got.short(), got.Next, tt.want)
			}
		})
	}
}

// TestEventsOfOthersAreNotEvenRead: the scope is in the question, beside the
// look at each answer.
func TestEventsOfOthersAreNotEvenRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodGet, eventsPath, ownViewer, "")
	w.ask(t, http.MethodGet, eventsPath+"?merchant=rival", ownViewer, "")
	if len(w.events.queries) != 1 || !slices.Equal(w.events.queries[0].Merchants, []string{"own", "own-new"}) {
		t.Errorf("asked %+v, want once, for the merchants of the token", w.events.queries)
	}
}

// TestAStoreThatSaysTooMuchIsNotBelieved: each answer is looked at again.
func TestAStoreThatSaysTooMuchIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.events.careless = true
	a := w.ask(t, http.MethodGet, eventsPath, ownViewer, "")
	var got eventList
	if a.into(t, 200, &got); len(got.Items) != 4 || strings.Contains(a.body, "rival") || strings.Contains(a.body, "evt_nobody") {
		t.Errorf("got %s, want the 4 of the token's merchant", a.body)
	}
}

func TestPagesOfEventsAreWhole(t *testing.T) {
	t.Parallel()
	w, found, cursor := newWorld(t, allTokens()), []string(nil), ""
	for range 10 {
		var got eventList
		w.ask(t, http.MethodGet, eventsPath+"?limit=4&cursor="+cursor, viewerToken, "").into(t, 200, &got)
		found, cursor = append(found, got.short()...), got.Next
		if cursor == "" {
			break
		}
	}
	slices.Sort(found)
	if len(slices.Compact(found)) != len(w.events.events) {
		t.Errorf("found %q, want each of %d events once", found, len(w.events.events))
	}
	if n := len(w.events.queries); n != 2 {
		t.Errorf("%d pages, want 2", n)
	}
}

// TestAPageThatShowsNothingGoesOn: what the store read may not be the
// caller's, and more may come behind it.
func TestAPageThatShowsNothingGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for i := range w.events.told {
		w.events.told[i].Merchant = "rival" // from before the endpoint was own's
	}
	var got eventList
	w.ask(t, http.MethodGet, "/api/v1/endpoints/own-pay/attempts?limit=2", ownViewer, "").into(t, 200, &got)
	if len(got.Items) != 0 || got.Next == "" {
		t.Errorf("got %+v, want no item and a next", got)
	}
}

type story struct {
	Source, ID string
	Endpoints  []struct {
		Endpoint, State string
		NextRetryAt     *time.Time `json:"next_retry_at"`
		DeliveredBy     string     `json:"delivered_by"`
		Lags            map[string]any
		LagClasses      []string `json:"lag_classes"`
	}
	Attempts []struct {
		Endpoint, By, Trigger, Fault, Error, Mode string
		Number, Status                            int
		StartedAt                                 time.Time `json:"started_at"`
		ReceivedAt                                time.Time `json:"received_at"`
		Duration                                  float64   `json:"duration_seconds"`
	}
}

func storyPath(source, id string) string {
	return eventsPath + "/" + url.PathEscape(source) + "/" + url.PathEscape(id)
}

func TestAnEventIsToldWithEveryAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got story
	w.ask(t, http.MethodGet, storyPath("core", "evt_done"), ownViewer, "").into(t, 200, &got)
	if got.Source != "core" || got.ID != "evt_done" || len(got.Endpoints) != 1 || len(got.Attempts) != 2 {
		t.Fatalf("got %+v, want an endpoint and two attempts", got)
	}
	e := got.Endpoints[0]
	if e.State != "delivered" || e.DeliveredBy != "Budi" || e.NextRetryAt != nil {
		t.Errorf("got %+v, want it delivered by Budi and no next retry", e)
	}
	if e.Lags["source_seconds"] != 7200.0 || e.Lags["queue_seconds"] != 1.0 || e.Lags["delivery_seconds"] != 959.0 || e.Lags["ack_seconds"] != 60.0 {
		t.Errorf("lags %v, want 2 h, 1 s, 15 min 59 s and 1 min", e.Lags)
	}
	if want := []string{"channel_late", "endpoint_late"}; !slices.Equal(e.LagClasses, want) {
		t.Errorf("classes %q, want %q", e.LagClasses, want)
	}
	one, two := got.Attempts[0], got.Attempts[1]
	if one.By != "Automatic" || one.Trigger != "automatic" || one.Number != 1 || one.Error != "timeout" || one.Fault != "timeout_response" ||
		one.Duration != 30 || !one.ReceivedAt.Equal(at.Add(time.Minute)) || one.Mode != "live" {
		t.Errorf("first attempt %+v", one)
	}
	if two.By != "Budi" || two.Trigger != "manual" || two.Number != 0 || two.Status != 200 || two.Fault != "none" || !two.StartedAt.Equal(at.Add(15*time.Minute)) {
		t.Errorf("second attempt %+v, want Budi's, without a number", two)
	}
}

func TestAnEventThatIsNotDeliveredHasNoLagAtItsEndpoint(t *testing.T) {
	t.Parallel()
	var got story
	newWorld(t, allTokens()).ask(t, http.MethodGet, storyPath("core", "evt_lost"), viewerToken, "").into(t, 200, &got)
	e := got.Endpoints[0]
	if e.State != "exhausted" || e.Lags["delivery_seconds"] != nil || e.Lags["source_seconds"] != nil || !slices.Equal(e.LagClasses, []string{"unclassified"}) {
		t.Errorf("got %+v, want it exhausted by the clock, and nothing guessed", e)
	}
}

// TestAnEventShowsEachMerchantItsOwnPart: the same event went to two.
func TestAnEventShowsEachMerchantItsOwnPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for token, want := range map[string]int{viewerToken: 2, ownViewer: 1} {
		var got story
		a := w.ask(t, http.MethodGet, storyPath("core", "evt_1"), token, "")
		a.into(t, 200, &got)
		if len(got.Endpoints) != want || len(got.Attempts) != 2*want {
			t.Errorf("%d endpoints and %d attempts, want %d and %d", len(got.Endpoints), len(got.Attempts), want, 2*want)
		}
		if want == 1 && strings.Contains(a.body, "rival") {
			t.Errorf("the rival's part is shown: %s", a.body)
		}
	}
}

func TestAnEventWithoutAStandingIsToldByItsAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.events.events = nil
	for token, want := range map[string]int{viewerToken: 4, ownViewer: 2} {
		var got story
		w.ask(t, http.MethodGet, storyPath("core", "evt_1"), token, "").into(t, 200, &got)
		if len(got.Attempts) != want || got.Endpoints == nil {
			t.Errorf("got %+v, want %d attempts", got, want)
		}
	}
	w.ask(t, http.MethodGet, storyPath("core", "evt_nobody"), ownViewer, "").problem(t, 404)
}

// TestAnyNameOfAnEventCanBeAskedFor: what is in a path is decoded once, and
// nothing in it is a path.
func TestAnyNameOfAnEventCanBeAskedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ source, id, path string }{
		"a slash, blanks, a question mark": {oddSource, oddEvent, ""},
		"a percent sign":                   {"core", "100%25", ""},
		"only dots":                        {"core", "..", eventsPath + "/core/%2E%2E"},
		"a dot as the source":              {".", "evt", eventsPath + "/%2e/evt"},
		"256 bytes of Japanese":            {"core", strings.Repeat("払", 85), ""},
		"a plus and an ampersand":          {"a+b", "a&b=c", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			w.events.events = []deliveries.Event{{Source: tt.source, ID: tt.id, Endpoint: "own-pay", Merchant: "own"}}
			path := tt.path
			if path == "" {
				path = storyPath(tt.source, tt.id)
			}
			var got story
			w.ask(t, http.MethodGet, path, ownViewer, "").into(t, 200, &got)
			if got.Source != tt.source || got.ID != tt.id || len(got.Endpoints) != 1 {
				t.Errorf("got %+v, want %q of %q", got, tt.id, tt.source)
			}
		})
	}
}

// TestWhatIsNotSeenIsAsUnknown: not even its existence is told.
func TestWhatIsNotSeenIsAsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, path := range []string{storyPath("core", "evt_nobody"), storyPath("core", "nothing"), storyPath("x/y", "nothing")} {
		p := w.ask(t, http.MethodGet, path, ownViewer, "").problem(t, 404)
		if !strings.HasPrefix(p.Detail, `there is no event "`) || !strings.Contains(p.Detail, "known while its attempts are kept") {
			t.Errorf("%s: %q", path, p.Detail)
		}
	}
	w.ask(t, http.MethodGet, storyPath("core", "evt_nobody"), viewerToken, "").into(t, 200, &story{})
}

func TestAttemptsOfAnEndpoint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query string
		want  int
		asked ingest.AttemptQuery
	}{
		"all":           {"", 6, ingest.AttemptQuery{Limit: 100}},
		"only failed":   {"?failed=true", 5, ingest.AttemptQuery{Limit: 100, Failed: true}},
		"a page":        {"?limit=3", 3, ingest.AttemptQuery{Limit: 3}},
		"of one window": {"?from=2026-05-04T10:00:00Z&to=2026-05-05T10:00:00Z", 6, ingest.AttemptQuery{Limit: 100, From: at, To: at.Add(24 * time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got eventList
			w.ask(t, http.MethodGet, "/api/v1/endpoints/own-pay/attempts"+tt.query, ownViewer, "").into(t, 200, &got)
			tt.asked.Endpoint = "own-pay"
			if len(got.Items) != tt.want || len(w.events.attempts) != 1 || w.events.attempts[0] != tt.asked {
				t.Errorf("%d attempts, asked %+v; want %d and %+v", len(got.Items), w.events.attempts, tt.want, tt.asked)
			}
		})
	}
}

func TestFacetsAreWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodGet, "/api/v1/facets/channel?limit=1", viewerToken, "")
	if want := `{"items":[{"value":"a word of rival","since":"2026-05-04T10:00:00Z"}],"next":""}` + "\n"; a.body != want || !slices.Equal(w.events.facets, []string{"channel 1"}) {
		t.Errorf("got %s, asked %q; want %s", a.body, w.events.facets, want)
	}
	w.ask(t, http.MethodGet, "/api/v1/facets/channel", ownViewer, "").problem(t, 403)
}

func TestWrongQuestionsForEventsAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ path, location, words string }{
		"a cursor that is none":           {eventsPath + "?cursor=x", "query.cursor", "is not a cursor"},
		"a cursor of another list":        {eventsPath + "?cursor=MTppbmNfb3du", "query.cursor", "is not a cursor of this list"}, // 1:inc_own
		"a cursor that names no place":    {eventsPath + "?cursor=MTpldmVudDo", "query.cursor", "is not a cursor of this list"},  // 1:event:
		"an event's cursor for attempts":  {"/api/v1/endpoints/own-pay/attempts?cursor=MTpldmVudDo0", "query.cursor", "is not a cursor of this list"},
		"a state that is none":            {eventsPath + "?state=retrying&state=gone", "query.state[1]", "one of"},
		"two states in one":               {eventsPath + "?state=retrying,pending", "query.state[0]", "one of"},
		"a limit over a thousand":         {eventsPath + "?limit=1001", "query.limit", "1000"},
		"from no time":                    {eventsPath + "?from=6h", "query.from", "wanted RFC 3339"},
		"to no time":                      {eventsPath + "?to=now", "query.to", "wanted RFC 3339"},
		"a window backwards":              {eventsPath + "?from=2026-05-04T10:00:00Z&to=2026-05-04T10:00:00Z", "query.from", "is not before to"},
		"attempts from no time":           {"/api/v1/endpoints/own-pay/attempts?from=x", "query.from", "wanted RFC 3339"},
		"failed that is neither":          {"/api/v1/endpoints/own-pay/attempts?failed=perhaps", "query.failed", "boolean"},
		"a kind of facets that is none":   {"/api/v1/facets/merchant", "path.kind", "one of"},
		"an event with a name of a novel": {eventsPath + "/core/" + strings.Repeat("a", 300), "path.id", "256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			w.ask(t, http.MethodGet, tt.path, viewerToken, "").problem(t, 422).hasFault(t, tt.location, tt.words)
			if n := len(w.events.queries) + len(w.events.attempts) + len(w.events.facets); n > 0 {
				t.Error("it was asked all the same")
			}
		})
	}
}

func TestAHistoryThatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	broken := errors.New("disk of " + storedToken)
	w.events.err, w.backlogs.err, w.sources.err = broken, broken, broken
	paths := []string{
		eventsPath, storyPath("core", "evt_1"), "/api/v1/endpoints/own-pay/attempts", "/api/v1/facets/source",
		"/api/v1/endpoints/own-pay/backlog", "/api/v1/merchants/own/backlog", "/api/v1/backlog", "/api/v1/sources",
	}
	bare := newBareWorld(t, w)
	for _, path := range paths {
		a := w.ask(t, http.MethodGet, path, viewerToken, "")
		if p := a.problem(t, 503); strings.Contains(p.Detail, storedToken) {
			t.Errorf("%s: the cause is shown: %s", path, a.body)
		}
		bare.ask(t, http.MethodGet, path, "", "").problem(t, 404)
	}
}

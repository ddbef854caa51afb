package api_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// seer takes attempts, and is told what they name.
type seer struct {
	*fakeAttempts

	mu   sync.Mutex
	told []registry.Sighting
}

func (s *seer) Discovers(source string) bool { return source == "core" }

func (s *seer) Sighted(list []registry.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, list...)
}

// sightings returns what was told, a line each.
func (s *seer) sightings() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, one := range s.told {
		lines = append(lines, fmt.Sprintf("%s/%s/%s", one.ID, one.Merchant, one.URL))
	}
	return strings.Join(lines, "\n")
}

const lampURL = "https://lamp.example/hook?key=k"

// newSeeingWorld starts a server whose source core discovers. Its registry
// knows some endpoints from attempts alone.
func newSeeingWorld(t *testing.T) (*world, *seer) {
	t.Helper()
	w := newWorld(t, allTokens())
	rec := w.registry.records
	rec.Merchants = append(rec.Merchants, registry.Merchant{ID: "lamp", Origin: registry.OriginSeen})
	rec.Endpoints = append(rec.Endpoints,
		registry.Endpoint{ID: "own-seen", Merchant: "own", URL: "https://own.example/seen?key=" + storedQuery, Origin: registry.OriginSeen},
		registry.Endpoint{ID: "rival-seen", Merchant: "rival", Origin: registry.OriginSeen},
		registry.Endpoint{ID: registry.SeenID("lamp", lampURL), Merchant: "lamp", URL: lampURL, Origin: registry.OriginSeen},
	)
	snap, faults := registry.Build(rec, registry.DefaultDefaults())
	if len(faults) > 1 { // the ping of own-pay may warn
		t.Fatal(faults)
	}
	w.registry.records, w.registry.snap = rec, snap
	s := &seer{fakeAttempts: w.attempts}
	deps := w.deps()
	deps.Attempts = s
	server := httptest.NewServer(api.New(api.Config{Tokens: allTokens()}, deps, slog.New(slog.NewTextHandler(w.log, nil))).Patient().Handler())
	t.Cleanup(server.Close)
	w.url = server.URL
	return w, s
}

func TestUnknownEndpointsOfADiscoveringSourceAreTold(t *testing.T) {
	t.Parallel()
	const url = "https://new.example/hook?key=k"
	made, lamp := registry.SeenID("new", url), registry.SeenID("lamp", lampURL)
	for name, tt := range map[string]struct {
		token, record      string
		endpoint, merchant string // of the attempt as it is taken
		told               string
	}{
		"one that nobody knows":             {ingestToken, `"merchant":"m","endpoint":"new","url":"` + url + `",`, "new", "m", "new/m/" + url},
		"without a merchant":                {ingestToken, `"endpoint":"new",`, "new", "", "new//"},
		"a hostile ID":                      {ingestToken, `"merchant":"m","endpoint":"<b>",`, "<b>", "m", "<b>/m/"},
		"by merchant and URL":               {ingestToken, `"merchant":"new","url":"` + url + `",`, made, "new", made + "/new/" + url},
		"by a URL that is refused":          {ingestToken, `"merchant":"new","url":"ftp://new.example/",`, "", "new", "/new/ftp://new.example/"},
		"by a hostile merchant and URL":     {ingestToken, `"merchant":"<b>","url":"` + url + `",`, "", "<b>", "/<b>/" + url},
		"by the URL of one that was seen":   {ingestToken, `"merchant":"own","url":"https://own.example/seen?key=` + storedQuery + `",`, registry.SeenID("own", "https://own.example/seen?key="+storedQuery), "own", registry.SeenID("own", "https://own.example/seen?key="+storedQuery) + "/own/https://own.example/seen?key=" + storedQuery},
		"known from attempts":               {ingestToken, `"endpoint":"own-seen",`, "own-seen", "own", "own-seen/own/"},
		"the same, and of another merchant": {ingestToken, `"endpoint":"own-seen","merchant":"rival",`, "own-seen", "rival", ""},
		"registered":                        {ingestToken, `"endpoint":"own-pay",`, "own-pay", "own", ""},
		"registered, by its URL":            {ingestToken, `"merchant":"own","url":"https://own.example/hook?key=` + storedQuery + `",`, "own-pay", "own", ""},
		"in test mode":                      {ingestToken, `"merchant":"m","endpoint":"new","mode":"test",`, "new", "m", ""},
		"our own ping":                      {ingestToken, `"merchant":"m","endpoint":"new","type":"hookvigil.ping",`, "new", "m", ""},
		"of another source":                 {adminToken, `"source":"billing","merchant":"m","endpoint":"new",`, "new", "m", ""},
		"of another source, by its URL":     {adminToken, `"source":"billing","merchant":"new","url":"` + url + `",`, "", "new", ""},
		"the same, known from attempts":     {adminToken, `"source":"billing","merchant":"lamp","url":"` + lampURL + `",`, lamp, "lamp", lamp + "/lamp/" + lampURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newSeeingWorld(t)
			record := line(1, tt.record)
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, tt.token, record+"\n"+strings.Replace(record, "evt-1", "evt-2", 1)).into(t, 200, &got)
			all := w.attempts.all()
			if got.Accepted != 2 || len(all) != 2 {
				t.Fatalf("got %+v, want both accepted", got)
			}
			if a := all[0]; a.Endpoint != tt.endpoint || a.Merchant != tt.merchant {
				t.Errorf("endpoint %q of merchant %q, want %q of %q", a.Endpoint, a.Merchant, tt.endpoint, tt.merchant)
			}
			if told := s.sightings(); told != tt.told {
				t.Errorf("told %q, want %q once", told, tt.told)
			}
		})
	}
}

func TestIdentityIsTheSameBeforeAndAfterRegistration(t *testing.T) {
	t.Parallel()
	w, _ := newSeeingWorld(t)
	record := line(1, `"merchant":"later","url":"https://later.example/hook",`)
	var first, second taken
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, record).into(t, 200, &first)
	before := w.attempts.all()[0].Identity()
	w.registry.mu.Lock()
	rec, _, _ := w.registry.records.See([]registry.Sighting{{ID: registry.SeenID("later", "https://later.example/hook"), Merchant: "later", URL: "https://later.example/hook"}})
	w.registry.records = rec
	w.registry.snap, _ = registry.Build(rec, registry.DefaultDefaults())
	w.registry.mu.Unlock()
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, record).into(t, 200, &second)
	if first.Accepted != 1 || second.Duplicate != 1 {
		t.Errorf("first %+v, repeated after registration %+v; want a duplicate", first, second)
	}
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, strings.Replace(record, `"status":200`, `"status":200,"key":"other"`, 1)).into(t, 200, &second)
	for _, a := range w.attempts.all() {
		if a.Identity() != before {
			t.Errorf("identity of %+v is another than at first", a)
		}
	}
}

func TestWhatIsNotDurableIsNotTold(t *testing.T) {
	t.Parallel()
	w, s := newSeeingWorld(t)
	w.attempts.fail = func(int) error { return errors.New("no disk") }
	if got := w.ask(t, http.MethodPost, attemptsPath, ingestToken, line(1, `"merchant":"m","endpoint":"new",`)); got.status != http.StatusServiceUnavailable {
		t.Fatalf("status %d, want 503", got.status)
	}
	if told := s.sightings(); told != "" {
		t.Errorf("told %q of attempts that were refused", told)
	}
}

func TestAViewerOfAMerchantSeesItsSeenEndpointsAlone(t *testing.T) {
	t.Parallel()
	w, _ := newSeeingWorld(t)
	var v struct{ ID, URL, Origin, State string }
	w.ask(t, http.MethodGet, "/api/v1/endpoints/own-seen", ownViewer, "").into(t, 200, &v)
	if v.Origin != "seen" || v.State != "no_data" || v.URL != "https://own.example/seen" {
		t.Errorf("got %+v, want it seen, without data, its query masked", v)
	}
	for path, token := range map[string]string{
		"/api/v1/endpoints/rival-seen":                             ownViewer,
		"/api/v1/endpoints/" + registry.SeenID("lamp", lampURL):    ownViewer,
		"/api/v1/merchants/lamp":                                   ownViewer,
		"/api/v1/endpoints/" + registry.SeenID("nobody", "https:"): viewerToken,
	} {
		if got := w.ask(t, http.MethodGet, path, token, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, got.status)
		}
	}
	if got := w.ask(t, http.MethodGet, "/api/v1/endpoints/own-seen", operatorToken, ""); strings.Contains(got.body, storedQuery) || !strings.Contains(got.body, "https://own.example/seen?<secret>") {
		t.Errorf("the record shows its query, or does not say that there is one: %s", got.body)
	}
	var list struct{ Items []struct{ ID string } }
	w.ask(t, http.MethodGet, "/api/v1/endpoints", ownViewer, "").into(t, 200, &list)
	if got := fmt.Sprint(list.Items); got != "[{own-pay} {own-seen} {own-void}]" {
		t.Errorf("the list of its viewer: %s", got)
	}
	w.ask(t, http.MethodGet, "/api/v1/endpoints", viewerToken, "").into(t, 200, &list)
	if len(list.Items) != 7 {
		t.Errorf("the list of a viewer of all: %v, want 7", list.Items)
	}
	if got := w.ask(t, http.MethodGet, "/api/v1/sd/prometheus", viewerToken, ""); strings.Contains(got.body, "seen") {
		t.Errorf("handed to Prometheus to be probed: %s", got.body)
	}
}

func TestASeenEndpointIsTakenOverAndDropped(t *testing.T) {
	t.Parallel()
	w, _ := newSeeingWorld(t)
	var v struct{ ID, Origin string }
	w.ask(t, http.MethodPut, "/api/v1/endpoints/own-seen", ownOperator, `{"merchant":"own","url":"https://own.example/seen?<secret>"}`).into(t, 200, &v)
	if v.Origin != "api" {
		t.Errorf("after a PUT: %+v, want it of the API", v)
	}
	if ep, _ := w.registry.Snapshot().Endpoint("own-seen"); ep.URL != "https://own.example/seen?key="+storedQuery {
		t.Errorf("the stored query is lost: %s", ep.URL)
	}
	if got := w.ask(t, http.MethodDelete, "/api/v1/endpoints/rival-seen", operatorToken, ""); got.status != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", got.status, got.body)
	}
	if _, there := w.registry.Snapshot().Endpoint("rival-seen"); there {
		t.Error("it is still there")
	}
}

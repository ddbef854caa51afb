package api_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

const incidentsPath = "/api/v1/incidents"

type incident struct {
	ID, Number, State, Title, Merchant string
	Version                            int
	AcknowledgedBy                     string `json:"acknowledged_by"`
	MemberCount                        int    `json:"member_count"`
	Timeline                           []struct{ Actor, Text string }
}

type incidentList struct {
	Items []incident
	Next  string
}

func (l incidentList) ids() []string {
	ids := []string{}
	for _, in := range l.Items {
		ids = append(ids, in.ID)
	}
	return ids
}

func TestIncidentsAreListedByWhoSeesThem(t *testing.T) {
	t.Parallel()
	all := []string{"inc_all_cccccc", "inc_rival_bbbbbb", "inc_own_aaaaaa"}
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"all, newest first":               {viewerToken, "", all},
		"of a merchant":                   {viewerToken, "?merchant=rival", all[1:2]},
		"of an endpoint":                  {viewerToken, "?endpoint=own-pay", all[2:]},
		"of an endpoint, live":            {viewerToken, "?endpoint=own-pay&live=true", all[2:]},
		"of a merchant that is not there": {viewerToken, "?merchant=nobody", nil},
		"one's own":                       {ownViewer, "", all[2:]},
		"one's own, said aloud":           {ownViewer, "?merchant=own", all[2:]},
		"another's":                       {ownViewer, "?merchant=rival", nil},
		"another's endpoint":              {ownViewer, "?endpoint=rival-pay", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got incidentList
			a := w.ask(t, http.MethodGet, incidentsPath+tt.query, tt.token, "")
			a.into(t, 200, &got)
			if !slices.Equal(got.ids(), tt.want) && len(got.ids())+len(tt.want) > 0 || got.Next != "" {
				t.Errorf("got %+v, want %v and no further page", got, tt.want)
			}
			if strings.Contains(a.body, `"members"`) || strings.Contains(a.body, "timeline") || strings.Contains(a.body, "0001-01-01") {
				t.Errorf("the list shows too much: %s", a.body)
			}
			for _, f := range w.desk.filters {
				if strings.HasPrefix(tt.token, "MARKER-own") && (len(f.Merchants) == 0 || slices.Contains(f.Merchants, "rival")) {
					t.Errorf("the desk was asked for %+v, want one's own alone", f)
				}
			}
		})
	}
}

func TestListsOfTheDeskGoOnBehindTheirCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for path, want := range map[string][]string{
		incidentsPath: {"inc_all_cccccc", "inc_rival_bbbbbb", "inc_own_aaaaaa"}, "/api/v1/outbox": {"n-2-slack/ops", "n-1-slack/ops"},
	} {
		for limit := 1; limit <= len(want); limit++ {
			var got []string
			cursor := ""
			for pages := 0; pages == 0 || cursor != "" && pages < 5; pages++ {
				var list incidentList
				w.ask(t, http.MethodGet, fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, cursor), operatorToken, "").into(t, 200, &list)
				got, cursor = append(got, list.ids()...), list.Next
			}
			if !slices.Equal(got, want) || cursor != "" {
				t.Errorf("%s by %d: %v, want %v", path, limit, got, want)
			}
		}
		w.ask(t, http.MethodGet, path+"?limit=1001", operatorToken, "").problem(t, 422)
		w.ask(t, http.MethodGet, path+"?cursor=!", operatorToken, "").problem(t, 422).hasFault(t, "query.cursor", "is not a cursor")
	}
}

func TestALongListOfIncidentsHasAFurtherPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.desk.incidents = nil
	for i := range 1500 {
		w.desk.incidents = append(w.desk.incidents, alerting.Incident{ID: fmt.Sprintf("inc_%06d", i)})
	}
	var first, second incidentList
	w.ask(t, http.MethodGet, incidentsPath+"?limit=1000", viewerToken, "").into(t, 200, &first)
	w.ask(t, http.MethodGet, incidentsPath+"?limit=1000&cursor="+first.Next, viewerToken, "").into(t, 200, &second)
	if len(first.Items) != 1000 || len(second.Items) != 500 || second.Next != "" {
		t.Errorf("pages of %d and %d, want 1000 and 500", len(first.Items), len(second.Items))
	}
}

func TestAnIncidentIsShownWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, id := range []string{"inc_own_aaaaaa", "aaaaaa", "AAAAAA"} {
		a := w.ask(t, http.MethodGet, incidentsPath+"/"+id, ownViewer, "")
		for _, want := range []string{
			`{"id":"inc_own_aaaaaa","number":"aaaaaa","version":3,"state":"open","severity":"high","rule":"endpoint_down","scope":"endpoint:own-pay",` +
				`"merchant":"own","title":"own-pay is down","evidence":{"text":"refused 3 times"},"started_at":"2026-05-04T10:00:00Z",` +
				`"opened_at":"2026-05-04T10:01:00Z","acknowledged_by":"","resolved_by":"","share":0,"share_peak":0,"flapping":false,"reopens":0,"parent":"","member_count":2,`,
			`"members":[{"rule":"endpoint_down","scope":"endpoint:own-pay","merchant":"own","fault":"refused","text":"refused","since":"2026-05-04T10:00:00Z"},`,
			`"since":"2026-05-04T10:00:00Z","left_at":"2026-05-04T11:00:00Z"}],`,
			`"timeline":[{"seq":1,"at":"2026-05-04T10:00:00Z","kind":"opened","actor":"","text":"own-pay is down"}]}`,
		} {
			if a.status != 200 || !strings.Contains(a.body, want) {
				t.Errorf("%s: %d %s, want %s in it", id, a.status, a.body, want)
			}
		}
	}
}

func TestAnIncidentsNumberHasToBeUniqueAmongWhatOneSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.desk.incidents = append(w.desk.incidents, alerting.Incident{ID: "inc_other_aaaaaa", Merchant: "rival"})
	w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa", viewerToken, "").problem(t, 409)
	var got incident
	w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa", ownViewer, "").into(t, 200, &got)
	if got.ID != "inc_own_aaaaaa" {
		t.Errorf("got %+v, want one's own", got)
	}
	w.ask(t, http.MethodGet, incidentsPath+"/zzzzzz", viewerToken, "").problem(t, 404)
	w.ask(t, http.MethodGet, incidentsPath+"/%3Cscript%3E", viewerToken, "").problem(t, 404)
}

func TestPeopleAnswerIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got incident
	w.ask(t, http.MethodPost, incidentsPath+"/aaaaaa/ack", ownOperator, `{"version":3,"text":" on\nit\u202e\u0007 "}`).into(t, 200, &got)
	if got.State != "acknowledged" || got.AcknowledgedBy != "own-operator" || got.Version != 4 || len(got.Timeline) != 2 {
		t.Errorf("got %+v, want it acknowledged, as it stands now", got)
	}
	want := alerting.Command{Do: alerting.CommandAcknowledge, By: "own-operator", Text: "on it"}
	if c := w.desk.commands[0]; c != want {
		t.Errorf("command %+v, want %+v", c, want)
	}
	w.ask(t, http.MethodPost, incidentsPath+"/inc_own_aaaaaa/note", operatorToken, `{"version":4,"text":"`+strings.Repeat("é", 2000)+`"}`).into(t, 200, &got)
	w.ask(t, http.MethodPost, incidentsPath+"/inc_own_aaaaaa/resolve", operatorToken, `{"version":5}`).into(t, 200, &got)
	if got.State != "resolved" || len(w.desk.commands[1].Text) != 4000 {
		t.Errorf("got %+v, want it resolved", got)
	}
}

func TestAnswersThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	own := incidentsPath + "/inc_own_aaaaaa/"
	for name, tt := range map[string]struct {
		path, body string
		want       int
		words      string
	}{
		"no version":              {own + "ack", `{}`, 422, "read the incident first; give its version"},
		"no body":                 {own + "ack", ``, 400, ""},
		"a version of nothing":    {own + "ack", `{"version":-1}`, 422, "read the incident first"},
		"a version that is text":  {own + "ack", `{"version":"3"}`, 422, ""},
		"a note without words":    {own + "note", `{"version":3}`, 422, "body.text"},
		"a note of blanks":        {own + "note", `{"version":3,"text":" \u200b\n"}`, 422, "body.text"},
		"a note that is too long": {own + "note", `{"version":3,"text":"` + strings.Repeat("x", 2001) + `"}`, 422, "body.text"},
		"a field that is none":    {own + "ack", `{"version":3,"by":"boss"}`, 422, "by"},
		"an old version":          {own + "ack", `{"version":2}`, 409, "is at version 3, not 2"},
		"a newer version":         {own + "resolve", `{"version":4}`, 409, "is at version 3, not 4"},
		"an incident of nobody":   {incidentsPath + "/inc_x/ack", `{"version":3}`, 404, "inc_x"},
		"a number of nobody":      {incidentsPath + "/zzzzzz/ack", `{"version":3}`, 404, "zzzzzz"},
		"a verb that is none":     {own + "reopen", `{"version":3}`, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.ask(t, http.MethodPost, tt.path, operatorToken, tt.body)
			if a.problem(t, tt.want); !strings.Contains(a.body, tt.words) {
				t.Errorf("answer %s, want %q in it", a.body, tt.words)
			}
		})
	}
	t.Cleanup(func() { // after the subtests
		if len(w.desk.commands) != 0 {
			t.Errorf("commands %+v, want none", w.desk.commands)
		}
	})
}

func TestAnAnswerThatMakesNoSenseIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodPost, incidentsPath+"/aaaaaa/resolve", operatorToken, `{"version":3}`).into(t, 200, new(incident))
	p := w.ask(t, http.MethodPost, incidentsPath+"/aaaaaa/ack", operatorToken, `{"version":4}`).problem(t, 409)
	if !strings.Contains(p.Detail, "cannot ack an incident that is resolved") {
		t.Errorf("detail %q, want why not", p.Detail)
	}
}

func TestOnTheSocketTheClientSaysWhoAsks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ header, want string }{
		"nobody said":   {"", "local"},
		"a person":      {"ana@host", "ana@host"},
		"hostile words": {"a\tb \xe2\x80\xae", "a b"},
		"only such":     {"\xe2\x80\xae", "local"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			client := socketClient(t, w)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://socket"+incidentsPath+"/aaaaaa/ack", strings.NewReader(`{"version":3}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if tt.header != "" {
				req.Header["X-Hookvigil-Actor"] = []string{tt.header}
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != 200 || w.desk.commands[0].By != tt.want {
				t.Errorf("status %d by %q, want by %q", res.StatusCode, w.desk.commands[0].By, tt.want)
			}
		})
	}
}

func socketClient(t *testing.T, w *world) *http.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(w.server.Local())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestOverTheNetworkTheTokenSaysWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodPost, incidentsPath+"/aaaaaa/ack", operatorToken, `{"version":3}`, header("X-Hookvigil-Actor", "boss")).into(t, 200, new(incident))
	if by := w.desk.commands[0].By; by != "operator" {
		t.Errorf("by %q, want the token's name", by)
	}
}

func TestNoticesAreListedRetriedAndDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var list incidentList
	a := w.ask(t, http.MethodGet, "/api/v1/outbox?state=dead&lane=slack/ops&subject=inc_all_cccccc", operatorToken, "")
	a.into(t, 200, &list)
	if !slices.Equal(list.ids(), []string{"n-2-slack/ops"}) || !strings.Contains(a.body, `"error_class":"auth","error_text":"not_authed"`) {
		t.Errorf("got %s, want the dead one", a.body)
	}
	w.ask(t, http.MethodGet, "/api/v1/outbox?state=lost", operatorToken, "").problem(t, 422)

	retry := "/api/v1/outbox/" + url.PathEscape("n-2-slack/ops") + "/retry"
	if a := w.ask(t, http.MethodPost, retry, operatorToken, ""); a.status != 204 || a.body != "" {
		t.Errorf("retry: %d %s, want 204 and nothing", a.status, a.body)
	}
	if w.desk.rows[0].State != "waiting" || w.desk.by[0] != "operator" {
		t.Errorf("the notice is %s by %s, want waiting by operator", w.desk.rows[0].State, w.desk.by[0])
	}
	if p := w.ask(t, http.MethodPost, retry, operatorToken, "").problem(t, 409); !strings.Contains(p.Detail, "is waiting") {
		t.Errorf("detail %q, want where it stands", p.Detail)
	}
	w.ask(t, http.MethodPost, "/api/v1/outbox/n-1-slack%2Fops/drop", operatorToken, "").problem(t, 409)
	w.ask(t, http.MethodPost, "/api/v1/outbox/nothing/drop", operatorToken, "").problem(t, 404)
}

func TestAReceiverIsTested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodPost, "/api/v1/receivers/slack/test", operatorToken, "")
	want := `{"receiver":"slack","notices":[{"lane":"slack/ops","state":"sent","took_seconds":1.5},` +
		`{"lane":"slack/pay","state":"dead","error_class":"destination","error_text":"channel_not_found","took_seconds":0}]}` + "\n"
	if a.status != 200 || a.body != want || w.desk.by[0] != "operator" {
		t.Errorf("got %d %s by %v, want %s", a.status, a.body, w.desk.by, want)
	}
	if p := w.ask(t, http.MethodPost, "/api/v1/receivers/pager/test", operatorToken, "").problem(t, 404); !strings.Contains(p.Detail, "pager") {
		t.Errorf("detail %q, want the receiver's name", p.Detail)
	}
	w.desk.err = context.DeadlineExceeded
	w.ask(t, http.MethodPost, "/api/v1/receivers/slack/test", operatorToken, "").problem(t, 503)
}

func TestHeartbeatsAreTakenFromSendersAndOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, token := range []string{ingestToken, operatorToken} {
		if a := w.ask(t, http.MethodPost, "/api/v1/heartbeats/backup", token, ""); a.status != 204 || a.body != "" {
			t.Errorf("got %d %s, want 204 and nothing", a.status, a.body)
		}
	}
	if a := w.ask(t, http.MethodPost, "/api/v1/heartbeats/other", ingestToken, ""); a.status != 404 || strings.Contains(a.body, "backup") {
		t.Errorf("an unknown one: %d %s, want 404 that names no other", a.status, a.body)
	}
}

package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const maintenancePath = "/api/v1/maintenance"

type planAnswer struct {
	ID, Zone, Length, Recurrence, By, Reason string
	Version                                  int
	EndsAt                                   time.Time `json:"ends_at"`
	RemovedAt                                time.Time `json:"removed_at"`
	RemovedBy                                string    `json:"removed_by"`
	Now, Next                                *struct{ From, Until time.Time }
}

func TestMaintenanceIsPlannedChangedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got planAnswer
	path := maintenancePath + "/own-sundays"
	body := strings.Replace(nightsBody(0, "own"), "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", 1)
	w.ask(t, http.MethodPut, path, operatorToken, body).into(t, 201, &got)
	if got.Version != 1 || got.By != "operator" || got.Length != "2h" || got.Next == nil || got.Next.From.Weekday() != time.Sunday || got.Next.From.Hour() != 19 {
		t.Errorf("planned %+v, want version 1, next on a Monday at 02:00 in Jakarta", got)
	}
	p := w.ask(t, http.MethodPut, path, operatorToken, body).problem(t, 409)
	if !strings.Contains(p.Detail, "is there already, at version 1") {
		t.Errorf("a second new one says %q", p.Detail)
	}
	w.ask(t, http.MethodPut, path, operatorToken, strings.Replace(nightsBody(1, "own"), "DAILY", "DAILY;UNTIL=21000101", 1)).into(t, 200, &got)
	if got.Version != 2 || got.EndsAt.IsZero() {
		t.Errorf("changed to %+v, want version 2 with an end", got)
	}
	if p := w.ask(t, http.MethodDelete, path+"?version=1", operatorToken, "").problem(t, 409); !strings.Contains(p.Detail, "is at version 2, not 1") {
		t.Errorf("an end at an old version says %q", p.Detail)
	}
	w.ask(t, http.MethodDelete, path, operatorToken, "").problem(t, 422).hasFault(t, "query.version", "read the plan first")
	if a := w.ask(t, http.MethodDelete, path+"?version=2", operatorToken, ""); a.status != 204 || a.body != "" {
		t.Errorf("end: %d %s", a.status, a.body)
	}
	w.ask(t, http.MethodGet, path, viewerToken, "").problem(t, 404)
	if !slices.Equal(w.quiet.removed, []string{"own-sundays by operator"}) {
		t.Errorf("removed %v", w.quiet.removed)
	}
}

func TestMaintenanceIsListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var list struct {
		Items []planAnswer
		Next  string
	}
	w.ask(t, http.MethodGet, maintenancePath+"?limit=2", viewerToken, "").into(t, 200, &list)
	if len(list.Items) != 2 || list.Items[0].ID != "own-nights" || list.Items[1].ID != "qr-nights" || list.Next == "" {
		t.Errorf("listed %+v", list)
	}
	w.ask(t, http.MethodGet, maintenancePath, ownViewer, "").into(t, 200, &list)
	if len(list.Items) != 1 || list.Items[0].ID != "own-nights" || list.Next != "" {
		t.Errorf("its own are %+v", list)
	}
}

// TestRemovedMaintenanceIsListedWhenAsked: with who and when, in its place by
// ID, and only to those who see its merchant.
func TestRemovedMaintenanceIsListedWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodPut, maintenancePath+"/own-days", operatorToken, nightsBody(0, "own")).into(t, 201, new(planAnswer))
	w.ask(t, http.MethodDelete, maintenancePath+"/own-days?version=1", operatorToken, "")
	w.ask(t, http.MethodDelete, maintenancePath+"/qr-nights?version=1", operatorToken, "")
	for sentence, tc := range map[string]struct{ token, query, want string }{
		"unasked":             {viewerToken, "", "own-nights rival-nights"},
		"asked":               {viewerToken, "?removed=true", "own-days(operator) own-nights qr-nights(operator) rival-nights"},
		"for one merchant":    {ownViewer, "?removed=true", "own-days(operator) own-nights"},
		"a page":              {viewerToken, "?removed=true&limit=1", "own-days(operator)"},
		"said to be left out": {viewerToken, "?removed=false", "own-nights rival-nights"},
	} {
		var list struct{ Items []planAnswer }
		w.ask(t, http.MethodGet, maintenancePath+tc.query, tc.token, "").into(t, 200, &list)
		var got []string
		for _, m := range list.Items {
			if m.RemovedAt.IsZero() != (m.RemovedBy == "") || m.RemovedBy != "" && (m.Now != nil || m.Next != nil) {
				t.Errorf("%s: %+v", sentence, m)
			}
			if m.RemovedBy != "" {
				m.ID += "(" + m.RemovedBy + ")"
			}
			got = append(got, m.ID)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: %q, want %q", sentence, s, tc.want)
		}
	}
}

func TestMaintenanceThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for sentence, tc := range map[string]struct{ old, new, location, words string }{
		"a zone that is none":    {"Asia/Jakarta", "WIB", "body.zone", "is no time zone that is known here; an IANA name"},
		"a length that is none":  {`"2h"`, `"long"`, "body.length", "is not a duration"},
		"a length of eight days": {`"2h"`, `"8d"`, "body.length", "is outside 1m to 7d; what is away for longer"},
		"a recurrence of hours":  {"FREQ=DAILY", "FREQ=HOURLY", "body.recurrence", "wanted DAILY, WEEKLY or MONTHLY"},
		"a start on another day": {"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "body.start", "the first after it is Sun 2026-05-10 02:00 WIB"},
		"a matcher of rules":     {`"merchant":["own"]`, `"rule":["silence"]`, "body.matcher.rule", "does not go with maintenance"},
		"a merchant of nobody":   {`["own"]`, `["tokko"]`, "body.matcher.merchant[0]", "there is no merchant"},
		"no reason":              {`,"reason":"backup"`, "", "body.reason", "is missing"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			body := strings.Replace(nightsBody(0, "own"), tc.old, tc.new, 1)
			w.ask(t, http.MethodPut, maintenancePath+"/own-x", operatorToken, body).problem(t, 422).hasFault(t, tc.location, tc.words)
		})
	}
	t.Run("an ID with a blank", func(t *testing.T) {
		t.Parallel()
		w.ask(t, http.MethodPut, maintenancePath+"/own%20x", operatorToken, nightsBody(0, "own")).problem(t, 422).hasFault(t, "body.id", "")
	})
}

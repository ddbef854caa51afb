package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// into decodes the answer to a request, which must have that status.
func (r *running) into(status int, v any, method, path, body string) {
	r.t.Helper()
	got, text := r.call(method, path, body)
	if got != status {
		r.t.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		r.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// timeline returns the kinds of the entries of the merchant's only incident, and
// its ID.
func (r *running) timeline() (id, kinds string) {
	r.t.Helper()
	var list struct{ Items []struct{ ID string } }
	r.into(http.StatusOK, &list, http.MethodGet, "/api/v1/incidents?merchant=shop", "")
	if len(list.Items) != 1 {
		r.t.Fatalf("%d incidents, want one", len(list.Items))
	}
	var in struct{ Timeline []struct{ Kind string } }
	r.into(http.StatusOK, &in, http.MethodGet, "/api/v1/incidents/"+list.Items[0].ID, "")
	for _, e := range in.Timeline {
		kinds += e.Kind + " "
	}
	return list.Items[0].ID, kinds
}

// TestAnIncidentIsSilencedUntilSomebodyEndsIt goes over a restart.
func TestAnIncidentIsSilencedUntilSomebodyEndsIt(t *testing.T) {
	t.Parallel()
	r, dir := hooktest.Start(t, hooktest.Options{}), t.TempDir()
	ep := fmt.Sprintf("{id: x, url: %q", r.URL())
	d := downSince(t, dir, r, ep)
	id, _ := d.timeline()
	if err := d.Silence(t.Context(), "inc_none", "ana", time.Hour); !errors.Is(err, alerting.ErrNoIncident) {
		t.Errorf("an incident of nobody: %v", err)
	}
	if err := d.Silence(t.Context(), id, "ana", time.Hour); err != nil {
		t.Fatal(err)
	}
	d.until("it is silenced", func() bool { _, kinds := d.timeline(); return strings.Contains(kinds, "silenced ") })
	d.stop()

	d = start(t, dir, head+haste+merchants(ep+"}"))
	var list struct {
		Items []struct {
			ID, State, By, Reason string
			Matcher               alerting.Matcher
		}
	}
	d.into(http.StatusOK, &list, http.MethodGet, "/api/v1/silences", "")
	if len(list.Items) != 1 || list.Items[0].State != "active" || list.Items[0].By != "ana" || list.Items[0].Matcher.String() != "incident "+id ||
		list.Items[0].Reason != "1h of silence, asked for under its message" {
		t.Fatalf("silences %+v", list.Items)
	}
	d.into(http.StatusNoContent, nil, http.MethodDelete, "/api/v1/silences/"+list.Items[0].ID, "")
	d.until("it is told again", func() bool { _, kinds := d.timeline(); return strings.Contains(kinds, "silence_over ") })
	if err := r.Set(hooktest.OK); err != nil {
		t.Fatal(err)
	}
}

// TestPlannedWorkIsQuiet: what falls silent is listed, what begins is kept
// quiet.
func TestPlannedWorkIsQuiet(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	d := downSince(t, t.TempDir(), r, fmt.Sprintf("{id: x, url: %q", r.URL()))
	body := fmt.Sprintf(`{"matcher":{"merchant":["shop"]},"zone":"Asia/Jakarta","start":%q,"length":"2h","recurrence":"FREQ=DAILY","reason":"backup"}`,
		time.Now().Add(-25*time.Hour).Format(time.RFC3339))
	var plan struct {
		Now *struct{ From, Until time.Time }
	}
	d.into(http.StatusCreated, &plan, http.MethodPut, "/api/v1/maintenance/nights", body)
	if plan.Now == nil || plan.Now.Until.Sub(plan.Now.From) != 2*time.Hour {
		t.Fatalf("the plan lasts %+v, want two hours about now", plan.Now)
	}
	d.until("it is in maintenance", func() bool { _, kinds := d.timeline(); return strings.Contains(kinds, "silenced ") })
	var added struct{ Covers []struct{ ID string } }
	d.into(http.StatusCreated, &added, http.MethodPost, "/api/v1/silences", `{"matcher":{"endpoint":["x"]},"for":"1h","reason":"y"}`)
	if id, _ := d.timeline(); len(added.Covers) != 1 || added.Covers[0].ID != id {
		t.Errorf("it covers %+v, want %s", added.Covers, id)
	}
	if !d.InMaintenance("x") || d.InMaintenance("y") {
		t.Error("probes of x are counted, or those of others are not")
	}
	preview := func() string {
		_, body := d.call(http.MethodGet, "/api/v1/digests/preview?merchant=shop&format=text", "")
		return body
	}
	if said := preview(); !strings.Contains(said, "Planned maintenance ") || !strings.Contains(said, ", not counted.") {
		t.Errorf("the digest does not say what is not counted:\n%s", said)
	}
	d.into(http.StatusNoContent, nil, http.MethodDelete, "/api/v1/maintenance/nights?version=1", "")
	if d.InMaintenance("x") {
		t.Error("probes of x are not counted after the work was dropped")
	}
	if said := preview(); !strings.Contains(said, "Planned maintenance ") {
		t.Errorf("the digest does not tell of the work that was dropped:\n%s", said)
	}
}

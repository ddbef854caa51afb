package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func TestAConditionIsSeenWithItsIncident(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	d := downSince(t, t.TempDir(), r, fmt.Sprintf("{id: x, url: %q", r.URL()))
	status, body := d.call(http.MethodGet, "/api/v1/conditions?rule=endpoint_down", "")
	var list struct {
		Items []struct{ Scope, State, Severity, Fault, Incident string }
	}
	if err := json.Unmarshal([]byte(body), &list); status != http.StatusOK || err != nil || len(list.Items) != 1 {
		t.Fatalf("conditions: %d %s", status, body)
	}
	c := list.Items[0]
	if c.Scope != "endpoint:x" || c.State != "open" || c.Severity != "high" || c.Fault == "" || !strings.HasPrefix(c.Incident, "inc_") {
		t.Errorf("got %+v, want x down in its incident", c)
	}
	if _, page := d.call(http.MethodGet, "/endpoints/x", ""); !strings.Contains(page, `<h2 id="conditions">Conditions</h2>`) || !strings.Contains(page, "<code>endpoint_down</code>") {
		t.Errorf("the page of x does not list its condition:\n%s", page)
	}
}

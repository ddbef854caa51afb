package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

const haste = "defaults: {probe: {interval: 1s, confirm: 0}}\nrules: {endpoint_down: {span: 1s}}\n"

// incidents returns the states of all incidents, newest first, but of those about
// hookvigil itself: a machine that stands still is no good watcher, and says so.
func (r *running) incidents() (states []string) {
	r.t.Helper()
	status, body := r.call(http.MethodGet, "/api/v1/incidents", "")
	var list struct {
		Items []struct{ State, Rule string }
	}
	if err := json.Unmarshal([]byte(body), &list); status != http.StatusOK || err != nil {
		r.t.Fatalf("incidents: %d %s", status, body)
	}
	for _, in := range list.Items {
		if in.Rule != string(rules.RuleMonitorSelf) {
			states = append(states, in.State)
		}
	}
	return states
}

// down starts a daemon whose endpoint x has been well, and has an incident now.
func downSince(t *testing.T, dir string, r *hooktest.Receiver, ep string) *running {
	t.Helper()
	d := start(t, dir, head+haste+merchants(ep+"}"))
	d.until("x is healthy", func() bool { v, _ := d.endpoint("x"); return v.State == "healthy" })
	if err := r.Set(hooktest.Status(503)); err != nil {
		t.Fatal(err)
	}
	d.until("the incident is open", func() bool { return strings.Join(d.incidents(), " ") == "open" })
	return d
}

func TestAnEndpointThatIsSuspendedDuringItsProbeStaysQuiet(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	ep := fmt.Sprintf("{id: x, url: %q, probe: {timeout: 2s}", r.URL())
	ep = strings.Replace(ep, "probe: {", "probe: {ack_budget: 2s, ", 1)
	d := downSince(t, t.TempDir(), r, ep)
	if err := r.Set(hooktest.Hang); err != nil {
		t.Fatal(err)
	}
	d.until("a probe hangs", func() bool { return d.ProbeTurns().Running() == 1 })
	write(t, d.path, head+haste+merchants(ep+", suspended: true}"))
	if status, body := d.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	d.until("the incident is resolved", func() bool { return strings.Join(d.incidents(), " ") == "resolved" })
	d.until("the probe has ended", func() bool { return d.ProbeTurns().Running() == 0 })
	d.until("a turn of the desk has passed", func() bool { return strings.Count(d.log.String(), "kind=resolved") == 1 })
	if got := strings.Join(d.incidents(), " "); got != "resolved" {
		t.Errorf("incidents are %s after the probe ended, want resolved", got)
	}
}

func TestAnIncidentEndsWhenItsURLIsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	r, other := hooktest.Start(t, hooktest.Options{}), hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Status(503)})
	dir := t.TempDir()
	d := downSince(t, dir, r, fmt.Sprintf("{id: x, url: %q", r.URL()))
	d.stop()
	again := start(t, dir, head+haste+merchants(fmt.Sprintf("{id: x, url: %q}", other.URL())))
	again.until("the incident is resolved", func() bool { return strings.Join(again.incidents(), " ") == "resolved" })
}

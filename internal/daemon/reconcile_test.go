package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/daemon"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// theIncident is the merchant's only incident, as the API shows it.
type theIncident struct {
	ID, State      string
	Version        int
	Reconciliation []struct {
		Channel, State                                             string
		Failed, Redelivered, Waiting, Exhausted, Left, Written_off int //nolint:revive // as the API writes it
	}
	Timeline []struct{ Kind, Actor, Text string }
}

func (r *running) theIncident() (in theIncident) {
	r.t.Helper()
	var list struct{ Items []theIncident }
	_, body := r.call(http.MethodGet, "/api/v1/incidents?merchant=shop", "")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Items) != 1 {
		r.t.Fatalf("%v: %s, want one incident", err, body)
	}
	_, body = r.call(http.MethodGet, "/api/v1/incidents/"+list.Items[0].ID, "")
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		r.t.Fatalf("%v: %s", err, body)
	}
	return in
}

// commands says something about the only incident, at the version that it has
// then: the desk writes in it, too.
func (r *running) commands(verb, more string) {
	r.t.Helper()
	r.until(verb+" is done", func() bool {
		in := r.theIncident()
		status, body := r.call(http.MethodPost, "/api/v1/incidents/"+in.ID+"/"+verb, fmt.Sprintf(`{"version":%d%s}`, in.Version, more))
		if status != http.StatusOK && status != http.StatusConflict {
			r.t.Fatalf("%s: %d %s", verb, status, body)
		}
		return status == http.StatusOK
	})
}

// channels is how far each channel is, counted at a moment.
func (r *running) channels(at time.Time) string {
	r.ReconcileAt(r.t.Context(), at)
	var said []string
	for _, c := range r.theIncident().Reconciliation {
		said = append(said, fmt.Sprintf("%s %s: %d failed, %d delivered, %d written off, %d left", c.Channel, c.State, c.Failed, c.Redelivered, c.Written_off, c.Left))
	}
	return strings.Join(said, "; ")
}

// An endpoint fails, its events fail with it, some are delivered later, one is
// written off: then the incident is reconciled, and its report tells all of it.
func TestAnIncidentIsReconciledChannelByChannel(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := downSince(t, t.TempDir(), receiver, fmt.Sprintf("{id: x, url: %q", receiver.URL()))
	now := time.Now().UTC()
	line := func(event, channel string, number, status int) string {
		return fmt.Sprintf(`{"source":"core","event":%q,"endpoint":"x","product":"PAYOUT","channel":%q,"attempt":%d,"started_at":%q,"status":%d}`+"\n",
			event, channel, number, now.Add(time.Duration(number-1)*time.Second).Format(time.RFC3339Nano), status)
	}
	r.told(line("a", "ID_BCA", 1, 503)+line("b", "ID_BCA", 1, 503)+line("c", "QR", 1, 503)+line("fine", "QR", 1, 200), 4)
	is := func(what, want string, at time.Time) {
		t.Helper()
		got := ""
		r.until(what+": "+want, func() bool { got = r.channels(at); return got == want })
	}
	soon := time.Now().Add(time.Second)
	is("all wait", "ID_BCA in_progress: 2 failed, 0 delivered, 0 written off, 2 left; QR in_progress: 1 failed, 0 delivered, 0 written off, 1 left", soon)

	r.commands("resolve", "")
	r.told(line("a", "ID_BCA", 2, 200)+line("b", "ID_BCA", 2, 200), 2)
	is("two are delivered", "ID_BCA done: 2 failed, 2 delivered, 0 written off, 0 left; QR in_progress: 1 failed, 0 delivered, 0 written off, 1 left", soon)

	r.commands("reconcile", `,"channel":"QR","action":"written_off","count":1,"note":"paid back"`)
	is("it is over a moment ago", "ID_BCA done: 2 failed, 2 delivered, 0 written off, 0 left; QR done: 1 failed, 0 delivered, 1 written off, 0 left", soon)
	in := r.theIncident()
	if in.State != "resolved" {
		t.Errorf("it is %s while sources may still tell of it, want resolved", in.State)
	}
	r.until("it is reconciled", func() bool {
		r.ReconcileAt(t.Context(), time.Now().Add(6*time.Minute))
		in = r.theIncident()
		return in.State == "reconciled"
	})
	last := in.Timeline[len(in.Timeline)-1]
	if last.Kind != "reconciled" || last.Text != "all channels are done: of 3 failed events 2 were delivered since, 1 written off" {
		t.Errorf("it is %s, and the timeline ends with %+v", in.State, last)
	}
	_, report := r.call(http.MethodGet, "/api/v1/incidents/"+in.ID+"/report?zone=Asia/Jakarta", "")
	for _, want := range []string{"- Affected products: PAYOUT (3 events)\n", "- Affected payment channels: ID\\_BCA (2 events), QR (1 event)\n",
		"| ID\\_BCA | done | 2 | 2 | 0 | 0 | 0 | 0 | done ", "| QR | done | 1 | 0 | 1 | 0 | 1 | 0 | done ", ": paid back |", "## Who was told", " +07:00 **reconciled** all channels are done"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is missing in the report:\n%s", want, report)
		}
	}
}

// TestOldIncidentsAreCountedLessOften, but all of them are.
func TestOldIncidentsAreCountedLessOften(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		in   alerting.Incident
		want int // of the 120 minutes to come
	}{
		"one that runs":             {alerting.Incident{State: alerting.StateOpen}, 120},
		"over since a moment":       {alerting.Incident{State: alerting.StateResolved, ResolvedAt: now}, 60 + 6},
		"over since an hour":        {alerting.Incident{State: alerting.StateResolved, ResolvedAt: now.Add(-time.Hour)}, 12},
		"over since yesterday":      {alerting.Incident{State: alerting.StateResolved, ResolvedAt: now.Add(-24 * time.Hour)}, 2},
		"over since nearly a month": {alerting.Incident{State: alerting.StateResolved, ResolvedAt: now.Add(-29 * 24 * time.Hour)}, 2},
	} {
		for i := range 50 {
			tt.in.ID = fmt.Sprint("inc_", i)
			n := 0
			for m := range 120 {
				if daemon.RecountDue(tt.in, now.Add(time.Duration(m)*time.Minute)) {
					n++
				}
			}
			if n != tt.want {
				t.Errorf("%s: counted %d times in two hours, want %d", name, n, tt.want)
			}
		}
	}
}

package api_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Reconciliation implements api.Reconciliations: each incident has three
// failed events of one channel, one of which was delivered.
func (d *fakeDesk) Reconciliation(_ context.Context, id string) ([]alerting.Reconciliation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channels(id), d.err
}

func (d *fakeDesk) channels(id string) []alerting.Reconciliation {
	if r, ok := d.reconciled[id]; ok {
		return []alerting.Reconciliation{r}
	}
	return []alerting.Reconciliation{{
		Incident: id, Channel: "QR", State: alerting.ReconcileTPlus1, Failed: 3, Redelivered: 1, Exhausted: 1, ExpectedAt: at.Add(24 * time.Hour), UpdatedAt: at,
	}}
}

// Reconcile implements api.Reconciliations.
func (d *fakeDesk) Reconcile(_ context.Context, id string, version int, c alerting.ReconcileCommand) (alerting.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.incidents, func(in alerting.Incident) bool { return in.ID == id })
	if i < 0 {
		return alerting.Incident{}, alerting.ErrNoIncident
	}
	in := &d.incidents[i]
	if in.Version != version {
		return *in, &alerting.VersionError{ID: id, Has: in.Version, Want: version}
	}
	row, entry, err := in.Reconcile(d.channels(id), c, at.Add(time.Hour), time.UTC)
	if err != nil {
		return *in, err
	}
	if d.reconciled == nil {
		d.reconciled = map[string]alerting.Reconciliation{}
	}
	d.reconciled[id] = row
	d.entries[id] = append(d.entries[id], entry)
	in.Version++
	return *in, d.err
}

// FailedProducts implements api.Reconciliations.
func (d *fakeDesk) FailedProducts(context.Context, alerting.Incident) ([]alerting.FailedCount, error) {
	return []alerting.FailedCount{{Name: "PAYOUT", Failed: 3, Redelivered: 1, Exhausted: 1, Waiting: 1}}, nil
}

const ownReconcile = incidentsPath + "/aaaaaa/reconcile"

func TestAChannelIsReconciled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa", ownViewer, "").contains(t, `"reconciliation":[{"channel":"QR","state":"t_plus_1","failed":3,"redelivered":1,`+
		`"waiting":1,"exhausted":1,"written_off":0,"left":2,"expected_at":"2026-05-05T10:00:00Z","updated_at":"2026-05-04T10:00:00Z","updated_by":"","note":""}]`)
	w.ask(t, http.MethodPost, ownReconcile, ownOperator, `{"version":3,"channel":"QR","action":"written_off","count":2,"note":"by\nhand"}`).contains(t,
		`"version":4,`, `"state":"done","failed":3,"redelivered":1,"waiting":1,"exhausted":1,"written_off":2,"left":0,"done_at":"2026-05-04T11:00:00Z",`+
			`"updated_at":"2026-05-04T11:00:00Z","updated_by":"own-operator","note":"by hand"}]`,
		`"kind":"reconciliation","actor":"own-operator","text":"QR: 2 of 3 failed events written off, 0 left: by hand"`)
	w.ask(t, http.MethodPost, ownReconcile, ownOperator, `{"version":4,"channel":"QR","action":"note","note":"closed"}`).contains(t, `"version":5,`, `"note":"closed"`)
	if a := w.ask(t, http.MethodGet, incidentsPath, viewerToken, ""); strings.Contains(a.body, "reconciliation") {
		t.Errorf("the list shows too much: %s", a.body)
	}
}

func TestABadReconciliationSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body, at, want string
		status         int // 0: 422
	}{
		"nothing":                     {`{}`, "body.version", "is needed: read the incident first", 0},
		"no channel":                  {`{"version":3,"action":"done"}`, "body.channel", `"" for events without a channel`, 0},
		"no action":                   {`{"version":3,"channel":"QR"}`, "body.action", "is needed: written_off, done or note", 0},
		"an action that is not there": {`{"version":3,"channel":"QR","action":"undo"}`, "body.action", "written_off, done, note", 0},
		"no count":                    {`{"version":3,"channel":"QR","action":"written_off"}`, "body.count", "how many events", 0},
		"a negative count":            {`{"version":3,"channel":"QR","action":"written_off","count":-1}`, "body.count", "is negative", 0},
		"a count too much":            {`{"version":3,"channel":"QR","action":"done","count":1}`, "body.count", "goes with written_off", 0},
		"an empty note":               {`{"version":3,"channel":"QR","action":"note","note":"\u202e "}`, "body.note", "is needed", 0},
		"a long note":                 {`{"version":3,"channel":"QR","action":"note","note":"` + strings.Repeat("x", 2001) + `"}`, "body.note", "2000", 0},
		"an unknown field":            {`{"version":3,"channel":"QR","action":"done","by":"boss"}`, "body.by", "unexpected", 0},
		"too many":                    {`{"version":3,"channel":"QR","action":"written_off","count":3}`, "", "2 of 3 failed events are not delivered", 409},
		"a channel that is not there": {`{"version":3,"channel":"OTC","action":"written_off","count":1}`, "", "want one of QR", 409},
		"while it runs":               {`{"version":3,"channel":"QR","action":"done"}`, "", "wait until it is resolved", 409},
		"another version":             {`{"version":2,"channel":"QR","action":"written_off","count":1}`, "", "read it again", 409},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			p := w.ask(t, http.MethodPost, ownReconcile, ownOperator, tt.body).problem(t, cmp.Or(tt.status, 422))
			if tt.at != "" {
				p.hasFault(t, tt.at, tt.want)
			} else if !strings.Contains(p.Detail, tt.want) {
				t.Errorf("got %+v, want %q in it", p, tt.want)
			}
			if len(w.desk.reconciled) > 0 {
				t.Errorf("it was done: %+v", w.desk.reconciled)
			}
		})
	}
}

// TestAReportTellsWhatItsReaderMayKnow: who was told is in the outbox, which is
// for operators who see all.
func TestAReportTellsWhatItsReaderMayKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for token, told := range map[string]bool{viewerToken: false, ownViewer: false, ownOperator: false, ownAdmin: false, operatorToken: true, adminToken: true} {
		a := w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa/report?zone=Asia/Jakarta", token, "")
		a.contains(t, "# own-pay is down\n", "- Affected products: PAYOUT (3 events)\n", "- Affected endpoints: own-pay\n", "| QR | T+1 | 3 | 1 | 1 | 1 | 0 | 2 | overdue since 2026-05-05 17:00:00 +07:00",
			"- 2026-05-04 17:00:00 +07:00 **opened** own-pay is down\n")
		if got := a.header.Get("Content-Type"); got != "text/markdown; charset=utf-8" {
			t.Errorf("Content-Type %q", got)
		}
		if strings.Contains(a.body, "slack (ops)") != told {
			t.Errorf("%s: told %t, want %t:\n%s", token, !told, told, a.body)
		}
	}
	for _, zone := range []string{"Mars", "Local", "../etc/passwd"} {
		w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa/report?zone="+zone, viewerToken, "").problem(t, 422).hasFault(t, "query.zone", "wanted an IANA name")
	}
	w.ask(t, http.MethodGet, incidentsPath+"/zzzzzz/report", viewerToken, "").problem(t, 404)
}

func TestALongOutboxIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.desk.rows = nil
	for i := range 1500 {
		w.desk.rows = append(w.desk.rows, alerting.OutboxRow{ID: "n" + string(rune('a'+i%26)) + at.Add(time.Duration(i)).String(), Subject: "inc_own_aaaaaa", Lane: "slack/ops", State: "sent", Facts: json.RawMessage(`{}`)})
	}
	w.ask(t, http.MethodGet, incidentsPath+"/aaaaaa/report", operatorToken, "").contains(t, "| slack (ops) | never |  | 1500 |")
}

// contains fails when the answer is no good one, or lacks one of the parts.
func (a answer) contains(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if a.status != http.StatusOK || !strings.Contains(a.body, part) {
			t.Errorf("%d %s, want 200 and %s in it", a.status, a.body, part)
		}
	}
}

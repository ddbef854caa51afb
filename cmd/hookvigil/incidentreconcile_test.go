package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// withChannels is an incident that is over, some channels of which are not
// done.
const withChannels = `{"id":"inc_ccccccccccqr7777","number":"qr7777","version":5,"state":"resolved","severity":"critical","rule":"platform_error_ratio","scope":"platform",
"title":"webhook failures are up on the whole platform","evidence":{"text":"412 of 10,120 first attempts failed (4.1%)"},
"started_at":"2023-11-11T09:58:12Z","detected_at":"2023-11-11T10:02:30Z","opened_at":"2023-11-11T10:02:31Z","resolved_at":"2023-11-11T10:40:00Z","reopens":0,"member_count":0,
"reconciliation":[
{"channel":"","state":"in_progress","failed":2,"redelivered":1,"waiting":0,"exhausted":1,"written_off":0,"left":1,"updated_at":"2023-11-11T10:41:00Z","updated_by":"","note":""},
{"channel":"ID_BCA","state":"t_plus_1","failed":40,"redelivered":28,"waiting":2,"exhausted":10,"written_off":0,"left":12,"expected_at":"2023-11-12T09:40:00Z","updated_at":"2023-11-11T10:41:00Z","updated_by":"dewi","note":"asked the \u001b[31mbank"},
{"channel":"OTC","state":"done","failed":7,"redelivered":5,"waiting":0,"exhausted":2,"written_off":2,"left":0,"done_at":"2023-11-11T10:45:00Z","updated_at":"2023-11-11T10:45:00Z","updated_by":"budi","note":""},
{"channel":"QR","state":"in_progress","failed":3,"redelivered":2,"waiting":1,"exhausted":0,"written_off":0,"left":1,"updated_at":"2023-11-11T10:41:00Z","updated_by":"","note":""}],
"timeline":[{"seq":1,"at":"2023-11-11T10:02:31Z","kind":"opened","actor":"","text":"webhook failures are up"}]}`

// reconciles makes the fake answer for that incident, and do what is asked of
// ID_BCA.
func (f *fakeDaemon) reconciles() {
	serve := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(withChannels)) }
	f.mux.HandleFunc("GET /api/v1/incidents/qr7777", serve)
	f.mux.HandleFunc("GET /api/v1/incidents/inc_ccccccccccqr7777", serve)
	f.mux.HandleFunc("POST /api/v1/incidents/inc_ccccccccccqr7777/reconcile", func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		_, _ = w.Write([]byte(strings.Replace(withChannels, `"written_off":0,"left":12`, `"written_off":10,"left":2`, 1)))
	})
}

func TestReconciliationReadsWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.reconciles()
	golden(t, "incidentreconcile", f.transcript(t, "incident show qr7777",
		"incident reconcile qr7777 --channel ID_BCA --written-off 10 --note settled", "incident reconcile qr7777 --channel OTC --note closed",
		"incident reconcile qr7777 --channel NEW --note x",
		"incident reconcile qr7777 --channel ID_BCA", "incident reconcile qr7777 --done", "incident reconcile qr7777 --channel QR --done --written-off 1",
		"incident reconcile qr7777 --channel QR --written-off -1", "incident reconcile qr7777 --channel QR --written-off some", "incident reconcile"))
}

func TestWhatIsSaidOfAChannelIsSent(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.reconciles()
	const path = "/api/v1/incidents/inc_ccccccccccqr7777/reconcile"
	want := []sentRequest{
		{path: path, body: `{"version":5,"channel":"ID_BCA","action":"written_off","count":10,"note":"settled by hand"}`},
		{path: path, body: `{"version":5,"channel":"ID_BCA","action":"written_off","count":0}`},
		{path: path, body: `{"version":5,"channel":"","action":"done"}`},
		{path: path, body: `{"version":5,"channel":"QR","action":"note","note":"Monday"}`},
	}
	for _, args := range [][]string{
		{"--channel", "ID_BCA", "--written-off", "10", "--note", "settled by hand"}, {"--channel", "ID_BCA", "--written-off", "0"},
		{"--channel", "", "--done"}, {"--channel", "QR", "--note", "Monday", "--json"},
	} {
		if got := f.call(t, append([]string{"incident", "reconcile", "qr7777"}, args...)...); got.status != exitGood {
			t.Errorf("%v: %+v", args, got)
		}
	}
	sent := f.requests()
	for i := range want {
		if i >= len(sent) || sent[i].path != want[i].path || sent[i].body != want[i].body || sent[i].actor == "" {
			t.Errorf("sent %+v, want %+v by somebody", sent, want[i])
		}
	}
}

// TestAReconciliationOvertakenByCountsIsSaidAgain, and one that another person
// overtook is not.
func TestAReconciliationOvertakenByCountsIsSaidAgain(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]int{"": exitGood, `{"seq":2,"at":"2023-11-11T10:46:00Z","kind":"note","actor":"dewi","text":"I have it"},`: exitFinding} {
		f := startFake(t)
		later := strings.NewReplacer(`"version":5`, `"version":6`, `"timeline":[`, `"timeline":[`+said).Replace(withChannels)
		var tried atomic.Bool
		serve := func(w http.ResponseWriter, _ *http.Request) {
			if tried.Load() {
				_, _ = w.Write([]byte(later))
				return
			}
			_, _ = w.Write([]byte(withChannels))
		}
		f.mux.HandleFunc("GET /api/v1/incidents/qr7777", serve)
		f.mux.HandleFunc("GET /api/v1/incidents/inc_ccccccccccqr7777", serve)
		f.mux.HandleFunc("POST /api/v1/incidents/inc_ccccccccccqr7777/reconcile", func(w http.ResponseWriter, r *http.Request) {
			f.note(r)
			if !tried.Swap(true) {
				refuse(w, http.StatusConflict, "incident qr7777 is at version 6, not 5")
				return
			}
			_, _ = w.Write([]byte(later))
		})
		got := f.call(t, "incident", "reconcile", "qr7777", "--channel", "QR", "--done")
		if got.status != want || want == exitFinding && !strings.Contains(got.stderr, "dewi: I have it") {
			t.Errorf("%q: %+v, want status %d", said, got, want)
		}
		if sent := f.requests(); want == exitGood && (len(sent) != 2 || !strings.Contains(sent[1].body, `"version":6`)) {
			t.Errorf("sent %+v, want it again of version 6", sent)
		}
	}
}

// TestWhatIsLateIsNotExpected: a time in the past is overdue.
func TestWhatIsLateIsNotExpected(t *testing.T) {
	t.Parallel()
	day := time.Date(2023, 11, 11, 9, 0, 0, 0, time.UTC)
	r := reconciliation{State: alerting.ReconcileInProgress, Waiting: 1, ExpectedAt: day.Add(40 * time.Minute)}
	if got, want := r.when(day, day.Add(39*time.Minute)), "09:40:00 UTC"; got != want {
		t.Errorf("before it: %q, want %q", got, want)
	}
	if got, want := r.when(day, day.Add(41*time.Minute)), "overdue since 09:40:00 UTC"; got != want {
		t.Errorf("after it: %q, want %q", got, want)
	}
}

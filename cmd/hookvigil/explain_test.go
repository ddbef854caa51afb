package main

import (
	"io"
	"net/http"
	"testing"
)

func TestAnIncidentIsExplained(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	f.outbox(t)
	golden(t, "explainincident", f.transcript(t, "explain kq72ma", "explain mm3pp4", "explain nobody"))
}

// TestAnEndpointGoesBeforeAnIncident also pins how a ratio is read: as the
// number that the API gives.
func TestAnEndpointGoesBeforeAnIncident(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	f.mux.HandleFunc("GET /api/v1/endpoints/kq72ma", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":"kq72ma","url":"http://a.example/","state":"healthy","reasons":[],"deliveries":{"first_attempts":360,"failed_first":22,"first_error_ratio":0.0611,"window_seconds":300}}`)
	})
	want := outcome{stdout: "kq72ma: healthy\n  url          http://a.example/\n  probe        nothing yet\n  certificate  none: http://\n" +
		"  deliveries   22 of 360 first attempts failed (6.1%) in the last 5 minutes\n"}
	if got := f.call(t, "explain", "kq72ma"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnExplainedIncidentAsJSONHoldsItsNotices(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	f.outbox(t)
	got := f.call(t, "explain", "kq72ma", "--json")
	var v struct {
		Incident struct{ Number string }
		Notices  []struct{ Lane string }
	}
	if err := (answer{raw: []byte(got.stdout)}).decode(&v); err != nil {
		t.Fatal(err)
	}
	if got.status != exitFinding || v.Incident.Number != "kq72ma" || len(v.Notices) != 5 {
		t.Errorf("status %d, %+v; want %d and the incident with 5 notices", got.status, v, exitFinding)
	}
}

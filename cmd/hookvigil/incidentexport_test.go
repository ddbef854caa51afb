package main

import (
	"net/http"
	"strings"
	"testing"
)

// reports makes the fake answer with the report of kq72ma, written in the zone
// that is asked for.
func (f *fakeDaemon) reports() {
	f.mux.HandleFunc("GET /api/v1/incidents/kq72ma/report", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = w.Write([]byte("# 3 endpoints: tls\\_expired\n\nTimes are in " + r.URL.Query().Get("zone") + ".\n\n| | Time |\n|---|---|\n| Detected | \u001b[31m\u202e10:02 |\n"))
	})
	f.mux.HandleFunc("GET /api/v1/incidents/nobody/report", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, `there is no incident "nobody"`)
	})
}

// TestIncidentsAreReported: what the daemon writes is printed as it stands, but
// for what a terminal would obey.
func TestIncidentsAreReported(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.reports()
	golden(t, "incidentexport", f.transcript(t,
		"incident export kq72ma", "incident export kq72ma --zone Asia/Jakarta", "incident export kq72ma --zone Mars", "incident export kq72ma --zone Local", "incident export nobody"))
	if got := f.call(t, "incident", "export", "kq72ma").stdout; strings.ContainsAny(got, "\u001b\u202e") || strings.Count(got, "\n") != 7 {
		t.Errorf("got %q, want seven lines that are fit for a terminal", got)
	}
}

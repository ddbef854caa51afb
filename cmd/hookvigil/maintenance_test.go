package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// maintenance makes the fake answer for the plans of testdata/answers, and
// take changes.
func (f *fakeDaemon) maintenance(t *testing.T) {
	t.Helper()
	f.says(t, "GET /api/v1/maintenance", "maintenance.json")
	var all struct{ Items []map[string]any }
	if err := json.Unmarshal(answerFile(t, "maintenance.json"), &all); err != nil {
		t.Fatal(err)
	}
	find := func(id string) map[string]any {
		i := slices.IndexFunc(all.Items, func(m map[string]any) bool { return m["id"] == id })
		if i < 0 {
			return nil
		}
		return all.Items[i]
	}
	f.mux.HandleFunc("GET /api/v1/maintenance/{id}", func(w http.ResponseWriter, r *http.Request) {
		m := find(r.PathValue("id"))
		if m == nil {
			refuse(w, http.StatusNotFound, `there is no maintenance "`+r.PathValue("id")+`"`)
			return
		}
		_ = json.NewEncoder(w).Encode(m)
	})
	f.mux.HandleFunc("PUT /api/v1/maintenance/{id}", func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		sent := f.requests()
		var body map[string]any
		_ = json.Unmarshal([]byte(sent[len(sent)-1].body), &body)
		id := r.PathValue("id")
		if m := find(id); m != nil && m["version"] != body["version"] {
			refuse(w, http.StatusConflict, "maintenance "+id+" is there already, at version 3; read it, or take another ID")
			return
		}
		body["id"], body["next"] = id, map[string]any{"from": "2023-11-11T19:00:00Z", "until": "2023-11-11T21:00:00Z"}
		_ = json.NewEncoder(w).Encode(body)
	})
	f.mux.HandleFunc("DELETE /api/v1/maintenance/{id}", func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		if r.PathValue("id") == "bank-nights" {
			refuse(w, http.StatusConflict, "maintenance bank-nights is at version 2, not 1: it has changed; read it again")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func TestMaintenanceReadsWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.maintenance(t)
	const weekly = "maintenance add acme-mondays --merchant acme --zone Asia/Jakarta --start 2023-11-12T02:00:00+07:00 --for 2h --recur FREQ=WEEKLY;BYDAY=SU --reason backups"
	golden(t, "maintenance", f.transcript(t,
		"maintenance ls", "maintenance ls --all", "maintenance ls --limit 1",
		weekly, strings.Replace(weekly, "acme-mondays", "acme-sundays", 1), strings.Replace(weekly, "acme-mondays", "acme-sundays --replace", 1),
		strings.Replace(weekly, "acme-mondays", "nothing --replace", 1),
		"maintenance add x --for 2h", "maintenance add x --merchant acme --for 2h --reason x", "maintenance add x --merchant acme --start 2h --for 2h --reason x",
		"maintenance add x --merchant acme --zone WIB --for 2h --reason x", "maintenance add x --merchant acme --rule silence", "maintenance add",
		"maintenance rm acme-sundays", "maintenance rm acme-move", "maintenance rm acme-move --json", "maintenance rm bank-nights", "maintenance rm nothing"))
}

func TestMaintenanceStartsByTheClocksOfItsZone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ zone, start, want string }{
		"an ordinary day":          {"Asia/Jakarta", "2026-06-07 02:00", "2026-06-06T19:00:00Z"},
		"a time that is skipped":   {"Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00:00Z"},
		"a time that comes twice":  {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z"},
		"a moment of another zone": {"Europe/Berlin", "2026-06-07T02:00:00+07:00", "2026-06-07T02:00:00+07:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.maintenance(t)
			got := f.call(t, "maintenance", "add", "x", "--endpoint", "e", "--zone", c.zone, "--start", c.start, "--for", "2h", "--reason", "y", "--json")
			want := `{"version":0,"matcher":{"endpoint":["e"]},"zone":"` + c.zone + `","start":"` + c.want + `","length":"2h","reason":"y"}`
			if sent := f.requests(); got.status != exitGood || len(sent) != 1 || !sameJSON(t, sent[0].body, want) || sent[0].actor != actor() {
				t.Errorf("%+v; sent %+v, want %s", got, sent, want)
			}
		})
	}
}

func TestNoMaintenanceIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/maintenance", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	for args, want := range map[string]string{"maintenance ls": "no work is planned; --all lists what is over\n", "maintenance ls --all": "no work is planned\n"} {
		if got := f.call(t, strings.Fields(args)...); got != (outcome{stdout: want}) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
}

package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// silences makes the fake answer for the silences of testdata/answers, take
// new ones, and end one.
func (f *fakeDaemon) silences(t *testing.T) {
	t.Helper()
	var all struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answerFile(t, "silences.json"), &all); err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/silences", func(w http.ResponseWriter, r *http.Request) {
		kept := []json.RawMessage{}
		for _, raw := range all.Items {
			var row struct{ State string }
			_ = json.Unmarshal(raw, &row)
			if want := r.URL.Query().Get("state"); want == "" || want == row.State {
				kept = append(kept, raw)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": kept, "next": ""})
	})
	f.mux.HandleFunc("POST /api/v1/silences", func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		sent := f.requests()
		var body map[string]any
		_ = json.Unmarshal([]byte(sent[len(sent)-1].body), &body)
		said := map[string]any{"id": "sil_new", "state": "active", "matcher": body["matcher"], "from": "2023-11-11T10:49:30Z", "until": "2023-11-11T11:49:30Z", "covers": []any{}}
		switch {
		case body["from"] != nil:
			said["state"], said["from"], said["until"] = "pending", body["from"], "2100-01-01T02:00:00Z"
		case strings.Contains(sent[len(sent)-1].body, "acme"):
			said["covers"] = []any{
				map[string]any{"number": "kq72ma", "severity": "critical", "title": "3 endpoints: tls_expired"},
				map[string]any{"number": "rt55xz", "severity": "high", "title": "certificate of toko-invoices: expiring \u001b[31m\u202etxt"},
			}
		case strings.Contains(sent[len(sent)-1].body, "nobody"):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"status":422,"detail":"the request has faults; nothing was changed","errors":[{"location":"body.matcher.merchant[0]","message":"there is no merchant \"nobody\""}]}`))
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(said)
	})
	f.mux.HandleFunc("DELETE /api/v1/silences/{id}", func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		switch r.PathValue("id") {
		case "sil_k4wz2pq7ma":
			w.WriteHeader(http.StatusNoContent)
		case "sil_eeeeeeeeee":
			refuse(w, http.StatusConflict, "silence sil_eeeeeeeeee ended at 2023-11-09 10:30 UTC, by budi")
		default:
			refuse(w, http.StatusNotFound, `there is no silence "`+r.PathValue("id")+`"`)
		}
	})
}

func TestSilencesReadWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.silences(t)
	golden(t, "silence", f.transcript(t,
		"silence ls", "silence ls --all", "silence ls --limit 1", "silence ls --limit 0",
		"silence add --merchant acme --for 1h --reason moving",
		"silence add --channel QR --for 1h --reason moving",
		"silence add --all --from 2100-01-01T00:00:00Z --for 2h --reason drill",
		"silence add --merchant nobody --for 1h --reason moving",
		"silence add --for 1h --reason moving",
		"silence add --all --rule silence --for 1h --reason moving",
		"silence add --severity loud --for 1h --reason moving",
		"silence add --all --reason moving", "silence add --all --for 1h --until 2100-01-01T00:00:00Z --reason moving",
		"silence add --all --until tomorrow --reason moving", "silence add --all --for 1h",
		"silence rm sil_k4wz2pq7ma", "silence rm sil_k4wz2pq7ma --json", "silence rm sil_eeeeeeeeee", "silence rm sil_none", "silence rm"))
}

func TestNoSilenceIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/silences", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	for args, want := range map[string]string{"silence ls": "nothing is silenced; --all lists what was\n", "silence ls --all": "nothing is silenced\n"} {
		if got := f.call(t, strings.Fields(args)...); got != (outcome{stdout: want}) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
}

func TestSilencesAreSentAsTheyWereSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"every flag": {
			[]string{"--merchant", "acme,toko", "--endpoint", "e", "--channel", "QR", "--product", "PAYOUT", "--rule", "endpoint_down", "--severity", "high", "--severity", "low", "--incident", "kq72ma", "--for", "90m", "-m", "two words"},
			`{"matcher":{"rule":["endpoint_down"],"severity":["high","low"],"merchant":["acme","toko"],"endpoint":["e"],"channel":["QR"],"product":["PAYOUT"],"incident":["kq72ma"]},"for":"90m","reason":"two words"}`,
		},
		"two times": {
			[]string{"--all", "--from", "2026-06-07T02:00:00+07:00", "--until", "2026-06-07T04:00:00+07:00", "--reason", "x"},
			`{"matcher":{"all":true},"from":"2026-06-07T02:00:00+07:00","until":"2026-06-07T04:00:00+07:00","reason":"x"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.silences(t)
			got := f.call(t, slices.Concat([]string{"silence", "add", "--json"}, c.args)...)
			sent := f.requests()
			if got.status != exitGood || len(sent) != 1 || !sameJSON(t, sent[0].body, c.want) || sent[0].actor != actor() {
				t.Fatalf("%+v; sent %+v, want %s by %s", got, sent, c.want, actor())
			}
			if !strings.HasPrefix(got.stdout, `{"covers":`) || strings.Count(got.stdout, "\n") != 1 {
				t.Errorf("stdout %q, want the answer of the API", got.stdout)
			}
		})
	}
}

func TestSilencesAreCompleted(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.silences(t)
	f.maintenance(t)
	for args, want := range map[string]string{
		"__complete silence rm ":                     "sil_k4wz2pq7ma\tincident inc_aaaaaaaaaakq72ma: acme is on it\n",
		"__complete silence add --merchant ":         "acme\n",
		"__complete silence add --rule ":             "endpoint_down\n",
		"__complete silence add --endpoint ":         "acme-payouts\n",
		"__complete maintenance rm ":                 "acme-move\tnow: merchant acme\n",
		"__complete maintenance add x --endpoint ":   "acme-payouts\n",
		"__complete maintenance add x --zone Asia/J": "Asia/Jakarta\n",
	} {
		words := strings.Split(args, " ") // the last one is empty
		words = slices.Insert(words, 1, "--config", f.config)
		var out strings.Builder
		root := newRoot()
		root.SetOut(&out)
		root.SetErr(&strings.Builder{})
		root.SetArgs(words)
		if err := root.ExecuteContext(unhurried(t)); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q, %v; want %q in it", args, out.String(), err, want)
		}
	}
}

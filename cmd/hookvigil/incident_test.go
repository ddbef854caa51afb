package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

func TestIncidentsReadWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	golden(t, "incident", f.transcript(t,
		"incident ls", "incident ls --limit 2", "incident ls --all", "incident show kq72ma", "incident show mm3pp4",
		"incident show nobody", "incident ls --limit 0", "incident lss"))
}

func TestNoIncidentIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/incidents", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	golden(t, "noincident", f.transcript(t, "incident ls", "incident ls --all", "incident ls --json"))
}

func TestIncidentsAsJSONAreTheAPIs(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	for args, file := range map[string]string{
		"incident ls --json": "incidents.json", "incident ls --all --json": "all.json", "incident show kq72ma --json": "incident.json",
	} {
		got := f.call(t, strings.Fields(args)...)
		if got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, string(answerFile(t, file))) {
			t.Errorf("%s: status %d, stdout %s, stderr %s; want %s in one line", args, got.status, got.stdout, got.stderr, file)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var one, two any
	if err := json.Unmarshal([]byte(a), &one); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &two); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(one)
	y, _ := json.Marshal(two)
	return string(x) == string(y)
}

// TestListsAreReadToTheirEnd: the worst incident may be on the last page.
func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/incidents", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			_, _ = w.Write([]byte(`{"items":[{"id":"inc_1","number":"one","state":"open","severity":"low","title":"mild","opened_at":"2023-11-11T10:00:00Z"}],"next":"c2"}`))
		case "c2":
			_, _ = w.Write([]byte(`{"items":[{"id":"inc_2","number":"two","state":"open","severity":"critical","title":"grave","opened_at":"2023-11-01T10:00:00Z"}],"next":""}`))
		}
	})
	got := f.call(t, "incident", "ls", "--limit", "1")
	if !strings.Contains(got.stdout, "grave") || strings.Contains(got.stdout, "mild") || !strings.HasPrefix(got.stdout, "2 live incidents: 1 critical, 1 low; 2 not acknowledged\n") {
		t.Errorf("got %s%s, want the grave one alone", got.stdout, got.stderr)
	}
}

func TestDeedsGoToTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args         []string
		answer       string // changes to the incident
		path, text   string
		said, warned string
	}{
		"ack": {
			args: []string{"ack", "kq72ma"}, answer: `"state":"acknowledged","acknowledged_by":"budi"`,
			path: "ack", said: "kq72ma is acknowledged by budi: 3 endpoints: tls_expired\n",
		},
		"ack with a text": {
			args: []string{"ack", "kq72ma", "-m", "calling acme"}, answer: `"state":"acknowledged"`,
			path: "ack", text: "calling acme", said: "kq72ma is acknowledged: 3 endpoints: tls_expired\n",
		},
		"resolve, while something is still bad": {
			args: []string{"resolve", "kq72ma"}, answer: `"state":"resolved","resolved_by":"budi"`,
			path: "resolve", said: "kq72ma is resolved by budi: 3 endpoints: tls_expired\n",
			warned: "hookvigil: warning: 2 conditions still open: what stays so is told again\n",
		},
		"resolve, and when it is told again": {
			args:   []string{"resolve", "kq72ma", "-m", "planned; work"},
			answer: `"state":"resolved","timeline":[{"seq":9,"kind":"resolved","text":"resolved by hand after 5m; 2 conditions were still open: they are told again when they stay so for 30m: planned; work"}]`,
			path:   "resolve", text: "planned; work", said: "kq72ma is resolved: 3 endpoints: tls_expired\n",
			warned: "hookvigil: warning: 2 conditions were still open: they are told again when they stay so for 30m\n",
		},
		"a note of several words": {
			args: []string{"note", "kq72ma", "acme", "renews it"}, answer: `"state":"open"`,
			path: "note", text: "acme renews it", said: "kq72ma has the note: 3 endpoints: tls_expired\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.incidents(t)
			f.mux.HandleFunc("POST /api/v1/incidents/inc_aaaaaaaaaakq72ma/"+c.path, func(w http.ResponseWriter, r *http.Request) {
				f.note(r)
				_, _ = w.Write([]byte(`{"id":"inc_aaaaaaaaaakq72ma","number":"kq72ma","version":5,"title":"3 endpoints: tls_expired",` + c.answer + `}`))
			})
			got := f.call(t, append([]string{"incident"}, c.args...)...)
			if want := (outcome{status: exitGood, stdout: c.said, stderr: c.warned}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			sent := f.requests()
			if len(sent) != 1 {
				t.Fatalf("%d requests, want 1", len(sent))
			}
			want, _ := json.Marshal(change{Version: 4, Text: c.text})
			if sent[0].body != string(want) || sent[0].actor == "" || sent[0].actor != actor() {
				t.Errorf("sent %+v, want %s in the name of %q", sent[0], want, actor())
			}
		})
	}
}

// overtake lets somebody else be quicker between the reading and the deed.
func overtake(t *testing.T, f *fakeDaemon, changed bool) {
	t.Helper()
	before := string(answerFile(t, "incident.json"))
	after := strings.NewReplacer(`"version":4,"state":"open"`, `"version":6,"state":"acknowledged","acknowledged_by":"budi"`,
		`"timeline":[`, `"timeline":[{"seq":6,"at":"2023-11-11T10:49:12Z","kind":"acknowledged","actor":"budi","text":"acknowledged"},{"seq":7,"at":"2023-11-11T10:49:20Z","kind":"note","actor":"dewi","text":"they know"},`).Replace(before)
	var late atomic.Bool
	serve := func(w http.ResponseWriter, _ *http.Request) {
		if late.Load() && changed {
			_, _ = w.Write([]byte(after))
			return
		}
		_, _ = w.Write([]byte(before))
	}
	f.mux.HandleFunc("GET /api/v1/incidents/kq72ma", serve)
	f.mux.HandleFunc("GET /api/v1/incidents/inc_aaaaaaaaaakq72ma", serve)
	f.mux.HandleFunc("POST /api/v1/incidents/inc_aaaaaaaaaakq72ma/", func(w http.ResponseWriter, _ *http.Request) {
		late.Store(true)
		refuse(w, http.StatusConflict, "incident kq72ma cannot be acknowledged: version 4 is old")
	})
}

func TestADeedThatCameLateSaysWhatChanged(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	overtake(t, f, true)
	golden(t, "overtaken", f.transcript(t, "incident ack kq72ma"))

	unchanged := startFake(t)
	overtake(t, unchanged, false)
	want := outcome{status: exitFinding, stderr: "hookvigil: incident kq72ma cannot be acknowledged: version 4 is old\n"}
	if got := unchanged.call(t, "incident", "resolve", "kq72ma"); got != want {
		t.Errorf("got %+v, want the refusal as it is: %+v", got, want)
	}
}

func TestWrongCallsOfIncidentAreUsage(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	for name, args := range map[string][]string{
		"no ID":           {"incident", "ack"},
		"two IDs":         {"incident", "resolve", "a", "b"},
		"no text":         {"incident", "note", "kq72ma"},
		"an empty text":   {"incident", "note", "kq72ma", " "},
		"no such one":     {"incident", "ack", "nobody"},
		"a path":          {"incident", "show", "../outbox"},
		"too many":        {"incident", "ls", "--limit", "1001"},
		"no such verb":    {"incident", "reopen"},
		"a flag too many": {"incident", "ls", "--sate", "open"},
	} {
		if got := f.call(t, args...); got.status != exitUsage || got.stdout != "" || got.stderr == "" {
			t.Errorf("%s: %+v, want status %d and a line on stderr", name, got, exitUsage)
		}
	}
	if sent := f.requests(); len(sent) > 0 {
		t.Errorf("sent %v, want nothing", sent)
	}
}

func TestWithoutADaemonEveryVerbSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &fakeDaemon{config: dir + "/hookvigil.yaml"}
	if err := os.WriteFile(f.config, []byte("version: 1\ndata_dir: "+dir+"\nmerchants: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"incident ls", "incident show x", "incident ack x", "incident resolve x", "incident note x y", "outbox ls", "outbox retry x", "outbox drop x",
		"notify test x", "explain x",
	} {
		if got := f.call(t, strings.Fields(args)...); got.status != exitUsage || !strings.Contains(got.stderr, "no daemon runs on") {
			t.Errorf("%s: %+v, want that no daemon runs", args, got)
		}
	}
}

func TestLiveIncidentsComplete(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	f.outbox(t)
	for args, want := range map[string]string{
		"__complete incident ack --config " + f.config + " ":      "kq72ma\topen, critical: 3 endpoints: tls_expired\nmm3pp4\t",
		"__complete explain --config " + f.config + " ":           "rt55xz\tacknowledged, high: certificate of toko-invoices: expiring\nacme-payouts\n",
		"__complete notify test --config " + f.config + " ":       "mail\nops\npager\n",
		"__complete outbox retry --config " + f.config + " ":      "kq72ma-000003-1\tdead, pager/duty\nkq72ma-000003-2\twaiting, mail/sre@acme.example\n",
		"__complete outbox ls --config " + f.config + " --state ": "dead\nwaiting\n",
	} {
		var stdout strings.Builder
		root := newRoot()
		root.SetOut(&stdout)
		root.SetErr(&strings.Builder{})
		root.SetArgs(strings.Split(args, " "))
		if err := root.ExecuteContext(unhurried(t)); err != nil || !strings.Contains(stdout.String(), want) {
			t.Errorf("%s: %v, got %q, want %q in it", args, err, stdout.String(), want)
		}
	}
}

// TestWhatTheDaemonCannotReadIsAWrongCall: it says which part, as it was typed,
// and what is wanted.
func TestWhatTheDaemonCannotReadIsAWrongCall(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.incidents(t)
	for verb, field := range map[string]string{"note": "text", "ack": "text", "reconcile": "count"} {
		f.mux.HandleFunc("POST /api/v1/incidents/inc_aaaaaaaaaakq72ma/"+verb, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"detail":"validation failed","errors":[{"location":"body.` + field + `","message":"expected less\u001b[2J"}]}`))
		})
	}
	for typed, args := range map[string][]string{
		"TEXT":          {"incident", "note", "kq72ma", "too long"},
		"-m":            {"incident", "ack", "kq72ma", "-m", "too long"},
		"--written-off": {"incident", "reconcile", "kq72ma", "--channel", "QR", "--written-off", "7"},
	} {
		want := outcome{status: exitUsage, stderr: "hookvigil: validation failed; " + typed + ": expected less[2J\n"}
		if got := f.call(t, args...); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestPlacesAreNamedAsTheyWereTyped(t *testing.T) {
	t.Parallel()
	all := placesOfMatcher(places{"body.length": "--for"})
	for place, want := range map[string]string{
		"body.length": "--for", "body.matcher.merchant[0]": "--merchant", "body.matcher.rule": "--rule", "body.matcher": "what is meant",
		"body.matcher.more": "what is meant", "query.limit": "--limit", "path.id": "ID", "body.version": "version", "body": "body", "": "", "body.lengthy": "lengthy",
	} {
		if got := all.nameOf(place); got != want {
			t.Errorf("%q: got %q, want %q", place, got, want)
		}
	}
	if got := places(nil).nameOf("body.text"); got != "text" {
		t.Errorf("got %q, want the field's name", got)
	}
}

func TestADaemonThatAnswersNonsenseIsAFailure(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/incidents/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	for _, args := range [][]string{{"incident", "show", "x"}, {"incident", "ack", "x"}, {"explain", "x"}} {
		if got := f.call(t, args...); got.status != exitFinding || got.stdout != "" || !strings.Contains(got.stderr, "answer of the daemon: ") {
			t.Errorf("%v: %+v, want a failure that names the answer", args, got)
		}
	}
}

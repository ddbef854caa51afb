package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// digests makes the fake answer for the ledger of testdata/answers, with the
// filters of the API, and for previews of acme and the platform.
func (f *fakeDaemon) digests(t *testing.T) {
	t.Helper()
	var all struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answerFile(t, "digests.json"), &all); err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/digests", func(w http.ResponseWriter, r *http.Request) {
		kept, next := []json.RawMessage{}, ""
		for _, raw := range all.Items {
			var row map[string]any
			_ = json.Unmarshal(raw, &row)
			if !slices.ContainsFunc([]string{"merchant", "kind", "state"}, func(key string) bool {
				want := r.URL.Query().Get(key)
				return want != "" && row[key] != want
			}) {
				kept = append(kept, raw)
			}
		}
		if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit < len(kept) {
			kept, next = kept[:limit], "more"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": kept, "next": next})
	})
	text := answerFile(t, "digest.txt")
	f.mux.HandleFunc("GET /api/v1/digests/preview", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch merchant := q.Get("merchant"); {
		case merchant == "nobody":
			refuse(w, http.StatusNotFound, `there is no merchant "nobody"`)
		case merchant == "acme" && q.Get("format") == "text" && q.Get("window") == "":
			_, _ = w.Write(text)
		default: // what was asked for, in the shape of the format
			asked := q.Encode()
			if q.Get("format") == "json" || q.Get("format") == "slack" {
				asked = "{\n  " + strconv.Quote(asked) + ": 1\n}\n"
			}
			_, _ = w.Write([]byte(asked))
		}
	})
}

func TestDigestsReadWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.digests(t)
	golden(t, "digest", f.transcript(t,
		"digest ledger", "digest ledger --limit 1", "digest ledger --merchant acme --state sent", "digest ledger --kind platform --state dead",
		"digest ledger --state lost", "digest ledger --kind daily", "digest ledger --limit 0", "digest ledger acme",
		"digest preview --merchant acme", "digest preview --merchant nobody", "digest preview", "digest preview --merchant acme --platform",
		"digest preview --platform --html --eml", "digest preview --platform --window yesterday", "digest show"))
}

func TestAnEmptyLedgerIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/digests", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	want := outcome{stdout: "no window has closed yet\n"}
	if got := f.call(t, "digest", "ledger"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheLedgerAsJSONIsTheAPIs(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.digests(t)
	got := f.call(t, "digest", "ledger", "--json")
	if got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, string(answerFile(t, "digests.json"))) {
		t.Errorf("got %+v, want the answer in one line", got)
	}
}

// TestPreviewsAskForWhatIsMeant: the fake answers with the question.
func TestPreviewsAskForWhatIsMeant(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--platform":                                         "format=text",
		"--platform --text":                                  "format=text",
		"--platform --text=false":                            "format=text",
		"--merchant acme --html":                             "format=html&merchant=acme",
		"--merchant a/b&c --eml":                             "format=eml&merchant=a%2Fb%26c",
		"--platform --slack":                                 `{"format=slack":1}` + "\n",
		"--merchant acme --json":                             `{"format=json&merchant=acme":1}` + "\n",
		"--platform --json=0 --eml":                          "format=eml",
		"--merchant acme --window now":                       "",
		"--merchant acme --window 2026-05-04T12:00:00+07:00": "format=text&merchant=acme&window=2026-05-04T05%3A00%3A00Z",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.digests(t)
			got := f.call(t, append([]string{"digest", "preview"}, strings.Fields(args)...)...)
			if got.stdout != want || (got.status == exitGood) != (want != "") {
				t.Errorf("got %+v, want %q", got, want)
			}
		})
	}
}

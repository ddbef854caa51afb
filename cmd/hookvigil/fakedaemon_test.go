package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/daemon"
)

// fakeDaemon answers on a unix socket as the daemon does, at the same moment
// every time: 2023-11-11 10:49:30 UTC.
type fakeDaemon struct {
	config string
	mux    *http.ServeMux

	mu   sync.Mutex // guards what is below
	sent []sentRequest
}

// sentRequest is a request that changes something.
type sentRequest struct {
	path  string // as it is routed: decoded
	body  string
	actor string
}

func startFake(t *testing.T) *fakeDaemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "hv") //nolint:usetesting // t.TempDir is too long: the kernel takes 107 bytes for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	f := &fakeDaemon{config: filepath.Join(dir, "hookvigil.yaml"), mux: http.NewServeMux()}
	write(t, f.config, "version: 1\ndata_dir: "+dir+"\nmerchants:\n  - {id: acme, endpoints: [{id: acme-payouts, url: \"https://hooks.acme.example/\"}]}\n")
	ln, err := net.Listen("unix", filepath.Join(dir, daemon.SocketName)) //nolint:noctx // a socket in a file is there at once
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Sat, 11 Nov 2023 10:49:30 GMT")
		f.mux.ServeHTTP(w, r)
	}))
	_ = srv.Listener.Close() // the one on TCP is not used
	srv.Listener = ln
	srv.Start()
	t.Cleanup(srv.Close)
	f.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "there is no "+r.URL.Path)
	})
	return f
}

// refuse answers with an RFC 9457 problem.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

// says makes a pattern answer with a file of testdata/answers.
func (f *fakeDaemon) says(t *testing.T, pattern, file string) {
	t.Helper()
	raw := answerFile(t, file)
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) })
}

func answerFile(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata/answers", file))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// incidents makes the fake answer for the incidents of testdata/answers.
func (f *fakeDaemon) incidents(t *testing.T) {
	t.Helper()
	live, all := answerFile(t, "incidents.json"), answerFile(t, "all.json")
	f.mux.HandleFunc("GET /api/v1/incidents", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("live") == "true" {
			_, _ = w.Write(live)
			return
		}
		if r.URL.Query().Get("cursor") == "" {
			_, _ = w.Write(all)
			return
		}
		_, _ = w.Write([]byte(`{"items":[],"next":""}`))
	})
	for _, id := range []string{"kq72ma", "inc_aaaaaaaaaakq72ma"} {
		f.says(t, "GET /api/v1/incidents/"+id, "incident.json")
	}
	f.says(t, "GET /api/v1/incidents/mm3pp4", "ratio.json")
}

// outbox makes the fake answer for the notices of testdata/answers, with the
// filters of the API, and take retry and drop.
func (f *fakeDaemon) outbox(t *testing.T) {
	t.Helper()
	var all struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answerFile(t, "outbox.json"), &all); err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/outbox", func(w http.ResponseWriter, r *http.Request) {
		kept := []json.RawMessage{}
		for _, raw := range all.Items {
			var row map[string]any
			_ = json.Unmarshal(raw, &row)
			if !slices.ContainsFunc([]string{"state", "lane", "subject"}, func(key string) bool {
				want := r.URL.Query().Get(key)
				return want != "" && row[key] != want
			}) {
				kept = append(kept, raw)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": kept, "next": ""})
	})
	treat := func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		id := r.PathValue("id")
		if !bytes.Contains(answerFile(t, "outbox.json"), []byte(`"id":"`+id+`"`)) {
			refuse(w, http.StatusNotFound, "there is no such notice")
			return
		}
		if strings.Contains(id, "sre@") {
			refuse(w, http.StatusConflict, "notice "+id+" is sending: only one that is waiting or dead can be retried or dropped")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	f.mux.HandleFunc("POST /api/v1/outbox/{id}/retry", treat)
	f.mux.HandleFunc("POST /api/v1/outbox/{id}/drop", treat)
}

// note remembers a request that changes something.
func (f *fakeDaemon) note(r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, sentRequest{path: r.URL.Path, body: body.String(), actor: r.Header.Get(actorHeader)})
}

func (f *fakeDaemon) requests() []sentRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// outcome is what a call of the program left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// unhurried is a context whose bound goes before those for a person who waits:
// the machine may be slow.
func unhurried(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// call runs one command line against the fake.
func (f *fakeDaemon) call(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(append(slices.Clone(args), "--config", f.config))
	status := statusOf(&stderr, root.ExecuteContext(unhurried(t)))
	return outcome{status: status, stdout: stdout.String(), stderr: stderr.String()}
}

// transcript is what somebody at the terminal sees.
func (f *fakeDaemon) transcript(t *testing.T, lines ...string) string {
	t.Helper()
	var b strings.Builder
	for _, l := range lines {
		got := f.call(t, strings.Fields(l)...)
		fmt.Fprintf(&b, "$ hookvigil %s\n%s%s[%d]\n\n", l, got.stdout, got.stderr, got.status)
	}
	return b.String()
}

// golden compares what people read, as a whole.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata/golden", name+".golden")
	if *update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

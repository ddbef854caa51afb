package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

const unsubscribedAnswer = `{"items":[` +
	`{"merchant":"acme","address":"ops@acme.example","reason":"one_click","detail":"","at":"2023-11-11T10:44:30Z","listed":true},` +
	`{"merchant":"acme","address":"old@acme.example","reason":"page","detail":"","at":"2023-10-11T10:44:30Z","listed":false},` +
	`{"merchant":"toko\u001b[31m","address":"a\u202eb@toko.example","reason":"operator","detail":"de\nwi","at":"2023-11-10T00:00:00Z","listed":true}],"next":""}`

// unsubscribes makes the fake answer as a daemon does of which somebody has
// left.
func (f *fakeDaemon) unsubscribes(t *testing.T) {
	t.Helper()
	f.mux.HandleFunc("GET /api/v1/digests/unsubscribed", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("merchant") == "quiet" {
			_, _ = io.WriteString(w, `{"items":[],"next":""}`)
			return
		}
		if r.URL.Query().Get("limit") == "1" {
			_, _ = io.WriteString(w, `{"items":[{"merchant":"acme","address":"ops@acme.example","reason":"one_click","detail":"","at":"2023-11-11T10:44:30Z","listed":true}],"next":"more"}`)
			return
		}
		_, _ = io.WriteString(w, unsubscribedAnswer)
	})
	f.mux.HandleFunc("POST /api/v1/digests/{verb}", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Merchant, Address string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get(actorHeader) == "" {
			t.Errorf("the request has %v, actor %q", err, r.Header.Get(actorHeader))
		}
		switch {
		case in.Merchant == "nobody":
			refuse(w, http.StatusNotFound, `there is no merchant "nobody"`)
		case strings.HasPrefix(in.Address, "osp@"):
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"detail":"the request has faults; nothing was changed","errors":[{"location":"body.address","message":"is not among the digest addresses of \"acme\"; wanted one of ops@acme.example"}]}`)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{
				"merchant": in.Merchant, "address": strings.ToLower(in.Address), "subscribed": r.PathValue("verb") == "subscribe", "changed": in.Address != strings.ToLower(in.Address),
			})
		}
	})
}

func TestDigestUnsubscribed(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.unsubscribes(t)
	golden(t, "digestunsubscribed", f.transcript(t,
		"digest unsubscribed", "digest unsubscribed --limit 1", "digest unsubscribed --merchant quiet", "digest unsubscribed acme", "digest unsubscribed --limit 0",
		"digest unsubscribe acme Ops@acme.example", "digest unsubscribe acme ops@acme.example", "digest subscribe acme Ops@acme.example", "digest subscribe acme ops@acme.example",
		"digest unsubscribe acme osp@acme.example", "digest unsubscribe nobody ops@acme.example", "digest unsubscribe acme", "digest subscribe", "digest subscribe acme a@b.example c@d.example",
		"digest subscribe acme Ops@acme.example --json"))
}

func TestDigestUnsubscribedInJSONIsTheAnswer(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.unsubscribes(t)
	got := f.call(t, "digest", "unsubscribed", "--json")
	if got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, unsubscribedAnswer) {
		t.Errorf("got %+v", got)
	}
}

package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// slowRegistry holds the first change back until it is let go.
type slowRegistry struct {
	*fakeRegistry
	begun atomic.Bool
	letGo chan struct{}
}

func (r *slowRegistry) Apply(ctx context.Context, c registry.Change) (registry.Diff, error) {
	if r.begun.CompareAndSwap(false, true) {
		<-r.letGo
	}
	return r.fakeRegistry.Apply(ctx, c)
}

// TestWhatAChangeKeepsIsStillThere: while one change keeps the stored token,
// another takes it away; the old token must not come back.
func TestWhatAChangeKeepsIsStillThere(t *testing.T) {
	t.Parallel()
	const path, keeps = listPath + "/own-pay", `{"merchant":"own","url":"https://own.example/hook?<secret>","token":"<secret>"}`
	imports := `{"id":"own","endpoints":[{"id":"own-pay","url":"https://own.example/hook?<secret>","token":"<secret>"}]}`
	gives := `{"merchant":"own","url":"https://own.example/hook","token":"new-token-of-sixteen"}`
	type request struct{ method, path, body string }
	for name, tt := range map[string]struct {
		slow, other request
		want        string // token; empty: the endpoint is gone
	}{
		"a new token while a PUT keeps the old":     {request{"PUT", path, keeps}, request{"PUT", path, gives}, "new-token-of-sixteen"},
		"a new token while an import keeps the old": {request{"POST", importPath, imports}, request{"PUT", path, gives}, "new-token-of-sixteen"},
		"a DELETE while a PUT keeps the token":      {request{"PUT", path, keeps}, request{"DELETE", path, ""}, ""},
		"the merchant's DELETE meanwhile":           {request{"PUT", path, keeps}, request{"DELETE", "/api/v1/merchants/own", ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				snap, _ := registry.Build(testRecords(), registry.DefaultDefaults())
				slow := &slowRegistry{fakeRegistry: &fakeRegistry{records: testRecords(), snap: snap}, letGo: make(chan struct{})}
				server := api.New(api.Config{}, api.Deps{Registry: slow, Looks: testLooks(), Duties: &fakeDuties{}, DecodeEntry: decodeEntry}, slog.New(slog.DiscardHandler))
				ask := func(r request) {
					req := httptest.NewRequestWithContext(t.Context(), r.method, r.path, strings.NewReader(r.body))
					req.Header.Set("Content-Type", "application/json")
					rec := httptest.NewRecorder()
					server.Local().ServeHTTP(rec, req)
					if rec.Code >= http.StatusMultipleChoices {
						t.Errorf("%s %s: status %d: %s", r.method, r.path, rec.Code, rec.Body)
					}
				}
				var wg sync.WaitGroup
				wg.Go(func() { ask(tt.slow) })
				synctest.Wait() // it has read the record
				wg.Go(func() { ask(tt.other) })
				synctest.Wait() // it waits, or is through
				close(slow.letGo)
				wg.Wait()
				got := ""
				if ep, ok := slow.Snapshot().Endpoint("own-pay"); ok {
					got = ep.Token.Reveal()
				}
				if got != tt.want {
					t.Errorf("the token is %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestWaitingForATurnEndsWithTheRequest: behind a change that hangs, others
// give up when their client does.
func TestWaitingForATurnEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snap, _ := registry.Build(testRecords(), registry.DefaultDefaults())
		slow := &slowRegistry{fakeRegistry: &fakeRegistry{records: testRecords(), snap: snap}, letGo: make(chan struct{})}
		server := api.New(api.Config{}, api.Deps{Registry: slow, Looks: testLooks(), Duties: &fakeDuties{}}, slog.New(slog.DiscardHandler))
		drop := func(ctx context.Context) int {
			rec := httptest.NewRecorder()
			server.Local().ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodDelete, "/api/v1/merchants/own", nil))
			return rec.Code
		}
		var wg sync.WaitGroup
		wg.Go(func() { drop(t.Context()) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if got := drop(ctx); got != http.StatusServiceUnavailable {
				t.Errorf("status %d, want 503", got)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(slow.letGo)
		wg.Wait()
	})
}

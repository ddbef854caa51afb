package api_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
)

const listPath = "/api/v1/endpoints"

func basic(user, password string) func(*http.Request) {
	return header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for name, tt := range map[string]struct {
		path string
		opts []func(*http.Request)
		want int
	}{
		"a bearer token":                          {listPath, []func(*http.Request){header("Authorization", "Bearer "+viewerToken)}, 200},
		"the scheme in whatever case":             {listPath, []func(*http.Request){header("Authorization", "bearer "+viewerToken)}, 200},
		"the password of HTTP Basic":              {listPath, []func(*http.Request){basic("anybody", viewerToken)}, 200},
		"the user name of HTTP Basic is no token": {listPath, []func(*http.Request){basic(viewerToken, "")}, 401},
		"another scheme":                          {listPath, []func(*http.Request){header("Authorization", "Token "+viewerToken)}, 401},
		"an empty token":                          {listPath, []func(*http.Request){header("Authorization", "Bearer ")}, 401},
		"half of a token":                         {listPath, []func(*http.Request){header("Authorization", "Bearer "+viewerToken[:20])}, 401},
		"two tokens": {listPath, []func(*http.Request){func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + viewerToken, "Bearer " + adminToken}
		}}, 401},
		"a token in the query":                     {listPath + "?access_token=" + viewerToken, nil, 401},
		"a token in the query beside a good one":   {listPath + "?Token=" + viewerToken, []func(*http.Request){header("Authorization", "Bearer "+viewerToken)}, 401},
		"a token in the query of an open route":    {"/-/healthy?api_key=" + viewerToken, nil, 401},
		"an open route does not look at the token": {"/-/healthy", []func(*http.Request){header("Authorization", "Bearer nonsense")}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.ask(t, http.MethodGet, tt.path, "", "", tt.opts...)
			if a.status != tt.want {
				t.Fatalf("status %d, want %d: %s", a.status, tt.want, a.body)
			}
			if tt.want == 401 {
				a.problem(t, 401)
				challenges := strings.Join(a.header.Values("WWW-Authenticate"), " ")
				if !strings.Contains(challenges, "Bearer ") || !strings.Contains(challenges, "Basic ") {
					t.Errorf("challenges %q, want Bearer and Basic", challenges)
				}
			}
		})
	}
}

func TestTokensAreSwappedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.server.SetTokens([]api.Token{{Name: "new", Role: api.RoleViewer, Secret: "a-new-token"}})
	if a := w.ask(t, http.MethodGet, listPath, viewerToken, ""); a.status != 401 {
		t.Errorf("with the old token: status %d, want 401", a.status)
	}
	if a := w.ask(t, http.MethodGet, listPath, "a-new-token", ""); a.status != 200 {
		t.Errorf("with the new token: status %d, want 200", a.status)
	}
	w.server.SetTokens([]api.Token{{Name: "useless", Role: api.RoleAdmin}})
	for _, token := range []string{"", "a-new-token"} {
		if a := w.ask(t, http.MethodGet, listPath, token, ""); a.status != 401 {
			t.Errorf("when the only token is empty, with %q: status %d, want 401", token, a.status)
		}
	}
}

func TestWithoutTokensOnlyThisMachineIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, tt := range map[string]struct {
		remote, host string
		opt          func(*http.Request)
		want         int
	}{
		"loopback by address":             {"127.0.0.1:5000", "127.0.0.1:8420", nil, 200},
		"loopback by name":                {"127.0.0.1:5000", "localhost", nil, 200},
		"IPv6 loopback":                   {"[::1]:5000", "[::1]:8420", nil, 200},
		"IPv4 loopback in IPv6":           {"[::ffff:127.0.0.1]:5000", "LOCALHOST:8420", nil, 200},
		"another machine":                 {"192.0.2.7:5000", "127.0.0.1:8420", nil, 401},
		"a name rebound to us":            {"127.0.0.1:5000", "evil.example:8420", nil, 401},
		"a name that begins like ours":    {"127.0.0.1:5000", "localhost.evil.example", nil, 401},
		"the unspecified address":         {"127.0.0.1:5000", "0.0.0.0:8420", nil, 401},
		"no host":                         {"127.0.0.1:5000", "", nil, 401},
		"through a proxy":                 {"127.0.0.1:5000", "localhost", header("X-Forwarded-For", "192.0.2.7"), 401},
		"a remote address without a port": {"@", "localhost", nil, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, listPath, nil)
			r.RemoteAddr, r.Host = tt.remote, tt.host
			if tt.opt != nil {
				tt.opt(r)
			}
			rec := httptest.NewRecorder()
			w.server.Handler().ServeHTTP(rec, r)
			if rec.Code != tt.want {
				t.Errorf("status %d, want %d: %s", rec.Code, tt.want, rec.Body)
			}
		})
	}
	if a := w.ask(t, http.MethodPut, "/api/v1/merchants/m", "", `{}`); a.status != 201 {
		t.Errorf("PUT over a real loopback connection: status %d, want 201: %s", a.status, a.body)
	}
	if got := w.registry.applied[0].Actor; got != "loopback" {
		t.Errorf("actor %q, want loopback", got)
	}
}

func TestUnixSocketIsAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	path := filepath.Join(t.TempDir(), "s")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: w.server.Local()}} //nolint:gosec // a test's
	server.Start()
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://hookvigil/-/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("status %d, want 200", res.StatusCode)
	}
}

func TestGuessesAreStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, guessesAreStopped) // all of them within one minute
}

func guessesAreStopped(t *testing.T) {
	t.Helper()
	snap, _ := registry.Build(testRecords(), registry.DefaultDefaults())
	deps := api.Deps{Registry: &fakeRegistry{records: testRecords(), snap: snap}, Looks: testLooks(), Duties: &fakeDuties{}}
	server := api.New(api.Config{Tokens: allTokens()}, deps, slog.New(slog.DiscardHandler))
	askFor := func(path, remote, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr = remote
		r.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		server.Handler().ServeHTTP(rec, r)
		return rec
	}
	ask := func(remote, token string) *httptest.ResponseRecorder { return askFor(listPath, remote, token) }
	counts := map[int]int{}
	for range 480 {
		counts[ask("192.0.2.7:999", "guess").Code]++
	}
	if counts[401] != 10 || counts[429] != 470 {
		t.Errorf("480 guesses gave %v, want 10 times 401 and then 429", counts)
	}
	blocked := ask("192.0.2.7:1000", "another guess")
	if blocked.Code != 429 || blocked.Header().Get("Retry-After") == "" {
		t.Errorf("one guess more: status %d, Retry-After %q; want 429 with one", blocked.Code, blocked.Header().Get("Retry-After"))
	}
	if got := ask("192.0.2.7:1000", viewerToken).Code; got != 200 {
		t.Errorf("a valid token from behind the same address: status %d, want 200", got)
	}
	if got := ask("192.0.2.8:999", viewerToken).Code; got != 200 {
		t.Errorf("a valid token from elsewhere: status %d, want 200", got)
	}
	if got := askFor("/-/healthy", "192.0.2.7:1001", "guess").Code; got != 200 {
		t.Errorf("health: status %d, want 200", got)
	}
}

func TestConfigNamesEveryFaultOfItsTokens(t *testing.T) {
	t.Parallel()
	err := api.Config{Tokens: []api.Token{
		{Name: "a", Role: "root", Secret: sentMarker}, {Name: "a", Role: api.RoleViewer},
	}}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"tokens[0].role", "tokens[1].name", "tokens[1].token_file"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want it to name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), sentMarker) {
		t.Errorf("error %q holds the token", err)
	}
	if err := (api.Config{Tokens: allTokens()}).Validate(); err != nil {
		t.Errorf("good tokens: %v", err)
	}
}

package promquery_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/probes"
)

const success = `{"status":"success","data":{"resultType":%q,"result":%s}}`

// server answers as a Prometheus does: by the query, and how often it was asked.
type server struct {
	*httptest.Server
	mu    sync.Mutex // guards asked
	asked map[string]int
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server, answer func(w http.ResponseWriter, r *http.Request, query string, n int)) *server {
	t.Helper()
	s := &server{asked: map[string]int{}}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		s.mu.Lock()
		s.asked[query]++
		n := s.asked[query]
		s.mu.Unlock()
		answer(w, r, query, n)
	}))
	t.Cleanup(s.Close)
	return s
}

// at is the moment that a request asks for, as Prometheus says it.
func at(r *http.Request) string { return r.URL.Query().Get("time") }

// outcome is what a query did.
type outcome struct {
	asks    []promquery.Asked
	samples []string // those of each ask that gave any
	log     string
}

// run runs a query until it has asked so often.
func run(t *testing.T, cfg promquery.Config, asks int) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var o outcome
	var text bytes.Buffer
	cfg.Source, cfg.Every, cfg.Timeout = "core", 5*time.Millisecond, cmp.Or(cfg.Timeout, 2*time.Minute)
	cfg.Observe = func(a promquery.Asked) {
		if o.asks = append(o.asks, a); len(o.asks) == asks {
			cancel()
		}
		for a.At.Equal(time.Now().Truncate(time.Millisecond)) { // one that was late is followed at once: each asks for a moment of its own
			runtime.Gosched()
		}
	}
	q, err := promquery.New(cfg, func(_ context.Context, samples []promquery.Sample) {
		var all []string
		for _, s := range samples {
			all = append(all, fmt.Sprintf("%s %d/%d", s.Scope, s.First, s.Failed))
		}
		o.samples = append(o.samples, strings.Join(all, ", "))
	}, slog.New(slog.NewTextHandler(&text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	if len(o.asks) != asks {
		t.Fatalf("asked %d times, want %d; log:\n%s", len(o.asks), asks, text.String())
	}
	o.log = text.String()
	return o
}

func TestEveryShapeOfAnswer(t *testing.T) {
	t.Parallel()
	labelled := `[{"metric":{"__name__":"webhooks_total","channel":"ID_BCA"},"value":[%s,"%d"]}]`
	tests := map[string]struct {
		kind, result string
		want         string
	}{
		"a vector": {kind: "vector", result: labelled, want: "channel:ID_BCA 10/1, platform 10/1"},
		"a matrix": {kind: "matrix", result: `[{"metric":{"channel":"ID_BCA"},"values":[[%s,"%d"]]}]`, want: "channel:ID_BCA 10/1, platform 10/1"},
		"a scalar": {kind: "scalar", result: `[%s,"%d"]`, want: "platform 10/1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request, query string, n int) {
				if r.Method != http.MethodGet || r.URL.Path != "/prometheus/api/v1/query" || r.URL.Query().Get("dedup") != "true" || r.URL.Query().Get("timeout") != "2m0s" {
					t.Errorf("got %s %s, want GET /prometheus/api/v1/query?dedup=true with a timeout of 2m", r.Method, r.URL)
				}
				step := map[string]int{"all": 10, "bad": 1}[query]
				fmt.Fprintf(w, success, tt.kind, fmt.Sprintf(tt.result, at(r), 5000+n*step))
			})
			o := run(t, promquery.Config{URL: s.URL + "/prometheus/?dedup=true", Total: "all", Failed: "bad", Labels: promquery.Labels{Channel: "channel"}}, 4)
			if len(o.samples) == 0 || o.samples[0] != tt.want {
				t.Errorf("got %q, want %q; log:\n%s", o.samples, tt.want, o.log)
			}
			if a := o.asks[3]; a.Err != nil || a.Series != 2 || a.First != 10 || a.Failed != 1 || a.LastData.IsZero() {
				t.Errorf("got %+v, want two series, 10 and 1", a)
			}
		})
	}
}

// TestBothQueriesAskForOneMoment, and the sample is of that moment.
func TestBothQueriesAskForOneMoment(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var moments []string
	s := serve(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request, _ string, n int) {
		mu.Lock()
		moments = append(moments, at(r))
		mu.Unlock()
		fmt.Fprintf(w, success, "scalar", fmt.Sprintf(`[%s,"%d"]`, at(r), n))
	})
	o := run(t, promquery.Config{URL: s.URL, Total: "all", Good: "good"}, 2)
	if len(moments) < 4 || moments[0] != moments[1] || moments[2] != moments[3] || moments[0] == moments[2] {
		t.Fatalf("asked for %v, want two pairs", moments)
	}
	if got := fmt.Sprintf("%.3f", float64(o.asks[1].At.UnixMilli())/1000); got != moments[2] {
		t.Errorf("the ask is of %s, want %s", got, moments[2])
	}
}

func TestWhatGoesWrongIsSaid(t *testing.T) {
	t.Parallel()
	plain := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // a client that has gone is what the test sees
		}
	}
	many := func(n int) string {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"metric":{"i":"%d"},"value":[1,"1"]}`, i)
		}
		return fmt.Sprintf(success, "vector", "["+strings.Join(rows, ",")+"]")
	}
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		query  string
		want   []string // in the error
		said   []string // in the log; there is no error when want is empty
	}{
		"422 of a query that cannot be run": {
			answer: plain(422, `{"status":"error","errorType":"execution","error":"found duplicate series for the match group"}`),
			want:   []string{"query total (all): ", "status 422: execution: found duplicate series"},
		},
		"a query as long as may be, and an answer as long": {
			query: strings.Repeat("a", 4096), answer: plain(400, `{"status":"error","errorType":"bad_data","error":"`+strings.Repeat("b", 5000)+`"}`),
			want: []string{strings.Repeat("a", 200) + "...", strings.Repeat("b", 200) + "..."},
		},
		"an error without JSON":           {answer: plain(503, "<html>\nno healthy upstream"), want: []string{"status 503: <html> no healthy upstream"}},
		"200 that is no success":          {answer: plain(200, `{"status":"error","errorType":"timeout","error":"query timed out"}`), want: []string{"timeout: query timed out"}},
		"200 of something else":           {answer: plain(200, "<html>Grafana</html>"), want: []string{"is not that of a Prometheus", "Grafana"}},
		"a redirect":                      {answer: plain(302, ""), want: []string{"status 302: a redirect"}},
		"a string":                        {answer: plain(200, fmt.Sprintf(success, "string", `[1,"x"]`)), want: []string{`the result is a "string"; want a vector`}},
		"a vector that is none":           {answer: plain(200, fmt.Sprintf(success, "vector", `{"a":1}`)), want: []string{"the result is no vector"}},
		"a value that is none":            {answer: plain(200, fmt.Sprintf(success, "scalar", `[1,"x"]`)), want: []string{"the result is no scalar"}},
		"201 series":                      {answer: plain(200, many(201)), want: []string{"201 series; want at most 200"}},
		"200 series":                      {answer: plain(200, many(200))},
		"more than 4 MiB":                 {answer: plain(200, strings.Repeat(" ", 4<<20+1)), want: []string{"the answer has more than 4 MiB"}},
		"no series":                       {answer: plain(200, fmt.Sprintf(success, "vector", `[]`)), said: []string{"query gives no counters"}},
		"a histogram":                     {answer: plain(200, fmt.Sprintf(success, "vector", `[{"metric":{},"histogram":[1,{"count":"1"}]}]`)), said: []string{"query gives no counters", "bad=1"}},
		"a warning of the query language": {answer: plain(200, `{"status":"success","warnings":["metric might not be a counter"],"data":{"resultType":"scalar","result":[1,"1"]}}`), said: []string{"warns of a query", "might not be a counter", "name=total"}},
		"no answer in time": {
			answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			want:   []string{"query total (all): no answer within 150ms"},
		},
		"a connection that breaks": {
			answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			want:   []string{"query total (all): EOF"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request, _ string, _ int) { tt.answer(w, r) })
			cfg := promquery.Config{URL: s.URL, Total: "all", Failed: "bad"}
			if tt.query != "" {
				cfg.Total = tt.query
			}
			if name == "no answer in time" {
				cfg.Timeout = 150 * time.Millisecond
			}
			o := run(t, cfg, 2)
			err := o.asks[1].Err
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("got error %v, want one: %v", err, len(tt.want) > 0)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			if err != nil && (len(err.Error()) > 600 || strings.Count(o.log, "prometheus cannot be asked") != 1) {
				t.Errorf("an error of %d bytes; want it short, and logged once:\n%s", len(err.Error()), o.log)
			}
			for _, want := range tt.said {
				if !strings.Contains(o.log, want) {
					t.Errorf("want %q in the log:\n%s", want, o.log)
				}
			}
		})
	}
}

// TestAnswersAfterErrorsCountForThem, and that it is good again is said.
func TestAnswersAfterErrorsCountForThem(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request, query string, n int) {
		if query == "all" && (n == 2 || n == 3) {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		value := 0
		if query == "all" {
			value = 10 * n
		}
		fmt.Fprintf(w, success, "scalar", fmt.Sprintf(`[%s,"%d"]`, at(r), value))
	})
	o := run(t, promquery.Config{URL: s.URL, Total: "all", Failed: "bad"}, 5)
	if len(o.samples) == 0 || o.samples[0] != "platform 30/0" {
		t.Errorf("got %q, want platform 30/0 first", o.samples)
	}
	if !strings.Contains(o.log, "prometheus answers again") {
		t.Errorf("that it answers again is not said:\n%s", o.log)
	}
}

// unheard returns the URL of a port that is held, and on which nobody listens.
func unheard(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) }) // nothing was written
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// TestSecretsAreSentAndNotSaid breaks asks in every way that there is, and
// looks for the secrets in the errors and the log.
func TestSecretsAreSentAndNotSaid(t *testing.T) {
	t.Parallel()
	const secret = "s3same-0pen"
	var seen sync.Map
	says := func(w http.ResponseWriter, r *http.Request, _ string, _ int) {
		user, password, _ := r.BasicAuth()
		seen.Store(r.Header.Get("Authorization"), true)
		seen.Store(user+":"+password, true)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"status":"error","errorType":"auth","error":"bad credentials %s %s"}`, r.Header.Get("Authorization"), password)
	}
	cleartext, encrypted := serve(t, httptest.NewServer, says), serve(t, httptest.NewTLSServer, says)
	roots := x509.NewCertPool()
	roots.AddCert(encrypted.Certificate())
	withUser := func(base string) string {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("reader", secret)
		u.RawQuery = "key=" + secret
		return u.String()
	}
	for name, cfg := range map[string]promquery.Config{
		"a token":                       {URL: cleartext.URL, Token: secret},
		"a user":                        {URL: withUser(cleartext.URL)},
		"a token over TLS":              {URL: encrypted.URL, Token: secret, Roots: roots},
		"a certificate nobody trusts":   {URL: withUser(encrypted.URL)},
		"nobody listens":                {URL: withUser(unheard(t))},
		"a name that does not resolve":  {URL: withUser("http://no-such-host.invalid"), Timeout: 10 * time.Second},
		"a proxy's idea of an URL":      {URL: withUser("http://127.0.0.1:1")},
		"a URL that is none for a port": {URL: withUser("http://127.0.0.1:99999")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg.Total, cfg.Failed = "all", "bad"
			o := run(t, cfg, 1)
			if o.asks[0].Err == nil {
				t.Fatal("no error")
			}
			if text := o.asks[0].Err.Error() + o.log; strings.Contains(text, secret) || strings.Contains(text, "reader") || strings.Contains(text, "key=") {
				t.Errorf("the secret, the user or the URL's query is in it:\n%s", text)
			}
			if name == "a certificate nobody trusts" && !strings.Contains(o.log, "certificate") {
				t.Errorf("the cause is not in it:\n%s", o.log)
			}
		})
	}
	t.Cleanup(func() { // once the parallel ones have ended
		for _, want := range []string{"Bearer " + secret, "reader:" + secret} {
			if _, ok := seen.Load(want); !ok {
				t.Errorf("the server was not sent %q", want)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := promquery.Config{URL: "https://prometheus.example/x", Total: "all", Failed: "bad"}
	with := func(change func(c *promquery.Config)) promquery.Config {
		c := good
		change(&c)
		return c
	}
	const secret = probes.Secret("s3same")
	tests := map[string]struct {
		cfg  promquery.Config
		want []string // empty: it is good
	}{
		"a good one":                     {cfg: good},
		"good instead of failed":         {cfg: with(func(c *promquery.Config) { c.Good, c.Failed = "good", "" })},
		"a token over clear loopback":    {cfg: with(func(c *promquery.Config) { c.URL, c.Token = "http://127.0.0.1:9090", secret })},
		"everything is wrong":            {cfg: promquery.Config{Every: time.Hour, Timeout: -1, Labels: promquery.Labels{Product: "a b", Channel: "1"}}, want: []string{"url: ", "total: ", "failed: want exactly one", "every: 1h0m0s is outside", "timeout: -1ns is outside", `labels.product: "a b"`, "labels.channel: "}},
		"good and failed":                {cfg: with(func(c *promquery.Config) { c.Good = "good" }), want: []string{"failed: want exactly one"}},
		"a token in clear text":          {cfg: with(func(c *promquery.Config) { c.URL, c.Token = "http://prometheus:9090", secret }), want: []string{"url: is not https"}},
		"a password in clear text":       {cfg: with(func(c *promquery.Config) { c.URL = "http://u:s3same@prometheus:9090" }), want: []string{"url: is not https"}},
		"a token and a user":             {cfg: with(func(c *promquery.Config) { c.URL, c.Token = "https://u:s3same@prometheus", secret }), want: []string{"token: the URL has a user"}},
		"a URL that is none":             {cfg: with(func(c *promquery.Config) { c.URL = "https://u:s3same@pro metheus" }), want: []string{"url: is no URL"}},
		"a query of 4097 bytes":          {cfg: with(func(c *promquery.Config) { c.Total = strings.Repeat("a", 4097) }), want: []string{"total: has 4097 bytes"}},
		"a timeout longer than an ask":   {cfg: with(func(c *promquery.Config) { c.Every, c.Timeout = time.Second, 2*time.Second }), want: []string{"timeout: 2s is outside"}},
		"a timeout as long as an ask is": {cfg: with(func(c *promquery.Config) { c.Every, c.Timeout = time.Second, time.Second })},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.cfg.Validate()
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("got %v, want a fault: %v", err, len(tt.want) > 0)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "s3same") {
				t.Errorf("the secret is in it: %v", err)
			}
		})
	}
}

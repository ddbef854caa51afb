package webhook_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func TestEachAnswerHasItsClass(t *testing.T) {
	t.Parallel()
	const accepted = alerting.Class("")
	for code, tc := range map[int]struct {
		want  alerting.Class
		later alerting.Class // with Retry-After; empty: the same
	}{
		200: {want: accepted}, 201: {want: accepted}, 202: {want: accepted}, 204: {want: accepted},
		301: {want: alerting.ClassDestination}, 302: {want: alerting.ClassDestination}, 304: {want: alerting.ClassDestination},
		307: {want: alerting.ClassDestination}, 308: {want: alerting.ClassDestination},
		400: {want: alerting.ClassMessage}, 401: {want: alerting.ClassAuth}, 402: {want: alerting.ClassDestination},
		403: {want: alerting.ClassAuth}, 404: {want: alerting.ClassDestination}, 405: {want: alerting.ClassDestination},
		406: {want: alerting.ClassMessage}, 407: {want: alerting.ClassAuth},
		408: {alerting.ClassTransient, alerting.ClassLimited}, 409: {alerting.ClassTransient, alerting.ClassLimited},
		410: {want: alerting.ClassDestination}, 411: {want: alerting.ClassMessage}, 413: {want: alerting.ClassMessage},
		415: {want: alerting.ClassMessage}, 418: {want: alerting.ClassDestination}, 421: {want: alerting.ClassDestination},
		422: {want: alerting.ClassMessage}, 425: {alerting.ClassTransient, alerting.ClassLimited},
		429: {want: alerting.ClassLimited}, 431: {want: alerting.ClassMessage}, 451: {want: alerting.ClassDestination},
		500: {alerting.ClassTransient, alerting.ClassLimited}, 502: {alerting.ClassTransient, alerting.ClassLimited},
		503: {alerting.ClassTransient, alerting.ClassLimited}, 504: {alerting.ClassTransient, alerting.ClassLimited},
		599: {alerting.ClassTransient, alerting.ClassLimited},
	} {
		for after, wait := range map[string]time.Duration{"": 0, "17": 17 * time.Second, "soon": 0, "-3": 0} {
			t.Run(fmt.Sprintf("%d with Retry-After %q", code, after), func(t *testing.T) {
				t.Parallel()
				p := start(t, func(w http.ResponseWriter, _ *http.Request) {
					if after != "" {
						w.Header().Set("Retry-After", after)
					}
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(code)
				})
				ref, err := receiver(t, configFor(p)).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
				want := tc.want
				if wait > 0 && tc.later != "" {
					want = tc.later
				}
				wantClass(t, err, want)
				e := failureOf(t, err)
				if want == alerting.ClassLimited && e.RetryAfter != wait || want != alerting.ClassLimited && err != nil && e.RetryAfter != 0 {
					t.Errorf("got Retry-After %s, want %s with class limited alone", e.RetryAfter, wait)
				}
				if (err == nil) != (ref.Last != "") {
					t.Errorf("got %+v with %v, want a ref without an error alone", ref, err)
				}
				if n := len(p.requests()); n != 1 {
					t.Errorf("got %d requests, want a single attempt", n)
				}
			})
		}
	}
}

func wantClass(t *testing.T, err error, want alerting.Class) {
	t.Helper()
	if e := failureOf(t, err); e.Class != want {
		t.Errorf("got class %q (%v), want %q", e.Class, err, want)
	}
}

// failureOf is err as the outbox sees it; the zero value for none.
func failureOf(t *testing.T, err error) alerting.SendError {
	t.Helper()
	e, ok := errors.AsType[*alerting.SendError](err)
	if err != nil && !ok {
		t.Fatalf("got %T %v, want a SendError", err, err)
	}
	if e == nil {
		return alerting.SendError{}
	}
	return *e
}

func TestWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close() // that is the fault
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	t.Run("the connection ends after the request", func(t *testing.T) {
		t.Parallel()
		_, err := receiver(t, configFor(start(t, drop))).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassAmbiguous)
	})
	t.Run("silence until the timeout", func(t *testing.T) {
		t.Parallel()
		var err error
		for _, limit := range []time.Duration{1500 * time.Millisecond, 10 * time.Second, generous} {
			p := start(t, hang)
			c := configFor(p)
			c.Timeout = limit
			if _, err = receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{}); len(p.requests()) > 0 {
				break // a machine that stands still may use up its time before
			}
		}
		wantClass(t, err, alerting.ClassAmbiguous)
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		p := start(t, hang)
		p.Close()
		_, err := receiver(t, configFor(p)).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassTransient)
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewTLSServer(http.HandlerFunc(drop))
		defer s.Close()
		r := receiver(t, webhook.Config{URL: probes.Secret(s.URL), Secret: newSecret})
		_, err := r.Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassTransient)
		if !strings.Contains(fmt.Sprint(err), "tls.ca_files") {
			t.Errorf("got %v, want a hint", err)
		}
	})
	t.Run("the context ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		p := start(t, func(w http.ResponseWriter, r *http.Request) { cancel(); hang(w, r) })
		_, err := receiver(t, configFor(p)).Send(ctx, noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassAmbiguous)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want it to wrap context.Canceled", err)
		}
	})
	t.Run("an answer without end", func(t *testing.T) {
		t.Parallel()
		p := start(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 32<<10)); err != nil {
					return
				}
			}
		})
		_, err := receiver(t, configFor(p)).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, "")
	})
}

func TestPrivateRootsAreTrusted(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	cert, err := ca.Issue(hooktest.LeafOptions{Names: []string{"localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	r := receiver(t, webhook.Config{URL: probes.Secret("https://localhost:" + port + "/"), Secret: newSecret, Roots: ca.Pool()})
	_, err = r.Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
	wantClass(t, err, "")
}

// A receiver that does not answer is asked again, with the same ID and the
// same body: what it had done already it need not do twice.
func TestARepeatIsRecognisable(t *testing.T) {
	t.Parallel()
	var once sync.Once
	p := start(t, func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close() // processed, and the answer is lost
			}
		})
	})
	r, n := receiver(t, configFor(p)), noticeOf(t, openFacts())
	_, err := r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, alerting.ClassAmbiguous)
	n.Attempts, n.Late = 2, true
	ref, err := r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, "")
	all := p.requests()
	if len(all) != 2 || string(all[0].body) != string(all[1].body) || all[0].header.Get("webhook-id") != all[1].header.Get("webhook-id") {
		t.Errorf("got %d requests, %v and %v, want two with the same ID and body", len(all), all[0].header, all[len(all)-1].header)
	}
	if id := all[0].header.Get("webhook-id"); id != ref.Last || strings.ContainsAny(id, ". ") {
		t.Errorf("got ID %q and ref %+v, want the same, without a dot", id, ref)
	}
	n.IdemKey += "x"
	if other, _ := r.Send(t.Context(), n, alerting.Ref{}); other.Last == ref.Last {
		t.Errorf("got the ID %s for another notice", ref.Last)
	}
}

func TestWhatIsSentCanBeVerified(t *testing.T) {
	t.Parallel()
	p := start(t, func(http.ResponseWriter, *http.Request) {})
	c := configFor(p)
	c.Secret = newSecret + "\n" + oldSecret + "\n"
	c.Headers = map[string]probes.Secret{"authorization": "Bearer header-marker", "X-Team": "payments"}
	if _, err := receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	g := p.requests()[0]
	for secret, good := range map[string]bool{newSecret: true, oldSecret: true, "whsec_" + strings.Repeat("A", 32): false} {
		if err := Verify(secret, g.header, g.body, time.Now()); (err == nil) != good {
			t.Errorf("got %v, want %t", err, good)
		}
	}
	if err := Verify(newSecret, g.header, append(g.body, ' '), time.Now()); err == nil {
		t.Error("a body that was changed is believed")
	}
	if err := Verify(newSecret, g.header, g.body, time.Now().Add(6*time.Minute)); err == nil {
		t.Error("an old request is believed")
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "hookvigil", "Authorization": "Bearer header-marker", "X-Team": "payments",
	} {
		if got := g.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if g.method != http.MethodPost || strings.Count(g.header.Get("webhook-signature"), "v1,") != 2 {
		t.Errorf("got %s with %q, want POST with two signatures", g.method, g.header.Get("webhook-signature"))
	}
}

// Whatever goes wrong, no secret may get into an error: it is stored, and told
// to others.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"dropped": func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close() // that is the fault
			}
		},
		"garbage": func(w http.ResponseWriter, r *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 nope %s %s\r\n\r\n", r.URL, r.Header.Get("X-Api-Key"))
				_ = conn.Close() // that is the fault
			}
		},
		"echo": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.String())
			w.WriteHeader(http.StatusFound)
			_, _ = fmt.Fprint(w, r.URL, r.Header)
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := configFor(start(t, answer))
			c.Headers = map[string]probes.Secret{"X-Api-Key": "header-marker"}
			_, err := receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
			if err == nil {
				t.Fatal("want an error")
			}
			for _, marker := range []string{"url-marker", "query-marker", "header-marker", "whsec", "bmV3"} {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, marker) {
					t.Errorf("got %s, want it without %s", text, marker)
				}
			}
			if !strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("got %v, want the host", err)
			}
		})
	}
}

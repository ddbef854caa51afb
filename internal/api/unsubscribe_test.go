package api_test

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// fakeSubscriptions keeps in memory who has left. One link is known.
type fakeSubscriptions struct {
	mu      sync.Mutex
	rows    []subscription.Row
	changes []subscription.Change
	of      api.Subscription
	err     error
}

func newFakeSubscriptions() *fakeSubscriptions {
	return &fakeSubscriptions{
		of: api.Subscription{Merchant: "own", Name: "Own Shop", Address: "ops@own.example"},
		rows: []subscription.Row{
			{Merchant: "own", Address: "old@own.example", Kind: "digest", Reason: subscription.OneClick, At: at},
			{Merchant: "rival", Address: "old@rival.example", Kind: "digest", Reason: subscription.Operator, Detail: "dewi", At: at},
		},
	}
}

func (f *fakeSubscriptions) Subscription(token string) (api.Subscription, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of, token == "own-link"
}

func (f *fakeSubscriptions) HasUnsubscribed(_ context.Context, merchant, address string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.Merchant == merchant && r.Address == subscription.Same(address) {
			return true, f.err
		}
	}
	return false, f.err
}

func (f *fakeSubscriptions) Unsubscribed(_ context.Context, in subscription.Filter) ([]subscription.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []subscription.Row
	for _, r := range f.rows {
		behind := r.Merchant > in.After.Merchant || r.Merchant == in.After.Merchant && r.Address > in.After.Address
		if behind && (in.Merchant == "" || in.Merchant == r.Merchant) && len(list) < in.Limit {
			list = append(list, r)
		}
	}
	return list, f.err
}

func (f *fakeSubscriptions) SetSubscription(_ context.Context, c subscription.Change) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, c)
	return true, f.err
}

func (f *fakeSubscriptions) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func formed(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }

// TestNothingIsClaimedWhenTheStoreIsDown: neither that somebody is unsubscribed,
// nor that somebody is not.
func TestNothingIsClaimedWhenTheStoreIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.subscriptions.fail(errors.New("disk full: MARKER-cause"))
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: "List-Unsubscribe=One-Click"} {
		a := w.ask(t, method, "/unsubscribe/own-link", "", body, formed)
		for _, no := range []string{"MARKER", "have stopped", "has been unsubscribed", "<form", "Nothing has been changed"} {
			if strings.Contains(a.body, no) {
				t.Errorf("%s: the page says %q:\n%s", method, no, a.body)
			}
		}
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "This cannot be done right now") {
			t.Errorf("%s: %d\n%s", method, a.status, a.body)
		}
	}
	for path, body := range map[string]string{"/api/v1/digests/unsubscribe": `{"merchant":"own","address":"ops@own.example"}`, "/api/v1/digests/subscribe": `{"merchant":"own","address":"who@own.example"}`} {
		if p := w.ask(t, http.MethodPost, path, adminToken, body).problem(t, http.StatusServiceUnavailable); strings.Contains(p.Detail, "MARKER") {
			t.Errorf("%s says %q", path, p.Detail)
		}
	}
	w.ask(t, http.MethodGet, "/api/v1/digests/unsubscribed", adminToken, "").problem(t, http.StatusServiceUnavailable)
	if log := w.log.String(); strings.Contains(log, "own-link") || !strings.Contains(log, "disk full") {
		t.Errorf("the log says\n%s", log)
	}
}

// TestALinkIsSeenByNobodyElse: not in the log, the metrics, or by a foreign page.
func TestALinkIsSeenByNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for _, r := range []struct{ method, path string }{
		{http.MethodGet, "/unsubscribe/own-link"}, {http.MethodHead, "/unsubscribe/own-link"}, {http.MethodPost, "/unsubscribe/own-link"},
		{http.MethodPut, "/unsubscribe/own-link"}, {http.MethodGet, "/unsubscribe/own-link/"}, {http.MethodGet, "/Unsubscribe/own-link/x"},
		{http.MethodGet, "//unsubscribe/own-link"}, {http.MethodGet, "/unsubscribe%2Fown-link"}, {http.MethodGet, "/x/../unsubscribe/own-link"},
	} {
		a := w.ask(t, r.method, r.path, "", "")
		if strings.Contains(a.body, "own-link") && a.status != http.StatusTemporaryRedirect && a.status != http.StatusMovedPermanently {
			t.Errorf("%s %s: the answer shows the link: %s", r.method, r.path, a.body)
		}
		if a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: a cookie", r.method, r.path)
		}
		if a.status == http.StatusOK {
			for name, want := range map[string]string{
				"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s %s: %s is %q, want %q", r.method, r.path, name, got, want)
				}
			}
		}
	}
	if log := w.log.String(); strings.Contains(log, "own-link") || !strings.Contains(log, "/unsubscribe/…") {
		t.Errorf("the log says\n%s", log)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.seen {
		if strings.Contains(o.route, "own-link") {
			t.Errorf("the metrics are told of %+v", o)
		}
	}
	if len(w.subscriptions.changes) > 0 {
		t.Errorf("something was changed: %+v", w.subscriptions.changes)
	}
}

// TestWithoutSubscriptionsThereIsNoPage in a daemon that has none.
func TestWithoutSubscriptionsThereIsNoPage(t *testing.T) {
	t.Parallel()
	bare := newBareWorld(t, newWorld(t, allTokens()))
	bare.ask(t, http.MethodGet, "/unsubscribe/own-link", "", "").problem(t, http.StatusNotFound)
	bare.ask(t, http.MethodGet, "/api/v1/digests/unsubscribed", "", "").problem(t, http.StatusNotFound)
}

// TestUnsubscribedArePaged over all merchants, and over those of a scope.
func TestUnsubscribedArePaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.subscriptions.rows = nil
	for _, m := range []string{"own", "own-new", "rival"} {
		for _, a := range []string{"a", "b", "c"} {
			w.subscriptions.rows = append(w.subscriptions.rows, subscription.Row{Merchant: m, Address: a + "@x.example", Kind: "digest", Reason: subscription.Page, At: at.Add(time.Second)})
		}
	}
	w.subscriptions.rows[0].Address = "OPS@own.example" // before the others, and on the list in another case
	for token, want := range map[string]int{viewerToken: 9, ownViewer: 6} {
		seen, cursor := 0, ""
		for {
			var p struct {
				Items []struct {
					Merchant, Address string
					Listed            bool
				}
				Next string
			}
			w.ask(t, http.MethodGet, "/api/v1/digests/unsubscribed?limit=2&cursor="+cursor, token, "").into(t, 200, &p)
			for _, u := range p.Items {
				seen++
				if u.Listed != (u.Address == "OPS@own.example") {
					t.Errorf("%+v: on the list or not", u)
				}
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if seen != want {
			t.Errorf("%d are listed, want %d", seen, want)
		}
	}
	w.ask(t, http.MethodGet, "/api/v1/digests/unsubscribed?cursor=x", viewerToken, "").problem(t, http.StatusUnprocessableEntity)
}

// TestAPreviewEndsNothing: it shows where the link would stand.
func TestAPreviewEndsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.digests.publicURL = "https://hooks.example.com/base"
	const sample = "https://hooks.example.com/base/unsubscribe/" + subscription.Sample
	a := w.ask(t, http.MethodGet, previewPath+"&format=eml", viewerToken, "")
	body := strings.ReplaceAll(strings.ReplaceAll(a.body, "=\r\n", ""), "\r\n ", " ")
	for _, want := range []string{"List-Unsubscribe: <" + sample + ">\r\n", "List-Unsubscribe-Post: List-Unsubscribe=3DOne-Click", "Stop these digests: " + sample} {
		if want = strings.Replace(want, "=3D", "=", 1); !strings.Contains(body, want) {
			t.Errorf("wanted %q in\n%s", want, body)
		}
	}
	if _, is := subscription.ParseToken(subscription.Sample); is {
		t.Error("the sample is a token")
	}
	for path, want := range map[string]bool{previewPath + "&format=html": true, previewPath + "&format=slack": false, "/api/v1/digests/preview?format=text": false} {
		if a := w.ask(t, http.MethodGet, path, viewerToken, ""); a.status != 200 || strings.Contains(a.body, "/unsubscribe/") != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// TestWhoComesBackTooOftenWaits: each change is a write; to leave is never
// refused.
func TestWhoComesBackTooOftenWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	refused := 0
	for range 15 {
		if a := w.ask(t, http.MethodPost, "/unsubscribe/own-link", "", "List-Unsubscribe=One-Click", formed); a.status != http.StatusOK {
			t.Fatalf("to leave: %d %s", a.status, a.body)
		}
		a := w.ask(t, http.MethodPost, "/unsubscribe/own-link", "", "action=subscribe", formed)
		if a.status == http.StatusTooManyRequests && strings.Contains(a.body, "Please try again later") && !strings.Contains(a.body, "<form") {
			refused++
		}
	}
	if refused != 5 || len(w.subscriptions.changes) != 15+10 {
		t.Errorf("%d refused, %d changes; want ten who come back, and each who leaves", refused, len(w.subscriptions.changes))
	}
}

// TestAQueryKeepsNobody: what stands in the address counts for nothing, also
// when it is no query.
func TestAQueryKeepsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var parts strings.Builder
	form := multipart.NewWriter(&parts)
	if err := errors.Join(form.WriteField("List-Unsubscribe", "One-Click"), form.Close()); err != nil {
		t.Fatal(err)
	}
	for i, query := range []string{"", "?utm=a", "?a=1;b=2", "?x=%zz", "?action=subscribe", "?List-Unsubscribe=No"} {
		for kind, body := range map[string]string{"application/x-www-form-urlencoded": "List-Unsubscribe=One-Click", form.FormDataContentType(): parts.String()} {
			a := w.ask(t, http.MethodPost, "/unsubscribe/own-link"+query, "", body, func(r *http.Request) { r.Header.Set("Content-Type", kind) })
			if a.status != http.StatusOK || !strings.Contains(a.body, "The digests have stopped") {
				t.Errorf("%q, %s: %d %s", query, kind, a.status, a.body)
			}
		}
		if n := len(w.subscriptions.changes); n != 2*(i+1) || !w.subscriptions.changes[n-1].Off {
			t.Errorf("%q: the changes are %+v", query, w.subscriptions.changes)
		}
	}
}

package daemon_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// leavable is a daemon whose merchant shop gets a digest by mail after windows
// of that length; tokens are configured, so that nobody reaches a page without.
func leavable(t *testing.T, dir string, mails *hooktest.SMTP, every, to string) *running {
	t.Helper()
	receiver := hooktest.Start(t, hooktest.Options{})
	write(t, dir+"/admin", "admin-token-0123456789")
	write(t, dir+"/scoped", "scoped-token-0123456789")
	text := strings.Replace(head, `server: {listen: "127.0.0.1:0"}`, `server:
  listen: "127.0.0.1:0"
  public_url: https://hooks.example.com/base
  operator_url: https://status.example.com/
  tokens: [{name: admin, role: admin, token_file: admin}, {name: scoped, role: operator, merchants: [other], token_file: scoped}]
`, 1)
	r := start(t, dir, text+fmt.Sprintf(`deadman: {prove: 0s}
digest: {every: %s, bucket: 1s, spread: 0s, receiver: mail, report_to: sre}
merchants:
  - {id: shop, name: Toko Maju, digest: {to: [%s]}, endpoints: [{id: x, url: %q}]}
  - {id: other, name: Lain, language: id, digest: {to: [lain@other.example]}, endpoints: [{id: y, url: %q}]}
receivers:
  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: digests@example.com}
  sre: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: digests@example.com, to: [sre@example.com]}
`, every, to, receiver.URL(), receiver.URL(), mails.Addr().Port(), mails.Addr().Port()))
	r.token = "admin-token-0123456789"
	return r
}

// post sends a form to a link of a mail, as a mail program does: without token,
// cookie or anything else that says who it is, and again when it cannot be stored
// just now. Other headers may be given.
func (r *running) post(link, contentType, body string, headers ...string) (status int, page string) {
	r.t.Helper()
	r.until("it can be stored", func() bool {
		status, page = r.open(http.MethodPost, link, contentType, body, headers...)
		return status != http.StatusServiceUnavailable
	})
	return status, page
}

// open asks for a link of a mail: what the public address stands for reaches the
// daemon below its own root.
func (r *running) open(method, link, contentType, body string, headers ...string) (int, string) {
	r.t.Helper()
	path, ok := strings.CutPrefix(link, "https://hooks.example.com/base")
	if !ok {
		r.t.Fatalf("the link is %q", link)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host = "hooks.example.com"
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if got := resp.Header.Get("Referrer-Policy") + " " + resp.Header.Get("Cache-Control") + " " + resp.Header.Get("X-Robots-Tag"); got != "no-referrer no-store noindex, nofollow" {
		r.t.Errorf("%s: the headers say %q", method, got)
	}
	return resp.StatusCode, string(raw)
}

const urlencoded = "application/x-www-form-urlencoded"

// mailsTo are the digests that came to an address.
func mailsTo(mails *hooktest.SMTP, to string) []hooktest.SMTPMessage {
	return slices.DeleteFunc(mails.Messages(), func(m hooktest.SMTPMessage) bool { return !slices.Contains(m.To, to) })
}

// linkOf is the link of the header of a mail.
func linkOf(t *testing.T, m hooktest.SMTPMessage) string {
	t.Helper()
	link := strings.TrimSuffix(strings.TrimPrefix(m.Header.Get("List-Unsubscribe"), "<"), ">")
	if m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, "https://hooks.example.com/base/unsubscribe/") {
		t.Fatalf("headers %v", m.Header)
	}
	return link
}

// since returns the states of a merchant's windows that began at a moment or
// after it, the oldest first.
func (r *running) since(merchant string, at time.Time) []digest.State {
	r.t.Helper()
	states := r.ledger(merchant)
	var starts []string
	for start := range states {
		if from, err := time.Parse(time.RFC3339, start); err == nil && !from.Before(at) {
			starts = append(starts, start)
		}
	}
	slices.Sort(starts)
	var list []digest.State
	for _, s := range starts {
		list = append(list, states[s])
	}
	return list
}

// TestOneClickEndsTheDigests goes the whole way: a mail, the link in its header,
// a POST, a window that nobody is told of, over a restart, back again, a mail.
func TestOneClickEndsTheDigests(t *testing.T) {
	t.Parallel()
	dir, mails := t.TempDir(), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := leavable(t, dir, mails, "2s", "Ops@shop.example")
	r.until("a digest has come", func() bool { return len(mailsTo(mails, "Ops@shop.example")) > 0 })
	first := mailsTo(mails, "Ops@shop.example")[0]
	link := linkOf(t, first)
	if body := strings.ReplaceAll(string(first.Data), "=\r\n", ""); strings.Count(body, "Stop these digests") != 2 || strings.Contains(link, "shop.example") {
		t.Errorf("the mail says\n%s", body)
	}
	r.until("the other merchant and the operators have theirs", func() bool {
		return len(mailsTo(mails, "lain@other.example")) > 0 && len(mailsTo(mails, "sre@example.com")) > 0
	})
	if m := mailsTo(mails, "sre@example.com")[0]; m.Header.Get("List-Unsubscribe") != "" || strings.Contains(string(m.Data), "/unsubscribe/") {
		t.Errorf("the platform's own digest has a link:\n%s", m.Data)
	}

	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		if status, page := r.open(method, link, "", ""); status != http.StatusOK || method == http.MethodGet && !strings.Contains(page, "Nothing has been changed yet") {
			t.Errorf("%s: %d %s", method, status, page)
		}
	}
	if off := r.unsubscribed(""); len(off) != 0 {
		t.Errorf("looking has unsubscribed %v", off)
	}
	for range 2 {
		if status, page := r.post(link, urlencoded, "List-Unsubscribe=One-Click"); status != http.StatusOK || !strings.Contains(page, "The digests have stopped") {
			t.Fatalf("%d %s", status, page)
		}
	}
	left := time.Now()
	want := []string{"shop ops@shop.example one_click"}
	if off := r.unsubscribed(""); !slices.Equal(off, want) {
		t.Errorf("unsubscribed are %v, want %v", off, want)
	}
	if off := r.unsubscribed("&merchant=other"); len(off) != 0 {
		t.Errorf("of the other merchant %v", off)
	}
	r.until("two windows are suppressed", func() bool {
		count := map[digest.State]int{}
		for _, s := range r.since("shop", left) {
			count[s]++
		}
		if count[digest.StateSent]+count[digest.StateWaiting]+count[digest.StateDead] > 0 {
			t.Fatalf("windows after the click: %v", count)
		}
		return count[digest.StateSuppressed] >= 2 // one that a slow machine merged tells nobody either
	})
	r.until("the operators are told", func() bool {
		return slices.ContainsFunc(mailsTo(mails, "sre@example.com"), func(m hooktest.SMTPMessage) bool {
			said := strings.ReplaceAll(string(m.Data), "=\r\n", "")
			return strings.Contains(said, "1 address has unsubscribed") && strings.Contains(said, "Ops@shop.example (Toko Maju)")
		})
	})
	r.stop()

	r = leavable(t, dir, mails, "2s", "ops@shop.example") // the same, in another case
	again := time.Now()
	r.until("a window after the restart is suppressed", func() bool { return slices.Contains(r.since("shop", again), digest.StateSuppressed) })
	for _, m := range mailsTo(mails, "ops@shop.example") {
		t.Errorf("a mail came: %s", m.Header.Get("Subject"))
	}
	if status, page := r.open(http.MethodGet, link, "", ""); status != http.StatusOK || !strings.Contains(page, "No digests come to this address") {
		t.Errorf("%d %s", status, page)
	}
	if status, page := r.post(link, urlencoded, "action=subscribe"); status != http.StatusOK || !strings.Contains(page, "The digests come again") {
		t.Errorf("%d %s", status, page)
	}
	if off := r.unsubscribed(""); len(off) != 0 {
		t.Errorf("still unsubscribed: %v", off)
	}
	r.until("the next digest has come", func() bool { return len(mailsTo(mails, "ops@shop.example")) > 0 })
	if got := linkOf(t, mailsTo(mails, "ops@shop.example")[0]); got != link {
		t.Errorf("the link is another: %s, was %s", got, link)
	}
	token := link[strings.LastIndexByte(link, '/')+1:]
	for name, said := range map[string]string{"log": r.log.String(), "metrics": r.metricsText()} {
		if strings.Contains(said, token) || strings.Contains(said, token[:20]) {
			t.Errorf("the %s shows the link:\n%s", name, tail(said))
		}
	}
	if !strings.Contains(r.log.String(), "/unsubscribe/…") {
		t.Error("the log shows no request of the link at all: this test looks for it in vain")
	}
}

// unsubscribed lists who has left, as the API tells it.
func (r *running) unsubscribed(query string) []string {
	r.t.Helper()
	var list struct {
		Items []struct{ Merchant, Address, Reason string }
	}
	r.into(http.StatusOK, &list, http.MethodGet, "/api/v1/digests/unsubscribed?limit=1000"+query, "")
	var said []string
	for _, u := range list.Items {
		said = append(said, u.Merchant+" "+u.Address+" "+u.Reason)
	}
	return said
}

func (r *running) metricsText() string {
	_, text := r.call(http.MethodGet, "/metrics", "")
	return text
}

// TestWhatALinkTakes: who sends it need be nobody, and what says neither changes
// nothing.
func TestWhatALinkTakes(t *testing.T) {
	t.Parallel()
	dir, mails := t.TempDir(), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := leavable(t, dir, mails, "6h", "ops@shop.example, second@shop.example")
	raw, err := os.ReadFile(filepath.Join(dir, "data", subscription.KeyFile))
	if err != nil || len(raw) == 0 {
		t.Fatal(err)
	}
	key, err := subscription.OpenKey(filepath.Join(dir, "data"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse("https://hooks.example.com/base")
	if err != nil {
		t.Fatal(err)
	}
	links := subscription.Links{Key: key, Base: base}
	link, indonesian := links.Link("shop", "ops@shop.example"), links.Link("other", "lain@other.example")
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	if err := form.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	const oneClick = "List-Unsubscribe=One-Click"
	stranger := "https://hooks.example.com/base/unsubscribe/"
	for sentence, tc := range map[string]struct {
		link, kind, body string
		headers          []string
		status           int
		left             string // reason; empty: nobody has left
		says             string
	}{
		"one click":                         {link, urlencoded, oneClick, nil, 200, "one_click", "The digests have stopped"},
		"one click in parts":                {link, form.FormDataContentType(), parts.String(), nil, 200, "one_click", "The digests have stopped"},
		"the button of the page":            {link, urlencoded, "action=unsubscribe", []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, 200, "page", "The digests have stopped"},
		"a page's script of another origin": {link, urlencoded, oneClick, []string{"Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site"}, 200, "one_click", "have stopped"},
		"an old browser behind a proxy":     {link, urlencoded, "action=unsubscribe", []string{"Origin", "null", "X-Forwarded-For", "203.0.113.1"}, 200, "page", "have stopped"},
		"a wrong token of the API":          {link, urlencoded, oneClick, []string{"Authorization", "Bearer guess"}, 200, "one_click", "have stopped"},
		"in Indonesian":                     {indonesian, urlencoded, oneClick, nil, 200, "one_click", "Ringkasan telah dihentikan"},
		"nothing":                           {link, urlencoded, "", nil, 400, "", "Nothing was changed"},
		"another word":                      {link, urlencoded, "List-Unsubscribe=No", nil, 400, "", "Nothing was changed"},
		"the click in the address alone":    {link + "?" + oneClick, urlencoded, "x=y", nil, 400, "", "Nothing was changed"},
		"the click in the address of parts": {link + "?" + oneClick, form.FormDataContentType(), "--" + form.Boundary() + "--\r\n", nil, 400, "", "Nothing was changed"},
		"JSON":                              {link, "application/json", `{"List-Unsubscribe":"One-Click"}`, nil, 415, "", "Nothing was changed"},
		"no type":                           {link, "", oneClick, nil, 415, "", "Nothing was changed"},
		"parts without a boundary":          {link, "multipart/form-data", oneClick, nil, 400, "", "Nothing was changed"},
		"a body without end":                {link, urlencoded, oneClick + "&x=" + strings.Repeat("y", 10<<10), nil, 413, "", "Nothing was changed"},
		"a part without end":                {link, form.FormDataContentType(), strings.Replace(parts.String(), "One-Click", strings.Repeat("y", 10<<10), 1), nil, 413, "", "Nothing was changed"},
		"the sample of a preview":           {stranger + subscription.Sample, urlencoded, oneClick, nil, 404, "", "This link is not known here"},
		"a forged signature":                {forged(link), urlencoded, oneClick, nil, 404, "", "Tautan ini tidak dikenal"},
		"of a merchant that is not there":   {links.Link("gone", "ops@shop.example"), urlencoded, oneClick, nil, 404, "", "https://status.example.com/"},
		"of another merchant's address":     {links.Link("other", "ops@shop.example"), urlencoded, oneClick, nil, 404, "", "not known"},
		"of incident mails":                 {stranger + key.Token("incident", "shop", "ops@shop.example"), urlencoded, oneClick, nil, 404, "", "not known"},
		"of an address off the list":        {links.Link("shop", "former@shop.example"), urlencoded, oneClick, nil, 404, "", "not known"},
		"of another daemon":                 {subscription.Links{Key: subscription.NewKey([32]byte{1}), Base: base}.Link("shop", "ops@shop.example"), urlencoded, oneClick, nil, 404, "", "not known"},
	} {
		status, page := r.post(tc.link, tc.kind, tc.body, tc.headers...)
		off := r.unsubscribed("")
		if status != tc.status || !strings.Contains(page, tc.says) || len(off) != min(len(tc.left), 1) || tc.left != "" && !strings.HasSuffix(off[0], " "+tc.left) {
			t.Errorf("%s: %d, unsubscribed %v; it says\n%s", sentence, status, off, page)
		}
		for merchant, address := range map[string]string{"shop": "ops@shop.example", "other": "lain@other.example"} {
			r.into(http.StatusOK, nil, http.MethodPost, "/api/v1/digests/subscribe", fmt.Sprintf(`{"merchant":%q,"address":%q}`, merchant, address))
		}
	}
}

// forged is a link with another last letter.
func forged(link string) string {
	other := "A"
	if strings.HasSuffix(link, other) {
		other = "Q"
	}
	return link[:len(link)-1] + other
}

// TestOperatorsUnsubscribe: with roles and scope, in the outbox too.
func TestOperatorsUnsubscribe(t *testing.T) {
	t.Parallel()
	dir, mails := t.TempDir(), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := leavable(t, dir, mails, "6h", "ops@shop.example")
	of := func(verb, merchant, address string) (int, string) {
		return r.call(http.MethodPost, "/api/v1/digests/"+verb, fmt.Sprintf(`{"merchant":%q,"address":%q}`, merchant, address))
	}
	for _, tc := range []struct {
		verb, merchant, address string
		status                  int
		says                    string
	}{
		{"subscribe", "shop", "ops@shop.example", 200, `"subscribed":true,"changed":false`},
		{"unsubscribe", "shop", "OPS@shop.example", 200, `"subscribed":false,"changed":true`},
		{"unsubscribe", "shop", "ops@shop.example", 200, `"changed":false`},
		{"unsubscribe", "shop", "osp@shop.example", 422, `wanted one of ops@shop.example`},
		{"subscribe", "shop", "osp@shop.example", 422, `is not among the digest addresses of`},
		{"unsubscribe", "nobody", "ops@shop.example", 404, `there is no merchant`},
	} {
		if status, body := of(tc.verb, tc.merchant, tc.address); status != tc.status || !strings.Contains(body, tc.says) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", tc.verb, tc.merchant, tc.address, status, body, tc.status, tc.says)
		}
	}
	if off := r.unsubscribed(""); !slices.Equal(off, []string{"shop ops@shop.example operator"}) {
		t.Errorf("unsubscribed are %v", off)
	}
	r.token = "scoped-token-0123456789"
	if off := r.unsubscribed(""); len(off) != 0 {
		t.Errorf("another merchant's token sees %v", off)
	}
	if status, body := of("subscribe", "shop", "ops@shop.example"); status != 404 || strings.Contains(body, "ops@") {
		t.Errorf("another merchant's token: %d %s", status, body)
	}
	if status, body := of("unsubscribe", "other", "lain@other.example"); status != 200 {
		t.Errorf("its own: %d %s", status, body)
	}
	if off := r.unsubscribed(""); !slices.Equal(off, []string{"other lain@other.example operator"}) {
		t.Errorf("it sees %v", off)
	}
}

// TestADamagedKeyStopsNobody but the links: it is in the log and a remark on
// the duty page, mails go out without a link, and the file stays as it was. With
// the key put back the links of before work again.
func TestADamagedKeyStopsNobody(t *testing.T) {
	t.Parallel()
	dir, mails := t.TempDir(), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := leavable(t, dir, mails, "2s", "ops@shop.example")
	const remark = "digests have no unsubscribe links"
	if _, duty := r.call(http.MethodGet, "/-/duty", ""); strings.Contains(duty, remark) {
		t.Errorf("with a sound key: %s", duty)
	}
	r.until("a digest has come", func() bool { return len(mailsTo(mails, "ops@shop.example")) > 0 })
	link := linkOf(t, mailsTo(mails, "ops@shop.example")[0])
	r.stop()
	path := filepath.Join(dir, "data", subscription.KeyFile)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(sound[:20]))
	before := len(mailsTo(mails, "ops@shop.example"))

	r = leavable(t, dir, mails, "2s", "ops@shop.example")
	r.until("a digest has come without a link", func() bool { return len(mailsTo(mails, "ops@shop.example")) > before })
	if m := mailsTo(mails, "ops@shop.example")[before]; m.Header.Get("List-Unsubscribe") != "" || strings.Contains(string(m.Data), "/unsubscribe/") {
		t.Errorf("it has a link:\n%s", m.Data)
	}
	if status, page := r.post(link, urlencoded, "List-Unsubscribe=One-Click"); status != http.StatusNotFound {
		t.Errorf("the link: %d %s", status, page)
	}
	r.until("it is on duty, with a remark", func() bool {
		status, duty := r.call(http.MethodGet, "/-/duty", "")
		return status == http.StatusOK && strings.Contains(duty, "note: "+remark)
	})
	if log := r.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, subscription.KeyFile+" is damaged; restore it from a backup") || strings.Contains(log, string(sound[3:20])) {
		t.Errorf("the log says\n%s", tail(log))
	}
	r.stop()
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, sound[:20]) {
		t.Errorf("the file was changed: %v", err)
	}

	write(t, path, string(sound))
	r = leavable(t, dir, mails, "6h", "ops@shop.example")
	if status, page := r.post(link, urlencoded, "List-Unsubscribe=One-Click"); status != http.StatusOK {
		t.Errorf("with the key put back: %d %s", status, page)
	}
	r.stop()
}

package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/api"
)

const bothToken = "MARKER-both-0123456789abcdef"

func both() api.Token {
	return api.Token{Name: "both", Role: api.RoleViewer, Secret: bothToken, Merchants: []string{"own", "rival"}}
}

const previewPath = digestsPath + "/preview?merchant=own"

func TestAPreviewIsWhatIsSent(t *testing.T) {
	t.Parallel()
	letter, err := digest.Mail(factsOf("own"))
	if err != nil {
		t.Fatal(err)
	}
	slack, blocks, err := digest.SlackEscaped(factsOf("own"))
	if err != nil {
		t.Fatal(err)
	}
	const usual = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
	for name, tt := range map[string]struct{ query, contentType, policy, body string }{
		"as HTML": {"&format=html", "text/html; charset=utf-8",
			"sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", letter.HTML},
		"as text":      {"&format=text", "text/plain; charset=utf-8", usual, letter.Text},
		"for Slack":    {"&format=slack", "application/json", usual, asJSON(t, map[string]any{"text": slack, "blocks": blocks})},
		"as facts":     {"&format=json", "application/json", usual, asJSON(t, factsOf("own"))},
		"without word": {"", "application/json", usual, asJSON(t, factsOf("own"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			a := w.ask(t, http.MethodGet, previewPath+tt.query, viewerToken, "")
			if a.status != 200 || a.header.Get("Content-Type") != tt.contentType || a.header.Get("Content-Security-Policy") != tt.policy {
				t.Errorf("status %d, headers %v, want 200, %q and %q", a.status, a.header, tt.contentType, tt.policy)
			}
			got := a.body
			if tt.contentType == "application/json" {
				got = asJSON(t, json.RawMessage(got))
			}
			if got != tt.body {
				t.Errorf("got\n%s\nwant\n%s", got, tt.body)
			}
		})
	}
}

// asJSON writes v with its keys in order.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	raw, err = json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestThePreviewIsOfTheWindowThatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var refused struct{ Detail string }
	if w.ask(t, http.MethodGet, "/api/v1/digests/preview?merchant=own&window=2999-01-01T00:00:00Z", adminToken, "").into(t, 422, &refused); refused.Detail != "the question has faults" {
		t.Errorf("a window to come: %q, want no word of a change", refused.Detail)
	}
	for query, want := range map[string]time.Time{"": {}, "&window=2024-05-04T12:00:00%2B07:00": time.Date(2024, 5, 4, 5, 0, 0, 0, time.UTC)} {
		w.digests.windows = nil
		w.ask(t, http.MethodGet, previewPath+query, viewerToken, "").into(t, 200, new(any))
		if len(w.digests.windows) != 1 || w.digests.windows[0] != want {
			t.Errorf("%q: the windows %v were asked for, want %v", query, w.digests.windows, want)
		}
	}
}

// TestAnUnknownMerchantIsNotThere: whoever may not see one reads the same.
func TestAnUnknownMerchantIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for merchant, token := range map[string]string{"nobody": viewerToken, "rival": ownViewer} {
		p := w.ask(t, http.MethodGet, digestsPath+"/preview?merchant="+merchant, token, "").problem(t, 404)
		if want := `there is no merchant "` + merchant + `"`; p.Detail != want {
			t.Errorf("got %q, want %q", p.Detail, want)
		}
	}
}

// TestTheMailOpens reads a preview as a mail program does.
func TestTheMailOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodGet, previewPath+"&format=eml", viewerToken, "")
	if a.header.Get("Content-Type") != "message/rfc822" || a.header.Get("Content-Disposition") != `attachment; filename="digest.eml"` {
		t.Errorf("headers %v, want a file with a mail", a.header)
	}
	letter, err := digest.Mail(factsOf("own"))
	if err != nil {
		t.Fatal(err)
	}
	checkMail(t, a.body, letter, "Kopi & <b>Søn</b>")
	if again := w.ask(t, http.MethodGet, previewPath+"&format=eml", viewerToken, ""); again.body != a.body {
		t.Error("the same facts gave another mail")
	}
}

func TestAMailIsWellFormedWhateverItSays(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 400)
	for name, tt := range map[string]struct {
		letter      digest.Letter
		to, subject string
	}{
		"line ends of every kind": {digest.Letter{Subject: "plain", Text: "a\nb\r\nc\rd\n", HTML: "<p>\n</p>"}, "Own Shop", "plain"},
		"a subject that would add headers": {
			digest.Letter{Subject: "x\r\nBcc: a@b.example\r\n\r\nbody", Text: "t", HTML: "h"}, "y\r\nBcc: a@b.example", "x\r\nBcc: a@b.example\r\n\r\nbody",
		},
		"long lines and words": {
			digest.Letter{Subject: strings.TrimSpace(long), Text: strings.Repeat("A", 5000) + "\n.\n-- \nFrom me", HTML: strings.Repeat("☃", 5000)},
			strings.Repeat("A", 5000), strings.TrimSpace(long),
		},
		"a long subject of another script": {digest.Letter{Subject: strings.Repeat("☃", 500)}, "Søn", strings.Repeat("☃", 500)},
		"nothing":                          {digest.Letter{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := api.MailFile(tt.letter, tt.to, at)
			if err != nil {
				t.Fatal(err)
			}
			tt.letter.Subject = tt.subject
			msg := checkMail(t, string(raw), tt.letter, "")
			if msg.Header.Get("Bcc") != "" || len(msg.Header) != 8 {
				t.Errorf("headers %v, want eight", msg.Header)
			}
		})
	}
}

// checkMail fails unless raw is a message with that letter, to a reader of
// that name (empty: any).
func checkMail(t *testing.T, raw string, want digest.Letter, reader string) *mail.Message {
	t.Helper()
	if rest := strings.ReplaceAll(raw, "\r\n", ""); strings.ContainsAny(rest, "\r\n") {
		t.Error("a line does not end in CRLF")
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 998 { // RFC 5322, section 2.1.1
			t.Errorf("a line has %d bytes: %.80s", len(line), line)
		}
	}
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	from, errFrom := msg.Header.AddressList("From")
	to, errTo := msg.Header.AddressList("To")
	date, errDate := msg.Header.Date()
	if errFrom != nil || errTo != nil || errDate != nil || len(from) != 1 || len(to) != 1 || date.Before(at) || reader != "" && to[0].Name != reader {
		t.Errorf("from %v, to %v, at %v; %v, %v, %v; want a letter to %q", from, to, date, errFrom, errTo, errDate, reader)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != want.Subject {
		t.Errorf("subject %q, %v; want %q", subject, err, want.Subject)
	}
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("type %q, %v; want alternatives", media, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	checkPart(t, parts, "text/plain; charset=utf-8", want.Text)
	checkPart(t, parts, "text/html; charset=utf-8", want.HTML)
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("after two parts: %v, want the end", err)
	}
	return msg
}

// checkPart reads the next part; its line ends are those of mails.
func checkPart(t *testing.T, parts *multipart.Reader, contentType, want string) {
	t.Helper()
	p, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(quotedprintable.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	want = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(want)
	if p.Header.Get("Content-Type") != contentType || string(got) != want {
		t.Errorf("a part of type %q: got\n%q\nwant\n%q of type %q", p.Header.Get("Content-Type"), got, want, contentType)
	}
}

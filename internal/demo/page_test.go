package demo

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`

// stillPage is a page over what does not change.
func stillPage(messages []hooktest.SlackMessage, mails []hooktest.SMTPMessage, since time.Duration) http.Handler {
	p := &page{
		log: slog.New(slog.DiscardHandler), begun: time.Now().Add(-since), daemon: "http://127.0.0.1:1",
		messages: func() []hooktest.SlackMessage { return messages },
		mails:    func() []hooktest.SMTPMessage { return mails },
		sent:     func() tally { return tally{First: 1234, Failed: 5} },
	}
	return p.handler()
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func message(ts, thread, text string, blocks any) hooktest.SlackMessage {
	raw, err := json.Marshal(blocks)
	if err != nil || blocks == nil {
		raw = nil
	}
	return hooktest.SlackMessage{TS: ts, Thread: thread, Versions: []hooktest.SlackVersion{{Text: text, Blocks: raw}}}
}

func mailOf(lines ...string) hooktest.SMTPMessage {
	return hooktest.SMTPMessage{From: "a@example.com", To: []string{"b@example.com"}, Data: []byte(strings.Join(lines, "\r\n"))}
}

func TestPageShowsTheSceneThatRuns(t *testing.T) {
	t.Parallel()
	w := get(t, stillPage(nil, nil, firstFix+time.Second/2), "/")
	body := w.Body.String()
	for _, want := range []string{">First fix</h1>", `aria-current="step"`, "<strong>22:31</strong> <span>in the incident", "1.5%", "1234", `http-equiv="refresh" content="2"`, "http://127.0.0.1:1/incidents"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(body, "aria-current"); n != 1 {
		t.Errorf("%d scenes run, want 1", n)
	}
	if csp := w.Header().Get("Content-Security-Policy"); csp != pagePolicy || strings.Contains(body, "<script") {
		t.Errorf("policy %q, or a script in the page", csp)
	}
	if body := get(t, stillPage(nil, nil, 0), "/?refresh=0").Body.String(); strings.Contains(body, "http-equiv=\"refresh\"") {
		t.Error("refresh=0 refreshes all the same")
	}
}

func TestHostileTextsAreHarmless(t *testing.T) {
	t.Parallel()
	text := func(kind, s string) map[string]any { return map[string]any{"type": kind, "text": s} }
	h := stillPage(
		[]hooktest.SlackMessage{
			message("1", "", hostile, nil),
			message("2", "1", hostile, []any{
				map[string]any{"type": "header", "text": text("plain_text", hostile)},
				map[string]any{"type": "section", "fields": []any{text("plain_text", hostile+"\n"+hostile)}},
				map[string]any{"type": "context", "elements": []any{text("mrkdwn", "<javascript:alert(1)|"+hostile)}},
			}),
		},
		[]hooktest.SMTPMessage{
			mailOf("Subject: "+hostile, "From: "+hostile, "Content-Type: text/html", "", hostile),
			mailOf("Subject: "+hostile, "", hostile),
			mailOf(hostile),
		}, 0)
	for _, path := range []string{"/", "/mail/1", "/mail/2", "/mail/3"} {
		w := get(t, h, path)
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, `href="javascript`) {
			t.Errorf("%s: status %d, or hostile text is markup:\n%s", path, w.Code, body)
		}
	}
	w := get(t, h, "/mail/1/html")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox; default-src 'none'") || !strings.Contains(w.Body.String(), hostile) {
		t.Errorf("the mail's HTML: policy %q, body %q; want it as it came, in a sandbox without rights", csp, w.Body)
	}
	if body := get(t, h, "/mail/1").Body.String(); !strings.Contains(body, `<iframe src="/mail/1/html" sandbox `) {
		t.Error("the mail's frame has no sandbox")
	}
}

func TestPageOfNothing(t *testing.T) {
	t.Parallel()
	h := stillPage(nil, nil, 0)
	for path, want := range map[string]int{
		"/": 200, "/style.css": 200, "/mail/1": 404, "/mail/0": 404, "/mail/-1": 404, "/mail/x/html": 404, "/etc": 404,
	} {
		if got := get(t, h, path).Code; got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	list := threadsOf([]hooktest.SlackMessage{
		message("1", "", "first", nil), message("2", "", "second", nil), message("3", "1", "reply", nil), message("4", "99", "orphan", nil),
	})
	var got []string
	for _, th := range list {
		line := th.Blocks[0].Text
		for _, r := range th.Replies {
			line += "/" + r.Blocks[0].Text
		}
		got = append(got, line)
	}
	if want := []string{"orphan", "second", "first/reply"}; !slices.Equal(got, want) {
		t.Errorf("threads %q, want %q", got, want)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	raw := json.RawMessage(`[{"type":"header","text":{"type":"plain_text","text":"✅ resolved: a <b>"}},
		{"type":"section","fields":[{"type":"plain_text","text":"State\nresolved"}]},{"type":"divider"},
		{"type":"context","elements":[{"type":"mrkdwn","text":"see <http://127.0.0.1:1/a?b=1&amp;c=2|the &lt;page&gt;> now <"}]}]`)
	got := blocksOf(raw)
	if len(got) != 4 || got[0].Head != "resolved: a <b>" || got[0].Mark != "resolved" {
		t.Fatalf("blocks %+v", got)
	}
	if want := []field{{"State", "resolved"}}; !slices.Equal(got[1].Fields, want) {
		t.Errorf("fields %+v, want %+v", got[1].Fields, want)
	}
	if want := []span{{Text: "see "}, {"the <page>", "http://127.0.0.1:1/a?b=1&c=2"}, {Text: " now "}}; !slices.Equal(got[3].Small, want) {
		t.Errorf("spans %+v, want %+v", got[3].Small, want)
	}
	if got := blocksOf(json.RawMessage(`{"no":"list"}`)); got != nil {
		t.Errorf("blocks of an object %+v, want none", got)
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	l := letterOf(7, mailOf("Subject: =?utf-8?q?caf=C3=A9?=", "X-Hookvigil-State: resolved", "MIME-Version: 1.0",
		`Content-Type: multipart/alternative; boundary=b`, "", "--b", "Content-Transfer-Encoding: quoted-printable", "", "a =3D b=", " c", "",
		"--b", "Content-Type: text/html", "Content-Transfer-Encoding: base64", "", "PGI+aGk8L2I+", "--b--", ""))
	if l.N != 7 || l.Subject != "café" || strings.TrimSpace(l.Text) != "a = b c" || l.HTML != "<b>hi</b>" {
		t.Errorf("letter %+v", l)
	}
	nested := "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	deep := letterOf(1, mailOf("Content-Type: multipart/mixed; boundary=b", "", strings.Repeat(nested, 1000)))
	if deep.Text != "" || deep.Subject != "(no subject)" {
		t.Errorf("a mail of boxes in boxes: %+v", deep)
	}
}

// A mail has the colour of its message in Slack.
func TestLettersHaveTheColourOfTheirIncident(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ to, severity, state, want string }{
		"critical":                     {mailbox, "critical", "open", "critical"},
		"high":                         {mailbox, "high", "open", "high"},
		"low":                          {mailbox, "low", "acknowledged", "low"},
		"critical that was":            {mailbox, "critical", "resolved", "resolved"},
		"a merchant's digest":          {"ops@toko-maju.example", "low", "", "digest"},
		"a loudness that is no colour": {mailbox, "x onclick", "open", ""},
		"of no incident":               {mailbox, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mailOf("Subject: x", "X-Hookvigil-Severity: "+tt.severity, "X-Hookvigil-State: "+tt.state, "", "x")
			m.To = []string{tt.to}
			if got := letterOf(1, m).Mark; got != tt.want {
				t.Errorf("mark %q, want %q", got, tt.want)
			}
		})
	}
	style := get(t, stillPage(nil, nil, 0), "/style.css").Body.String()
	for _, mark := range []string{"critical", "high", "low", "resolved", "digest"} {
		if !strings.Contains(style, ".mails li."+mark+" {") {
			t.Errorf("the stylesheet has no colour for a mail that is %s", mark)
		}
	}
}

// What is critical now is on top, whatever came after it; the rest, what was
// critical among it, the newest first.
func TestWhatIsCriticalNowIsOnTop(t *testing.T) {
	t.Parallel()
	headed := func(ts, head string) hooktest.SlackMessage {
		return message(ts, "", "", []any{map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": head}}})
	}
	list := threadsOf([]hooktest.SlackMessage{headed("1", "✅ was critical"), headed("2", "🔴 critical"), headed("3", "🟠 high"), headed("4", "the digest")})
	var got []string
	for _, th := range list {
		got = append(got, th.Blocks[0].Head)
	}
	if want := []string{"critical", "the digest", "high", "was critical"}; !slices.Equal(got, want) {
		t.Errorf("threads %q, want %q", got, want)
	}
}

func TestPageListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:80", "hooks.example.com:80", ":80", "nonsense"} {
		if ln, err := listenLoopback(t.Context(), address); err == nil {
			t.Errorf("%q is listened on", address)
			_ = ln.Close()
		} else if !strings.Contains(err.Error(), "wanted one such as") {
			t.Errorf("%q: %v; want an error that says what is wanted", address, err)
		}
	}
}

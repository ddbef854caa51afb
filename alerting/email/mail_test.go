package email_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

var dates = regexp.MustCompile(`(?m)^Date: .*\r\n`)

// undated is a mail without what differs from try to try.
func undated(data []byte) string { return dates.ReplaceAllString(string(data), "") }

// mailed sends n to a sound relay.
func mailed(t *testing.T, n alerting.Notice) (hooktest.SMTPMessage, alerting.Ref) {
	t.Helper()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	ref, err := receiver(t, configFor(s)).Send(t.Context(), n, alerting.Ref{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Messages()[0], ref
}

func resolvedNotice(t *testing.T) alerting.Notice {
	t.Helper()
	f := openFacts()
	f.State, f.ResolvedAt, f.Happened, f.At = alerting.StateResolved, at("15:30:00"), "resolved", at("15:30:00")
	f.AcknowledgedAt, f.AcknowledgedBy = at("14:55:00"), "Sari"
	f.Members[0].Open, f.MemberCount = false, 2
	n := noticeOf(t, f)
	n.Kind, n.IdemKey, n.Version = alerting.KindResolve, "v1:endpoint:toko:1:resolve:9:mail/sre@example.com", 9
	return n
}

// hostileNotice holds what a merchant could write to forge a mail.
func hostileNotice(t *testing.T) alerting.Notice {
	t.Helper()
	const evil = "Toko\x00\x1b[31m\x07\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script> \u202egnp.exe <img src=http://x.test/p.png> </bdi>"
	f := openFacts()
	f.Title = evil + strings.Repeat("A", 10_000)
	f.Merchant, f.Happened, f.Evidence.Text, f.Evidence.Clears, f.AcknowledgedBy, f.Number = evil, evil, evil, evil, evil, "\r\nX: y"
	f.AcknowledgedAt = at("14:55:00")
	f.Members[0].Text, f.Members[0].Fault, f.Members[0].Scope = evil, evil, rules.Scope(evil)
	f.URL, f.Runbook = "javascript:alert(1)", "https://user:pw@wiki.example.com/"
	return noticeOf(t, f)
}

func TestMailsReadWell(t *testing.T) {
	t.Parallel()
	reduced := noticeOf(t, openFacts())
	reduced.Reduced = true
	probe := noticeOf(t, alerting.Facts{Happened: "sent by notify test", At: at("14:50:00")})
	probe.Kind, probe.Severity = alerting.KindTest, rules.Low
	for name, n := range map[string]alerting.Notice{
		"open": noticeOf(t, openFacts()), "resolved": resolvedNotice(t), "hostile": hostileNotice(t), "reduced": reduced, "test": probe,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := mailed(t, n)
			got := strings.ReplaceAll(undated(m.Data), "\r\n", "\n")
			path := filepath.Join("testdata", name+".eml.golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	m, _ := mailed(t, hostileNotice(t))
	if m.Header.Get("Bcc") != "" || m.Header.Get("X") != "" || strings.ContainsAny(m.Header.Get("Subject"), "\r\n") {
		t.Errorf("got header %v, want none that was smuggled in", m.Header)
	}
	text, html := parts(t, m)
	if strings.Contains(text, "\nBcc:") || strings.ContainsAny(text, "\u202e\x1b\x07") || strings.Contains(text, strings.Repeat("A", 300)) {
		t.Errorf("got text\n%s", text)
	}
	for _, bad := range []string{"<script", "<img", "javascript:", "user:pw", "\u202e", "\x1b", "\x07", "</bdi></bdi>"} {
		if strings.Contains(html, bad) {
			t.Errorf("got %q in\n%s", bad, html)
		}
	}
	for line := range bytes.SplitSeq(m.Data, []byte("\r\n")) {
		if len(line) > 998 { // RFC 5322 section 2.1.1
			t.Errorf("got a line of %d bytes, want at most 998", len(line))
		}
	}
}

// parts decodes the text and the HTML of a mail.
func parts(t *testing.T, m hooktest.SMTPMessage) (text, html string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(m.Data, []byte("\r\n\r\n"))
	if kind == "text/plain" {
		b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		return string(b), ""
	}
	var list []string
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p) // NextPart decodes quoted-printable
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	if kind != "multipart/alternative" || len(list) != 2 {
		t.Fatalf("got %s with %d parts, want multipart/alternative with 2", kind, len(list))
	}
	return list[0], list[1]
}

func TestThreadNeedsNoState(t *testing.T) {
	t.Parallel()
	first, opened := mailed(t, noticeOf(t, openFacts()))
	second, closed := mailed(t, resolvedNotice(t))
	if opened.Root == "" || opened.Root != closed.Root || opened.Last == closed.Last {
		t.Errorf("got %+v and %+v, want one root and two messages", opened, closed)
	}
	for _, m := range []hooktest.SMTPMessage{first, second} {
		if m.Header.Get("References") != opened.Root || m.Header.Get("In-Reply-To") != opened.Root {
			t.Errorf("got %v, want the root %s", m.Header, opened.Root)
		}
	}
	if first.ID != opened.Last || second.ID != closed.Last {
		t.Errorf("got %s and %s, want %s and %s", first.ID, second.ID, opened.Last, closed.Last)
	}
	stable := func(m hooktest.SMTPMessage) string {
		_, rest, _ := strings.Cut(m.Header.Get("Subject"), "] ")
		return rest
	}
	if stable(first) != stable(second) || stable(first) == "" {
		t.Errorf("got %q and %q, want the same behind the prefix", stable(first), stable(second))
	}
	other := openFacts()
	other.Incident = "inc_other"
	if _, ref := mailed(t, noticeOf(t, other)); ref.Root == opened.Root {
		t.Errorf("got the root %s for another incident", ref.Root)
	}
}

func TestLateMailSaysSo(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, openFacts())
	n.Late = true
	before := time.Now()
	m, _ := mailed(t, n)
	text, html := parts(t, m)
	for _, part := range []string{text, html} {
		if !strings.Contains(part, "This mail is late: it was decided on 2023-11-11 14:50:01 UTC and sent on 20") {
			t.Errorf("got\n%s\nwant it to say that it is late", part)
		}
	}
	date, err := m.Header.Date()
	if err != nil || date.Before(before.Truncate(time.Second)) {
		t.Errorf("got date %v %v, want when it was sent", date, err)
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	n := noticeOf(t, openFacts())
	n.Facts = []byte("{")
	_, err := receiver(t, configFor(s)).Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, alerting.ClassMessage)
	if n := s.Stats().Sessions; n != 0 {
		t.Errorf("got %d connections, want none", n)
	}
}

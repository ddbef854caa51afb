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
	f.State, f.ResolvedAt, f.At = alerting.StateResolved, at("15:30:00"), at("15:30:00")
	f.Happened = "recovered after 42m: 5 good probes in a row"
	f.AcknowledgedAt, f.AcknowledgedBy, f.MitigatedAt, f.RecoveringAt = at("14:55:00"), "Sari", at("15:10:00"), at("15:20:00")
	f.Members[0].Open, f.MemberCount = false, 2
	f.Share, f.About.Endpoints, f.About.AtRisk, f.About.NextLoss, f.About.Waiting = 0, 0, 0, time.Time{}, 12
	n := noticeOf(t, f)
	n.Kind, n.IdemKey, n.Version = alerting.KindResolve, "v1:endpoint:toko:1:resolve:9:mail/sre@example.com", 9
	return n
}

// story are the mails of one incident that went badly, in order, and what else
// people get by mail.
func story(t *testing.T) map[string]alerting.Notice {
	t.Helper()
	later := func(change func(*alerting.Facts)) alerting.Notice {
		f := openFacts()
		f.At = at("15:20:00")
		change(&f)
		return noticeOf(t, f)
	}
	list := map[string]alerting.Notice{
		"open":     noticeOf(t, openFacts()),
		"resolved": resolvedNotice(t),
		"hostile":  hostileNotice(t),
		"again": later(func(f *alerting.Facts) {
			f.Again, f.Happened = 1, "nobody has acknowledged it for 30m: told to pager"
		}),
		"acknowledged": later(func(f *alerting.Facts) {
			f.State, f.AcknowledgedAt, f.AcknowledgedBy, f.AckUntil = alerting.StateAcknowledged, f.At, "Sari", at("19:20:00")
			f.Happened = "Sari: acknowledged: calling Toko Maju"
		}),
		"reopened": later(func(f *alerting.Facts) {
			f.At, f.Happened = at("15:45:00"), "open again: no answer within 30s"
		}),
		"recovering": later(func(f *alerting.Facts) {
			f.State, f.RecoveringAt, f.MitigatedAt = alerting.StateRecovering, f.At, at("15:10:00")
			f.Happened = "nothing fails any more; over when that stays so until 15:25:00 UTC"
		}),
		"quiet": later(func(f *alerting.Facts) {
			f.Flapping, f.QuietUntil, f.QuietBy = true, at("18:00:00"), "maintenance of Toko Maju, by Sari"
			f.Doubt, f.Happened = "canary core fails: timeout_dns", "it comes and goes"
		}),
	}
	reduced := noticeOf(t, openFacts())
	reduced.Reduced = true
	list["reduced"] = reduced
	probe := noticeOf(t, alerting.Facts{Happened: "sent by notify test", At: at("14:50:00")})
	probe.Kind, probe.Severity = alerting.KindTest, rules.Low
	list["test"] = probe
	dead := later(func(f *alerting.Facts) {
		f.Happened = `a notice (root) through "ops" was not delivered: destination: slack: chat.postMessage: is_archived; opened`
	})
	dead.Kind = alerting.KindDead
	list["dead"] = dead
	storm := noticeOf(t, alerting.Facts{
		Title: "7 more messages were held back", Severity: rules.High, MemberCount: 7, At: at("15:00:00"),
		Happened: "more than 20 messages came here in 10m, from 2023-11-11 14:50:00 UTC to 2023-11-11 15:00:00 UTC; the rest are recorded, and were not sent",
		Held: []alerting.HeldBack{
			{Incident: "inc_a", Number: "a2b3c4", Title: "deliveries to toko-maju-payouts fail", Severity: rules.High, State: alerting.StateOpen, URL: "https://hooks.example.com/incidents/inc_a", Messages: 3},
			{Title: "A notice could not be delivered", Severity: rules.High, Messages: 1},
		},
	})
	storm.Kind = alerting.KindSummary
	list["storm"] = storm
	return list
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
	f.QuietBy, f.Doubt = evil, evil
	f.About.MerchantName, f.About.Host, f.About.Why, f.About.Advice, f.About.Cause = evil, evil, evil, evil, evil
	f.URL, f.Runbook = "javascript:alert(1)", "https://user:pw@wiki.example.com/"
	return noticeOf(t, f)
}

func TestMailsReadWell(t *testing.T) {
	t.Parallel()
	for name, n := range story(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := mailed(t, n)
			text, html := parts(t, m)
			golden(t, name+".txt", "Subject: "+subjectOf(t, m)+"\n\n"+text)
			if (html == "") != n.Reduced {
				t.Errorf("got HTML of %d bytes, want one unless it is reduced", len(html))
			}
			if html != "" {
				golden(t, name+".html", html)
			}
			if name == "open" || name == "hostile" {
				golden(t, name+".eml", undated(m.Data))
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\r\n", "\n")
	path := filepath.Join("testdata", name+".golden")
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
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func subjectOf(t *testing.T, m hooktest.SMTPMessage) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Mail programs fold what has one subject into one: the second mail would not
// be seen.
func TestMailsThatSayDifferentThingsHaveDifferentSubjects(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"open": "[critical] ", "again": "[critical, 2nd time] ", "acknowledged": "[critical, acknowledged] ", "reopened": "[critical, open again] ",
		"recovering": "[critical, recovering] ", "resolved": "[resolved] ", "dead": "[critical, not delivered] ",
	}
	all := story(t)
	for name, prefix := range want {
		m, _ := mailed(t, all[name])
		if got := subjectOf(t, m); got != prefix+"Endpoints of Toko Maju are down (#234567)" {
			t.Errorf("%s: got %q, want it to begin with %q", name, got, prefix)
		}
	}
	f := openFacts()
	f.At, f.Happened = at("15:00:00"), "loss_coming: 18 events"
	if m, _ := mailed(t, noticeOf(t, f)); !strings.HasPrefix(subjectOf(t, m), "[critical, update] ") {
		t.Errorf("got %q, want an update", subjectOf(t, m))
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

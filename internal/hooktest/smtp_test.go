package hooktest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// mailer speaks SMTP line by line, so that each test says what it means.
type mailer struct {
	t    *testing.T
	conn net.Conn
	text *textproto.Conn
}

// dialSMTP connects and leaves the greeting unread.
func dialSMTP(t *testing.T, s *hooktest.SMTP) *mailer {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
	if errors.Is(err, syscall.ECONNRESET) { // the reset was faster than the dialler
		conn, _ = net.Pipe()
		_ = conn.Close()
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return (&mailer{t: t}).over(conn)
}

func (m *mailer) over(conn net.Conn) *mailer {
	_ = conn.SetDeadline(time.Now().Add(generous))
	m.conn, m.text = conn, textproto.NewConn(conn)
	return m
}

// startSMTP is dialSMTP up to the reply to EHLO.
func startSMTP(t *testing.T, s *hooktest.SMTP) *mailer {
	t.Helper()
	m := dialSMTP(t, s)
	m.reads("220")
	m.says("EHLO client.test", "250")
	return m
}

// reads wants a reply that begins with want; empty: the end of the connection.
func (m *mailer) reads(want string) string {
	m.t.Helper()
	code, text, err := m.text.ReadResponse(0)
	got := fmt.Sprintf("%d %s", code, text)
	if want == "" {
		if err == nil {
			m.t.Fatalf("got %q, want the connection to end", got)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			m.t.Fatalf("got %v, want the connection to end", err)
		}
		return ""
	}
	if err != nil || !strings.HasPrefix(got, want) {
		m.t.Fatalf("got %q %v, want %q", got, err, want)
	}
	return got
}

// sends writes lines without reading anything.
func (m *mailer) sends(text string) {
	m.t.Helper()
	if _, err := m.conn.Write([]byte(text)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mailer) says(line, want string) string {
	m.t.Helper()
	m.sends(line + "\r\n")
	return m.reads(want)
}

// mails brings a message with the given Message-ID up to the dot, which is
// not sent.
func (m *mailer) mails(id string, to ...string) {
	m.t.Helper()
	m.says("MAIL FROM:<from@client.test>", "250")
	for _, rcpt := range to {
		m.says("RCPT TO:<"+rcpt+">", "250")
	}
	m.says("DATA", "354")
	m.sends("Message-ID: <" + id + ">\r\nSubject: test\r\n\r\nbody\r\n")
}

func waitSMTP(t *testing.T, s *hooktest.SMTP, until func(hooktest.SMTPStats) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	if err := s.Wait(ctx, until); err != nil {
		t.Fatal(err)
	}
}

func TestSMTPKeepsWhatArrives(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	const message = "Message-ID: <1@client.test>\r\nSubject: dots\r\nX-Long: a\r\n b\r\n\r\n.one\r\n..two\r\n.\nbare\r\nend\r\n"
	err := smtp.SendMail(s.Addr().String(), nil, "from@client.test", []string{"a@x.test", "b@x.test"}, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	list := s.Messages()
	if len(list) != 1 {
		t.Fatalf("got %d messages, want 1", len(list))
	}
	got := list[0]
	// The client of net/smtp writes a bare LF as CRLF.
	if want := strings.ReplaceAll(message, "\n", "\r\n"); string(got.Data) != strings.ReplaceAll(want, "\r\r", "\r") {
		t.Errorf("got %q, want %q", got.Data, want)
	}
	if got.From != "from@client.test" || !slices.Equal(got.To, []string{"a@x.test", "b@x.test"}) || got.ID != "<1@client.test>" ||
		got.Header.Get("Subject") != "dots" || got.Header.Get("X-Long") != "a b" || got.TLS != nil || got.User != "" ||
		got.Session != 1 || got.Helo != "localhost" || got.At.Before(got.Begun) || got.Begun.IsZero() || !strings.Contains(got.Reply, got.Queue) {
		t.Errorf("got %+v", got)
	}
	var verbs []hooktest.SMTPVerb
	for _, c := range s.Commands() {
		verbs = append(verbs, c.Verb)
		if c.Reply == "" || c.Session != 1 || c.At.IsZero() {
			t.Errorf("got %+v", c)
		}
	}
	want := []hooktest.SMTPVerb{"greeting", "EHLO", "MAIL", "RCPT", "RCPT", "DATA", ".", "QUIT"}
	if !slices.Equal(verbs, want) {
		t.Errorf("got %v, want %v", verbs, want)
	}
	waitSMTP(t, s, func(st hooktest.SMTPStats) bool { return st.Open == 0 })
	if st := s.Stats(); st.Sessions != 1 || st.Messages != 1 || st.Duplicates != 0 || st.Verbs[hooktest.SMTPRcpt] != 2 {
		t.Errorf("got %+v", st)
	}
}

func TestSMTPTakesDotsOut(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	m := startSMTP(t, s)
	long := strings.Repeat("x", 16_383) // with its CR it fills the buffer, so that the LF comes alone
	for sent, want := range map[string]string{
		".\r\n":                                   "",
		"a\r\n.\r\n":                              "a\r\n",
		"..a\r\n...\r\n.\r\n":                     ".a\r\n..\r\n",
		"a\n.\nb\n.\r\nc\r\n.\r\n":                "a\n.\nb\n.\r\nc\r\n", // a bare LF ends nothing
		long + "\r\n.\r\n":                        long + "\r\n",
		"y" + long + "\r\n..\r\n.\r\n":            "y" + long + "\r\n.\r\n",
		strings.Repeat("z", 50_000) + "\r\n.\r\n": strings.Repeat("z", 50_000) + "\r\n",
	} {
		m.says("MAIL FROM:<>", "250")
		m.says("RCPT TO:<a@x.test>", "250")
		m.says("DATA", "354")
		m.sends(sent)
		m.reads("250 2.0.0")
		list := s.Messages()
		if got := list[len(list)-1]; !bytes.Equal(got.Data, []byte(want)) || got.From != "" {
			t.Errorf("%.20q: got %.60q, want %.60q", sent, got.Data, want)
		}
	}
	m.says("QUIT", "221 2.0.0")
	m.reads("")
}

func TestSMTPKeepsTheOrderOfThings(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{MaxSize: 1000})
	m := dialSMTP(t, s)
	m.reads("220")
	for _, step := range []struct{ say, want string }{
		{"MAIL FROM:<a@x.test>", "503 5.5.1"},
		{"EHLO", "501 5.5.4"},
		{"HELO client.test", "250 hooktest.test"},
		{"ehlo client.test", "250 hooktest.test\nPIPELINING\nSIZE 1000\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES"},
		{"RCPT TO:<a@x.test>", "503 5.5.1"},
		{"DATA", "503 5.5.1"},
		{"MAIL a@x.test", "501 5.5.4"},
		{"MAIL FROM:a@x.test", "501 5.5.4"},
		{"MAIL FROM:<a@x.test", "501 5.5.4"},
		{"MAIL FROM:<a b@x.test>", "501 5.5.4"},
		{"MAIL FROM:<a@x.test> SIZE=1001", "552 5.3.4"},
		{"mail from: <a@x.test> size=1000 BODY=8BITMIME", "250 2.1.0"},
		{"MAIL FROM:<b@x.test>", "503 5.5.1"},
		{"DATA", "503 5.5.1"},
		{"RCPT TO:<>", "501 5.5.4"},
		{"RCPT TO:<a@x.test>", "250 2.1.5"},
		{"RSET", "250 2.0.0"},
		{"RCPT TO:<a@x.test>", "503 5.5.1"},
		{"NOOP", "250 2.0.0"},
		{"VRFY a", "502 5.5.1"},
		{"STARTTLS", "502 5.5.1"},
		{"AUTH PLAIN", "502 5.5.1"},
		{strings.Repeat("x", 20_000), "500 5.5.2"},
		{"MAIL FROM:<a@x.test>", "250 2.1.0"},
		{"RCPT TO:<a@x.test>", "250 2.1.5"},
		{"DATA", "354"},
		{strings.Repeat("x", 999) + "\r\n.", "552 5.3.4"}, // 1,001 bytes
		{"RCPT TO:<a@x.test>", "503 5.5.1"},               // that transaction is over
		{"MAIL FROM:<a@x.test>", "250 2.1.0"},
		{"RCPT TO:<a@x.test>", "250 2.1.5"},
		{"DATA", "354"},
		{strings.Repeat("x", 998) + "\r\n.", "250 2.0.0"},
	} {
		m.says(step.say, step.want)
	}
	m.says("MAIL FROM:<a@x.test>", "250")
	for range 100 {
		m.says("RCPT TO:<a@x.test>", "250")
	}
	m.says("RCPT TO:<a@x.test>", "452 4.5.3")
	if n := len(s.Messages()); n != 1 {
		t.Errorf("got %d messages, want the one that fits", n)
	}
}

func TestSMTPTakesCommandsInARow(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	playSMTP(t, s, hooktest.SMTPMail, hooktest.SMTPStep{Delay: impatient / 10, Every: time.Millisecond})
	m := startSMTP(t, s)
	m.sends("MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nRCPT TO:<c@x.test>\r\nDATA\r\n")
	for _, want := range []string{"250", "250", "250", "354"} {
		m.reads(want)
	}
	m.sends("x\r\n.\r\nQUIT\r\n")
	m.reads("250")
	m.reads("221")
	if got := s.Messages()[0]; !slices.Equal(got.To, []string{"b@x.test", "c@x.test"}) {
		t.Errorf("got %+v", got)
	}
}

func TestSMTPSpeaksTLS(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	stranger, err := hooktest.NewCA("stranger")
	if err != nil {
		t.Fatal(err)
	}
	old, err := ca.Issue(hooktest.LeafOptions{Names: []string{"localhost"}, NotAfter: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for sentence, tc := range map[string]struct {
		opts  hooktest.SMTPOptions
		roots *hooktest.CA
		name  string
		ok    bool
	}{
		"STARTTLS by address":     {hooktest.SMTPOptions{CA: ca}, ca, "127.0.0.1", true},
		"STARTTLS by name":        {hooktest.SMTPOptions{CA: ca, Names: []string{"mx.test"}}, ca, "mx.test", true},
		"TLS from the first byte": {hooktest.SMTPOptions{CA: ca, Implicit: true}, ca, "localhost", true},
		"a root nobody knows":     {hooktest.SMTPOptions{CA: ca}, stranger, "localhost", false},
		"another name":            {hooktest.SMTPOptions{CA: ca}, ca, "mx.test", false},
		"an expired certificate":  {hooktest.SMTPOptions{CA: ca, Certificate: &old}, ca, "localhost", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, tc.opts)
			config := &tls.Config{RootCAs: tc.roots.Pool(), ServerName: tc.name}
			client, err := dialTLS(t, s, config, tc.opts.Implicit)
			if (err == nil) != tc.ok {
				t.Fatalf("got %v, want ok %v", err, tc.ok)
			}
			if !tc.ok {
				return
			}
			defer client.Close()
			if has, _ := client.Extension("STARTTLS"); has {
				t.Error("STARTTLS is offered twice")
			}
			if err := sendBy(client, "a@x.test", "id"); err != nil {
				t.Fatal(err)
			}
			if got := s.Messages()[0]; got.TLS == nil || got.TLS.Version < tls.VersionTLS12 {
				t.Errorf("got %+v, want TLS", got.TLS)
			}
		})
	}
}

// dialTLS is a client of net/smtp that has TLS.
func dialTLS(t *testing.T, s *hooktest.SMTP, config *tls.Config, implicit bool) (*smtp.Client, error) {
	t.Helper()
	conn := dialSMTP(t, s).conn
	if implicit {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, config.ServerName)
	if err == nil && !implicit {
		err = client.StartTLS(config)
	}
	return client, err
}

func sendBy(c *smtp.Client, to, id string) error {
	if err := c.Mail("from@client.test"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "Message-ID: <%s>\r\n\r\nbody\r\n", id) // Close says what went wrong
	return w.Close()
}

func TestSMTPForgetsWhatWasSaidInTheClear(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, RequireTLS: true})
	m := startSMTP(t, s)
	m.says("MAIL FROM:<a@x.test>", "530 5.7.0")
	m.sends("STARTTLS\r\nRSET\r\n") // an attack: the second command would be taken for one behind TLS
	m.reads("501 5.5.4")
	m.reads("250")
	m.says("STARTTLS", "220")
	secure := tls.Client(m.conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
	m.over(secure)
	m.says("MAIL FROM:<a@x.test>", "503 5.5.1") // EHLO is forgotten, too
	m.says("EHLO client.test", "250")
	m.says("STARTTLS", "503 5.5.1")
	m.says("MAIL FROM:<a@x.test>", "250")
}

func TestSMTPLogsIn(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"ann": "pass word"}, NeedAuth: true, PlainAuth: true})
	b64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for sentence, steps := range map[string][][2]string{
		"PLAIN at once":             {{"AUTH PLAIN " + b64("\x00ann\x00pass word"), "235 2.7.0"}, {"AUTH PLAIN", "503 5.5.1"}, {"MAIL FROM:<a@x.test>", "250"}},
		"PLAIN when asked":          {{"AUTH plain", "334 "}, {b64("\x00ann\x00pass word"), "235 2.7.0"}, {"MAIL FROM:<a@x.test>", "250"}},
		"LOGIN":                     {{"AUTH LOGIN", "334 " + b64("Username:")}, {b64("ann"), "334 " + b64("Password:")}, {b64("pass word"), "235 2.7.0"}, {"MAIL FROM:<a@x.test>", "250"}},
		"LOGIN with the name":       {{"AUTH LOGIN " + b64("ann"), "334 " + b64("Password:")}, {b64("pass word"), "235 2.7.0"}},
		"a wrong password":          {{"AUTH PLAIN " + b64("\x00ann\x00wrong"), "535 5.7.8"}, {"MAIL FROM:<a@x.test>", "530 5.7.0"}},
		"a wrong name":              {{"AUTH PLAIN " + b64("\x00bob\x00pass word"), "535 5.7.8"}},
		"an empty name":             {{"AUTH PLAIN =", "501 5.5.2"}},
		"no base64":                 {{"AUTH LOGIN", "334 "}, {"!", "501 5.5.2"}, {"MAIL FROM:<a@x.test>", "530 5.7.0"}},
		"a change of mind":          {{"AUTH LOGIN", "334 "}, {b64("ann"), "334 "}, {"*", "501 5.5.2"}},
		"something else altogether": {{"AUTH CRAM-MD5", "504 5.5.4"}},
		"nothing":                   {{"MAIL FROM:<a@x.test>", "530 5.7.0"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			m := startSMTP(t, s)
			for _, step := range steps {
				m.says(step[0], step[1])
			}
			for _, c := range s.Commands() {
				if strings.Contains(fmt.Sprint(c), b64("pass word")) || strings.Contains(fmt.Sprint(c), b64("\x00ann\x00pass word")) {
					t.Errorf("got %+v, want no secret in it", c)
				}
			}
		})
	}
}

func TestSMTPSaysWhoLoggedIn(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"ann": "pass word"}, NeedAuth: true})
	client, err := dialTLS(t, s, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Auth(smtp.PlainAuth("", "ann", "pass word", "localhost")); err != nil {
		t.Fatal(err)
	}
	if err := sendBy(client, "a@x.test", "id"); err != nil {
		t.Fatal(err)
	}
	if got := s.Messages()[0]; got.User != "ann" {
		t.Errorf("got user %q, want ann", got.User)
	}
}

func TestSMTPKeepsPasswordsForTLS(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"ann": "x"}})
	m := dialSMTP(t, s)
	m.reads("220")
	if got := m.says("EHLO client.test", "250"); strings.Contains(got, "AUTH") || !strings.Contains(got, "STARTTLS") {
		t.Errorf("got %q, want STARTTLS and no AUTH", got)
	}
	m.says("AUTH PLAIN AGFubgB4", "538 5.7.11")
	m.says("STARTTLS", "220")
	m.over(tls.Client(m.conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}))
	if got := m.says("EHLO client.test", "250"); !strings.Contains(got, "AUTH PLAIN LOGIN") {
		t.Errorf("got %q, want AUTH", got)
	}
	m.says("AUTH PLAIN AGFubgB4", "235")
}

func TestSMTPCountsDuplicates(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	m := startSMTP(t, s)
	for _, mail := range []struct {
		id string
		to []string
	}{
		{"1", []string{"a@x.test"}},
		{"1", []string{"b@x.test"}},             // the same to somebody else: no duplicate
		{"1", []string{"c@x.test", "A@x.test"}}, // one of them has it
		{"2", []string{"a@x.test"}},
	} {
		m.mails(mail.id, mail.to...)
		m.says(".", "250")
	}
	for range 2 { // without a Message-ID nobody can tell
		m.says("MAIL FROM:<a@x.test>", "250")
		m.says("RCPT TO:<a@x.test>", "250")
		m.says("DATA", "354")
		m.says("no header\r\n.", "250")
	}
	if got := s.Stats(); got.Messages != 6 || got.Duplicates != 1 {
		t.Errorf("got %+v, want 6 messages with one duplicate", got)
	}
	if one, two, none := s.Copies("<1>"), s.Copies("<2>"), s.Copies("<3>"); one != 3 || two != 1 || none != 0 {
		t.Errorf("got %d, %d and %d copies, want 3, 1 and 0", one, two, none)
	}
	if got := s.Messages()[5]; got.Header != nil || got.ID != "" {
		t.Errorf("got %+v, want no header", got)
	}
}

func TestSMTPStartsOnceAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	addr := s.Addr()
	if err := s.Start(); err == nil || !strings.Contains(err.Error(), "running") {
		t.Errorf("second start: got %v, want a refusal", err)
	}
	for sentence, o := range map[string]hooktest.SMTPOptions{
		"a taken port":                 {Addr: addr.String()},
		"no address":                   {Addr: "localhost"},
		"a negative size":              {MaxSize: -1},
		"implicit TLS without it":      {Implicit: true},
		"TLS required without it":      {RequireTLS: true},
		"AUTH required without anyone": {NeedAuth: true},
	} {
		f := &fakeTB{}
		if hooktest.StartSMTP(f, o); f.failed == "" || f.cleanups != 0 {
			t.Errorf("%s: got failure %q and %d clean-ups, want a failure alone", sentence, f.failed, f.cleanups)
		}
	}
	m := startSMTP(t, s)
	m.mails("1", "a@x.test")
	m.says(".", "250")
	s.Close()
	m.reads("")
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr.String()); err == nil {
		t.Error("closed: got a connection, want it refused")
	}
	if err := s.Start(); err != nil || s.Addr() != addr || len(s.Messages()) != 1 {
		t.Errorf("started again: got %v on %v with %d messages, want all as before", err, s.Addr(), len(s.Messages()))
	}
	startSMTP(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Wait(ctx, func(st hooktest.SMTPStats) bool { return st.Messages > 1 }); err == nil || !strings.Contains(err.Error(), "Messages:1") {
		t.Errorf("got %v, want an error with the figures", err)
	}
}

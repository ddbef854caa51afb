package hooktest_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func playSMTP(t *testing.T, s *hooktest.SMTP, verb hooktest.SMTPVerb, steps ...hooktest.SMTPStep) {
	t.Helper()
	if err := s.Play(verb, steps...); err != nil {
		t.Fatal(err)
	}
}

// plainLogin is what a client says to AUTH PLAIN for ann and x.
const plainLogin = "AUTH PLAIN AGFubgB4"

// reach talks until verb has been said, all before it going well; the reply is
// left unread. The greeting says itself.
func (m *mailer) reach(verb hooktest.SMTPVerb, ca *hooktest.CA) {
	m.t.Helper()
	if verb == hooktest.SMTPGreeting {
		return
	}
	m.reads("220")
	m.sends("EHLO client.test\r\n")
	for _, step := range []struct {
		verb hooktest.SMTPVerb
		next string // what is said after it went well
	}{
		{hooktest.SMTPEhlo, "STARTTLS\r\n"},
		{hooktest.SMTPStartTLS, ""},
		{hooktest.SMTPAuth, "NOOP\r\n"},
		{hooktest.SMTPNoop, "RSET\r\n"},
		{hooktest.SMTPRset, "MAIL FROM:<from@client.test>\r\n"},
		{hooktest.SMTPMail, "RCPT TO:<a@x.test>\r\n"},
		{hooktest.SMTPRcpt, "DATA\r\n"},
		{hooktest.SMTPData, "Message-ID: <1>\r\n\r\nbody\r\n.\r\n"},
		{hooktest.SMTPDot, "QUIT\r\n"},
		{hooktest.SMTPQuit, ""},
	} {
		if step.verb == verb {
			return
		}
		_, _, _ = m.text.ReadResponse(0) // when it is bad, what follows fails
		if step.verb == hooktest.SMTPStartTLS {
			m.over(tls.Client(m.conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}))
			m.says("EHLO client.test", "250")
			step.next = plainLogin + "\r\n"
		}
		m.sends(step.next)
	}
}

func TestSMTPFaultsAtEveryVerb(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	opts := hooktest.SMTPOptions{CA: ca, Users: map[string]string{"ann": "x"}}
	for _, verb := range hooktest.SMTPVerbs() {
		for sentence, tc := range map[string]struct {
			step hooktest.SMTPStep
			want string // empty: the end of the connection
			ends bool   // after want
			kept bool   // at the dot
		}{
			"refuses":             {hooktest.SMTPStep{Reply: "450 4.2.0 try later"}, "450 4.2.0 try later", false, false},
			"refuses for good":    {hooktest.SMTPStep{Reply: "550 5.1.1 no\nnot at all"}, "550 5.1.1 no\nnot at all", false, false},
			"is about to leave":   {hooktest.SMTPStep{Reply: "421 4.3.2 closing"}, "421 4.3.2 closing", true, false},
			"drops":               {hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore}, "", true, false},
			"resets":              {hooktest.SMTPStep{Fault: hooktest.SMTPReset}, "", true, false},
			"replies and drops":   {hooktest.SMTPStep{Fault: hooktest.SMTPDropAfter}, "any", true, true},
			"refuses and drops":   {hooktest.SMTPStep{Reply: "451 4.3.0 oh", Fault: hooktest.SMTPDropAfter}, "451", true, false},
			"comes late":          {hooktest.SMTPStep{Delay: 10 * time.Millisecond}, "any", false, true},
			"trickles":            {hooktest.SMTPStep{Every: 100 * time.Microsecond}, "any", false, true},
			"says something else": {hooktest.SMTPStep{Reply: "250 2.0.0 other words"}, "250 2.0.0 other words", false, true},
		} {
			t.Run(string(verb)+" "+sentence, func(t *testing.T) {
				t.Parallel()
				s := hooktest.StartSMTP(t, opts)
				playSMTP(t, s, verb, tc.step)
				m := dialSMTP(t, s)
				m.reach(verb, ca)
				if tc.want == "any" {
					m.reads(soundReply(verb))
				} else {
					m.reads(tc.want)
				}
				switch {
				case tc.ends || verb == hooktest.SMTPQuit:
					if _, err := m.conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("got %v, want the connection to end", err)
					}
				case !between(verb, tc.step):
					m.says("NOOP", soundNext(verb, tc.want))
				}
				if verb == hooktest.SMTPDot {
					if got := len(s.Messages()) == 1; got != tc.kept {
						t.Errorf("got kept %v, want %v", got, tc.kept)
					}
				}
				if got := s.Stats().Verbs[verb]; got < 1 {
					t.Errorf("got %d of %s, want it counted", got, verb)
				}
			})
		}
	}
}

// soundReply is what a sound server says.
func soundReply(verb hooktest.SMTPVerb) string {
	switch verb {
	case hooktest.SMTPGreeting, hooktest.SMTPStartTLS:
		return "220"
	case hooktest.SMTPAuth:
		return "235"
	case hooktest.SMTPData:
		return "354"
	case hooktest.SMTPQuit:
		return "221"
	default:
		return "250"
	}
}

// between reports whether what follows now is a handshake or a message.
func between(verb hooktest.SMTPVerb, step hooktest.SMTPStep) bool {
	return (verb == hooktest.SMTPStartTLS || verb == hooktest.SMTPData) && (step.Reply == "" || step.Reply[0] == '2')
}

// soundNext is the reply to a NOOP; a script of NOOP itself goes on.
func soundNext(verb hooktest.SMTPVerb, want string) string {
	if verb == hooktest.SMTPNoop && want != "any" {
		return want
	}
	return "250"
}

func TestSMTPHangsAtEveryVerb(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	for _, verb := range hooktest.SMTPVerbs() {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"ann": "x"}})
			playSMTP(t, s, verb, hooktest.SMTPStep{Fault: hooktest.SMTPHang})
			m := dialSMTP(t, s)
			m.reach(verb, ca)
			waitSMTP(t, s, func(st hooktest.SMTPStats) bool { return st.Verbs[verb] > 0 })
			_ = m.conn.SetReadDeadline(time.Now().Add(impatient))
			if n, err := m.conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %d bytes and %v, want silence", n, err)
			}
			if len(s.Messages()) != 0 && verb != hooktest.SMTPQuit {
				t.Error("got a message, want none")
			}
			_ = m.conn.Close()
			waitSMTP(t, s, func(st hooktest.SMTPStats) bool { return st.Open == 0 }) // a hang ends with its client
		})
	}
}

func TestSMTPKeepsWhatTheClientCannotKnow(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		step hooktest.SMTPStep
		want string // what the client reads; empty: nothing
		told bool   // the message's own record of it
	}{
		"dropped after the dot":  {hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore, Keep: true}, "", false},
		"reset after the dot":    {hooktest.SMTPStep{Fault: hooktest.SMTPReset, Keep: true}, "", false},
		"silent after the dot":   {hooktest.SMTPStep{Fault: hooktest.SMTPHang, Keep: true}, "", false},
		"refused, and kept":      {hooktest.SMTPStep{Reply: "451 4.3.0 queue trouble", Keep: true}, "451", true},
		"kept, and slow":         {hooktest.SMTPStep{Delay: time.Hour}, "", true},
		"accepted, then dropped": {hooktest.SMTPStep{Fault: hooktest.SMTPDropAfter}, "250", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
			playSMTP(t, s, hooktest.SMTPDot, tc.step)
			m := startSMTP(t, s)
			m.mails("1", "a@x.test")
			m.sends(".\r\n")
			waitSMTP(t, s, func(st hooktest.SMTPStats) bool { return st.Messages == 1 })
			if tc.want != "" {
				m.reads(tc.want)
			} else {
				_ = m.conn.SetReadDeadline(time.Now().Add(impatient))
				if n, err := m.conn.Read(make([]byte, 1)); err == nil {
					t.Errorf("got %d bytes, want none", n)
				}
			}
			if got := s.Messages()[0]; (got.Reply != "") != tc.told {
				t.Errorf("got reply %q, want one %v", got.Reply, tc.told)
			}
			playSMTP(t, s, hooktest.SMTPDot)
			m = startSMTP(t, s) // and the same once more, as a client must
			m.mails("1", "a@x.test")
			m.says(".", "250")
			if got := s.Stats(); got.Duplicates != 1 || s.Copies("<1>") != 2 {
				t.Errorf("got %+v, want one duplicate", got)
			}
		})
	}
}

func TestSMTPRepliesByRecipient(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	for to, reply := range map[string]string{"Gone@x.test": "550 5.1.1 no such user", "full@x.test": "452 4.2.2 mailbox full"} {
		if err := s.PlayRecipient(to, hooktest.SMTPStep{Reply: reply}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PlayRecipient("grey@x.test", hooktest.SMTPStep{Reply: "450 4.7.1 greylisted", Times: 1}); err != nil {
		t.Fatal(err)
	}
	m := startSMTP(t, s)
	m.says("MAIL FROM:<from@client.test>", "250")
	m.says("RCPT TO:<gone@X.test>", "550 5.1.1")
	m.says("DATA", "503 5.5.1") // nobody to bring it to
	m.says("RCPT TO:<ok@x.test>", "250")
	m.says("RCPT TO:<full@x.test>", "452 4.2.2")
	m.says("RCPT TO:<grey@x.test>", "450 4.7.1")
	m.says("RCPT TO:<grey@x.test>", "250")
	m.says("DATA", "354")
	m.says("x\r\n.", "250")
	if got := strings.Join(s.Messages()[0].To, " "); got != "ok@x.test grey@x.test" {
		t.Errorf("got %s, want those who were accepted", got)
	}
	playSMTP(t, s, hooktest.SMTPRcpt, hooktest.SMTPStep{Reply: "454 4.7.0 slow down"})
	m.says("MAIL FROM:<from@client.test>", "250")
	m.says("RCPT TO:<gone@x.test>", "550") // the more special script goes first
	m.says("RCPT TO:<ok@x.test>", "454")
}

func TestSMTPSaysGoodbyeAtRSET(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		step hooktest.SMTPStep
		code int // 0: the end of the connection
	}{
		"421":  {hooktest.SMTPStep{Reply: "421 4.4.2 idle too long"}, 421},
		"drop": {hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore}, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
			playSMTP(t, s, hooktest.SMTPRset, tc.step)
			client, err := smtp.NewClient(dialSMTP(t, s).conn, "localhost")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if err := sendBy(client, "a@x.test", "1"); err != nil {
				t.Fatalf("got %v, want the message delivered", err)
			}
			err = client.Reset()
			said, isReply := errors.AsType[*textproto.Error](err)
			if tc.code == 0 && !errors.Is(err, io.EOF) || tc.code != 0 && (!isReply || said.Code != tc.code) {
				t.Errorf("got %v, want %d", err, tc.code)
			}
			if len(s.Messages()) != 1 {
				t.Error("got no message, want it kept")
			}
		})
	}
}

func TestSMTPTrickles(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	playSMTP(t, s, hooktest.SMTPGreeting, hooktest.SMTPStep{Every: 10 * time.Millisecond, Reply: "220 slow"})
	begun := time.Now()
	m := dialSMTP(t, s)
	m.reads("220 slow")
	if took, want := time.Since(begun), time.Duration(len("220 slow\r\n")-1)*10*time.Millisecond; took < want {
		t.Errorf("took %v, want at least %v", took, want)
	}
	playSMTP(t, s, hooktest.SMTPAny, hooktest.SMTPStep{Every: time.Hour}) // the next byte does not come while we look
	m.sends("EHLO client.test\r\n")
	one := make([]byte, 1)
	if _, err := io.ReadFull(m.conn, one); err != nil || one[0] != '2' {
		t.Fatalf("got %q %v, want the first byte at once", one, err)
	}
	_ = m.conn.SetReadDeadline(time.Now().Add(impatient))
	if _, err := m.conn.Read(one); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want to wait for the second", err)
	}
}

func TestSMTPMayReplyInsteadOfTLS(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca})
	playSMTP(t, s, hooktest.SMTPStartTLS, hooktest.SMTPStep{Reply: "454 4.7.0 TLS not available", Times: 1}, hooktest.SMTPStep{Fault: hooktest.SMTPDropAfter})
	m := startSMTP(t, s)
	m.says("STARTTLS", "454")
	m.says("STARTTLS", "220")
	secure := tls.Client(m.conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
	if err := secure.HandshakeContext(t.Context()); err == nil {
		t.Error("got a handshake, want the connection to end")
	}
}

func TestSMTPRefusesToPlayNonsense(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	for sentence, tc := range map[string]struct {
		verb hooktest.SMTPVerb
		step hooktest.SMTPStep
	}{
		"a verb that is not there":  {"TURN", hooktest.SMTPStep{}},
		"a fault that is not there": {hooktest.SMTPMail, hooktest.SMTPStep{Fault: "sulk"}},
		"a reply without a code":    {hooktest.SMTPMail, hooktest.SMTPStep{Reply: "try later"}},
		"a code of no kind":         {hooktest.SMTPMail, hooktest.SMTPStep{Reply: "150 x"}},
		"a code without a text":     {hooktest.SMTPMail, hooktest.SMTPStep{Reply: "250"}},
		"a carriage return":         {hooktest.SMTPMail, hooktest.SMTPStep{Reply: "250 a\r\n250 b"}},
		"keeping at MAIL":           {hooktest.SMTPMail, hooktest.SMTPStep{Keep: true}},
		"a negative delay":          {hooktest.SMTPMail, hooktest.SMTPStep{Delay: -1}},
		"a negative trickle":        {hooktest.SMTPMail, hooktest.SMTPStep{Every: -1}},
		"a count and a time":        {hooktest.SMTPMail, hooktest.SMTPStep{Times: 1, For: 1}},
	} {
		if err := s.Play(tc.verb, tc.step); err == nil {
			t.Errorf("%s: got no error", sentence)
		}
	}
	if err := s.PlayRecipient("", hooktest.SMTPStep{}); err == nil {
		t.Error("no recipient: got no error")
	}
	m := startSMTP(t, s)
	m.says("MAIL FROM:<a@x.test>", "250")
}

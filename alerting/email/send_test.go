package email_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// What a relay can answer, verb by verb; outcomes_test.go has what becomes of it.
func TestEachAnswerHasItsClass(t *testing.T) {
	t.Parallel()
	const delivered = alerting.Class("")
	say := func(reply string) hooktest.SMTPStep { return hooktest.SMTPStep{Reply: reply} }
	fault := func(f hooktest.SMTPFault) hooktest.SMTPStep { return hooktest.SMTPStep{Fault: f} }
	for sentence, tc := range map[string]struct {
		verb hooktest.SMTPVerb
		step hooktest.SMTPStep
		want alerting.Class
		kept int // messages at the relay
	}{
		"a sound relay":                         {hooktest.SMTPNoop, say("250 fine"), delivered, 1},
		"greeting 421":                          {hooktest.SMTPGreeting, say("421 4.3.2 too busy"), alerting.ClassTransient, 0},
		"greeting 554":                          {hooktest.SMTPGreeting, say("554 5.7.1 not you"), alerting.ClassTransient, 0},
		"greeting dropped":                      {hooktest.SMTPGreeting, fault(hooktest.SMTPDropBefore), alerting.ClassTransient, 0},
		"greeting reset":                        {hooktest.SMTPGreeting, fault(hooktest.SMTPReset), alerting.ClassTransient, 0},
		"greeting silent":                       {hooktest.SMTPGreeting, fault(hooktest.SMTPHang), alerting.ClassTransient, 0},
		"EHLO dropped":                          {hooktest.SMTPEhlo, fault(hooktest.SMTPDropBefore), alerting.ClassTransient, 0},
		"EHLO at a byte a second":               {hooktest.SMTPEhlo, hooktest.SMTPStep{Every: time.Second}, alerting.ClassTransient, 0},
		"a byte a second after the dot":         {hooktest.SMTPDot, hooktest.SMTPStep{Every: time.Second}, alerting.ClassAmbiguous, 1},
		"MAIL 421":                              {hooktest.SMTPMail, say("421 4.3.2 going down"), alerting.ClassTransient, 0},
		"MAIL 454 throttling":                   {hooktest.SMTPMail, say("454 4.7.0 Throttling failure: maximum sending rate exceeded"), alerting.ClassLimited, 0},
		"MAIL 530 login wanted":                 {hooktest.SMTPMail, say("530 5.7.0 authentication required"), alerting.ClassAuth, 0},
		"MAIL 550 sender refused":               {hooktest.SMTPMail, say("550 5.1.8 who are you"), alerting.ClassAuth, 0},
		"MAIL 552 size refused":                 {hooktest.SMTPMail, say("552 5.3.4 too large"), alerting.ClassMessage, 0},
		"MAIL dropped":                          {hooktest.SMTPMail, fault(hooktest.SMTPDropBefore), alerting.ClassTransient, 0},
		"RCPT 450 greylisted":                   {hooktest.SMTPRcpt, say("450 4.2.0 try later"), alerting.ClassTransient, 0},
		"RCPT 550 nobody there":                 {hooktest.SMTPRcpt, say("550 5.1.1 no such user"), alerting.ClassDestination, 0},
		"RCPT 550 without more":                 {hooktest.SMTPRcpt, say("550 no"), alerting.ClassDestination, 0},
		"RCPT 554 relay access denied":          {hooktest.SMTPRcpt, say("554 5.7.1 relay access denied"), alerting.ClassDestination, 0},
		"RCPT 552 mailbox full":                 {hooktest.SMTPRcpt, say("552 5.2.2 mailbox full"), alerting.ClassTransient, 0},
		"RCPT 552 without more":                 {hooktest.SMTPRcpt, say("552 exceeded storage allocation"), alerting.ClassTransient, 0},
		"RCPT silent":                           {hooktest.SMTPRcpt, fault(hooktest.SMTPHang), alerting.ClassTransient, 0},
		"DATA 454 throttling":                   {hooktest.SMTPData, say("454 4.7.0 Throttling failure"), alerting.ClassLimited, 0},
		"DATA 554":                              {hooktest.SMTPData, say("554 5.5.1 no valid recipients"), alerting.ClassMessage, 0},
		"DATA dropped":                          {hooktest.SMTPData, fault(hooktest.SMTPDropBefore), alerting.ClassAmbiguous, 0},
		"DATA silent":                           {hooktest.SMTPData, fault(hooktest.SMTPHang), alerting.ClassAmbiguous, 0},
		"451 after the dot":                     {hooktest.SMTPDot, say("451 4.3.0 local error"), alerting.ClassTransient, 0},
		"552 mailbox full after the dot":        {hooktest.SMTPDot, say("552 5.2.2 mailbox full"), alerting.ClassTransient, 0},
		"554 content after the dot":             {hooktest.SMTPDot, say("554 5.6.0 content refused"), alerting.ClassMessage, 0},
		"554 without more after the dot":        {hooktest.SMTPDot, say("554 spam"), alerting.ClassMessage, 0},
		"550 policy after the dot":              {hooktest.SMTPDot, say("550 5.7.1 looks like spam"), alerting.ClassMessage, 0},
		"550 nobody there after the dot":        {hooktest.SMTPDot, say("550 5.1.1 no such user"), alerting.ClassDestination, 0},
		"550 without more after the dot":        {hooktest.SMTPDot, say("550 no"), alerting.ClassDestination, 0},
		"dropped after the dot, not kept":       {hooktest.SMTPDot, fault(hooktest.SMTPDropBefore), alerting.ClassAmbiguous, 0},
		"dropped after the dot, but kept":       {hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore, Keep: true}, alerting.ClassAmbiguous, 1},
		"reset after the dot, but kept":         {hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPReset, Keep: true}, alerting.ClassAmbiguous, 1},
		"silent after the dot, but kept":        {hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPHang, Keep: true}, alerting.ClassAmbiguous, 1},
		"the connection goes with the last 250": {hooktest.SMTPDot, fault(hooktest.SMTPDropAfter), delivered, 1},
		"RSET dropped after 250":                {hooktest.SMTPRset, fault(hooktest.SMTPDropBefore), delivered, 1},
		"RSET 421 after 250":                    {hooktest.SMTPRset, say("421 4.3.2 going down"), delivered, 1},
		"QUIT dropped after 250":                {hooktest.SMTPQuit, fault(hooktest.SMTPDropBefore), delivered, 1},
		"QUIT 500 after 250":                    {hooktest.SMTPQuit, say("500 5.5.1 no"), delivered, 1},
		"QUIT silent after 250":                 {hooktest.SMTPQuit, fault(hooktest.SMTPHang), delivered, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var s *hooktest.SMTP
			var ref alerting.Ref
			var err error
			for _, limit := range patience((tc.step.Fault == hooktest.SMTPHang || tc.step.Every > 0) && tc.want != delivered) {
				s = hooktest.StartSMTP(t, hooktest.SMTPOptions{})
				play(t, s, tc.verb, tc.step)
				c := configFor(s)
				c.Timeout = limit
				ref, err = receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
				if s.Stats().Verbs[tc.verb] > 0 {
					break // it came to what it was about
				}
			}
			wantClass(t, err, tc.want)
			if (err == nil) != (ref != alerting.Ref{}) {
				t.Errorf("got %+v with %v, want a ref without an error alone", ref, err)
			}
			if got := len(s.Messages()); got != tc.kept {
				t.Errorf("got %d messages, want %d", got, tc.kept)
			}
			if sessions := s.Stats().Sessions; sessions != 1 {
				t.Errorf("got %d connections, want a single attempt", sessions)
			}
		})
	}
}

func wantClass(t *testing.T, err error, want alerting.Class) {
	t.Helper()
	var got alerting.Class
	if err != nil {
		e, ok := errors.AsType[*alerting.SendError](err)
		if !ok {
			t.Fatalf("got %T %v, want a SendError", err, err)
		}
		got = e.Class
	}
	if got != want {
		t.Errorf("got class %q (%v), want %q", got, err, want)
	}
}

func TestRefusedConnectionIsTransient(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	s.Close()
	r, n := receiver(t, configFor(s)), noticeOf(t, openFacts())
	_, err := r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, alerting.ClassTransient)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, "")
	if got := len(s.Messages()); got != 1 {
		t.Errorf("got %d messages, want 1 at the second try", got)
	}
}

func TestTryAfterAmbiguityIsTheSameMessage(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	play(t, s, hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore, Keep: true, Times: 1}, hooktest.SMTPStep{})
	r, n := receiver(t, configFor(s)), noticeOf(t, openFacts())
	_, err := r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, alerting.ClassAmbiguous)
	n.Attempts++
	ref, err := r.Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, "")
	if got := s.Copies(ref.Last); got != 2 {
		t.Errorf("got %d copies of %s, want 2", got, ref.Last)
	}
	list := s.Messages()
	if a, b := undated(list[0].Data), undated(list[1].Data); a != b {
		t.Errorf("got\n%s\nthen\n%s\nwant the same but for the date", a, b)
	}
}

func TestRefusedAddressIsNobodyElsesTrouble(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	if err := s.PlayRecipient("gone@example.com", hooktest.SMTPStep{Reply: "550 5.1.1 no such user"}); err != nil {
		t.Fatal(err)
	}
	r := receiver(t, configFor(s))
	for to, want := range map[string]alerting.Class{
		"gone@example.com":                    alerting.ClassDestination,
		"sre@example.com":                     "",
		"Somebody <sre@example.com>":          "",
		"":                                    alerting.ClassDestination,
		"no address":                          alerting.ClassDestination,
		"a@example.com, b@example.com":        alerting.ClassDestination,
		"a@example.com>\r\nRCPT TO:<b@x.test": alerting.ClassDestination,
		"\"a\r\nRCPT TO:<b@x.test>\"@x.test":  alerting.ClassDestination,
		"\"a> b\"@example.com":                alerting.ClassDestination,
		strings.Repeat("x", 300) + "@x.test":  alerting.ClassDestination,
		"\u202emoc.elpmaxe@ers":               alerting.ClassDestination,
	} {
		n := noticeOf(t, openFacts())
		n.Recipient = to
		_, err := r.Send(t.Context(), n, alerting.Ref{})
		wantClass(t, err, want)
	}
	for _, m := range s.Messages() {
		if len(m.To) != 1 || m.To[0] != "sre@example.com" || m.From != "alerts@watch.test" {
			t.Errorf("got %v from %s, want one recipient", m.To, m.From)
		}
	}
}

func TestSMTPUTF8IsAskedForWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := receiver(t, configFor(s))
	for _, to := range []string{"sre@example.com", "büro@example.com"} {
		n := noticeOf(t, openFacts())
		n.Recipient = to
		_, err := r.Send(t.Context(), n, alerting.Ref{})
		wantClass(t, err, "")
	}
	var asked []bool
	for _, c := range s.Commands() {
		if c.Verb == hooktest.SMTPMail {
			asked = append(asked, strings.Contains(c.Line, "SMTPUTF8"))
		}
	}
	if got, want := fmt.Sprint(asked), "[false true]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	play(t, s, hooktest.SMTPEhlo, hooktest.SMTPStep{Reply: "250 hooktest.test"})
	n := noticeOf(t, openFacts())
	n.Recipient = "büro@example.com"
	_, err := receiver(t, configFor(s)).Send(t.Context(), n, alerting.Ref{})
	wantClass(t, err, alerting.ClassDestination)
}

func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		verb hooktest.SMTPVerb
		want alerting.Class
	}{
		"before the greeting": {hooktest.SMTPGreeting, alerting.ClassTransient},
		"at MAIL":             {hooktest.SMTPMail, alerting.ClassTransient},
		"after the dot":       {hooktest.SMTPDot, alerting.ClassAmbiguous},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
			play(t, s, tc.verb, hooktest.SMTPStep{Fault: hooktest.SMTPHang})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			r, n := receiver(t, configFor(s)), noticeOf(t, openFacts())
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				_, err := r.Send(ctx, n, alerting.Ref{})
				done <- err
			})
			if err := s.Wait(t.Context(), func(st hooktest.SMTPStats) bool { return st.Verbs[tc.verb] > 0 }); err != nil {
				t.Fatal(err)
			}
			cancel()
			err := <-done
			wantClass(t, err, tc.want)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it to wrap context.Canceled", err)
			}
		})
	}
	t.Run("before the dial", func(t *testing.T) {
		t.Parallel()
		s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := receiver(t, configFor(s)).Send(ctx, noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassTransient)
	})
}

func TestTLSAndLogin(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	stranger, _ := hooktest.StartCA(t, "stranger")
	users := map[string]string{"watch": "right-password"}
	for sentence, tc := range map[string]struct {
		opts  hooktest.SMTPOptions
		mode  string
		user  string
		pass  string
		roots *x509.CertPool
		want  alerting.Class
	}{
		"STARTTLS":                        {hooktest.SMTPOptions{CA: ca, RequireTLS: true}, "", "", "", ca.Pool(), ""},
		"STARTTLS with login":             {hooktest.SMTPOptions{CA: ca, Users: users, NeedAuth: true}, email.StartTLS, "watch", "right-password", ca.Pool(), ""},
		"implicit TLS with login":         {hooktest.SMTPOptions{CA: ca, Users: users, NeedAuth: true, Implicit: true}, email.Implicit, "watch", "right-password", ca.Pool(), ""},
		"login without TLS, on loopback":  {hooktest.SMTPOptions{Users: users, PlainAuth: true}, email.NoTLS, "watch", "right-password", nil, ""},
		"wrong password":                  {hooktest.SMTPOptions{CA: ca, Users: users}, email.StartTLS, "watch", "wrong", ca.Pool(), alerting.ClassAuth},
		"login wanted, none configured":   {hooktest.SMTPOptions{CA: ca, Users: users, NeedAuth: true}, email.StartTLS, "", "", ca.Pool(), alerting.ClassAuth},
		"no AUTH offered":                 {hooktest.SMTPOptions{CA: ca}, email.StartTLS, "watch", "x", ca.Pool(), alerting.ClassAuth},
		"no STARTTLS offered":             {hooktest.SMTPOptions{}, email.StartTLS, "", "", ca.Pool(), alerting.ClassTransient},
		"a root nobody knows":             {hooktest.SMTPOptions{CA: ca}, email.StartTLS, "", "", stranger.Pool(), alerting.ClassTransient},
		"a root nobody knows, implicitly": {hooktest.SMTPOptions{CA: ca, Implicit: true}, email.Implicit, "", "", stranger.Pool(), alerting.ClassTransient},
		"STARTTLS to an implicit port":    {hooktest.SMTPOptions{CA: ca, Implicit: true}, email.StartTLS, "", "", ca.Pool(), alerting.ClassTransient},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, tc.opts)
			c := configFor(s)
			c.SMTP.TLS, c.SMTP.Roots = tc.mode, tc.roots
			c.SMTP.Username = tc.user
			if err := c.SMTP.Password.UnmarshalText([]byte(tc.pass)); err != nil {
				t.Fatal(err)
			}
			if sentence == "STARTTLS to an implicit port" {
				c.Timeout = impatient // both wait for the other
			}
			_, err := receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
			wantClass(t, err, tc.want)
			if err != nil {
				if n := len(s.Messages()); n != 0 {
					t.Errorf("got %d messages, want none", n)
				}
				return
			}
			m := s.Messages()[0]
			if (m.TLS != nil) != (tc.mode != email.NoTLS) || m.User != tc.user || m.Helo != "watch.test" {
				t.Errorf("got TLS %v, user %q, helo %q", m.TLS != nil, m.User, m.Helo)
			}
		})
	}
}

func TestLoginThatFailsForNowIsTriedAgain(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]alerting.Class{
		"454 4.7.0 too many logins":      alerting.ClassLimited,
		"421 4.7.0 go away":              alerting.ClassTransient,
		"432 4.7.12 not now":             alerting.ClassTransient,
		"534 5.7.9 application password": alerting.ClassAuth,
		"535 5.7.8 wrong":                alerting.ClassAuth,
		"504 5.5.4 unknown mechanism":    alerting.ClassAuth,
	} {
		s := hooktest.StartSMTP(t, hooktest.SMTPOptions{Users: map[string]string{"watch": "p"}, PlainAuth: true})
		play(t, s, hooktest.SMTPAuth, hooktest.SMTPStep{Reply: reply})
		c := configFor(s)
		c.SMTP.Username, c.SMTP.Password = "watch", "password"
		_, err := receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, want)
	}
}

// A relay that repeats what it was told, at every verb, must not bring the
// password into an error, which is stored and told to others.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	const password = `hunter2"\märker` // go-mail quotes what a relay says
	b64 := base64.StdEncoding.EncodeToString
	forms := []string{password, `hunter2\"\\märker`, b64([]byte(password)), b64([]byte("\x00watch\x00" + password))}
	for _, verb := range hooktest.SMTPVerbs() {
		for _, code := range []string{"421 4.7.0", "554 5.7.8"} {
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{Users: map[string]string{"watch": password}, PlainAuth: true})
			play(t, s, verb, hooktest.SMTPStep{Reply: code + " you said " + strings.Join(forms, " ")})
			c := configFor(s)
			c.SMTP.Username, c.SMTP.Password = "watch", password
			_, err := receiver(t, c).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
			if err == nil {
				continue // RSET, NOOP, QUIT and STARTTLS decide nothing here
			}
			for _, form := range forms {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, form) {
					t.Errorf("%s %s: got %s, want it without %q", verb, code, text, form)
				}
			}
		}
	}
}

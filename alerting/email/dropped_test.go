package email_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// A relay that goes away at any verb costs one more try at most, and loses
// nothing: before DATA nothing can have arrived, from DATA on it may have, and
// after the 250 it has.
func TestARelayThatGoesAwayAtAnyVerb(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	for _, fault := range []hooktest.SMTPFault{hooktest.SMTPDropBefore, hooktest.SMTPReset} {
		for _, verb := range hooktest.SMTPVerbs() {
			t.Run(string(fault)+" at "+string(verb), func(t *testing.T) {
				t.Parallel()
				s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"watch": "password"}, NeedAuth: true, RequireTLS: true})
				play(t, s, verb, hooktest.SMTPStep{Fault: fault, Times: 1}, hooktest.SMTPStep{})
				c := configFor(s)
				c.SMTP.TLS, c.SMTP.Roots = email.StartTLS, ca.Pool()
				c.SMTP.Username, c.SMTP.Password = "watch", "password"
				class, tries := alerting.ClassTransient, 2
				switch verb {
				case hooktest.SMTPData, hooktest.SMTPDot:
					class = alerting.ClassAmbiguous
				case hooktest.SMTPRset, hooktest.SMTPNoop, hooktest.SMTPQuit: // the mail was accepted before
					class, tries = "", 1
				default: // the mail had not begun
				}
				r, n := receiver(t, c), noticeOf(t, openFacts())
				first, attempts := goOn(t, r, n)
				if first != class || attempts != tries || len(s.Messages()) != 1 {
					t.Errorf("got class %q, %d tries and %d mails, want %q, %d and 1", first, attempts, len(s.Messages()), class, tries)
				}
				n.IdemKey += ":next"
				if _, attempts := goOn(t, r, n); attempts != 1 || len(s.Messages()) != 2 {
					t.Errorf("the next one took %d tries, and %d mails are there; want 1 and 2", attempts, len(s.Messages()))
				}
			})
		}
	}
}

// A relay that takes its time with each mail is no relay that has run out of
// it: the bound is each mail's own, also over one connection.
func TestTheBoundIsEachMailsOwn(t *testing.T) {
	t.Parallel()
	var err error
	for _, delay := range []time.Duration{600 * time.Millisecond, 5 * time.Second} { // a machine that stands still uses up the shorter bound
		if err = eightSlowMails(t, delay, 7*delay); err == nil { // less than all together
			return
		}
	}
	t.Error(err)
}

// eightSlowMails sends as many mails to a relay that takes its time with each.
func eightSlowMails(t *testing.T, delay, bound time.Duration) error {
	t.Helper()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	play(t, s, hooktest.SMTPDot, hooktest.SMTPStep{Delay: delay})
	c := configFor(s)
	c.Timeout = bound
	r, n := receiver(t, c), noticeOf(t, openFacts())
	for i := range 8 {
		if _, err := r.Send(t.Context(), numbered(n, i), alerting.Ref{}); err != nil {
			return fmt.Errorf("mail %d: %w", i+1, err)
		}
	}
	if st := s.Stats(); st.Sessions != 1 || st.Messages != 8 || st.Duplicates != 0 {
		return fmt.Errorf("got %+v, want 8 mails over one connection", st)
	}
	return nil
}

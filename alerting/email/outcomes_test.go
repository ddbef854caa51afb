package email_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// TestOutcomesOfServerBehaviour is the table of error classes in
// reference/alerting.md section 2.2, row by row: the class of the first try,
// and what has become of the notice when tries go on as the outbox makes them.
// The relay behaves once, and is sound from then on.
func TestOutcomesOfServerBehaviour(t *testing.T) {
	t.Parallel()
	const none = alerting.Class("")
	say := func(reply string) hooktest.SMTPStep { return hooktest.SMTPStep{Reply: reply, Times: 1} }
	fault := func(f hooktest.SMTPFault, kept bool) hooktest.SMTPStep {
		return hooktest.SMTPStep{Fault: f, Keep: kept, Times: 1}
	}
	for row, tc := range map[string]struct {
		verb     hooktest.SMTPVerb
		step     hooktest.SMTPStep
		class    alerting.Class // of the first try
		copies   int            // at the relay in the end, all with one Message-ID
		attempts int
	}{
		"greeting 421":                       {hooktest.SMTPGreeting, say("421 4.3.2 too busy"), alerting.ClassTransient, 1, 2},
		"greeting reset":                     {hooktest.SMTPGreeting, fault(hooktest.SMTPReset, false), alerting.ClassTransient, 1, 2},
		"421 MAIL":                           {hooktest.SMTPMail, say("421 4.3.2 going down"), alerting.ClassTransient, 1, 2},
		"450 RCPT":                           {hooktest.SMTPRcpt, say("450 4.2.0 greylisted"), alerting.ClassTransient, 1, 2},
		"451 after dot":                      {hooktest.SMTPDot, say("451 4.3.0 local error"), alerting.ClassTransient, 1, 2},
		"550 5.1.1 at RCPT":                  {hooktest.SMTPRcpt, say("550 5.1.1 no such user"), alerting.ClassDestination, 0, 1},
		"550 at RCPT":                        {hooktest.SMTPRcpt, say("550 no"), alerting.ClassDestination, 0, 1},
		"554 after dot":                      {hooktest.SMTPDot, say("554 5.6.0 content refused"), alerting.ClassMessage, 1, 2}, // as plain text
		"552 5.2.2 mailbox full at RCPT":     {hooktest.SMTPRcpt, say("552 5.2.2 mailbox full"), alerting.ClassTransient, 1, 2},
		"552 5.2.2 mailbox full after dot":   {hooktest.SMTPDot, say("552 5.2.2 mailbox full"), alerting.ClassTransient, 1, 2},
		"454 throttling at MAIL":             {hooktest.SMTPMail, say("454 4.7.0 Throttling failure: maximum sending rate exceeded"), alerting.ClassLimited, 1, 2},
		"454 throttling at DATA":             {hooktest.SMTPData, say("454 4.7.0 Throttling failure"), alerting.ClassLimited, 1, 2},
		"dropped at DATA":                    {hooktest.SMTPData, fault(hooktest.SMTPDropBefore, false), alerting.ClassAmbiguous, 1, 2},
		"silent at DATA":                     {hooktest.SMTPData, fault(hooktest.SMTPHang, false), alerting.ClassAmbiguous, 1, 2},
		"dropped after the dot, not taken":   {hooktest.SMTPDot, fault(hooktest.SMTPDropBefore, false), alerting.ClassAmbiguous, 1, 2},
		"dropped after the dot, taken":       {hooktest.SMTPDot, fault(hooktest.SMTPDropBefore, true), alerting.ClassAmbiguous, 2, 2},
		"silent after the dot, taken":        {hooktest.SMTPDot, fault(hooktest.SMTPHang, true), alerting.ClassAmbiguous, 2, 2},
		"dropped with the 250 after the dot": {hooktest.SMTPDot, fault(hooktest.SMTPDropAfter, true), none, 1, 1},
		"dropped at RSET after 250":          {hooktest.SMTPRset, fault(hooktest.SMTPDropBefore, false), none, 1, 1},
		"421 at RSET after 250":              {hooktest.SMTPRset, say("421 4.3.2 going down"), none, 1, 1},
		"QUIT hangs after success":           {hooktest.SMTPQuit, fault(hooktest.SMTPHang, false), none, 1, 1},
	} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			n := noticeOf(t, openFacts())
			second := n // whatever happened to the connection, the next notice goes at once, and once
			second.IdemKey += ":next"
			var got outcome
			for _, limit := range patience(tc.step.Fault == hooktest.SMTPHang && tc.class != none) {
				s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
				play(t, s, tc.verb, tc.step, hooktest.SMTPStep{})
				c := configFor(s)
				c.Timeout = limit
				r := receiver(t, c)
				got = outcome{}
				if got.class, got.attempts = goOn(t, r, n); got.class != tc.class || got.attempts != tc.attempts {
					continue
				}
				got.messages = kept(t, s, tc.copies)
				if _, got.next = r.Send(t.Context(), second, alerting.Ref{}); got.next == nil {
					got.after = len(kept(t, s, tc.copies+1))
					break
				}
			}
			if got.class != tc.class || got.attempts != tc.attempts {
				t.Errorf("got class %q and %d attempts, want %q and %d", got.class, got.attempts, tc.class, tc.attempts)
			}
			if m := got.messages; len(m) != tc.copies || tc.copies == 2 && m[0].ID != m[1].ID {
				t.Errorf("got %d messages, want %d copies of one", len(m), tc.copies)
			}
			if tc.copies > 0 && (got.next != nil || got.after != tc.copies+1) {
				t.Errorf("got %v and %d messages, want the next notice once", got.next, got.after)
			}
		})
	}
}

// outcome is what became of a row: of its notice, and of the next one.
type outcome struct {
	class    alerting.Class
	attempts int
	messages []hooktest.SMTPMessage
	next     error
	after    int // messages, with the next one
}

// kept waits until the relay has kept so many messages, which may come after
// somebody has given up on its answer, and returns all of them.
func kept(t *testing.T, s *hooktest.SMTP, want int) []hooktest.SMTPMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	if err := s.Wait(ctx, func(st hooktest.SMTPStats) bool { return st.Messages >= want }); err != nil {
		t.Error(err)
	}
	return s.Messages()
}

// goOn sends n as the outbox does, at most three times, and returns how the
// first try ended and how many there were.
func goOn(t *testing.T, r *email.Receiver, n alerting.Notice) (first alerting.Class, attempts int) {
	t.Helper()
	for attempts < 3 {
		attempts++
		n.Attempts = attempts
		_, err := r.Send(t.Context(), n, alerting.Ref{})
		if err == nil {
			return first, attempts
		}
		e, ok := errors.AsType[*alerting.SendError](err)
		if !ok {
			t.Fatalf("got %T %v, want a SendError", err, err)
		}
		if attempts == 1 {
			first = e.Class
		}
		if e.Class == alerting.ClassDestination {
			return first, attempts
		}
		n.Reduced = n.Reduced || e.Class == alerting.ClassMessage
	}
	return first, attempts
}
